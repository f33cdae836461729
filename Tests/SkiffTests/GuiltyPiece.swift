import Skiff
@testable import SkiffVerify
import SkiffTestSupport
import Testing

/// A mistake in a real network, beside what its own framework recorded.
struct Mistake: Sendable, CustomTestStringConvertible {
    var name: String
    var model: String
    var io: String
    /// The value at which the piece ends.
    var output: String
    /// Recorded values that are taken for unrecorded, so that the piece has several nodes.
    var hidden: Set<String> = []
    var kind: Explanation.Kind
    /// What the explanation must say that the reference has.
    var expected: String
    /// Makes the mistake in the candidate.
    var candidate: @Sendable (Graph) throws -> Graph = { $0 }
    /// Makes the difference in the reference, which is then what our Float run gives for the recorded inputs.
    var reference: (@Sendable (Graph) throws -> Edit)?

    var testDescription: String { name }

    /// The guilty piece of the candidate and the candidate.
    func region() throws -> (region: Region, candidate: Graph) {
        let model = try Model(contentsOf: Fixtures.path(self.model)).graph
        guard case .archive(let members) = try ArrayFile(contentsOf: Fixtures.path(io)) else { throw CoreError(.malformed("io")) }
        var recorded: [String: Tensor] = [:]
        for member in members {
            for prefix in ["input:", "value:", "output:"] where member.name.hasPrefix(prefix) {
                recorded[String(member.name.dropFirst(prefix.count))] = member.tensor
            }
        }
        let changed = try candidate(model)
        func region(_ graph: Graph) throws -> Region {
            var given: [ValueID: Tensor] = [:]
            for id in graph.valueIDs where graph[id].tensor == nil {
                let name = graph[id].name
                if name != output, !hidden.contains(name), let tensor = recorded[name] { given[id] = tensor }
            }
            return try Region(of: graph, output: graph.value(named: output), given: given, reference: recorded[output].present())
        }
        let own = try region(changed)
        guard let reference else { return (own, changed) }
        let answer = try own.output(of: reference(own.graph).applied(to: own.graph), .float)
        return (try own.with(reference: answer), changed)
    }
}

extension Graph {
    func value(named name: String) throws -> ValueID { try valueIDs.first { self[$0].name == name }.present() }

    func node(giving name: String) throws -> NodeID { try producer(of: value(named: name)).present() }

    /// A copy with another operator where `name` is computed.
    func changing(_ name: String, _ change: (Operator) -> Operator?) throws -> Graph {
        let id = try node(giving: name)
        return try replacing([:], [id: change(self[id].operator).present()])
    }

    /// A copy with another tensor for an operand of the node where `name` is computed.
    func changing(_ name: String, operand: Int, _ change: (Tensor) throws -> Tensor) throws -> Graph {
        let id = try node(giving: name)
        let tensor = try storedWeight(self[id].inputs[operand].present()).present().tensor
        return try replacing(inputs: [id: [operand: change(tensor)]])
    }

    /// The weight at an operand of the node where `name` is computed.
    func weight(_ name: String, _ operand: Int) throws -> Tensor {
        try storedWeight(self[node(giving: name)].inputs[operand].present()).present().tensor
    }
}

extension Region {
    /// The same piece beside another answer.
    func with(reference: Tensor) throws -> Region {
        var given: [ValueID: Tensor] = [:]
        for id in graph.inputs { given[id] = self.given[graph[id].name] }
        return try Region(
            of: graph, output: (graph.outputs.first?.value).present(), given: given, reference: reference)
    }
}

extension Tensor {
    /// A copy with one element changed.
    func changing(_ position: Int, _ change: (Float) -> Float) throws -> Tensor {
        var elements = try floats()
        elements[position] = change(elements[position])
        return try Tensor(floats: elements, shape: shape)
    }
}
