internal import SkiffCore

/// The nodes in an order in which every node stands behind those whose outputs it reads; among the possible
/// orders the one nearest the given order. Linear in nodes and edges, without recursion.
/// - Throws: ``GraphError`` `cycle` with the nodes of one cycle.
func topologicalOrder(nodes: [Node], producers: [NodeID?]) throws(GraphError) -> [NodeID] {
    if isTopological(nodes: nodes, producers: producers) { return nodes.indices.map { NodeID($0) } }
    var order: [NodeID] = []
    order.reserveCapacity(nodes.count)
    var isPlaced = [Bool](repeating: false, count: nodes.count)
    var isOnPath = [Bool](repeating: false, count: nodes.count)
    for root in nodes.indices where !isPlaced[root] {
        var path: [(node: Int, nextInput: Int)] = [(root, 0)]
        isOnPath[root] = true
        while let top = path.last {
            guard top.nextInput < nodes[top.node].inputs.count else {
                path.removeLast()
                isOnPath[top.node] = false
                isPlaced[top.node] = true
                order.append(NodeID(top.node))
                continue
            }
            path[path.count - 1].nextInput += 1
            guard let input = nodes[top.node].inputs[top.nextInput], let producer = producers[input.index],
                !isPlaced[producer.index]
            else { continue }
            if isOnPath[producer.index] {
                let cycle = path.drop { $0.node != producer.index }.map { nodes[$0.node].name }
                throw GraphError(.cycle(nodes: Array(cycle.prefix(8))))
            }
            isOnPath[producer.index] = true
            path.append((producer.index, 0))
        }
    }
    return order
}

private func isTopological(nodes: [Node], producers: [NodeID?]) -> Bool {
    for (index, node) in nodes.enumerated() {
        for case let input? in node.inputs {
            if let producer = producers[input.index], producer.index >= index { return false }
        }
    }
    return true
}
