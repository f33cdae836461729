import Skiff

/// Changes of a graph that leave its names as they are: what a converter's mistake makes of a network.
struct GraphEdit: Sendable {
    /// An operator put into the network, with the weights it reads behind its first input.
    struct Step: Sendable {
        var name: String
        var `operator`: Operator
        var weights: [Tensor] = []
    }

    var tensors: [ValueID: Tensor] = [:]
    var operators: [NodeID: Operator] = [:]
    /// Weights for single inputs of nodes.
    var ownInputs: [NodeID: [Int: Tensor]] = [:]
    /// Optional inputs that are left out.
    var droppedInputs: [NodeID: Set<Int>] = [:]
    /// What a node's first input goes through before the node reads it.
    var before: [NodeID: [Step]] = [:]
    /// What a node's first output goes through before others read it; the output's name goes to the last step.
    var after: [NodeID: [Step]] = [:]
    /// Nodes that are not there; the node that gives their first input gives their output.
    var removed: Set<NodeID> = []

    /// Puts a tensor in the place of a weight: for this node alone, where others read the weight too.
    mutating func replace(_ graph: Graph, _ node: NodeID, _ input: Int, _ tensor: Tensor, readers: [[NodeID]]) {
        guard graph[node].inputs.indices.contains(input), let id = graph[node].inputs[input] else { return }
        if readers[id.index].count == 1 {
            tensors[id] = tensor
        } else {
            ownInputs[node, default: [:]][input] = tensor
        }
    }

    /// - Throws: ``GraphError`` where the changed network is none.
    func applied(to graph: Graph) throws -> Graph {
        var builder = GraphBuilder(name: graph.name, metadata: graph.metadata)
        var identifiers: [ValueID] = graph.values.map { value in
            let name = value.name
            return name.isEmpty ? builder.unnamedValue() : builder.value(named: name)
        }
        for id in removed {
            guard case let input? = graph[id].inputs.first, let source = input, let output = graph[id].outputs.first
            else { continue }
            identifiers[source.index] = identifiers[output.index]
        }
        let unread = unreadWeights(graph)
        for id in graph.valueIDs {
            guard case .weight(let tensor, let isOverridable) = graph[id].source, !unread.contains(id) else { continue }
            try builder.addWeight(graph[id].name, tensors[id] ?? tensor, isOverridable: isOverridable)
        }
        for input in graph.inputs { try builder.addInput(graph[input].name, graph[input].fact) }
        for id in graph.nodeIDs where !removed.contains(id) { try add(id, of: graph, identifiers, to: &builder) }
        for output in graph.outputs { builder.addOutput(output.name, identifiers[output.value.index]) }
        return try builder.build()
    }

    private func add(_ id: NodeID, of graph: Graph, _ identifiers: [ValueID], to builder: inout GraphBuilder) throws {
        let node = graph[id]
        let name = graph.displayName(of: id)
        var inputs = node.inputs.map { $0.map { identifiers[$0.index] } }
        for position in droppedInputs[id] ?? [] where inputs.indices.contains(position) { inputs[position] = nil }
        for (position, tensor) in ownInputs[id] ?? [:] where inputs.indices.contains(position) {
            inputs[position] = try builder.addWeight("\(name)#\(id.index).\(position)", tensor)
        }
        if let steps = before[id], case let first? = inputs.first, var value = first {
            for step in steps { value = try add(step, reading: value, to: &builder, giving: nil) }
            inputs[0] = value
        }
        var outputs = node.outputs.map { identifiers[$0.index] }
        let steps = after[id] ?? []
        let given = outputs.first
        if !steps.isEmpty { outputs[0] = builder.value(named: "\(name)#raw") }
        try builder.addNode(
            node.name, sourceOperator: node.sourceOperator, operators[id] ?? node.operator, inputs: inputs,
            outputs: outputs)
        var value = outputs.first
        for (position, step) in steps.enumerated() {
            guard let reading = value else { break }
            value = try add(step, reading: reading, to: &builder, giving: position == steps.count - 1 ? given : nil)
        }
    }

    private func add(
        _ step: Step, reading value: ValueID, to builder: inout GraphBuilder, giving output: ValueID?
    ) throws -> ValueID {
        var inputs: [ValueID?] = [value]
        for (position, tensor) in step.weights.enumerated() {
            inputs.append(try builder.addWeight("\(step.name).\(position)", tensor))
        }
        let output = output ?? builder.value(named: step.name)
        try builder.addNode(
            step.name, sourceOperator: "Mutant", step.operator, inputs: inputs, outputs: [output])
        return output
    }

    /// Weights that the edit leaves without a reader: they would not be in a file that lacks them.
    private func unreadWeights(_ graph: Graph) -> Set<ValueID> {
        var read: Set<ValueID> = Set(graph.outputs.map(\.value))
        var readBefore: Set<ValueID> = []
        for id in graph.nodeIDs {
            for (position, input) in graph[id].inputs.enumerated() {
                guard let input else { continue }
                readBefore.insert(input)
                guard !removed.contains(id), droppedInputs[id]?.contains(position) != true,
                    ownInputs[id]?[position] == nil
                else { continue }
                read.insert(input)
            }
        }
        return readBefore.subtracting(read)
    }
}
