internal import SkiffCore
internal import SkiffGraph

extension MatchedValues {
    private func evidence(_ match: SkeletonMatching.Match) -> Set<Evidence> { match.evidence.subtracting([.interface]) }

    /// Pairs what poolings and merges give: no exporter folds anything into them.
    mutating func pairSkeletonValues() {
        for index in matching.matches.indices {
            let node = matching.candidate.nodes[index]
            guard let match = matching.matches[index], node.kind != .contraction, node.kind.isInner else { continue }
            for (one, other) in zip(node.outputs, matching.reference.nodes[match.other].outputs) {
                if let one, let other {
                    join(one, other, match.confidence, evidence(match))
                } else if let value = one ?? other {
                    let inside = one == nil ? node.node : matching.reference.nodes[match.other].node
                    let name = inside.map { (one == nil ? candidate : reference).displayName(of: $0) } ?? ""
                    hide(value, isCandidate: one != nil, inside, "\(escaped(name)) computes it on the way")
                }
            }
        }
    }

    struct Sink {
        var pair: SkeletonMatching.NodePair
        var operands: SkeletonMatching.NodePair
        /// Whether both edges have the same steps.
        var isEqual: Bool
    }

    /// All edges that correspond.
    func sinks() -> [Sink] {
        var sinks: [Sink] = []
        for index in matching.matches.indices {
            guard let match = matching.matches[index] else { continue }
            let pair = SkeletonMatching.NodePair(candidate: index, reference: match.other)
            for operands in matching.operandPairs(pair) {
                let a = matching.candidate.nodes[index].operands[operands.candidate]
                let b = matching.reference.nodes[match.other].operands[operands.reference]
                guard matching.matches[a.source]?.other == b.source, a.output == b.output, let one = a.value,
                    let other = b.value
                else { continue }
                sinks.append(Sink(pair: pair, operands: operands, isEqual: hasEqualSteps(one, other)))
            }
        }
        return sinks
    }

    private func hasEqualSteps(_ one: ValueID, _ other: ValueID) -> Bool {
        let (flow, otherFlow) = (matching.candidate.flow, matching.reference.flow)
        var (a, b) = (one, other)
        for _ in 0..<16 {
            let (next, otherNext) = (flow.parent(of: a), otherFlow.parent(of: b))
            guard let next, let otherNext else { return next == nil && otherNext == nil }
            guard flow.steps[a.index] == otherFlow.steps[b.index] else { return false }
            (a, b) = (next, otherNext)
        }
        return false
    }

    /// Pairs the values on one edge.
    mutating func pairChain(_ pair: SkeletonMatching.NodePair, _ operands: SkeletonMatching.NodePair) {
        let a = matching.candidate.nodes[pair.candidate].operands[operands.candidate]
        let b = matching.reference.nodes[pair.reference].operands[operands.reference]
        guard let end = a.value, let otherEnd = b.value, let source = matching.matches[a.source],
            let sink = matching.matches[pair.candidate]
        else { return }
        let start = start(of: end, otherEnd)
        let (ownSource, otherSource) = (matching.candidate.nodes[a.source], matching.reference.nodes[b.source])
        let isContraction = ownSource.kind == .contraction && start.isAnchor
        var one = Chain(
            matching.candidate.flow, from: start.candidate, to: end, bias: isContraction ? ownSource.bias : nil)
        var other = Chain(
            matching.reference.flow, from: start.reference, to: otherEnd, bias: isContraction ? otherSource.bias : nil)
        let sourcePair = SkeletonMatching.NodePair(candidate: a.source, reference: b.source)
        let pairing = pairing(
            &one, &other, sourcePair, isContraction: isContraction,
            endsAtContraction: matching.candidate.nodes[pair.candidate].kind == .contraction)
        let confidence = min(source.confidence, sink.confidence)
        for states in pairing.pairs {
            // The first values of a chain are what its source gives.
            let (ones, others) = (one.states[states.candidate], other.states[states.reference])
            if ones.isEmpty || others.isEmpty {
                let inside = ones.isEmpty ? ownSource.node : otherSource.node
                let name = inside.map { (ones.isEmpty ? candidate : reference).displayName(of: $0) } ?? ""
                for value in ones + others {
                    hide(value, isCandidate: others.isEmpty, inside, "\(escaped(name)) adds its bias at once")
                }
                continue
            }
            let isFirst = ones.first == start.candidate
            join(
                ones, others, confidence * (states.isExact ? 1 : 0.97),
                isFirst ? evidence(source).union([.topology]) : [.topology])
        }
        explain(pairing, Sides(candidate: one, reference: other), sourcePair, pair)
    }

    /// Aligns two chains, once it is known what of their steps may be folded into the contraction in front.
    private mutating func pairing(
        _ one: inout Chain, _ other: inout Chain, _ source: SkeletonMatching.NodePair, isContraction: Bool,
        endsAtContraction: Bool
    ) -> ChainPairing {
        // What changes nothing may stand where the other side has folded something.
        let hasFolded =
            isContraction && (one.hasIdentity || other.hasIdentity) && one.steps.map(\.role) != other.steps.map(\.role)
            && matching.likeness(source) == .same(isUnscaled: false)
        if !hasFolded { Chain.absorbIdentities(&one, &other) }
        let isDifferent = one.steps.map(\.role) != other.steps.map(\.role)
        // Only a scale is folded into weights; where both sides have as many, none was, and else the weights tell.
        let isUnfolded =
            isContraction && isDifferent
            && (one.leadingScales == other.leadingScales || matching.likeness(source) == .same(isUnscaled: true))
        if isUnfolded { Chain.dropLonelyBias(&one, &other) }
        return ChainPairing(
            one.steps, other.steps, startsAtContraction: isContraction, endsAtContraction: endsAtContraction,
            isUnfolded: isUnfolded,
            amounts: Sides(
                candidate: isDifferent ? one.amounts(in: candidate) : [],
                reference: isDifferent ? other.amounts(in: reference) : []))
    }

    /// The last values on both edges that are paired with each other, else what the edges come from.
    private func start(of end: ValueID, _ otherEnd: ValueID) -> ChainStart {
        let (flow, otherFlow) = (matching.candidate.flow, matching.reference.flow)
        var (a, b) = (end, otherEnd)
        func order(_ value: ValueID) -> Int { reference.producer(of: value)?.index ?? -1 }
        while true {
            // An output's pair is given, not found.
            if let partner = partner(ofCandidate: a), !isGiven(a) {
                while order(b) > order(partner), let next = otherFlow.parent(of: b) { b = next }
                if b == partner { return ChainStart(candidate: a, reference: b, isAnchor: false) }
            }
            guard let next = flow.parent(of: a) else { break }
            a = next
        }
        while let next = otherFlow.parent(of: b) { b = next }
        return ChainStart(candidate: a, reference: b, isAnchor: true)
    }

    private func isGiven(_ value: ValueID) -> Bool {
        guard candidate.producer(of: value) != nil, let position = position.candidate[value.index] else { return false }
        return pairs[position].evidence.contains(.interface)
    }

    private struct ChainStart {
        var candidate: ValueID
        var reference: ValueID
        /// Whether they are what the edges come from.
        var isAnchor: Bool
    }
}
