internal import SkiffGraph

/// ONNX Einsum 12.
@Sendable func readEinsum(_ node: NodeImport) throws(ONNXError) -> Operator {
    guard case .text(let equation)? = node.attributes["equation"] else { throw ONNXError(.missing("attribute equation")) }
    return .einsum(Einsum(equation: equation))
}

/// ONNX Gemm 1, 6, 7, 9, 11, 13. Before version 7 it says by `broadcast` that C is smaller than the result; what that
/// allows is what later versions always do.
@Sendable func readGemm(_ node: NodeImport) throws(ONNXError) -> Operator {
    if node.opset < 7 { node.attributes.ignore("broadcast") }
    return .gemm(
        Gemm(
            alpha: try node.attributes.real("alpha", default: 1), beta: try node.attributes.real("beta", default: 1),
            transposesA: try node.attributes.integer("transA").map { $0 != 0 } ?? false,
            transposesB: try node.attributes.integer("transB").map { $0 != 0 } ?? false))
}
