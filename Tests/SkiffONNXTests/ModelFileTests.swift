import SkiffCore
import SkiffGraph
import SkiffTestSupport
import Testing
@testable import SkiffONNX

@Suite("ONNX: model files")
struct ModelFileTests {
    @Test("Fixtures of every exporter and opset are read without an unknown operator, and are recognized", arguments: [
        "conv1d-dilated-torch/model.onnx", "conv1d-dilated-torch/model-dynamo.onnx", "keras3-bottleneck/model.onnx",
        "keras3-bottleneck/model-tf2onnx.onnx", "onnx-opsets/half.onnx", "onnx-opsets/newest.onnx",
        "onnx-opsets/opset7.onnx", "onnx-opsets/opset9.onnx", "onnx-opsets/opset11.onnx", "onnx-opsets/opset13.onnx",
        "onnx-opsets/opset18.onnx", "torch-basic/model.onnx", "torch-basic-folded/model.onnx",
        "torch-basic-folded/model-dynamo.onnx", "torch-basic-folded/model-external.onnx",
    ])
    func fixtures(name: String) throws {
        let storage = try Fixtures.storage(name)
        #expect(ONNXReader.recognizes(try storage.bytes(in: 0..<64)))
        let folder = name.split(separator: "/").first.map { Fixtures.path(String($0)) }
        let graph = try ONNXReader.read(storage: storage, folder: folder)
        #expect(graph.unknownNodes.isEmpty)
        for output in graph.outputs { #expect(graph[output.value].fact?.shape?.count == 2) }
    }

    private static let otherFiles: [[UInt8]] = [
        Array("<!DOCTYPE html><html>".utf8), Array("version https://git-lfs.github.com/spec/v1\n".utf8),
        Array("PK\u{3}\u{4}".utf8), [0x89, 0x48, 0x44, 0x46, 0x0D, 0x0A, 0x1A, 0x0A], Array("{\"a\": 1}".utf8), [],
        Array("Beginning of a text".utf8), Array(":alias, a text".utf8), Array("(a + b)".utf8),
        message { $0.tensor("t", 1, [2, 3]) }, message { $0.tensor("t", 1, [2]) }, message { $0.tensor("t", 1, []) },
    ]

    @Test("Other files are not taken for ONNX", arguments: otherFiles)
    func lookAlikes(head: [UInt8]) { #expect(!ONNXReader.recognizes(head)) }

    @Test("A model is recognized whatever field it begins with")
    func recognizes() {
        let graph = message { $0.node("Relu", ["x"], ["y"]) }
        #expect(ONNXReader.recognizes(message { $0.data(7, graph); $0.integer(1, 8) }))
        #expect(ONNXReader.recognizes(message { $0.integer(1, 8); $0.text(2, "pytorch") }))
        #expect(ONNXReader.recognizes(message { $0.integer(1, 8); $0.message(8) { $0.integer(2, 13) } }))
        #expect(ONNXReader.recognizes(Array(message { $0.integer(1, 8); $0.data(7, Array(repeating: 0x0A, count: 100)) }.prefix(16))))
    }

    @Test("A weight keeps the file it lies in, and is not copied")
    func mapped() throws {
        let storage = try Fixtures.storage("torch-basic/model.onnx")
        let graph = try ONNXReader.read(storage: storage, folder: nil)
        let weights = graph.weights.compactMap { graph[$0].tensor }
        #expect(weights.count > 20)
        #expect(weights.allSatisfy { $0.storage === storage })
    }
}
