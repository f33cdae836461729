internal import SkiffCore
internal import SkiffGraph

/// What a changed copy of a piece has otherwise than the piece.
///
/// Nodes keep their identifiers: a node that is left out becomes the identity. Values keep their names.
struct Edit: Sendable {
    /// An operator put in, with the weights that follow its first operand.
    struct Inserted: Sendable {
        var `operator`: Operator
        var operands: [Tensor?] = []
    }

    var operators: [NodeID: Operator] = [:]
    /// Weights for single operands; also for operands that the node leaves out.
    var tensors: [NodeID: [Int: Tensor]] = [:]
    /// Weights that are made when the copy is, for those that take time and memory.
    var made: [NodeID: [Int: @Sendable () -> Tensor?]] = [:]
    /// Operands that are left out.
    var removed: [NodeID: Set<Int>] = [:]
    /// Operand `i` is the node's operand `order[i]`.
    var orders: [NodeID: [Int]] = [:]
    /// Between a node and those who read its first output.
    var behind: [NodeID: [Inserted]] = [:]
    /// Between a node's first operand and the node.
    var before: [NodeID: [Inserted]] = [:]
    /// Behind inputs of the piece, by their position.
    var ahead: [Int: [Inserted]] = [:]

    /// The nodes that compute something else for the same operands.
    var touched: Set<NodeID> {
        Set(operators.keys).union(tensors.keys).union(made.keys).union(removed.keys).union(orders.keys).union(behind.keys)
            .union(before.keys)
    }

    /// Both changes at once; where both change one thing, `other` wins.
    func merged(_ other: Edit) -> Edit {
        var result = self
        result.operators.merge(other.operators) { $1 }
        result.tensors.merge(other.tensors) { $0.merging($1) { $1 } }
        result.made.merge(other.made) { $0.merging($1) { $1 } }
        result.removed.merge(other.removed) { $0.union($1) }
        result.orders.merge(other.orders) { $1 }
        result.behind.merge(other.behind) { $0 + $1 }
        result.before.merge(other.before) { $0 + $1 }
        result.ahead.merge(other.ahead) { $0 + $1 }
        return result
    }

    /// A copy of `graph` with the changes.
    /// - Throws: ``GraphError`` where they do not fit.
    func applied(to graph: Graph) throws(GraphError) -> Graph {
        var copy = Copy(graph)
        try copy.addValues(ahead)
        for id in graph.nodeIDs { try copy.add(id, self) }
        for output in graph.outputs { copy.builder.addOutput(output.name, copy.identifiers[output.value.index]) }
        return try copy.builder.build()
    }

    private struct Copy {
        let graph: Graph
        var builder: GraphBuilder
        /// The copy's value for each value, and what readers of it read.
        var identifiers: [ValueID] = []
        var read: [ValueID] = []
        private var count = 0

        init(_ graph: Graph) {
            self.graph = graph
            builder = GraphBuilder(name: graph.name, metadata: graph.metadata)
        }

        mutating func addValues(_ ahead: [Int: [Inserted]]) throws(GraphError) {
            for id in graph.valueIDs {
                let value = graph[id]
                identifiers.append(value.name.isEmpty ? builder.unnamedValue() : builder.value(named: value.name))
                if case .weight(let tensor, let isOverridable) = value.source {
                    try builder.addWeight(value.name, tensor, isOverridable: isOverridable)
                }
            }
            for input in graph.inputs { try builder.addInput(graph[input].name, graph[input].fact) }
            read = identifiers
            for (position, chain) in ahead where graph.inputs.indices.contains(position) {
                let id = graph.inputs[position]
                read[id.index] = try insert(chain, behind: identifiers[id.index], as: nil)
            }
        }

        mutating func add(_ id: NodeID, _ edit: Edit) throws(GraphError) {
            let node = graph[id]
            var operands: [ValueID?] = node.inputs.map { $0.map { read[$0.index] } }
            if let order = edit.orders[id], order.allSatisfy(operands.indices.contains) {
                operands = order.map { operands[$0] }
            }
            if let chain = edit.before[id], let first = operands.first ?? nil {
                operands[0] = try insert(chain, behind: first, as: nil)
            }
            var tensors = edit.tensors[id] ?? [:]
            for (position, make) in edit.made[id] ?? [:] { tensors[position] = make() ?? tensors[position] }
            for (position, tensor) in tensors where (0..<16).contains(position) {
                while operands.count <= position { operands.append(nil) }
                operands[position] = try builder.addWeight(newName(), tensor)
            }
            for position in edit.removed[id] ?? [] where operands.indices.contains(position) {
                operands[position] = nil
            }
            var outputs = node.outputs.map { identifiers[$0.index] }
            if let chain = edit.behind[id], let last = outputs.first {
                let raw = builder.value(named: newName())
                outputs[0] = raw
                try builder.addNode(
                    node.name, sourceOperator: node.sourceOperator, edit.operators[id] ?? node.operator, inputs: operands,
                    outputs: outputs)
                _ = try insert(chain, behind: raw, as: last)
                return
            }
            try builder.addNode(
                node.name, sourceOperator: node.sourceOperator, edit.operators[id] ?? node.operator, inputs: operands,
                outputs: outputs)
        }

        private mutating func newName() -> String {
            count += 1
            return "~\(count)"
        }

        private mutating func insert(
            _ chain: [Inserted], behind start: ValueID, as last: ValueID?
        ) throws(GraphError) -> ValueID {
            var current = start
            let list = chain.isEmpty ? [Inserted(operator: .identity(Identity()))] : chain
            for (position, inserted) in list.enumerated() {
                var operands: [ValueID?] = [current]
                for tensor in inserted.operands {
                    operands.append(try tensor.map { tensor throws(GraphError) in try builder.addWeight(newName(), tensor) })
                }
                var output = builder.value(named: newName())
                if position == list.count - 1, let last { output = last }
                try builder.addNode(
                    newName(), sourceOperator: inserted.operator.kind.rawValue, inserted.operator, inputs: operands,
                    outputs: [output])
                current = output
            }
            return current
        }
    }
}
