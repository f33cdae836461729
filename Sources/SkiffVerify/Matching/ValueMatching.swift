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
        /// Axis `i` of the reference's map is axis `axes[i]` of the candidate's; `nil` where elements lie in one order. Then
        /// even ranks may differ, by axes of one element.
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

    /// In the order in which the candidate computes them; each value stands in one pair at most. Inputs come first.
    public var pairs: [Pair] = []
    /// In the order of values, the candidate's first.
    public var hidden: [Hidden] = []
    /// The values of the candidate that hang on its inputs and are neither paired nor hidden: the reference has no such step.
    public var candidateAlone: [ValueID] = []
    /// The same of the reference.
    public var referenceAlone: [ValueID] = []

    /// Pairs the values of two graphs.
    ///
    /// Linear in their sizes, without recursion. Of weights it reads a bounded sample each; weights that are not in memory
    /// only where topology leaves a doubt.
    public init(_ candidate: Graph, _ reference: Graph) {
        let values = MatchedValues(candidate, reference)
        func order(_ value: ValueID) -> (Int, Int) { (candidate.producer(of: value)?.index ?? -1, value.index) }
        pairs = values.pairs.sorted { order($0.candidate) < order($1.candidate) }
        let own = values.unpaired(isCandidate: true)
        let others = values.unpaired(isCandidate: false)
        hidden = own.hidden + others.hidden
        candidateAlone = own.alone
        referenceAlone = others.alone
    }
}
