internal import SkiffCore
internal import SkiffGraph

/// Pairs the values of two graphs whose skeletons are paired.
struct MatchedValues {
    typealias Pair = ValueMatching.Pair
    typealias Evidence = ValueMatching.Evidence

    /// A value that is not paired, and why.
    struct Reason {
        var node: NodeID?
        var text: String
    }

    var matching: SkeletonMatching
    let labels: Sides<AxisLabels>
    private(set) var pairs: [Pair] = []
    /// Positions in ``pairs``, by value.
    private(set) var position: Sides<[Int?]>
    private(set) var reasons = Sides<[ValueID: Reason]>(candidate: [:], reference: [:])

    var candidate: Graph { matching.candidate.graph }
    var reference: Graph { matching.reference.graph }

    init(_ candidate: Graph, _ reference: Graph) {
        let (own, other) = (Skeleton(candidate), Skeleton(reference))
        let interface = InterfacePairs(own, other)
        matching = SkeletonMatching(own, other, interface)
        let inputs = InputLabels(candidate, reference, interface.inputs)
        labels = Sides(
            candidate: AxisLabels(own.flow, inputs: inputs.candidate),
            reference: AxisLabels(other.flow, inputs: inputs.reference))
        position = Sides(
            candidate: [Int?](repeating: nil, count: candidate.values.count),
            reference: [Int?](repeating: nil, count: reference.values.count))
        for pair in interface.inputs + interface.outputs {
            let isSure = pair.isByName || pair.isOnly || hasOnePlace(pair)
            let isPaired = join(pair.candidate, pair.reference, isSure ? 1 : 0.85, [.interface])
            if !isPaired { note(pair.candidate, pair.reference) }
        }
        pairSkeletonValues()
        let chains = sinks()
        for chain in chains where chain.isEqual { pairChain(chain.pair, chain.operands) }
        for chain in chains where !chain.isEqual { pairChain(chain.pair, chain.operands) }
        pairContractionsWithoutReaders()
        pairSideBranches()
    }

    /// Whether what lies before two outputs says that they are one, and no other output.
    private func hasOnePlace(_ pair: InterfacePairs.Pair) -> Bool {
        func place(_ value: ValueID, _ skeleton: Skeleton, _ hashes: SkeletonHashes) -> UInt64? {
            let node = skeleton.anchors[value.index].node
            return skeleton.flow.isComputed[value.index] && node >= 0 ? hashes.before[node] : nil
        }
        let own = place(pair.candidate, matching.candidate, matching.hashes.candidate)
        let others = reference.outputs.compactMap { place($0.value, matching.reference, matching.hashes.reference) }
        return own != nil && own == place(pair.reference, matching.reference, matching.hashes.reference)
            && others.count { $0 == own } == 1
    }

    private mutating func note(_ one: ValueID, _ other: ValueID) {
        let text = "its elements lie in another order"
        if position.candidate[one.index] == nil { hide(one, isCandidate: true, nil, text) }
        if position.reference[other.index] == nil { hide(other, isCandidate: false, nil, text) }
    }

    mutating func hide(_ value: ValueID, isCandidate: Bool, _ node: NodeID?, _ text: String) {
        let reason = Reason(node: node, text: text)
        if isCandidate {
            if reasons.candidate[value] == nil { reasons.candidate[value] = reason }
        } else if reasons.reference[value] == nil {
            reasons.reference[value] = reason
        }
    }

    // MARK: Pairs

    /// Pairs two values where both are free and their axes correspond.
    @discardableResult
    mutating func join(
        _ one: ValueID, _ other: ValueID, _ confidence: Double, _ evidence: Set<Evidence>, allowsOtherRank: Bool = false
    ) -> Bool {
        guard position.candidate[one.index] == nil, position.reference[other.index] == nil,
            matching.candidate.flow.isComputed[one.index], matching.reference.flow.isComputed[other.index]
        else { return false }
        let ranks = (candidate[one].fact?.shape?.count, reference[other].fact?.shape?.count)
        var confidence = confidence
        var axes: [Int]?
        switch AxisLabels.order(labels.candidate.axes[one.index], labels.reference.axes[other.index]) {
        case .incompatible: return false
        case .same: break
        case .permuted(let order): axes = order
        case .untold:
            guard ranks.0 == ranks.1 else { return false }
            // Nothing says how a map of several axes lies.
            if ranks.0 ?? 3 > 2 { confidence = min(confidence, 0.85) }
        }
        guard ranks.0 == ranks.1 || allowsOtherRank else { return false }
        var evidence = evidence
        let name = candidate[one].name
        if !name.isEmpty, name == reference[other].name { evidence.insert(.name) }
        position.candidate[one.index] = pairs.count
        position.reference[other.index] = pairs.count
        pairs.append(
            Pair(
                candidate: one, reference: other, confidence: confidence,
                evidence: Evidence.allCases.filter(evidence.contains), axes: axes))
        return true
    }

    func partner(ofCandidate value: ValueID) -> ValueID? { position.candidate[value.index].map { pairs[$0].reference } }

