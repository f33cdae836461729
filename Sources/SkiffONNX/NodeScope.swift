internal import CONNXSchema

/// Nodes that are walked in their order, with the names that their values have in the graph that is built.
struct NodeScope {
    let nodes: [UnsafePointer<NodeMessage>]
    /// The names of values inside a branch, by those that the file has there.
    var names: [String: String] = [:]
    /// Values that the branch gives and does not compute, by the names they get.
    var passedOn: [(inner: String, outer: String)] = []
    private var position = 0

    init(_ nodes: [UnsafePointer<NodeMessage>]) { self.nodes = nodes }

    var isAtEnd: Bool { position >= nodes.count }

    /// The next node and its position among the others.
    mutating func next() -> (node: UnsafePointer<NodeMessage>, index: Int)? {
        guard !isAtEnd else { return nil }
        defer { position += 1 }
        return (nodes[position], position)
    }
}
