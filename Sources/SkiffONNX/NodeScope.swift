internal import CONNXSchema

/// A call of a function that the model defines.
struct FunctionCall {
    /// What stands before the names of its values: the names of the calls around it, and its own.
    var path: String
    /// Attributes of the call, and the function's own for those it leaves out.
    var attributes: [String: AttributeValue]
    /// The operator sets that the function's nodes come from.
    var operatorSets: OperatorSets
}

/// Nodes that are walked in their order, with the names that their values have in the graph that is built: those of
/// the graph, of a branch of an `If`, or of a function in the place of its call.
struct NodeScope {
    let nodes: [UnsafePointer<NodeMessage>]
    /// The names of values inside a branch, by those that the file has there.
    var names: [String: String] = [:]
    /// Values that the branch gives and does not compute, by the names they get.
    var passedOn: [(inner: String, outer: String)] = []
    /// What a function's nodes take from its call; `nil` where the nodes are no function's.
    var function: FunctionCall?
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
