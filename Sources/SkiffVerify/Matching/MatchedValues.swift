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
}
