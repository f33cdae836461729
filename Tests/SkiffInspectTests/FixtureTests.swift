import SkiffCore
import SkiffGraph
import SkiffInspect
import SkiffKeras
import SkiffONNX
import SkiffTestSupport
import Testing

/// Networks that frameworks wrote, read by the readers.
@Suite struct FixtureTests {
    struct Expected: CustomStringConvertible, Sendable {
        var file: String
        var family: String
        var kinds: Set<ResidualBlock.Kind>
        var shortcuts: [ResidualBlock.Shortcut]
        var firstName: String
        var description: String { file }
    }

    static let networks: [Expected] = [
        Expected(
            file: "torch-basic/model.onnx", family: "thin ResNet-14 (channels/2) v1, stages 2-2-2, stride in the first 3×3",
            kinds: [.basic], shortcuts: [.identity, .identity, .projection, .identity, .projection, .identity],
            firstName: "/layer1/layer1.0"),
        Expected(
            file: "torch-basic-folded/model-dynamo.onnx",
            family: "thin ResNet-14 (channels/2) v1, stages 2-2-2, stride in the first 3×3", kinds: [.basic],
            shortcuts: [.identity, .identity, .projection, .identity, .projection, .identity], firstName: "layer1.0"),
        Expected(
            file: "keras3-bottleneck/model.keras",
            family: "residual network, 4 blocks, stages 2-2, stride in the first 1×1", kinds: [.bottleneck],
            shortcuts: [.projection, .identity, .projection, .identity], firstName: "conv2_block1"),
        Expected(
            file: "keras3-bottleneck/model.onnx",
            family: "residual network, 4 blocks, stages 2-2, stride in the first 1×1", kinds: [.bottleneck],
            shortcuts: [.projection, .identity, .projection, .identity], firstName: "block 1"),
        Expected(
            file: "keras3-bottleneck/model-tf2onnx.onnx",
            family: "residual network, 4 blocks, stages 2-2, stride in the first 1×1", kinds: [.bottleneck],
            shortcuts: [.projection, .identity, .projection, .identity],
            firstName: "bottleneck_resnet_1/conv2_block1"),
        Expected(
            file: "keras2-preact/model.h5",
            family: "pre-activation residual network, 4 blocks, stages 2-2, stride in the 3×3",
            kinds: [.preActivationBottleneck], shortcuts: [.projection, .pool, .projection, .pool],
            firstName: "conv2_block1"),
        Expected(
            file: "keras2-nested/model.h5", family: "residual network, 2 blocks", kinds: [.basic],
            shortcuts: [.identity, .identity], firstName: "tower"),
        Expected(
            file: "conv1d-dilated-torch/model.onnx", family: "dilated pre-activation residual network, 4 blocks",
            kinds: [.preActivation], shortcuts: [.identity, .identity, .identity, .identity], firstName: "/1"),
        Expected(
            file: "lambda-refused/model.h5", family: "residual network, 1 block", kinds: [.basic],
            shortcuts: [.identity], firstName: "conv"),
    ]

    static func inspection(of file: String) throws -> Inspection {
        let storage = try Fixtures.storage(file)
        let graph =
            file.hasSuffix(".onnx")
            ? try ONNXReader.read(storage: storage, folder: nil) : try KerasReader.read(storage: storage)
        return Inspection(of: graph, format: graph.metadata.sourceFormat, fileBytes: storage.byteCount)
    }

    @Test(arguments: networks) func `The blocks of written networks are found`(expected: Expected) throws {
        let inspection = try Self.inspection(of: expected.file)
        #expect(inspection.family.text == expected.family)
        #expect(Set(inspection.blocks.map(\.kind)) == expected.kinds)
        #expect(inspection.blocks.map(\.shortcut) == expected.shortcuts)
        #expect(inspection.blocks.first?.name == expected.firstName)
    }

    @Test func `Parameters are those that Keras counts`() throws {
        let parameters = try Self.inspection(of: "keras3-bottleneck/model.keras").parameters
        #expect(parameters.total == 15594)
        #expect(parameters.movingStatistics == 800)
    }

    @Test func `One network in three formats has the same stages and multiply-adds`() throws {
        let files = ["keras3-bottleneck/model.keras", "keras3-bottleneck/model.onnx", "keras3-bottleneck/model-tf2onnx.onnx"]
        let inspections = try files.map { try Self.inspection(of: $0) }
        for inspection in inspections {
            #expect(inspection.multiplyAdds == inspections[0].multiplyAdds)
            #expect(inspection.stages.map(\.spatialExtents) == inspections[0].stages.map(\.spatialExtents))
            #expect(inspection.stages.map(\.outputChannels) == [32, 64])
        }
    }

    @Test func `A network with code in it is shown and the layer is named`() throws {
        let inspection = try Self.inspection(of: "lambda-refused/model.h5")
        #expect(inspection.warnings.count == 1)
        #expect(inspection.warnings.first?.place.operatorName == "Lambda")
        #expect(inspection.multiplyAdds == nil)
    }
}
