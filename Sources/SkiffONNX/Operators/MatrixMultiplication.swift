internal import SkiffGraph

/// ONNX Gemm 6, 7, 9, 11, 13. Gemm 6 says by `broadcast` that C is smaller than the result; what it allows is
/// what later versions always do.
@Sendable func readGemm(_ node: NodeImport) throws(ONNXError) -> Operator {
    if node.opset < 7 { node.attributes.ignore("broadcast") }
    return .gemm(
        Gemm(
            alpha: try node.attributes.real("alpha", default: 1), beta: try node.attributes.real("beta", default: 1),
            transposesA: try node.attributes.integer("transA").map { $0 != 0 } ?? false,
            transposesB: try node.attributes.integer("transB").map { $0 != 0 } ?? false))
}
