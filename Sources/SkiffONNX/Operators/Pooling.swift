internal import SkiffCore
internal import SkiffGraph

/// The part of a pooling operator that the kinds share; `ceil_mode` and `dilations` came later (10, 18, 19) and
/// are read wherever a writer put them.
private func pooling(
    _ kind: Pooling.Kind, _ node: NodeImport, indicesAreColumnMajor: Bool = false
) throws(ONNXError) -> Operator {
    guard let kernel = try node.attributes.integers("kernel_shape") else { throw ONNXError(.missing("kernel_shape")) }
    guard kernel.allSatisfy({ $0 >= 1 && $0 <= Limits.extent }) else {
        throw ONNXError(.attribute(name: "kernel_shape", expected: "positive numbers", found: kernel.shapeText))
    }
    return .pooling(
        Pooling(
            kind: kind, kernel: kernel, window: try node.window(spatialRank: kernel.count),
            ceilMode: try node.attributes.flag("ceil_mode", default: false), layout: .channelsFirst,
            indicesAreColumnMajor: indicesAreColumnMajor))
}

/// ONNX MaxPool 1, 8 (`storage_order`), 10, 11, 12, 22.
@Sendable func readMaximumPooling(_ node: NodeImport) throws(ONNXError) -> Operator {
    let isColumnMajor = try node.attributes.flag("storage_order", default: false)
    return try pooling(.maximum, node, indicesAreColumnMajor: isColumnMajor)
}

/// ONNX AveragePool 1, 7 (`count_include_pad`), 10, 11, 19, 22.
@Sendable func readAveragePooling(_ node: NodeImport) throws(ONNXError) -> Operator {
    let countsPadding = try node.attributes.flag("count_include_pad", default: false)
    return try pooling(.average(countsPadding: countsPadding), node)
}

/// The norm's order of LpPool and GlobalLpPool, 2 where it is left out.
private func order(_ node: NodeImport) throws(ONNXError) -> Int {
    // A real number in version 1.
    if node.opset < 2, let real = try node.attributes.real("p") {
        guard let order = Int(exactly: real), order >= 1 else { throw node.inexpressible("p is \(real)") }
        return order
    }
    let order = try node.attributes.integer("p") ?? 2
    guard order >= 1 else { throw ONNXError(.attribute(name: "p", expected: "at least 1", found: String(order))) }
    return order
}

/// ONNX LpPool 1, 2, 11, 18, 22.
@Sendable func readNormPooling(_ node: NodeImport) throws(ONNXError) -> Operator {
    try pooling(.norm(p: try order(node)), node)
}

/// ONNX GlobalMaxPool and GlobalAveragePool 1, 22.
func globalPooling(_ kind: GlobalPooling.Kind) -> Operator {
    .globalPooling(GlobalPooling(kind: kind, layout: .channelsFirst, keepsDimensions: true))
}

/// ONNX GlobalLpPool 1, 2, 22.
@Sendable func readGlobalNormPooling(_ node: NodeImport) throws(ONNXError) -> Operator {
    globalPooling(.norm(p: try order(node)))
}
