internal import SkiffCore
internal import SkiffGraph

extension PathLengths {
    /// Most products of shares: real networks need some thousands, blocks in blocks in blocks without end need more.
    private static let mostProducts = 8_000_000

    /// The ways through blocks that are in a row, those inside others with them; `nil` where some are beside each other.
    init?(of blocks: [ResidualBlock], in finder: BlockFinder) {
        let (flow, tree, measures) = (finder.flow, finder.tree, finder.measures)
        let ends = flow.graph.outputs.map { flow.vertex(giving: $0.value) }
        guard let end = ends.max(by: { measures.layers[$0] < measures.layers[$1] }) else { return nil }
        var last: [Int: Int] = [:]
        for block in blocks {
            let scope = block.parent ?? -1
            let fork = flow.vertex(giving: block.fork)
            if let previous = last[scope], tree.nearestCommonAncestor(previous, fork) != previous { return nil }
            last[scope] = flow.vertex(of: block.join)
        }
        guard let final = last[-1] else { return nil }
        let reached = tree.nearestCommonAncestor(final, end) == final ? end : final
        let passed = blocks.reduce(0) { $1.parent == nil ? $0 + $1.branchLayers : $0 }
        var scopes = [Scope](repeating: Scope(), count: blocks.count + 1)
        // A block stands behind the one around it, so that backwards all inside a block are known before it.
        var products = 0
        for (index, block) in blocks.enumerated().reversed() {
            guard products <= Self.mostProducts else { return nil }
            let outer = block.parent ?? blocks.count
            if scopes[index].isEmpty {
                scopes[outer].add(shortcut: block.shortcutLayers, branch: block.branchLayers)
            } else {
                let own = max(0, block.branchLayers - scopes[index].passed)
                var ways = scopes[index].ways(outside: own)
                ways.bypass(layers: block.shortcutLayers)
                products += scopes[index].products + scopes[outer].products(with: ways)
                scopes[outer].append(ways, passing: block.branchLayers)
                scopes[index] = Scope()
            }
        }
        guard products + scopes[blocks.count].products <= Self.mostProducts else { return nil }
        self = scopes[blocks.count].ways(outside: max(0, measures.layers[reached] - passed))
    }

    /// Blocks in a row inside one block, or inside none.
    private struct Scope {
        /// How many blocks there are of so many layers on shortcut and branch.
        private var counts: [[Int]: Int] = [:]
        /// Of blocks with others inside.
        private var further: PathLengths?
        /// Layers on the longest way.
        private(set) var passed = 0

        /// Products of shares that ``ways(outside:)`` takes, from above: a distribution of n blocks has some √n shares
        /// that are not negligible.
        var products: Int {
            var products = 0
            var shares = 1
            for (kind, count) in counts {
                let step = abs(kind[1] - kind[0])
                let further = min(count, 16 * (Int(Double(count).squareRoot()) + 1)) * max(step, 1) + 1
                products = clampedSum(products, shares.multipliedReportingOverflow(by: further).partialValue)
                shares = clampedSum(shares, further)
            }
            return clampedSum(products, (further?.shares.count ?? 0).multipliedReportingOverflow(by: shares).partialValue)
        }

        func products(with ways: PathLengths) -> Int { (further?.shares.count ?? 1) * ways.shares.count }

        var isEmpty: Bool { counts.isEmpty && further == nil }

        mutating func add(shortcut: Int, branch: Int) {
            counts[[shortcut, branch], default: 0] += 1
            passed += branch
        }

        mutating func append(_ ways: PathLengths, passing layers: Int) {
            further?.append(ways)
            if further == nil { further = ways }
            passed += layers
        }

        func ways(outside: Int) -> PathLengths {
            var ways = PathLengths(layers: outside)
            for (kind, count) in counts.sorted(by: { $0.key.lexicographicallyPrecedes($1.key) }) {
                ways.append(shortcut: kind[0], branch: kind[1], count: count)
            }
            if let further { ways.append(further) }
            return ways
        }
    }
}
