import Skiff
import SkiffTestSupport
import Testing

/// Faults of one model: whatever is wrong in one place, all other values must still be paired as in sound models.
@Suite struct MatchingFaultTests {
    private static let models = [
        ("keras3-bottleneck/model.onnx", "keras3-bottleneck/model.h5"),
        ("keras3-bottleneck/model.h5", "keras3-bottleneck/model-tf2onnx.onnx"),
        ("torch-basic/model.onnx", "torch-basic-folded/model.onnx"),
        ("torch-basic-folded/model.onnx", "torch-basic/model.onnx"),
    ]

    private struct Couple: Hashable {
        var candidate: ValueID
        var reference: ValueID
    }

    private func sure(_ matching: ValueMatching) -> Set<Couple> {
        Set(matching.pairs.filter { $0.confidence >= 0.9 }.map { Couple(candidate: $0.candidate, reference: $0.reference) })
    }

    /// The operators that a fault may put in the place of one.
    private func faults(of node: Node) -> [Operator] {
        switch node.operator {
        case .convolution(var convolution):
            let spatial = convolution.window.strides.count
            convolution.window.padding = .explicit(
                before: [Int](repeating: 0, count: spatial), after: [Int](repeating: 2, count: spatial))
            var dilated = convolution
            dilated.window.padding = .sameUpper
            dilated.window.dilations = dilated.window.dilations.map { $0 + 1 }
            return [.convolution(convolution), .convolution(dilated)]
        case .batchNormalization(var normalization):
            normalization.epsilon = 0.1
            return [.batchNormalization(normalization), .identity(Identity())]
        case .unary: return [.identity(Identity()), .unary(Unary(.tanh)), .unary(Unary(.leakyReLU(alpha: 0.1)))]
        case .softmax: return [.identity(Identity())]
        case .binary(let binary) where binary.kind == .add: return [.binary(Binary(.multiply)), .binary(Binary(.subtract))]
        default: return []
        }
    }

    @Test(arguments: models)
    func `another operator or attribute in one place loses no pair elsewhere`(candidate: String, reference: String) throws {
        let graph = try Model(contentsOf: Fixtures.path(candidate)).graph
        let other = try Model(contentsOf: Fixtures.path(reference)).graph
        let sound = sure(ValueMatching(graph, other))
        var mutants = 0
        for id in graph.nodeIDs {
            for fault in faults(of: graph[id]) {
                guard let mutant = try? graph.replacing([:], [id: fault]) else { continue }
                mutants += 1
                let found = sure(ValueMatching(mutant, other))
                let own = Set(graph[id].outputs)
                let lost = sound.subtracting(found).filter { !own.contains($0.candidate) }
                let wrong = found.subtracting(sound).filter { !own.contains($0.candidate) }
                #expect(
                    lost.isEmpty && wrong.isEmpty,
                    """
                    \(graph.displayName(of: id)) \(fault): lost \(lost.map { graph[$0.candidate].name }), \
                    new \(wrong.map { graph[$0.candidate].name })
                    """)
            }
        }
        #expect(mutants > 20)
    }

    private func isShift(_ id: ValueID, _ graph: Graph) -> Bool {
        graph.nodes.contains { node in
            guard node.inputs.contains(id) else { return false }
            switch node.operator {
            case .binary(let binary): return binary.kind == .add || binary.kind == .subtract
            default: return node.inputs.count == 3 && node.inputs[2] == id
            }
        }
    }

    @Test(arguments: models)
    func `exchanged, scaled, rounded and drawn weights lose no pair but one inside their run`(candidate: String, reference: String) throws {
        let graph = try Model(contentsOf: Fixtures.path(candidate)).graph
        let other = try Model(contentsOf: Fixtures.path(reference)).graph
        let sound = sure(ValueMatching(graph, other))
        let weights = graph.weights.filter { graph[$0].tensor?.elementType == .float32 }
        var byShape: [Shape: [ValueID]] = [:]
        for id in weights { byShape[graph[id].tensor?.shape ?? [], default: []].append(id) }
        var mutants = 0
        for id in weights {
            guard let tensor = graph[id].tensor else { continue }
            let values = try tensor.floats()
            var changes: [[ValueID: Tensor]] = []
            if let twin = byShape[tensor.shape]?.first(where: { $0 != id }), let exchanged = graph[twin].tensor {
                changes.append([id: exchanged, twin: tensor])
            }
            let rounded = values.map { Float(bitPattern: $0.bitPattern & 0xFFFF_E000) }
            changes.append([id: try Tensor(floats: rounded, shape: tensor.shape)])
            changes.append([id: try Tensor(floats: values.map { $0 * 1.01 }, shape: tensor.shape)])
            let drawn = try SeededInput(seed: 5).tensor(forInput: 1, elementType: .float32, shape: tensor.shape)
            changes.append([id: drawn])
            for change in changes {
                let own = Set(
                    graph.nodes.filter { $0.inputs.contains { $0.map { change[$0] != nil } ?? false } }.flatMap(\.outputs))
                let mutant = try graph.replacing(change)
                mutants += 1
                let found = sure(ValueMatching(mutant, other))
                // What is added tells which shift a shift is, where one side has more of them.
                let lost = sound.subtracting(found).filter { !own.contains($0.candidate) || !isShift(id, graph) }
                let new = found.subtracting(sound).filter { !own.contains($0.candidate) || !isShift(id, graph) }
                // Inside a run of scales and shifts one may not be told from the next any more; its ends are.
                #expect(
                    lost.count <= 1 && new.isEmpty,
                    """
                    \(graph[id].name): lost \(lost.map { graph[$0.candidate].name }), \
                    new \(new.map { graph[$0.candidate].name })
                    """)
            }
        }
        #expect(mutants > 40)
    }
}
