internal import CONNXSchema
internal import SkiffGraph

extension GraphImporter {
    /// The graph that an `If` runs where its condition is a constant, or follows from shapes that are known.
    func knownBranch(
        _ attributes: AttributeSet, condition: ValueID?
    ) throws(ONNXError) -> UnsafePointer<GraphMessage>? {
        guard let condition, let known = fact(of: condition)?.integers, known.count == 1 else { return nil }
        let name = known[0] != 0 ? "then_branch" : "else_branch"
        guard case .graph(let branch)? = attributes[name] else { throw ONNXError(.missing("attribute \(name)")) }
        return branch
    }

    /// Begins to walk a branch: its values get names of their own, and those it gives the names of the node's outputs.
    func enter(_ branch: UnsafePointer<GraphMessage>, for outputs: [String]) throws(ONNXError) {
        let graph = branch.pointee
        let given = messages(graph.n_output, graph.output).map { text($0.pointee.name) }
        guard given.count >= outputs.count else {
            throw ONNXError(.refused("has \(outputs.count) outputs, the graph of its branch has \(given.count)"))
        }
        var opened = NodeScope(messages(graph.n_node, graph.node))
        var direct: [String: String] = [:]
        for (inner, outer) in zip(given, outputs) where direct[inner] == nil && !outer.isEmpty { direct[inner] = outer }
        for node in opened.nodes {
            for name in texts(node.pointee.n_output, node.pointee.output) where !name.isEmpty {
                let own = direct.removeValue(forKey: name) ?? freeName(name)
                opened.names[name] = own
                if readNames.contains(name) { readNames.insert(own) }
            }
        }
        for initializer in messages(graph.n_initializer, graph.initializer) {
            let name = text(initializer.pointee.name)
            let own = freeName(name)
            opened.names[name] = own
            try addWeight(own, initializer, sourceOperator: "initializer")
        }
        // What the branch does not compute itself, or gives twice, is passed on when it ends.
        for (inner, outer) in zip(given, outputs) where !outer.isEmpty {
            let given = opened.names[inner] ?? resolved(inner)
            if given != outer { opened.passedOn.append((given, outer)) }
        }
        scopes.append(opened)
    }

    func leave(_ scope: NodeScope) throws(ONNXError) {
        for (inner, outer) in scope.passedOn {
            try add(
                name: "", sourceOperator: "Identity", .identity(Identity()), inputs: [builder.value(named: inner)],
                outputs: [outer])
        }
    }

    /// The name in the graph that is built of what the innermost branch calls `name`.
    func resolved(_ name: String) -> String {
        scopes.lazy.reversed().compactMap { $0.names[name] }.first ?? name
    }
}
