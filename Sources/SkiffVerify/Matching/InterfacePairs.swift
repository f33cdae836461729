internal import SkiffGraph

/// The inputs and outputs of two models that are the same: by name where all names agree, else in their order; where
/// the numbers differ, those of equal names.
struct InterfacePairs {
    /// Nodes of the skeletons.
    private(set) var nodes: [SkeletonMatching.NodePair] = []
    private(set) var inputs: [Pair] = []
    private(set) var outputs: [Pair] = []

    struct Pair {
        var candidate: ValueID
        var reference: ValueID
        var isByName: Bool
        /// Whether there is no other choice.
        var isOnly: Bool
    }

    init(_ candidate: Skeleton, _ reference: Skeleton) {
        let own = candidate.graph.inputs.map { candidate.graph[$0].name }
        let others = reference.graph.inputs.map { reference.graph[$0].name }
        for (left, right, isByName) in Self.pairs(own, others) {
            nodes.append(.init(candidate: candidate.inputs[left], reference: reference.inputs[right]))
            inputs.append(
                Pair(
                    candidate: candidate.graph.inputs[left], reference: reference.graph.inputs[right], isByName: isByName,
                    isOnly: own.count == 1 && others.count == 1))
        }
        let (ownOutputs, otherOutputs) = (candidate.graph.outputs, reference.graph.outputs)
        for (left, right, isByName) in Self.pairs(ownOutputs.map(\.name), otherOutputs.map(\.name)) {
            nodes.append(.init(candidate: candidate.outputs[left], reference: reference.outputs[right]))
            outputs.append(
                Pair(
                    candidate: ownOutputs[left].value, reference: otherOutputs[right].value, isByName: isByName,
                    isOnly: ownOutputs.count == 1 && otherOutputs.count == 1))
        }
    }

    private static func pairs(_ one: [String], _ other: [String]) -> [(Int, Int, isByName: Bool)] {
        if let pairing = Pairing(one, other) {
            return pairing.pairs.map { ($0.left, $0.right, pairing.isByName) }
        }
        return Pairing.common(one, other).map { ($0.left, $0.right, true) }
    }
}
