internal import SkiffCore
internal import SkiffGraph

/// Finds the residual blocks of a dataflow: additions whose operands part at one fork, one of them reaching the
/// addition by a shortcut.
///
/// The fork of an addition is its immediate dominator. The region between the two is walked backwards; a block
/// found before is passed in one step, from its addition to its fork, so nesting costs nothing twice.
struct BlockFinder {
    let flow: Dataflow
    let tree: DominatorTree
    let costs: NetworkCosts
    let measures: FlowMeasures
    /// Found blocks in the order of their additions, named and nested later.
    private(set) var found: [FoundBlock] = []
    private(set) var warnings: [Inspection.Warning] = []
    /// By vertex of an addition, the block it closes.
    private var blockOfJoin: [Int?]
    private var stamps: [Int]
    private var stamp = 0
    /// Steps that all walks together may take. Real networks need about one per node; only a graph made for it,
    /// of many additions that share a long branch, needs more.
    private var remainingSteps: Int

    init(flow: Dataflow, costs: NetworkCosts) {
        self.flow = flow
        self.costs = costs
        tree = DominatorTree(of: flow)
        measures = FlowMeasures(of: flow, facts: costs.facts)
        blockOfJoin = [Int?](repeating: nil, count: flow.vertexCount)
        stamps = [Int](repeating: 0, count: flow.vertexCount)
        remainingSteps = 64 * flow.vertexCount + 4096
        find()
    }

    private mutating func find() {
        for node in flow.graph.nodeIDs where isJoin(node) {
            let vertex = flow.vertex(of: node)
            let fork = tree.parent[vertex]
            guard fork != Dataflow.source, !isAbsorbed(node) else { continue }
            let sum = flattened(node)
            var paths: [BlockPath] = []
            for operand in sum.operands {
                guard let path = path(from: operand, to: fork) else {
                    warnings.append(
                        Inspection.Warning(
                            place: flow.graph.place(of: node),
                            message: "further residual blocks are not searched for: too many overlap"))
                    return
                }
                paths.append(path)
            }
            guard let block = FoundBlock(join: node, additions: sum.additions, paths: paths, in: self)
            else { continue }
            blockOfJoin[vertex] = found.count
            for nested in block.nested where found[nested].parent == nil { found[nested].parent = found.count }
            found.append(block)
        }
    }

    /// Whether a node adds at least two values that are data. A bias is no data.
    private func isJoin(_ node: NodeID) -> Bool {
        switch flow.graph[node].operator {
        // Code of Keras that joins two values: Inception-ResNet's scaled sum. What the block finder asks of shortcuts
        // has to hold of it, too.
        case .unknown(let code): code.joinsValues && flow.dataInputs(of: node).count == 2
        case let operation: operation.isAddition && flow.dataInputs(of: node).count >= 2
        }
    }

    /// Whether an addition is only a step of a longer sum with the same fork: `x + f(x)` in `(x + f(x)) + g(x)`.
    private func isAbsorbed(_ node: NodeID) -> Bool {
        guard let output = flow.graph[node].outputs.first, !flow.isOutput[output.index] else { return false }
        let readers = flow.readers[output.index]
        guard readers.count == 1, isJoin(readers[0]) else { return false }
        return tree.parent[flow.vertex(of: readers[0])] == tree.parent[flow.vertex(of: node)]
    }

    /// The operands of a sum and of the sums that are steps of it.
    private func flattened(_ join: NodeID) -> (operands: [ValueID], additions: [NodeID]) {
        var operands: [ValueID] = []
        var additions: [NodeID] = []
        var pending = [join]
        var seen: Set<NodeID> = []
        while let node = pending.popLast() {
            guard seen.insert(node).inserted else { continue }
            additions.append(node)
            for input in flow.dataInputs(of: node) {
                if let producer = flow.graph.producer(of: input), isJoin(producer), isAbsorbed(producer) {
                    pending.append(producer)
                } else {
                    operands.append(input)
                }
            }
        }
        return (operands, additions.sorted())
    }

    /// The nodes and blocks between a fork and an operand; `nil` where the steps are used up.
    private mutating func path(from operand: ValueID, to fork: Int) -> BlockPath? {
        stamp += 1
        var nodes: [NodeID] = []
        var nested: [Int] = []
        var starts: Set<ValueID> = []
        var pending: [Int] = []
        func follow(_ value: ValueID, _ pending: inout [Int]) {
            let vertex = flow.vertex(giving: value)
            if vertex == fork { starts.insert(value) } else { pending.append(vertex) }
        }
        follow(operand, &pending)
        while let vertex = pending.popLast() {
            guard stamps[vertex] != stamp else { continue }
            guard remainingSteps > 0 else { return nil }
            remainingSteps -= 1
            stamps[vertex] = stamp
            if let block = blockOfJoin[vertex] {
                nested.append(block)
                follow(found[block].block.fork, &pending)
            } else if let node = flow.node(at: vertex) {
                nodes.append(node)
                for input in flow.dataInputs(of: node) { follow(input, &pending) }
            }
        }
        return BlockPath(starts: starts, nodes: nodes.sorted(), nested: nested.sorted(), in: self)
    }
}
