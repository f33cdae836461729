internal import SkiffGraph
internal import SkiffInspect

/// What the addition that closes a residual block adds.
struct Join {
    /// An index into ``Inspection/blocks``.
    let block: Int
    let node: NodeID
    let output: ValueID
    /// The operand that the shortcut gives.
    let shortcut: ValueID
    /// All else that is added, from left to right: one branch, or several, and what sums that are steps of this one
    /// add.
    let others: [ValueID]

    /// `nil` where the block does not end in an addition that its shortcut reaches.
    ///
    /// - Parameter joins: the additions of all blocks; a block that stands at the end of a branch is one operand.
    init?(of block: ResidualBlock, at index: Int, joins: Set<NodeID>, in graph: Graph) {
        guard graph[block.join].operator.isAddition, let output = graph[block.join].outputs.first else { return nil }
        let own = Set(block.branch).union(block.shortcutNodes)
        // Nodes are in topological order and all of a shortcut's lead to its operand: the last one gives it.
        let last = block.shortcutNodes.max()
        func isShortcut(_ value: ValueID) -> Bool {
            last.map { graph.producer(of: value) == $0 } ?? (value == block.fork)
        }
        var shortcut: ValueID?
        var others: [ValueID] = []
        var pending = Array(graph[block.join].inputs.reversed())
        var seen: Set<NodeID> = [block.join]
        while let next = pending.popLast() {
            guard let value = next else { continue }
            if shortcut == nil, isShortcut(value) {
                shortcut = value
            } else if value != block.fork, let producer = graph.producer(of: value), !own.contains(producer),
                !joins.contains(producer), graph[producer].operator.isAddition, seen.insert(producer).inserted
            {
                pending.append(contentsOf: graph[producer].inputs.reversed())
            } else {
                others.append(value)
            }
        }
        guard let shortcut, !others.isEmpty else { return nil }
        self.block = index
        node = block.join
        self.output = output
        self.shortcut = shortcut
        self.others = others
    }
}

extension Inspection {
    /// The additions of all blocks that have one, in the order of blocks.
    func flowJoins(in graph: Graph) -> [Join] {
        let joins = Set(blocks.map(\.join))
        return blocks.indices.compactMap { Join(of: blocks[$0], at: $0, joins: joins, in: graph) }
    }
}

extension Operator {
    fileprivate var isAddition: Bool {
        switch self {
        case .binary(let binary): binary.kind == .add
        case .variadic(let variadic): variadic.kind == .sum
        default: false
        }
    }
}
