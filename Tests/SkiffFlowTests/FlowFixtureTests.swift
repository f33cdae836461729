import SkiffCore
import SkiffEngine
@testable import SkiffFlow
import SkiffGraph
import SkiffInspect
import SkiffKeras
import SkiffONNX
import SkiffTestSupport
import Testing

/// Networks that frameworks trained and wrote, on the images that were recorded with them.
@Suite struct FlowFixtureTests {
    private static let models = [
        "torch-basic/model.onnx", "torch-basic-folded/model.onnx", "keras3-bottleneck/model.onnx",
        "keras3-bottleneck/model-tf2onnx.onnx", "keras3-bottleneck/model.h5", "keras2-preact/model.h5",
        "mobile-like/model.h5", "onnx-quantized/model-qdq.onnx", "onnx-quantized/model-operators.onnx",
        "conv1d-dilated/model.h5", "keras2-nested/model.h5",
    ]

    private func graph(_ name: String) throws -> Graph {
        let storage = try Fixtures.storage(name)
        return name.hasSuffix(".onnx")
            ? try ONNXReader.read(storage: storage, folder: nil) : try KerasReader.read(storage: storage)
    }

    /// Two samples in the shape of the first input, other open extents taken as 16.
    private func inputs(_ graph: Graph) throws -> [String: Tensor] {
        var inputs: [String: Tensor] = [:]
        for id in graph.inputs {
            let declared = graph[id].fact?.shape ?? []
            let shape = declared.enumerated().map { $1.fixedValue ?? ($0 == 0 ? 2 : 16) }
            let count = shape.reduce(1, *)
            inputs[graph[id].name] = try Tensor(
                floats: (0..<count).map { Float(($0 * 2_654_435_761) % 1000) / 500 - 1 }, shape: shape)
        }
        return inputs
    }

    @Test(arguments: models) func `Measured values are the evaluator's, lesions too`(name: String) throws {
        let graph = try graph(name)
        let inspection = Inspection(of: graph, format: "test")
        let inputs = try inputs(graph)
        let flow = try SignalFlow(
            of: graph, inspection, inputs: .init(runs: [inputs], text: name), options: .init(lesions: .all))
        #expect(flow.blocks.map(\.block) == inspection.blocks.indices.map { $0 })
        let values = try Evaluator(graph).run(inputs, precision: .double, observing: .all)
            .mapValues { try $0.doubles() }
        let outputs = Set(graph.outputs.map(\.value))
        let whole = values.filter { outputs.contains($0.key) }
        let lesions = try referenceLesions(graph, inspection, inputs)
        // What a quantized value is hangs on rounding at steps of its scale.
        let tolerance = name.contains("quantized") ? 0.1 : 2e-5
        for (block, join) in zip(flow.blocks, inspection.flowJoins(in: graph)) {
            let sum = try #require(values[join.output])
            let root = (sum.reduce(0) { $0 + $1 * $1 } / Double(sum.count)).squareRoot()
            #expect(abs((block.sumRMS ?? 0) - root) <= tolerance * root)
            let expected = change(whole, lesions[block.block] ?? [:])
            #expect(abs((block.lesion?.outputChange ?? -1) - expected) <= tolerance * max(expected, 0.01) + 1e-6)
        }
    }

    /// Trained networks need their blocks: without some of them other digits are seen.
    @Test func `Held-out digits`() throws {
        let graph = try graph("keras3-bottleneck/model.h5")
        let images = try #require(
            try NPZ(Fixtures.storage("keras3-bottleneck/heldout.npz")).entries
                .first { $0.tensor.shape.count == 4 }?.tensor)
        let flow = try SignalFlow(
            of: graph, Inspection(of: graph, format: "test"),
            inputs: .init(runs: [[graph[graph.inputs[0]].name: images]], text: "digits"), options: .init(lesions: .all))
        #expect(flow.samples == 360 && flow.classes?.decisions == 360)
        #expect(flow.blocks.count == 4)
        for block in flow.blocks { #expect((block.lesion?.top1Agreement ?? 1) < 1) }
        #expect((flow.blocks.first?.lesion?.top1Agreement ?? 1) < (flow.blocks.last?.lesion?.top1Agreement ?? 0))
    }
}
