internal import SkiffCore
internal import SkiffGraph
internal import SkiffInspect
internal import SkiffVerify

/// Which pieces of two networks are one step: by the values that were paired, then by their places among those.
struct PieceMatching {
    let left: Network
    let right: Network
    /// By piece of the left network.
    private(set) var partner: [Int?]
    /// By piece of the right network.
    private(set) var inverse: [Int?]
    /// Positions of the right network's inputs by those of the left's.
    private(set) var inputs: [Int: Int] = [:]
    private var readers: (left: [[Int]], right: [[Int]])

    init(
        _ left: Network, _ right: Network, _ pairs: [ValueMatching.Pair],
        blocks: (left: [ResidualBlock], right: [ResidualBlock])
    ) {
        self.left = left
        self.right = right
        partner = [Int?](repeating: nil, count: left.pieces.count)
        inverse = [Int?](repeating: nil, count: right.pieces.count)
        readers = (Self.readers(left), Self.readers(right))
        vote(pairs)
        alignBlocks(blocks.left, blocks.right)
        for _ in 0..<2 {
            fill(isForward: true)
            fill(isForward: false)
        }
    }

    private static func readers(_ network: Network) -> [[Int]] {
        var readers = [[Int]](repeating: [], count: network.pieces.count)
        for (index, piece) in network.pieces.enumerated() {
            for operand in piece.operands {
                if case .piece(let source, _) = network.origins[operand.index], readers[source].last != index {
                    readers[source].append(index)
                }
            }
        }
        return readers
    }

    private struct Couple: Hashable {
        var left: Int
        var right: Int
    }

    private mutating func vote(_ pairs: [ValueMatching.Pair]) {
        var votes: [Couple: Double] = [:]
        for pair in pairs {
            if let one = left.graph.inputs.firstIndex(of: pair.candidate),
                let other = right.graph.inputs.firstIndex(of: pair.reference)
            {
                inputs[one] = other
                continue
            }
            guard let one = Self.piece(of: pair.candidate, left), let other = Self.piece(of: pair.reference, right),
                isPossible(one, other)
            else { continue }
            // What a piece gives at its end says more than what lies inside.
            let isEnd =
                left.pieces[one].outputs.first == pair.candidate && right.pieces[other].outputs.first == pair.reference
            votes[Couple(left: one, right: other), default: 0] += pair.confidence * (isEnd ? 1.5 : 1)
        }
        for (couple, _) in votes.sorted(by: { ($1.value, $0.key.left, $0.key.right) < ($0.value, $1.key.left, $1.key.right) })
        where partner[couple.left] == nil && inverse[couple.right] == nil {
            join(couple.left, couple.right)
        }
    }

    mutating func join(_ one: Int, _ other: Int) {
        partner[one] = other
        inverse[other] = one
    }

    private static func piece(of value: ValueID, _ network: Network) -> Int? {
        if let node = network.graph.producer(of: value), let piece = network.pieceOfNode[node.index] { return piece }
        if case .piece(let piece, _) = network.origins[value.index] { return piece }
        return nil
    }

    func isPossible(_ one: Int, _ other: Int) -> Bool {
        let (a, b) = (left.pieces[one], right.pieces[other])
        switch (a.kind, b.kind) {
        case (.contraction, .contraction), (.affine, .affine): return true
        case (.plain, .plain):
            let kinds = (left.graph[a.head].operator.likeness, right.graph[b.head].operator.likeness)
            return (left.saturations.contains(a.head) ? Operator.activationLikeness : kinds.0)
                == (right.saturations.contains(b.head) ? Operator.activationLikeness : kinds.1)
        default: return false
        }
    }

    /// Pairs what is alone in its place: its sources are paired and no other reader fits, or its readers are.
    private mutating func fill(isForward: Bool) {
        let order = isForward ? Array(left.pieces.indices) : left.pieces.indices.reversed()
        for one in order where partner[one] == nil && left.isLive[one] {
            let found = isForward ? behindSources(one) : beforeReaders(one)
            if let found { join(one, found) }
        }
    }

    private func behindSources(_ one: Int) -> Int? {
        guard let operand = left.pieces[one].operands.first, let origin = left.origins[operand.index] else { return nil }
        let siblings: [Int]
        let candidates: [Int]
        switch origin {
        case .piece(let source, _):
            guard let other = partner[source] else { return nil }
            siblings = readers.left[source]
            candidates = readers.right[other]
        case .input(let position):
            guard let other = inputs[position] else { return nil }
            siblings = readersOfInput(position, left)
            candidates = readersOfInput(other, right)
        }
        let open = siblings.filter { partner[$0] == nil && left.isLive[$0] }
        let free = candidates.filter { inverse[$0] == nil && isPossible(one, $0) && right.isLive[$0] }
        guard free.count == 1, open.count(where: { isPossible($0, free[0]) }) == 1 else { return nil }
        return left.pieces[one].operands.count == right.pieces[free[0]].operands.count ? free[0] : nil
    }

    private func readersOfInput(_ position: Int, _ network: Network) -> [Int] {
        network.pieces.indices.filter { index in
            network.pieces[index].operands.contains { network.origins[$0.index] == .input(position) }
        }
    }

    private func beforeReaders(_ one: Int) -> Int? {
        var candidates: Set<Int> = []
        for reader in readers.left[one] {
            guard let other = partner[reader] else { continue }
            for operand in right.pieces[other].operands {
                if case .piece(let source, _) = right.origins[operand.index], inverse[source] == nil,
                    isPossible(one, source)
                {
                    candidates.insert(source)
                }
            }
        }
        guard candidates.count == 1, let found = candidates.first else { return nil }
        // Nobody else on the left may be it.
        for reader in readers.right[found] {
            guard let other = inverse[reader] else { continue }
            for operand in left.pieces[other].operands {
                if case .piece(let source, _) = left.origins[operand.index], source != one, partner[source] == nil,
                    isPossible(source, found)
                {
                    return nil
                }
            }
        }
        return found
    }

    /// Where the left network's value comes from, in the right one's numbers.
    func translated(_ origin: Network.Origin) -> Network.Origin? {
        switch origin {
        case .input(let position): inputs[position].map { .input($0) }
        case .piece(let index, let output): partner[index].map { .piece($0, output: output) }
        }
    }
}

extension Operator {
    /// Operators that one network may have where another has the other.
    fileprivate static var activationLikeness: Int { 1 }

    fileprivate var likeness: Int {
        switch self {
        case .unary, .clip, .parametricReLU: Self.activationLikeness
        case .pooling: 2
        case .globalPooling, .reduction: 3
        case .binary, .variadic: 4
        case .resize, .upsampling: 5
        case .softmax: 6
        default: 16 + (Operator.Kind.allCases.firstIndex(of: kind) ?? 0)
        }
    }
}
