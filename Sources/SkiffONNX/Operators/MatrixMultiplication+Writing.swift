internal import SkiffCore
internal import SkiffGraph

extension Einsum {
    func write(_ node: NodeExport) throws(ONNXError) {
        try node.require(12, "Einsum")
        try node.give("Einsum", try node.names(), [attribute("equation", equation)])
    }
}

extension Gemm {
    func write(_ node: NodeExport) throws(ONNXError) {
        var inputs = try node.names()
        if node.opset < 11, node.input(2) == nil {
            // Before Gemm-11 there is always something to add.
            inputs = Array(inputs.prefix(2)) + [try node.constant("zero", [0], node.elementType(0), shape: [1])]
        }
        try try node.give(
            "Gemm", inputs,
            [attribute("alpha", alpha), attribute("beta", beta), attribute("transA", transposesA), attribute("transB", transposesB)])
    }
}

/// A fully connected layer: Gemm on a matrix, a convolution of single positions on a map whose channels ONNX has second,
/// else a matrix product and a sum.
func writeDense(_ node: NodeExport) throws(ONNXError) {
    if let input = node.input(0), let map = node.exporter.flattenedMaps[input] { return try writeDense(node, flattened: map) }
    if node.rank(0) == 2 { return try writeGemm(node, kernel: node.name(1)) }
    let order = node.followedOrder()
    if !order.isNatural, let rank = node.rank(0), let kernel = node.shape(1)?.fixedShape, kernel.count == 2 {
        let ones = [Int](repeating: 1, count: rank - 2)
        let weight = try node.view(1, [1, 0], shape: [kernel[1], kernel[0]] + ones)
        return try node.give("Conv", [try node.name(0, order), weight, try node.name(2)], [attribute("kernel_shape", ones)], in: order)
    }
    guard node.input(2) != nil else { return try node.give("MatMul", [try node.name(0), try node.name(1)]) }
    let product = node.derive("MatMul", [try node.name(0), try node.name(1)])
    try node.give("Add", [product, try node.name(2)])
}

private func writeGemm(_ node: NodeExport, kernel: String) throws(ONNXError) {
    var inputs = [try node.name(0), kernel, try node.name(2)]
    if node.input(2) == nil, node.opset < 11 { inputs[2] = try node.constant("zero", [0], node.elementType(0), shape: [1]) }
    try node.give("Gemm", inputs, [attribute("alpha", Float(1)), attribute("beta", Float(1)), attribute("transA", 0), attribute("transB", 0)])
}

/// Behind a map that is flattened channels-first: the rows of the kernel stand in that order, too.
private func writeDense(_ node: NodeExport, flattened map: Shape) throws(ONNXError) {
    guard let id = node.input(1), let kernel = node.weight(1), kernel.shape.count == 2 else {
        throw node.inexpressible("its kernel is not known before the graph runs")
    }
    let rows = AxisOrder.channelsFirst(rank: map.count + 1).axes.map { $0.dropFirst().map { $0 - 1 } } ?? Array(map.indices)
    let view = WeightView(kernel, extents: map + [kernel.shape[1]], permutation: rows + [map.count], shape: kernel.shape)
    try writeGemm(node, kernel: node.exporter.weightName(id, view))
}