    /// Pairs values that all hold one map, first those that the same operator gives.
    mutating func join(_ ones: [ValueID], _ others: [ValueID], _ confidence: Double, _ evidence: Set<Evidence>) {
        func isFirst(_ value: ValueID, _ list: [ValueID]) -> Bool { value == list.first }
        func kind(_ value: ValueID, _ graph: Graph) -> Operator.Kind? {
            graph.producer(of: value).map { graph[$0].operator.kind }
        }
        for one in ones {
            let fitting = others.first { other in
                position.reference[other.index] == nil
                    && (isFirst(one, ones) == isFirst(other, others))
                    && (isFirst(one, ones) || kind(one, candidate) == kind(other, reference))
            }
            if let fitting { join(one, fitting, confidence, evidence) }
        }
        for one in ones where position.candidate[one.index] == nil {
            for other in others where join(one, other, confidence, evidence) { break }
        }
        if !ones.contains(where: { partner(ofCandidate: $0).map(others.contains) ?? false }) {
            for one in ones {
                for other in others where join(one, other, confidence, evidence, allowsOtherRank: true) { return }
            }
        }
    }

    // MARK: Skeleton

    private func evidence(_ match: SkeletonMatching.Match) -> Set<Evidence> { match.evidence.subtracting([.interface]) }

    /// Pairs what poolings and merges give: no exporter folds anything into them.
    private mutating func pairSkeletonValues() {
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

    private struct Sink {
        var pair: SkeletonMatching.NodePair
        var operands: SkeletonMatching.NodePair
        /// Whether both edges have the same steps.
        var isEqual: Bool
    }

    /// All edges that correspond.
    private func sinks() -> [Sink] {
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
    private mutating func pairChain(_ pair: SkeletonMatching.NodePair, _ operands: SkeletonMatching.NodePair) {
        let a = matching.candidate.nodes[pair.candidate].operands[operands.candidate]
        let b = matching.reference.nodes[pair.reference].operands[operands.reference]
        guard let end = a.value, let otherEnd = b.value, let source = matching.matches[a.source],
            let sink = matching.matches[pair.candidate]
        else { return }
        let start = start(of: end, otherEnd)
        let (ownSource, otherSource) = (matching.candidate.nodes[a.source], matching.reference.nodes[b.source])
        let isContraction = ownSource.kind == .contraction && start.isAnchor
        var one = Chain(
            matching.candidate.flow, from: start.candidate, to: end, hasBias: isContraction && ownSource.hasBias)
        var other = Chain(
            matching.reference.flow, from: start.reference, to: otherEnd, hasBias: isContraction && otherSource.hasBias)
        let sourcePair = SkeletonMatching.NodePair(candidate: a.source, reference: b.source)
        // What changes nothing may stand where the other side has folded something.
        let hasFolded =
            isContraction && (one.hasIdentity || other.hasIdentity) && one.steps.map(\.role) != other.steps.map(\.role)
            && matching.likeness(sourcePair) == .same(isUnscaled: false)
        if !hasFolded { Chain.absorbIdentities(&one, &other) }
        if isContraction, ownSource.hasBias != otherSource.hasBias {
            // A bias that one side lacks is no step of its own, unless it is what a normalization was folded to.
            let column = ChainAlignment(one.steps, other.steps).columns.first
            if column?.candidate == nil || column?.reference == nil,
                matching.likeness(sourcePair) == .same(isUnscaled: true)
            {
                if ownSource.hasBias { one.dropBias() } else { other.dropBias() }
            }
        }
        // Weights are looked at only where something may be folded into them.
        let isUnfolded =
            isContraction && one.steps.map(\.role) != other.steps.map(\.role)
            && matching.likeness(sourcePair) == .same(isUnscaled: true)
        let pairing = ChainPairing(
            one.steps, other.steps, startsAtContraction: isContraction,
            endsAtContraction: matching.candidate.nodes[pair.candidate].kind == .contraction,
            isUnfolded: isUnfolded)
        let confidence = min(source.confidence, sink.confidence)
        for states in pairing.pairs {
            // The first values of a chain are what its source gives.
            let isFirst = one.states[states.candidate].first == start.candidate
            join(
                one.states[states.candidate], other.states[states.reference], confidence * (states.isExact ? 1 : 0.97),
                isFirst ? evidence(source).union([.topology]) : [.topology])
        }
        explain(pairing, Sides(candidate: one, reference: other), sourcePair, pair)
    }

    /// The last values on both edges that are paired with each other, else what the edges come from.
    private func start(of end: ValueID, _ otherEnd: ValueID) -> ChainStart {
        let (flow, otherFlow) = (matching.candidate.flow, matching.reference.flow)
        var (a, b) = (end, otherEnd)
        func order(_ value: ValueID) -> Int { reference.producer(of: value)?.index ?? -1 }
        while true {
            if let partner = partner(ofCandidate: a) {
                while order(b) > order(partner), let next = otherFlow.parent(of: b) { b = next }
                if b == partner { return ChainStart(candidate: a, reference: b, isAnchor: false) }
            }
            guard let next = flow.parent(of: a) else { break }
            a = next
        }
        while let next = otherFlow.parent(of: b) { b = next }
        return ChainStart(candidate: a, reference: b, isAnchor: true)
    }

    private struct ChainStart {
        var candidate: ValueID
        var reference: ValueID
        /// Whether they are what the edges come from.
        var isAnchor: Bool
    }
}
