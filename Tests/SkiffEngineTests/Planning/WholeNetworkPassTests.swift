import SkiffCore
import SkiffGraph
import SkiffKeras
import SkiffONNX
import SkiffTestSupport
import Testing

@testable import SkiffEngine

/// All passes over whole networks: random ones, and those that frameworks wrote.
@Suite struct WholeNetworkPassTests {
    @Test(arguments: 0..<120) func `random networks stay what they compute`(seed: Int) throws {
        _ = try simplified(randomNetwork(UInt64(seed) &* 977 &+ 5))
    }

    /// Maps of one shape are joined, normalized, clamped, padded, transposed and reshaped at random.
    private func randomNetwork(_ seed: UInt64) throws -> Graph {
        var sketch = NetworkSketch(seed: seed)
        var pool = [try sketch.input([2, 4, 6, 6])]
        for _ in 0..<24 {
            let picks = sketch.noise.floats(3).map { Int(($0 + 1) * 4096) }
            let x = pool[picks[0] % pool.count], other = pool[picks[1] % pool.count]
            pool.append(try randomStep(&sketch, picks[2] % 16, x, other))
        }
        for value in pool.suffix(2) { sketch.output(value) }
        return try sketch.builder.build()
    }

    private func randomStep(
        _ sketch: inout NetworkSketch, _ choice: Int, _ x: ValueID, _ other: ValueID
    ) throws -> ValueID {
        switch choice {
        case 0, 1: return try sketch.convolution(x, [4, 4, 3, 3], bias: choice == 0)
        case 2: return try sketch.convolution(x, [4, 2, 1, 1], groups: 2)
        case 3: return try sketch.convolution(sketch.pad(x, [0, 0, 1, 1, 0, 0, 1, 1]), [4, 4, 3, 3], padding: .valid)
        case 4, 5: return try sketch.normalization(x, 4)
        case 6, 7: return try sketch.relu(x)
        case 8, 9: return try sketch.add(x, other)
        case 10: return try sketch.apply(.binary(Binary(.multiply)), sketch.positive([4, 1, 1]), x)
        case 11: return try sketch.pool(.maximum, sketch.pad(x, [0, 0, 1, 1, 0, 0, 1, 1]), kernel: 3)
        case 12:
            let padded = try sketch.pad(x, [0, 0, 1, 0, 0, 0, 1, 2])
            return try sketch.pool(.average(countsPadding: true), padded, kernel: 3)
        case 13:
            let last = try sketch.apply(.transpose(Transpose(permutation: [0, 2, 3, 1])), x)
            let biased = try sketch.add(last, sketch.weight([4]))
            return try sketch.apply(.transpose(Transpose(permutation: [0, 3, 1, 2])), biased)
        case 14:
            let rows = try sketch.apply(.reshape(Reshape(shape: [-1, 6], allowsZero: false)), x)
            let product = try sketch.apply(.dense(Dense()), rows, sketch.weight([6, 6]), sketch.weight([6]))
            return try sketch.apply(.reshape(Reshape(shape: [2, 4, 6, 6], allowsZero: false)), product)
        default:
            return try sketch.apply(
                .clip(Clip()), x, sketch.constant(Tensor(floats: [-0.5], shape: [])), sketch.weight([]))
        }
    }

    @Test func `ONNX models of frameworks stay what they compute`() throws {
        let folders = [
            "torch-basic", "torch-basic-folded", "onnx-opsets", "keras3-bottleneck", "conv1d-dilated-torch",
            "onnx-quantized",
        ]
        for folder in folders {
            for file in names(inFolder: Fixtures.path(folder)) where file.hasSuffix(".onnx") {
                let path = Fixtures.path("\(folder)/\(file)")
                let graph = try ONNXReader.read(storage: Storage(mapping: path), folder: Fixtures.path(folder))
                try compare(graph, "\(folder)/\(file)", leavesConvolutions: folder == "onnx-quantized")
            }
        }
    }

    @Test func `Keras models stay what they compute`() throws {
        let folders = [
            "mobile-like", "keras2-nested", "conv1d-dilated", "keras3-bottleneck", "keras3-formats", "keras2-preact",
        ]
        for folder in folders {
            for file in names(inFolder: Fixtures.path(folder)) where ["model.h5", "model.keras"].contains(file) {
                let graph = try KerasReader.read(storage: Fixtures.storage("\(folder)/\(file)"))
                try compare(graph, "\(folder)/\(file)")
            }
        }
    }

    private func compare(_ graph: Graph, _ label: String, leavesConvolutions: Bool = false) throws {
        let inputs = try noisyInputs(of: graph)
        let expected = try outputs(of: graph, inputs)
        var draft = try graph.draft()
        for pass in Pass.all {
            _ = try pass.run(&draft)
            // Random inputs drive activations, and rounded folds, through every layer.
            expectSame(try outputs(of: draft.graph(), inputs), expected, 2e-5, "of \(label) after \(pass.name)")
        }
        if !leavesConvolutions, !graph.values.contains(where: { $0.fact?.elementType == .float16 }) {
            #expect(draft.count(.convolution) == 0, "\(label)")
        }
    }

    @Test func `ONNX's operator tests stay what they compute`() throws {
        var compared = 0
        for name in names(inFolder: Fixtures.path("onnx-node")) {
            let folder = Fixtures.path("onnx-node/\(name)")
            let graph = try ONNXReader.read(storage: Storage(mapping: "\(folder)/model.onnx"), folder: folder)
            var inputs: [String: Tensor] = [:]
            let data = "\(folder)/test_data_set_0"
            for file in names(inFolder: data) where file.hasPrefix("input_") {
                let (label, tensor) = try ONNXTensorFile.read(storage: Storage(mapping: "\(data)/\(file)"))
                let position = Int(file.dropFirst(6).dropLast(3)) ?? 0
                let isNamed = graph.inputs.contains { graph[$0].name == label }
                inputs[isNamed || position >= graph.inputs.count ? label : graph[graph.inputs[position]].name] = tensor
            }
            var facts: [ValueID: Fact] = [:]
            for id in graph.inputs {
                guard let tensor = inputs[graph[id].name] else { continue }
                facts[id] = Fact(graph[id].fact?.elementType ?? tensor.elementType, shape: tensor.shape)
            }
            guard facts.count == graph.inputs.count, let expected = try? outputs(of: graph, inputs) else { continue }
            do {
                var draft = try graph.draft(facts)
                _ = try draft.simplify()
                expectSame(try outputs(of: draft.graph(), inputs), expected, 1e-5, name)
                compared += 1
            } catch let error as EngineError {
                #expect(error.reason == .openShape, "\(name): \(error)")
            }
        }
        #expect(compared > 200)
    }
}
