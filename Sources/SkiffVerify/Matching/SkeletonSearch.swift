internal import SkiffGraph

/// Pairs what places alone leave open, the clearest pair first; each pair makes its neighbours clearer.
struct SkeletonSearch {
    typealias NodePair = SkeletonMatching.NodePair

    private(set) var matching: SkeletonMatching
    /// Pairs to look at, by score when they were put there.
    private var buckets: [[NodePair]] = Array(repeating: [], count: SkeletonSearch.highest + 1)
    private var top = 0
    /// Nodes of the reference at the same place as one of the candidate, where there are several.
    private var rivals: [Int: [Int]] = [:]
    /// Pairs between which and others nothing decides.
    private var undecided: [NodePair] = []

    private static let highest = 32
    /// The least score of a pair.
    private static let enough = 3
    /// Most nodes of one place that are all tried with each other.
    private static let tried = 8
    /// Most pairs of readers of one pair of values that are looked at.
    private static let readerPairs = 1024

    init(_ matching: SkeletonMatching, _ places: [Sides<[Int]>]) {
        self.matching = matching
        for place in places {
            for (position, index) in place.candidate.enumerated() {
                rivals[index] = place.reference
                for (otherPosition, other) in place.reference.enumerated()
                where otherPosition == position || max(place.candidate.count, place.reference.count) <= Self.tried {
                    push(NodePair(candidate: index, reference: other))
                }
            }
        }
        pushHalfPlaces(matching.hashes.candidate.before, matching.hashes.reference.before)
        pushHalfPlaces(matching.hashes.candidate.behind, matching.hashes.reference.behind)
        pushEqualWeights()
        for index in matching.matches.indices {
            if let match = matching.matches[index] { pushNeighbours(NodePair(candidate: index, reference: match.other)) }
        }
    }

    mutating func run() {
        while true {
            while let pair = pop() { look(at: pair) }
            guard let pair = undecided.popLast() else { return }
            guard isOpen(pair) else { continue }
            let score = score(pair)
            if score.total >= Self.enough { accept(pair, score, isDecided: tied(pair, score.total) == 0) }
        }
    }

    private mutating func look(at pair: NodePair) {
        guard isOpen(pair) else { return }
        let score = score(pair)
        if score.total < top {
            // Lower than when it was put there.
            if score.total >= Self.enough { put(pair, score.total) }
            return
        }
        guard score.total >= Self.enough else { return }
        if tied(pair, score.total) > 0 { undecided.append(pair) } else { accept(pair, score, isDecided: true) }
    }

    private mutating func accept(_ pair: NodePair, _ score: Score, isDecided: Bool) {
        matching.accept(
            pair, confidence: isDecided ? score.confidence : min(0.5, score.confidence), evidence: score.evidence)
        pushNeighbours(pair)
    }

    private func isOpen(_ pair: NodePair) -> Bool {
        matching.matches[pair.candidate] == nil && matching.inverse[pair.reference] == nil
    }

    /// How many other nodes of the reference fit as well.
    private mutating func tied(_ pair: NodePair, _ total: Int) -> Int {
        guard let list = rivals[pair.candidate] else { return 0 }
        // Among very many alike, only the weights tell.
        guard list.count <= Self.tried else { return score(pair).hasWeights ? 0 : 1 }
        var count = 0
        for other in list where other != pair.reference && matching.inverse[other] == nil {
            if score(NodePair(candidate: pair.candidate, reference: other)).total >= total { count += 1 }
        }
        return count
    }

    // MARK: Candidates

    private mutating func put(_ pair: NodePair, _ total: Int) {
        let bucket = max(0, min(Self.highest, total))
        buckets[bucket].append(pair)
        top = max(top, bucket)
    }

    private mutating func push(_ pair: NodePair) {
        guard isOpen(pair), isPossible(pair) else { return }
        let total = score(pair).total
        if total >= Self.enough { put(pair, total) }
    }

    private mutating func pop() -> NodePair? {
        while top > 0, buckets[top].isEmpty { top -= 1 }
        return buckets[top].popLast()
    }

    private func isPossible(_ pair: NodePair) -> Bool {
        let (one, other) = (matching.candidate.nodes[pair.candidate], matching.reference.nodes[pair.reference])
        return one.kind == other.kind && one.kind.isInner
    }

    /// Pairs that alone have all before them in common, or all behind them.
    private mutating func pushHalfPlaces(_ one: [UInt64], _ other: [UInt64]) {
        var places: [UInt64: Sides<[Int]>] = [:]
        for index in one.indices where matching.matches[index] == nil && matching.candidate.nodes[index].kind.isInner {
            places[one[index], default: Sides(candidate: [], reference: [])].candidate.append(index)
        }
        for index in other.indices where matching.inverse[index] == nil && matching.reference.nodes[index].kind.isInner {
            places[other[index]]?.reference.append(index)
        }
        for place in places.values.sorted(by: { $0.candidate[0] < $1.candidate[0] }) {
            guard place.candidate.count <= Self.tried, place.reference.count <= Self.tried else { continue }
            for index in place.candidate {
                for other in place.reference { push(NodePair(candidate: index, reference: other)) }
            }
        }
    }

