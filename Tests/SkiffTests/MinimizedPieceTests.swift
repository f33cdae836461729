import Skiff
import SkiffTestSupport
@testable import SkiffVerify
import Testing

@Suite struct MinimizedPieceTests {
    /// A fixture's layer with weights off by a percent, given the sound network's own inputs and output there.
    private func guilty(
        _ file: String, skipping count: Int = 1, samples: Int = 3, _ change: (inout [Float]) -> Void = { numbers in numbers = numbers.map { $0 * 1.01 } }
    ) throws -> (region: Region, layer: GuiltyLayer) {
        let sound = try Model(contentsOf: Fixtures.path(file)).graph
        let nodes = Array(sound.nodeIDs).filter { if case .convolution = sound[$0].operator { true } else { false } }
        let node = nodes[count]
        let weight = try #require(sound[node].inputs[1].flatMap { sound.storedWeight($0) })
        var numbers = try weight.tensor.floats()
        change(&numbers)
        let wrong = try sound.replacing([weight.id: Tensor(floats: numbers, shape: weight.tensor.shape)])
        let inputs = try MadeUpInputs(for: sound, batch: samples).tensors
        let values = try Evaluator(sound).run(inputs, precision: .float, observing: .all)
        let (input, output) = (try #require(sound[node].inputs[0]), sound[node].outputs[0])
        // Graphs that differ in weights alone have the same identifiers.
        let region = try Region(
            of: wrong, output: output, given: [input: try #require(values[input])], reference: try #require(values[output]))
        let judgement = try region.judgement()
        #expect(judgement.verdict == .differs)
        let layer = GuiltyLayer(
            name: sound[output].name, referenceName: sound[output].name, nodes: region.nodes.map { wrong.displayName(of: $0) },
            operatorNames: region.nodes.map { wrong[$0].sourceOperator }, shape: judgement.comparison.worst?.index ?? [],
            judgement: judgement, firstElement: judgement.comparison.worst, wrongElements: 1, explanations: [],
            experiments: 0)
        return (region, layer)
    }

    @Test(arguments: ["torch-basic/model.onnx", "keras3-bottleneck/model.h5", "conv1d-dilated/model.h5", "mobile-like/model.h5"])
    func `the written piece fails by itself, as the layer did`(file: String) throws {
        let (region, layer) = try guilty(file)
        try withTemporaryFolder { folder in
            let target = folder + "/piece"
            let piece = try writeMinimized(region, layer: layer, to: target, candidate: "wrong.h5", reference: "right.onnx")
            #expect(piece.failsByItself)
            #expect(piece.sample != nil)
            #expect(piece.nodes == region.graph.nodes.count)
            #expect(names(inFolder: target) == ["README.txt", "model.onnx", "test_data_set_0"])
            #expect(names(inFolder: target + "/test_data_set_0") == ["input_0.pb", "output_0.pb", "skiff_output_0.pb"])
            let model = try Model(contentsOf: target)
            let report = try verify(model, againstRecording: target)
            #expect(report.verdict == .differs)
            // Of the kept sample the piece computes what the layer did.
            let value = try #require(report.outputs.first)
            #expect(value.shape.first == 1)
            let ratio = try #require(value.ratio) / layer.judgement.ratio
            #expect((0.05...40).contains(ratio), "\(ratio)")
            guard case .single(let name, let own) = try ArrayFile(
                contentsOf: target + "/test_data_set_0/skiff_output_0.pb"),
                case .single(let inputName, let input) = try ArrayFile(contentsOf: target + "/test_data_set_0/input_0.pb")
            else { return #expect(Bool(false)) }
            #expect(!name.contains("#") && !inputName.contains("#"))
            #expect(model.graph.inputs.map { model.graph[$0].name } == [inputName])
            let computed = try #require(try model.run([inputName: input])[name])
            let scale = try own.floats().map { abs($0) }.max() ?? 1
            #expect(try zip(computed.floats(), own.floats()).allSatisfy { abs($0 - $1) <= 1e-5 * scale })
        }
    }

    @Test func `the text says what it is and how to see it`() throws {
        let (region, layer) = try guilty("torch-basic/model.onnx")
        try withTemporaryFolder { folder in
            _ = try writeMinimized(region, layer: layer, to: folder + "/piece", candidate: "/x/wrong.h5", reference: "right.onnx")
            let storage = try Storage(mapping: folder + "/piece/README.txt")
            let text = String(decoding: try storage.bytes(in: 0..<storage.byteCount), as: UTF8.self)
            for part in ["wrong.h5", "right.onnx", layer.nodes[0], "input_0.pb", "skiff verify", "onnxruntime", "skiff 0."] {
                #expect(text.contains(part), "\(part) in \(text)")
            }
            #expect(!text.contains("/x/"))
        }
    }

    @Test func `an earlier piece is replaced, other files are not touched`() throws {
        let (region, layer) = try guilty("torch-basic/model.onnx")
        try withTemporaryFolder { folder in
            func put(_ name: String) throws {
                try atomicWrite(to: folder + "/" + name) { writer throws(CoreError) in try writer.write([1]) }
            }
            _ = try writeMinimized(region, layer: layer, to: folder)
            try put("test_data_set_0/input_1.pb")
            _ = try writeMinimized(region, layer: layer, to: folder)
            #expect(names(inFolder: folder + "/test_data_set_0") == ["input_0.pb", "output_0.pb", "skiff_output_0.pb"])
            try put("test_data_set_0/mine.txt")
            let error = #expect(throws: SkiffError.self) { try writeMinimized(region, layer: layer, to: folder) }
            #expect(error?.message.contains("mine.txt") == true)
            try put("mine.txt")
            #expect(throws: SkiffError.self) { try writeMinimized(region, layer: layer, to: folder) }
            #expect(names(inFolder: folder + "/test_data_set_0").contains("output_0.pb"))
            #expect(throws: SkiffError.self) { try writeMinimized(region, layer: layer, to: folder + "/mine.txt") }
            #expect(throws: SkiffError.self) { try writeMinimized(region, layer: layer, to: folder + "/no/such") }
        }
    }
}
