import SkiffCore
import SkiffDifference
import SkiffGraph
import SkiffInspect
import SkiffKeras
import SkiffONNX
import SkiffTestSupport
import Testing

/// Networks that frameworks wrote, in several formats.
@Suite struct DifferenceFixtureTests {
    static func keras(_ path: String) throws -> Graph { try KerasReader.read(storage: Storage(mapping: Fixtures.path(path))) }
    static func onnx(_ path: String) throws -> Graph {
        let file = Fixtures.path(path)
        return try ONNXReader.read(storage: Storage(mapping: file), folder: String(file[..<(file.lastIndex(of: "/") ?? file.startIndex)]))
    }

    static func difference(_ left: Graph, _ right: Graph) -> ModelDifference {
        Differencer().difference(
            left, right, inspections: (Inspection(of: left, format: "left"), Inspection(of: right, format: "right")))
    }

    @Test func savesOfOneNetworkAreTheSame() throws {
        let found = try Self.difference(Self.keras("keras3-bottleneck/model.h5"), Self.keras("keras3-bottleneck/model.keras"))
        #expect(found.verdict == .same)
        #expect(found.isSameFunction)
        #expect(found.blocks.map(\.change) == [.same, .same, .same, .same])
        #expect(found.layers.flatMap(\.weights).allSatisfy { $0.state == .identical })
    }

    @Test(arguments: ["keras3-bottleneck/model.onnx", "keras3-bottleneck/model-tf2onnx.onnx"])
    func exportsWithFoldedNormalizationAreTheSameButForRounding(path: String) throws {
        let found = try Self.difference(Self.keras("keras3-bottleneck/model.h5"), Self.onnx(path))
        #expect(found.verdict == .sameButRounding)
        #expect(found.layers.allSatisfy { $0.change == .same })
        #expect(found.layers.flatMap(\.weights).contains { $0.state == .folded && $0.role == "weight" })
    }

    @Test func foldingByTorchIsSeenThrough() throws {
        let found = try Self.difference(Self.onnx("torch-basic/model.onnx"), Self.onnx("torch-basic-folded/model.onnx"))
        #expect(found.verdict == .sameButRounding)
        #expect(found.blocks.count == 6)
        // A convolution and its normalization on the left are one node on the right.
        let folded = found.layers.filter { $0.left.count == 2 && $0.right.count == 1 }
        #expect(folded.count == 15)
    }

    @Test func anotherNetworkIsDifferentBothWaysRound() throws {
        let (one, other) = (try Self.keras("keras3-bottleneck/model.h5"), try Self.onnx("torch-basic/model.onnx"))
        let forth = Self.difference(one, other)
        let back = Self.difference(other, one)
        #expect(forth.verdict == .different && back.verdict == .different)
        #expect(forth.blocks.count { $0.change == .added } == back.blocks.count { $0.change == .removed })
        #expect(forth.blocks.count { $0.change == .removed } == back.blocks.count { $0.change == .added })
    }

    @Test func dilatedNetworkOverOneAxis() throws {
        let found = try Self.difference(
            Self.onnx("conv1d-dilated-torch/model.onnx"), Self.onnx("conv1d-dilated-torch/model-dynamo.onnx"))
        #expect(found.verdict == .sameButRounding)
    }
}
