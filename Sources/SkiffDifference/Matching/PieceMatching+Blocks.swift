internal import SkiffCore
internal import SkiffGraph
internal import SkiffInspect

extension PieceMatching {
    /// Most pairs of blocks that are compared.
    private static let blockPairs = 4_000_000

    /// Pairs what is left by the order of blocks: those of one kind in one place, and in them layers in their order.
    mutating func alignBlocks(_ ones: [ResidualBlock], _ others: [ResidualBlock]) {
        let (all, allOthers) = (ones.indices.map { pieces(of: ones[$0], left) }, others.indices.map { pieces(of: others[$0], right) })
        // Where everything is paired, nothing is to be found.
        guard all.joined().contains(where: { partner[$0] == nil }), allOthers.joined().contains(where: { inverse[$0] == nil }),
            ones.count * others.count <= Self.blockPairs, !ones.isEmpty, !others.isEmpty
        else { return }
        var blockOfPiece: [Int: Int] = [:]
        for (block, list) in allOthers.enumerated() { for piece in list where blockOfPiece[piece] == nil { blockOfPiece[piece] = block } }
        let width = others.count + 1
        var scores = [Int](repeating: 0, count: (ones.count + 1) * width)
        var values = [Int](repeating: 0, count: ones.count * others.count)
        for i in ones.indices {
            var shared: [Int: Int] = [:]
            for piece in all[i] {
                if let other = partner[piece], let block = blockOfPiece[other] { shared[block, default: 0] += 1 }
            }
            for j in others.indices { values[i * others.count + j] = value(ones[i], others[j], shared[j] ?? 0) }
        }
        for i in ones.indices.reversed() {
            for j in others.indices.reversed() {
                let both = values[i * others.count + j]
                let best = max(scores[(i + 1) * width + j], scores[i * width + j + 1])
                scores[i * width + j] = both > 0 ? max(best, scores[(i + 1) * width + j + 1] + both) : best
            }
        }
        var (i, j) = (0, 0)
        while i < ones.count, j < others.count {
            let both = values[i * others.count + j]
            if both > 0, scores[i * width + j] == scores[(i + 1) * width + j + 1] + both {
                pair(ones[i], others[j], all[i], allOthers[j])
                (i, j) = (i + 1, j + 1)
            } else if scores[i * width + j] == scores[(i + 1) * width + j] {
                i += 1
            } else {
                j += 1
            }
        }
    }

    /// What speaks for two blocks being one; nothing for blocks that are built otherwise.
    private func value(_ one: ResidualBlock, _ other: ResidualBlock, _ shared: Int) -> Int {
        guard one.depth == other.depth else { return 0 }
        let isAlike = one.convolutions.count == other.convolutions.count && one.kind == other.kind
        guard isAlike || shared > 0 else { return 0 }
        var value = 1000 * shared
        if one.isStrided == other.isStrided { value += 40 }
        if one.shortcut == other.shortcut { value += 40 }
        if one.outputChannels == other.outputChannels { value += 40 }
        if one.inputChannels == other.inputChannels { value += 20 }
        if one.spatialExtents == other.spatialExtents { value += 20 }
        return shared > 0 || value >= 80 ? value : 0
    }

    private func pieces(of block: ResidualBlock, _ network: Network) -> [Int] {
        var found: [Int] = []
        for node in block.branch + block.shortcutNodes + [block.join] {
            if let piece = network.pieceOfNode[node.index], found.last != piece, !found.contains(piece) { found.append(piece) }
        }
        return found
    }

    private mutating func pair(_ one: ResidualBlock, _ other: ResidualBlock, _ own: [Int], _ others: [Int]) {
        func contractions(_ nodes: [NodeID], _ network: Network) -> [Int] {
            var found: [Int] = []
            for node in nodes {
                guard let piece = network.pieceOfNode[node.index], network.pieces[piece].isContraction,
                    !found.contains(piece)
                else { continue }
                found.append(piece)
            }
            return found
        }
        joinInOrder(contractions(one.convolutions.map(\.node), left), contractions(other.convolutions.map(\.node), right))
        joinInOrder(contractions(one.shortcutNodes, left), contractions(other.shortcutNodes, right))
        joinInOrder(
            own.filter { !left.pieces[$0].isContraction }, others.filter { !right.pieces[$0].isContraction })
    }

    /// Pairs what is left of two lists, where they are of one length.
    private mutating func joinInOrder(_ ones: [Int], _ others: [Int]) {
        guard ones.count == others.count else { return }
        for (one, other) in zip(ones, others) where partner[one] == nil && inverse[other] == nil && isPossible(one, other) {
            join(one, other)
        }
    }
}