    private struct Print {
        var print: Double
        var node: Int
    }

    /// Pairs of contractions whose weights have one fingerprint, wherever they stand.
    private mutating func pushEqualWeights() {
        guard matching.matches.contains(where: { $0 == nil }) else { return }
        var prints: [UInt64: [Print]] = [:]
        for index in matching.reference.nodes.indices where matching.inverse[index] == nil {
            guard let weight = matching.reference.nodes[index].weight, let print = weight.fingerprint else { continue }
            prints[weight.exactLabel, default: []].append(Print(print: print, node: index))
        }
        prints = prints.mapValues { $0.sorted { ($0.print, $0.node) < ($1.print, $1.node) } }
        for index in matching.candidate.nodes.indices where matching.matches[index] == nil {
            guard let weight = matching.candidate.nodes[index].weight, let list = prints[weight.exactLabel],
                let print = weight.fingerprint
            else { continue }
            var (low, high) = (0, list.count)
            while low < high {
                let middle = (low + high) / 2
                if list[middle].print < print { low = middle + 1 } else { high = middle }
            }
            // Those nearest, where many are near.
            let margin = 0.02 * abs(print) + 1e-9
            for item in list[max(0, low - Self.tried)..<min(list.count, low + Self.tried)]
            where abs(item.print - print) <= margin { push(NodePair(candidate: index, reference: item.node)) }
        }
    }

    private mutating func pushNeighbours(_ pair: NodePair) {
        let (one, other) = (matching.candidate.nodes[pair.candidate], matching.reference.nodes[pair.reference])
        if one.isOrdered, one.operands.count == other.operands.count {
            for (a, b) in zip(one.operands, other.operands) { push(NodePair(candidate: a.source, reference: b.source)) }
        } else if one.operands.count * other.operands.count <= Self.readerPairs {
            for a in one.operands {
                for b in other.operands { push(NodePair(candidate: a.source, reference: b.source)) }
            }
        }
        let readers = matching.candidate.readers[pair.candidate].filter { matching.matches[$0.node] == nil }
        let others = matching.reference.readers[pair.reference].filter { matching.inverse[$0.node] == nil }
        let isFew = readers.count * others.count <= Self.readerPairs
        for (position, reader) in readers.enumerated() {
            if isFew {
                for other in others where other.output == reader.output {
                    push(NodePair(candidate: reader.node, reference: other.node))
                }
            } else if others.indices.contains(position) {
                push(NodePair(candidate: reader.node, reference: others[position].node))
            }
        }
    }

    // MARK: Scores

    private mutating func score(_ pair: NodePair) -> Score {
        let (one, other) = (matching.candidate.nodes[pair.candidate], matching.reference.nodes[pair.reference])
        var score = Score()
        if one.kind == .contraction { score.add(matching.likeness(pair)) }
        let hashes = matching.hashes
        score.hasSameBefore = hashes.candidate.before[pair.candidate] == hashes.reference.before[pair.reference]
        score.hasSameBehind = hashes.candidate.behind[pair.candidate] == hashes.reference.behind[pair.reference]
        score.isOtherKind = one.label != other.label
        score.hasSameDetail = one.detail == other.detail && one.weight?.exactLabel == other.weight?.exactLabel
        if let a = one.node, let b = other.node {
            let (name, otherName) = (matching.candidate.graph[a].name, matching.reference.graph[b].name)
            score.hasSameName = !name.isEmpty && name == otherName
        }
        for operands in matching.operandPairs(pair) {
            let (a, b) = (one.operands[operands.candidate], other.operands[operands.reference])
            if let match = matching.matches[a.source] {
                if match.other == b.source, a.output == b.output {
                    score.support(front: true, match.confidence)
                } else {
                    score.frontConflicts += 1
                }
            } else if matching.inverse[b.source] != nil {
                score.frontConflicts += 1
            }
        }
        countReaders(pair, &score)
        return score
    }

    /// Most readers that count.
    private static let countedReaders = 16

    private func countReaders(_ pair: NodePair, _ score: inout Score) {
        for reader in matching.candidate.readers[pair.candidate].prefix(Self.countedReaders) {
            guard let match = matching.matches[reader.node] else { continue }
            let node = matching.reference.nodes[match.other]
            let isRead =
                node.isOrdered
                ? node.operands.indices.contains(reader.operand) && node.operands[reader.operand].source == pair.reference
                    && node.operands[reader.operand].output == reader.output
                : node.operands.contains { $0.source == pair.reference && $0.output == reader.output }
            if isRead { score.support(front: false, match.confidence) } else { score.backConflicts += 1 }
        }
    }
}
