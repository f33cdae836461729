internal import SkiffCore
internal import SkiffGraph

extension Draft {
    /// A graph of plain operators that computes what this draft does, with inputs and outputs of the same names: what
    /// holds a pass against the reference evaluator.
    func graph() throws(EngineError) -> Graph {
        do throws(GraphError) {
            var expansion = Expansion(draft: self)
            for input in inputs {
                expansion.identifiers[input] = try expansion.builder.addInput(
                    values[input].name, Fact(values[input].elementType, shape: values[input].shape))
            }
            for index in nodes.indices { try expansion.add(index) }
            for output in outputs { expansion.builder.addOutput(output.name, try expansion.value(output.value)) }
            return try expansion.builder.build()
        } catch { throw EngineError(error) }
    }
}

private struct Expansion {
    let draft: Draft
    var builder = GraphBuilder()
    var identifiers: [Int: ValueID] = [:]
    private var made = 0

    init(draft: Draft) { self.draft = draft }

    /// The graph's value for the draft's, in its element type.
    mutating func value(_ index: Int) throws(GraphError) -> ValueID {
        if let known = identifiers[index] { return known }
        var id: ValueID
        if let constant = draft.values[index].constant {
            id = try builder.addWeight("constant \(index)", constant)
            if constant.elementType != draft.values[index].elementType {
                id = try apply(.cast(Cast(to: draft.values[index].elementType)), [id])
            }
        } else {
            id = builder.value(named: "value \(index)")
        }
        identifiers[index] = id
        return id
    }

    mutating func apply(
        _ operator: Operator, _ inputs: [ValueID?], output: ValueID? = nil
    ) throws(GraphError) -> ValueID {
        made += 1
        let output = output ?? builder.value(named: "made \(made)")
        try builder.addNode("", sourceOperator: "", `operator`, inputs: inputs, outputs: [output])
        return output
    }

    mutating func add(_ index: Int) throws(GraphError) {
        let node = draft.nodes[index]
        var inputs: [ValueID?] = []
        for input in node.inputs {
            guard let input else {
                inputs.append(nil)
                continue
            }
            inputs.append(try value(input))
        }
        var outputs: [ValueID] = []
        for output in node.outputs { outputs.append(try value(output)) }
        switch node.work {
        case .operation(let operation):
            try builder.addNode("", sourceOperator: "", operation, inputs: inputs, outputs: outputs)
        case .product(let product): try add(product, node, inputs, output: outputs[0])
        }
    }

    private mutating func add(
        _ product: FusedProduct, _ node: Draft.Node, _ inputs: [ValueID?], output: ValueID
    ) throws(GraphError) {
        var weight = inputs[1]
        if let index = node.inputs[1], draft.values[index].elementType != .float32 {
            weight = try apply(.cast(Cast(to: .float32)), [weight])
        }
        let shape = draft.values[node.outputs[0]].shape
        var result: ValueID
        switch product.kind {
        case .convolution(let convolution): result = try apply(.convolution(convolution), [inputs[0], weight])
        case .matrix(let isTransposed):
            if isTransposed { weight = try apply(.transpose(Transpose(permutation: [1, 0])), [weight]) }
            result = try apply(.matrixMultiplication(MatrixMultiplication()), [inputs[0], weight])
        }
        let axis = product.channelAxis(rank: shape.count)
        if let scale = product.scale { result = try combined(.multiply, result, scale, axis: axis, rank: shape.count) }
        if let shift = product.shift { result = try combined(.add, result, shift, axis: axis, rank: shape.count) }
        if inputs.count > 2 { result = try apply(.binary(Binary(.add)), [result, inputs[2]]) }
        let bounds = try [product.lower, product.upper].map { bound throws(GraphError) in
            bound.isFinite ? try constant([bound], []) : nil
        }
        _ = try apply(.clip(Clip()), [result] + bounds, output: output)
    }

    private mutating func combined(
        _ kind: Binary.Kind, _ value: ValueID, _ vector: [Double], axis: Int, rank: Int
    ) throws(GraphError) -> ValueID {
        var shape = [Int](repeating: 1, count: rank)
        shape[axis] = vector.count
        return try apply(.binary(Binary(kind)), [value, try constant(vector, shape)])
    }

    private mutating func constant(_ elements: [Double], _ shape: Shape) throws(GraphError) -> ValueID {
        made += 1
        let tensor: Tensor
        do throws(CoreError) {
            tensor = try Tensor(floats: elements.map { Float($0) }, shape: shape)
        } catch { throw GraphError(error) }
        return try builder.addWeight("made \(made)", tensor)
    }
}
