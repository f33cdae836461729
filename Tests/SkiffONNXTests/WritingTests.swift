import SkiffCore
import SkiffGraph
import SkiffTestSupport
import Testing
@testable import SkiffONNX

@Suite("ONNX: writing")
struct WritingTests {
    private func reread(_ graph: Graph, opset: Int? = nil, limit: Int = ONNXWriter.fileLimit) throws -> Graph {
        try withTemporaryFolder { folder in
            try ONNXWriter.write(graph, to: folder + "/model.onnx", opset: opset, fileLimit: limit)
            return try ONNXReader.read(storage: Storage(mapping: folder + "/model.onnx"), folder: folder)
        }
    }

    private func fixture(_ name: String) throws -> Graph {
        try ONNXReader.read(storage: Fixtures.storage(name), folder: String(Fixtures.path(name).split(separator: "/").dropLast().joined(separator: "/")))
    }

    private static let models = [
        "torch-basic/model.onnx", "torch-basic-folded/model.onnx", "torch-basic-folded/model-dynamo.onnx",
        "conv1d-dilated-torch/model.onnx", "conv1d-dilated-torch/model-dynamo.onnx", "keras3-bottleneck/model.onnx",
        "keras3-bottleneck/model-tf2onnx.onnx", "onnx-quantized/model-qdq.onnx", "onnx-quantized/model-operators.onnx",
        "onnx-opsets/half.onnx", "onnx-opsets/opset9.onnx", "onnx-opsets/opset11.onnx", "onnx-opsets/opset13.onnx",
        "onnx-opsets/opset18.onnx", "onnx-opsets/newest.onnx",
    ]

    @Test(arguments: models)
    func `in its own operator set a network stays as it is, bit by bit`(name: String) throws {
        let graph = try fixture(name)
        let opset = try #require(graph.metadata["opset"].flatMap { Int($0) })
        let written = try reread(graph, opset: opset)
        #expect(graph.firstDifferenceByName(from: written, ignoringMetadata: ["ir_version"]) == nil)
        guard case .identical = try WrittenComparison(of: written, with: graph) else {
            Issue.record("the comparison finds a difference")
            return
        }
        // What was written is written again to the same bytes.
        try withTemporaryFolder { folder in
            for (name, graph) in [("one", graph), ("two", written)] {
                try ONNXWriter.write(graph, to: folder + "/\(name).onnx", opset: opset)
            }
            let files = try ["one", "two"].map { try Storage(mapping: "\(folder)/\($0).onnx") }
            #expect(try files[0].bytes(in: 0..<files[0].byteCount) == files[1].bytes(in: 0..<files[1].byteCount))
        }
    }

    @Test func `names, open extents, overridable weights and metadata are kept`() throws {
        let bytes = message { model in
            model.integer(1, 8)
            model.text(2, "maker of models")
            model.text(3, "1.2")
            model.text(4, "org.example")
            model.integer(5, 7)
            model.text(6, "about")
            model.message(7) { graph in
                graph.text(2, "network")
                graph.value(11, "x", [nil, 3])
                graph.value(11, "w", [3, 2])
                graph.floats("w", [3, 2], [1, 2, 3, 4, 5, .nan])
                graph.floats("spare", [1], [1])
                graph.node("MatMul", ["x", "w"], ["y"], name: "product")
                graph.value(12, "y", nil)
            }
            model.message(8) { $0.text(1, ""); $0.integer(2, 13) }
            model.message(8) { $0.text(1, "com.microsoft"); $0.integer(2, 1) }
            model.message(14) { $0.text(1, "key"); $0.text(2, "value") }
        }
        let graph = try read(bytes)
        let written = try reread(graph)
        #expect(written.metadata.producer == "maker of models 1.2")
        #expect(graph.metadata.entries.dropFirst() == written.metadata.entries.dropFirst())
        #expect(graph.firstDifferenceByName(from: written, ignoringMetadata: ["ir_version"]) == nil)
        #expect(written.inputs.map { written[$0].name } == ["x"])
        #expect(written[written.inputs[0]].fact?.shape == [.symbolic("N"), 3])
    }

