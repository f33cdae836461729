internal import CONNXSchema
internal import SkiffCore
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

    /// Begins to walk a function in the place of its call: its inputs and outputs are the call's values, all others get
    /// the call's name in front.
    func enter(
        _ function: FunctionMessage, _ attributes: AttributeSet, inputs: [String], outputs: [String], name: String
    ) throws(ONNXError) {
        var opened = NodeScope(messages(function.n_node, function.node))
        var values = attributes.all
        for message in messages(function.n_attribute_proto, function.attribute_proto) {
            let name = text(message.pointee.name)
            if values[name] == nil { values[name] = try AttributeValue(message.pointee) }
        }
        let outer = scopes.last { $0.function != nil }?.function?.path
        // A path past the limit of names says no more than its end.
        let path = outer.map { "\($0)/\(name)" }.flatMap { $0.utf8.count <= 4096 ? $0 : nil } ?? name
        opened.function = FunctionCall(path: path, attributes: values, operatorSets: try OperatorSets(function))
        let parameters = texts(function.n_input, function.input)
        let given = texts(function.n_output, function.output)
        guard inputs.count <= parameters.count, outputs.count <= given.count else {
            throw ONNXError(
                .refused(
                    "has \(inputs.count) inputs and \(outputs.count) outputs, the function it calls \(parameters.count) "
                        + "and \(given.count)"))
        }
        let read = Self.readNames(opened.nodes, outputs: given)
        for (position, parameter) in parameters.enumerated() {
            opened.names[parameter] = position < inputs.count ? inputs[position] : ""
        }
        var direct: [String: String] = [:]
        for (inner, outer) in zip(given, outputs) where direct[inner] == nil && !outer.isEmpty { direct[inner] = outer }
        for node in opened.nodes {
            for inner in texts(node.pointee.n_output, node.pointee.output) where !inner.isEmpty {
                let own = direct.removeValue(forKey: inner) ?? freeName("\(path)/\(inner)")
                opened.names[inner] = own
                if read.contains(inner) { readNames.insert(own) }
            }
        }
        for (inner, outer) in zip(given, outputs) where !outer.isEmpty {
            guard let own = opened.names[inner] else { continue }
            if own != outer { opened.passedOn.append((own, outer)) }
        }
        scopes.append(opened)
    }

    /// - Throws: ``ONNXError`` `limit` where functions that call functions come to more nodes than a graph may have.
    func countNode() throws(ONNXError) {
        walkedNodes += 1
        guard walkedNodes <= Limits.nodes else {
            throw ONNXError(.core(.limit(name: "nodes", declared: walkedNodes, allowed: Limits.nodes)))
        }
    }

    func leave(_ scope: NodeScope) throws(ONNXError) {
        for (inner, outer) in scope.passedOn {
            try add(
                name: "", sourceOperator: "Identity", .identity(Identity()),
                inputs: [inner.isEmpty ? nil : builder.value(named: inner)],
                outputs: [outer])
        }
    }

    /// The name in the graph that is built of what the innermost branch or function calls `name`. A branch knows the
    /// values around it, a function only its own.
    func resolved(_ name: String) -> String {
        for scope in scopes.reversed() {
            if let own = scope.names[name] { return own }
            if scope.function != nil { break }
        }
        return name
    }
}
