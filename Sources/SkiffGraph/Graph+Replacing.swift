public import SkiffCore

extension Graph {
    /// A copy with other tensors for weights, other operators for nodes, and where one is given another source.
    /// Shapes are inferred anew.
    /// - Parameter own: weights for single inputs of nodes, where the weight that was there is shared.
    /// - Throws: ``GraphError`` where a tensor or an operator does not fit its place.
    public func replacing(
        _ tensors: [ValueID: Tensor] = [:], _ operators: [NodeID: Operator] = [:],
        inputs own: [NodeID: [Int: Tensor]] = [:], metadata: GraphMetadata? = nil
    ) throws(GraphError) -> Graph {
        var builder = GraphBuilder(name: name, metadata: metadata ?? self.metadata)
        var identifiers: [ValueID] = []
        for id in valueIDs {
            let value = self[id]
            let new = value.name.isEmpty ? builder.unnamedValue() : builder.value(named: value.name)
            identifiers.append(new)
            if case .weight(let tensor, let isOverridable) = value.source {
                try builder.addWeight(value.name, tensors[id] ?? tensor, isOverridable: isOverridable)
            }
        }
        for input in inputs { try builder.addInput(self[input].name, self[input].fact) }
        for id in nodeIDs {
            let node = self[id]
            var operands = node.inputs.map { $0.map { identifiers[$0.index] } }
            for (position, tensor) in own[id] ?? [:] where operands.indices.contains(position) {
                operands[position] = try builder.addWeight("\(displayName(of: id))#\(id.index).\(position)", tensor)
            }
            try builder.addNode(
                node.name, sourceOperator: node.sourceOperator, operators[id] ?? node.operator, inputs: operands,
                outputs: node.outputs.map { identifiers[$0.index] })
        }
        for output in outputs { builder.addOutput(output.name, identifiers[output.value.index]) }
        return try builder.build()
    }
}