    @Test func `past the limit of a file weights lie beside the model, large ones aligned`() throws {
        let graph = try fixture("torch-basic/model.onnx")
        try withTemporaryFolder { folder in
            let summary = try ONNXWriter.write(graph, to: folder + "/m.onnx", opset: nil, fileLimit: 60_000)
            #expect(names(inFolder: folder) == ["m.onnx", "m.onnx.data"])
            #expect(summary.notes.contains { $0.contains("m.onnx.data") })
            #expect(try Storage(mapping: folder + "/m.onnx").byteCount < 60_000)
            let written = try ONNXReader.read(storage: Storage(mapping: folder + "/m.onnx"), folder: folder)
            #expect(graph.firstDifferenceByName(from: written, ignoringMetadata: ["opset", "ir_version"]) == nil)
            let outside = written.weights.compactMap { written[$0].tensor }.filter { $0.storage.path?.hasSuffix(".data") == true }
            #expect(!outside.isEmpty)
            #expect(outside.allSatisfy { $0.byteRange.lowerBound % 64 == 0 })
            // The file that the model is read from is not written over.
            let error = #expect(throws: ONNXError.self) {
                try ONNXWriter.write(written, to: folder + "/m.onnx", opset: nil, fileLimit: 60_000)
            }
            #expect(error?.place.file == folder + "/m.onnx.data")
            #expect(throws: ONNXError.self) { try ONNXWriter.write(graph, to: folder + "/n.onnx", opset: nil, fileLimit: 1000) }
            #expect(names(inFolder: folder) == ["m.onnx", "m.onnx.data"])
        }
        let large = try Tensor(floats: [Float](repeating: 1, count: 300_000), shape: [300_000])
        let small = try Tensor(floats: [Float](repeating: 1, count: 300), shape: [300])
        let weights = [small, large, small, large].map { WrittenModel.Weight(name: "", view: WeightView($0)) }
        let layout = ExternalLayout(weights, location: "x")
        #expect(layout.offsets == [0: 0, 1: 65536, 2: 1_265_536 + 0, 3: 1_310_720])
    }

    @Test func `lengths of more than one byte, and payloads inside messages, are counted before they are written`() throws {
        var inner = ProtobufOutput<Int>()
        inner.append(1, integer: -1)
        inner.append(2, text: String(repeating: "a", count: 200))
        inner.append(3, payload: 7, byteCount: 300)
        var outer = ProtobufOutput<Int>()
        outer.append(1, message: inner)
        outer.append(2, real: 1.5)
        // 1 + 10, 1 + 2 + 200, 1 + 2 + 300; then key, two bytes of length, and five for the number.
        #expect(inner.byteCount == 517)
        #expect(outer.byteCount == 1 + 2 + 517 + 5)
        #expect(outer.segments.count == 3)
        guard case .bytes(let front) = outer.segments[0], case .payload(7, 300) = outer.segments[1] else {
            Issue.record("the payload is not in its place")
            return
        }
        #expect(front.prefix(4) == [0x0A, 0x85, 0x04, 0x08])
        #expect(front.count + 300 + 5 == outer.byteCount)
    }

    @Test func `an operator set that is too low is refused with the node and what it needs`() throws {
        let graph = try fixture("torch-basic-folded/model-dynamo.onnx")
        let error = #expect(throws: ONNXError.self) { try reread(graph, opset: 8) }
        #expect(error?.message.contains("supported are 9 to 28") == true)
        let swish = try read(model(opset: 24) { graph in
            graph.node("BitwiseNot", ["x"], ["y"], name: "turn")
            graph.value(11, "x", [2], type: 6)
            graph.value(12, "y", nil, type: 6)
        })
        let refused = #expect(throws: ONNXError.self) { try reread(swish, opset: 17) }
        #expect(refused?.place.node == "turn")
        #expect(refused?.description.contains("BitwiseNot needs opset 18") == true)
        #expect(try reread(swish).metadata["opset"] == "18")
    }

    @Test func `training is written for opset 14 or later, whatever outputs are read`() throws {
        for outputs in [["y", "mean", "variance"], ["y", "mean", "variance", "m", "v"]] {
            let graph = try read(model(opset: 9) { graph in
                graph.node("BatchNormalization", ["x", "s", "b", "m0", "v0"], outputs, name: "normal")
                for weight in ["s", "b", "m0", "v0"] { graph.floats(weight, [2], [1, 2]) }
                graph.value(11, "x", [3, 2, 4, 4])
                for output in outputs.prefix(3) { graph.value(12, output, nil) }
            })
            for opset in [9, 11, 13] {
                let refused = #expect(throws: ONNXError.self) { try reread(graph, opset: opset) }
                #expect(refused?.place.node == "normal")
                #expect(refused?.description.contains("BatchNormalization in training needs opset 14") == true)
            }
            let written = try reread(graph)
            #expect(written.metadata["opset"] == "14")
            #expect(written.nodes[0].operator == graph.nodes[0].operator)
            #expect(written.outputs.map(\.name) == ["y", "mean", "variance"])
        }
    }

    @Test(arguments: [["x", "", "", "sizes"], ["x", "none", "none", "sizes"], ["x", "", "scales"], ["x", "none", "scales"]])
    func `what a Resize leaves out stays left out, and what is empty stays in its own operator set`(inputs: [String]) throws {
        let graph = try read(model(opset: 11) { graph in
            graph.node("Resize", inputs, ["y"], name: "resize", [("mode", .text("linear"))])
            graph.floats("none", [0], [])
            graph.floats("scales", [4], [1, 1, 2, 2])
            graph.message(5) { sizes in
                sizes.tensor("sizes", 7, [4])
                for size in [1, 2, 8, 8] as [Int64] { sizes.integer(7, size) }
            }
            graph.value(11, "x", [1, 2, 4, 4])
            graph.value(12, "y", nil)
        })
        func written(_ opset: Int) throws -> (inputs: [String], weights: [String]) {
            let model = try WrittenModel(graph, opset: opset)
            _ = try reread(graph, opset: opset)
            return (model.nodes[0].inputs, model.weights.map(\.name))
        }
        let weights = graph.weights.map { graph[$0].name }
        for opset in [11, 12] {
            #expect(try written(opset).inputs == inputs)
            #expect(try written(opset).weights == weights)
        }
        for opset in [13, 18] {
            #expect(try written(opset).inputs == inputs.map { $0 == "none" ? "" : $0 })
        }
    }

    @Test func `a window that begins behind the input is left out, which ONNX says from opset 22 on`() throws {
        func pooled(_ extent: Int64, opset: Int64) throws -> Graph {
            try read(model(opset: opset) { graph in
                graph.node("MaxPool", ["x"], ["y"], name: "pool", [
                    ("kernel_shape", .integers([1, 1])), ("strides", .integers([2, 2])), ("ceil_mode", .integer(1)),
                ])
                graph.value(11, "x", [1, 1, extent, extent])
                graph.value(12, "y", nil)
            })
        }
        let graph = try pooled(2, opset: 22)
        let refused = #expect(throws: ONNXError.self) { try reread(graph, opset: 13) }
        #expect(refused?.place.node == "pool")
        #expect(refused?.description.contains("needs opset 22") == true)
        #expect(try reread(graph).metadata["opset"] == "22")
        // Every window begins in the input.
        #expect(try reread(pooled(3, opset: 22)).metadata["opset"] == "13")
        // As it was read it is written.
        #expect(try reread(pooled(2, opset: 12), opset: 12).metadata["opset"] == "12")
    }

    @Test func `operators that are not known go back as they came, in their operator set only`() throws {
        let graph = try read(model(opset: 17, domains: [("com.example", 2)]) { graph in
            graph.node(
                "Fancy", ["x"], ["y"], name: "fancy", domain: "com.example",
                [("k", .integer(3)), ("mode", .text("a")), ("r", .reals([1, 2])), ("i", .integers([]))])
            graph.node("Det", ["y"], ["z"], name: "determinant")
            graph.value(11, "x", [2, 2])
            graph.value(12, "z", nil)
        })
        #expect(graph.unknownNodes.count == 2)
        let written = try reread(graph)
        #expect(written.metadata["opset"] == "17")
        #expect(graph.firstDifferenceByName(from: written, ignoringMetadata: ["ir_version"]) == nil)
        let error = #expect(throws: ONNXError.self) { try reread(graph, opset: 13) }
        #expect(error?.place.node == "determinant")
    }
}
