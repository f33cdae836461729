internal import SkiffGraph

/// ONNX TopK 1: `k` is an attribute.
@Sendable func readTopK1(_ node: NodeImport) throws(ONNXError) -> Operator {
    guard let k = try node.attributes.integer("k") else { throw ONNXError(.missing("attribute k")) }
    return .topK(TopK(k: k, axis: try node.attributes.integer("axis") ?? -1))
}

/// ONNX TopK 10: `k` is input 1.
@Sendable func readTopK10(_ node: NodeImport) throws(ONNXError) -> Operator {
    .topK(TopK(k: nil, axis: try node.attributes.integer("axis") ?? -1))
}

/// ONNX TopK 11, 24: the largest or the smallest. `sorted` 0 leaves the order open, and best first is one such order.
@Sendable func readTopK11(_ node: NodeImport) throws(ONNXError) -> Operator {
    _ = try node.attributes.flag("sorted", default: true)
    return .topK(
        TopK(
            k: nil, axis: try node.attributes.integer("axis") ?? -1,
            takesSmallest: try !node.attributes.flag("largest", default: true)))
}
