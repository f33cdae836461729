internal import SkiffCore
internal import SkiffGraph

// ONNX Runtime's optimizer saves operators that are several in one. They are taken apart again, so that a block is
// found and compared whether a file was optimized or not.

/// The activation that a fused operator ends in; `nil` where it has none.
private func activation(_ node: NodeImport) throws(ONNXError) -> (name: String, operator: Operator)? {
    let parameters = try node.attributes.reals("activation_params") ?? []
    let name = try node.attributes.text("activation", default: "")
    func parameter(_ index: Int, _ fallback: Float) -> Float {
        parameters.indices.contains(index) ? parameters[index] : fallback
    }
    let kind: Unary.Kind
    switch name {
    case "": return nil
    case "Relu": kind = .relu
    case "Tanh": kind = .tanh
    case "Sigmoid": kind = .sigmoid
    case "LeakyRelu": kind = .leakyReLU(alpha: parameter(0, 0.01))
    case "HardSigmoid": kind = .hardSigmoid(alpha: parameter(0, 0.2), beta: parameter(1, 0.5))
    case "Clip": return (name, .clip(Clip()))
    default: throw node.inexpressible("activation is \"\(escaped(name))\"")
    }
    return (name, .unary(Unary(kind)))
}

/// The last operator of a fused one, whose inputs are left in `node`: `result` itself where there is no activation.
private func finish(
    _ node: NodeImport, _ result: (name: String, operator: Operator, inputs: [ValueID?])
) throws(ONNXError) -> Operator {
    guard let activation = try activation(node) else {
        node.inputs = result.inputs
        return result.operator
    }
    let value = try node.derived(result.name, result.operator, result.inputs)
    node.inputs = [value]
    if activation.name == "Clip" {
        for bound in try (node.attributes.reals("activation_params") ?? []).prefix(2) {
            let tensor = try located { () throws(CoreError) in try Tensor(floats: [bound], shape: []) }
            node.inputs.append(try node.weight("bound", tensor))
        }
    }
    return activation.operator
}

/// ONNX Runtime's FusedConv 1: a convolution, a value that is added, an activation.
@Sendable func readFusedConvolution(_ node: NodeImport) throws(ONNXError) -> Operator {
    let convolution = try readConvolution(node)
    guard let added = node.input(3) else {
        return try finish(node, ("Conv", convolution, Array(node.inputs.prefix(3))))
    }
    let value = try node.derived("Conv", convolution, Array(node.inputs.prefix(3)))
    return try finish(node, ("Add", .binary(Binary(.add)), [value, added]))
}

/// ONNX Runtime's FusedGemm 1: a matrix product and an activation.
@Sendable func readFusedGemm(_ node: NodeImport) throws(ONNXError) -> Operator {
    // The activation's numbers under other names than FusedConv's.
    for name in ["activation_alpha", "activation_beta", "activation_gamma"] where try node.attributes.real(name) != nil {
        throw node.inexpressible("\(name) is given")
    }
    return try finish(node, ("Gemm", try readGemm(node), node.inputs))
}
