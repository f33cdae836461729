internal import SkiffGraph

/// Pairs the nodes of two skeletons.
///
/// Nodes that agree in all that lies before and behind them, and are the only ones, are one step: no weight is read for
/// that. What a structural difference leaves open is settled by score: weights, half of the topology, and neighbours
/// that are paired already; the clearest first.
struct SkeletonMatching {
    typealias Evidence = ValueMatching.Evidence

    struct Match {
        var other: Int
        var confidence: Double
        var evidence: Set<Evidence>
    }

    private(set) var candidate: Skeleton
    private(set) var reference: Skeleton
    private(set) var hashes: Sides<SkeletonHashes>
    /// By node of the candidate.
    private(set) var matches: [Match?]
    /// The candidate's node by node of the reference.
    private(set) var inverse: [Int?]
    private var likenesses: [NodePair: WeightLikeness] = [:]
    private var samples = Sides<[Int: WeightView.Sample]>(candidate: [:], reference: [:])

    /// Positions of nodes, or of their operands, on both sides.
    struct NodePair: Hashable {
        var candidate: Int
        var reference: Int
    }

    init(_ candidate: Skeleton, _ reference: Skeleton, _ interface: InterfacePairs) {
        self.candidate = candidate
        self.reference = reference
        var names = Sides<[Int: UInt64]>(candidate: [:], reference: [:])
        for (position, pair) in interface.nodes.enumerated() {
            names.candidate[pair.candidate] = UInt64(position + 1)
            names.reference[pair.reference] = UInt64(position + 1)
        }
        hashes = Sides(
            candidate: SkeletonHashes(candidate, names: names.candidate),
            reference: SkeletonHashes(reference, names: names.reference))
        matches = [Match?](repeating: nil, count: candidate.nodes.count)
        inverse = [Int?](repeating: nil, count: reference.nodes.count)
        for pair in interface.nodes where matches[pair.candidate] == nil && inverse[pair.reference] == nil {
            accept(pair, confidence: 1, evidence: [.interface])
        }
        search(matchEqualPlaces())
        addWeightEvidence()
    }

    private mutating func search(_ places: [Sides<[Int]>]) {
        var search = SkeletonSearch(self, places)
        search.run()
        self = search.matching
    }

    mutating func accept(_ pair: NodePair, confidence: Double, evidence: Set<Evidence>) {
        matches[pair.candidate] = Match(other: pair.reference, confidence: confidence, evidence: evidence)
        inverse[pair.reference] = pair.candidate
    }

    /// Pairs what is alone in its place on both sides, and returns the places of several nodes on both.
    private mutating func matchEqualPlaces() -> [Sides<[Int]>] {
        var places: [UInt64: Sides<[Int]>] = [:]
        var order: [UInt64] = []
        for index in candidate.nodes.indices where candidate.nodes[index].kind.isInner {
            let place = combine(hashes.candidate.before[index], hashes.candidate.behind[index])
            if places[place] == nil { order.append(place) }
            places[place, default: Sides(candidate: [], reference: [])].candidate.append(index)
        }
        for index in reference.nodes.indices where reference.nodes[index].kind.isInner {
            let place = combine(hashes.reference.before[index], hashes.reference.behind[index])
            places[place]?.reference.append(index)
        }
        var open: [Sides<[Int]>] = []
        for place in order {
            guard let found = places[place], !found.reference.isEmpty else { continue }
            if found.candidate.count == 1, found.reference.count == 1 {
                accept(
                    NodePair(candidate: found.candidate[0], reference: found.reference[0]), confidence: 0.98,
                    evidence: [.topology])
            } else {
                open.append(found)
            }
        }
        return open
    }

    /// Says of pairs by topology whether a sample of their weights agrees.
    private mutating func addWeightEvidence() {
        for index in matches.indices {
            guard let match = matches[index], match.evidence.contains(.topology),
                candidate.nodes[index].kind == .contraction
            else { continue }
            switch likeness(NodePair(candidate: index, reference: match.other), decodes: false) {
            case .same, .similar:
                matches[index]?.evidence.insert(.weights)
                matches[index]?.confidence = max(match.confidence, min(0.995, match.confidence + 0.015))
            case .different: matches[index]?.confidence = match.confidence - 0.03
            case .unknown: break
            }
        }
    }

    /// What a sample of both weights says; kept.
    mutating func likeness(_ pair: NodePair, decodes: Bool = true) -> WeightLikeness {
        if let known = likenesses[pair] { return known }
        guard let one = candidate.nodes[pair.candidate].weight, let other = reference.nodes[pair.reference].weight,
            one.exactLabel == other.exactLabel
        else { return .unknown }
        let first = samples.candidate[pair.candidate] ?? one.sample(decodes: decodes)
        let second = samples.reference[pair.reference] ?? other.sample(decodes: decodes)
        if decodes {
            samples.candidate[pair.candidate] = first
            samples.reference[pair.reference] = second
        }
        let found = WeightLikeness(first, second)
        if decodes || found != .unknown { likenesses[pair] = found }
        return found
    }

    /// The operands of a pair that correspond: by position, or where their order is free so that most sources agree.
    func operandPairs(_ pair: NodePair) -> [NodePair] {
        let (one, other) = (candidate.nodes[pair.candidate], reference.nodes[pair.reference])
        let count = min(one.operands.count, other.operands.count)
        let straight = (0..<count).map { NodePair(candidate: $0, reference: $0) }
        guard one.kind == .arithmetic, count == 2, one.operands.count == 2, other.operands.count == 2,
            !one.isOrdered || !other.isOrdered
        else { return straight }
        let crossed = [NodePair(candidate: 0, reference: 1), NodePair(candidate: 1, reference: 0)]
        func agreement(_ list: [NodePair]) -> Int {
            list.reduce(0) { sum, operands in
                let (a, b) = (one.operands[operands.candidate], other.operands[operands.reference])
                guard let match = matches[a.source] else { return sum + (inverse[b.source] == nil ? 0 : -2) }
                let isSame = match.other == b.source && a.output == b.output
                return sum + (isSame ? a.part == b.part ? 5 : 3 : -2)
            }
        }
        return agreement(crossed) > agreement(straight) ? crossed : straight
    }
}

extension Skeleton.Kind {
    /// Neither an input nor an output of the model.
    var isInner: Bool { self != .input && self != .output }
}
