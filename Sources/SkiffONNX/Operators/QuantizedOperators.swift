internal import SkiffCore
internal import SkiffGraph

// Operators that take and give quantized numbers are read as what they are defined by: the operator on the numbers
// that those stand for, between DequantizeLinear and QuantizeLinear.

extension NodeImport {
    /// The real numbers that inputs from `first` on stand for: elements, scale, zero point.
    fileprivate func dequantized(_ first: Int, axis: Int = 1) throws(ONNXError) -> ValueID {
        try derived(
            "DequantizeLinear", .dequantize(Dequantize(axis: axis)), [input(first), input(first + 1), input(first + 2)])
    }

    /// The real numbers of a bias, whose scale is the product of the scales of input and weight.
    fileprivate func dequantizedBias(_ index: Int, scales: (Int, Int)) throws(ONNXError) -> ValueID? {
        guard let bias = input(index) else { return nil }
        let scale = try derived("Mul", .binary(Binary(.multiply)), [input(scales.0), input(scales.1)])
        return try derived("DequantizeLinear", .dequantize(Dequantize(axis: 0)), [bias, scale])
    }

    /// Quantizes `value` with scale and zero point from input `first` on; leaves its inputs in `inputs`.
    fileprivate func quantized(_ value: ValueID, by first: Int) throws(ONNXError) -> Operator {
        let type = elementType(first + 1) ?? .uint8
        inputs = [value, input(first), input(first + 1)]
        return .quantize(Quantize(elementType: type))
    }
}

/// ONNX QLinearConv 10: x, w and y with scale and zero point each, and a bias.
@Sendable func readQuantizedConvolution(_ node: NodeImport) throws(ONNXError) -> Operator {
    let kernel = try node.checkedKernelShape(weightInput: 3)
    let rank = try node.spatialRank(kernelShape: kernel, weightInput: 3)
    let convolution = Convolution(
        window: try node.window(spatialRank: rank), groups: try node.groups(), layout: .channelsFirst,
        kernelOrder: .outputInputSpatial)
    let operands = [
        try node.dequantized(0), try node.dequantized(3, axis: 0), try node.dequantizedBias(8, scales: (1, 4)),
    ]
    return try node.quantized(try node.derived("Conv", .convolution(convolution), operands), by: 6)
}

/// ONNX QLinearMatMul 10, 21: a, b and y with scale and zero point each.
@Sendable func readQuantizedProduct(_ node: NodeImport) throws(ONNXError) -> Operator {
    for index in [1, 4] where node.rank(index) ?? 0 > 1 { throw node.inexpressible("scales by row or column of a batch") }
    // A list of scales is one for each row of a, and for each column of b.
    let operands = [try node.dequantized(0, axis: -2), try node.dequantized(3, axis: -1)]
    return try node.quantized(try node.derived("MatMul", .matrixMultiplication(.init()), operands), by: 6)
}

/// ONNX Runtime's QLinearAdd 1 and QLinearMul 1.
func readQuantizedBinary(_ node: NodeImport, _ name: String, _ kind: Binary.Kind) throws(ONNXError) -> Operator {
    let operands = [try node.dequantized(0), try node.dequantized(3)]
    return try node.quantized(try node.derived(name, .binary(Binary(kind)), operands), by: 6)
}

/// - Throws: ``ONNXError`` `inexpressible` where ONNX Runtime's attribute says that channels come last.
private func checkLayout(_ node: NodeImport) throws(ONNXError) {
    guard try !node.attributes.flag("channels_last", default: false) else {
        throw node.inexpressible("channels come last")
    }
}

/// ONNX Runtime's QLinearGlobalAveragePool 1.
@Sendable func readQuantizedGlobalPooling(_ node: NodeImport) throws(ONNXError) -> Operator {
    try checkLayout(node)
    let value = try node.derived("GlobalAveragePool", globalPooling(.average), [try node.dequantized(0)])
    return try node.quantized(value, by: 3)
}

/// ONNX Runtime's QLinearAveragePool 1.
@Sendable func readQuantizedPooling(_ node: NodeImport) throws(ONNXError) -> Operator {
    try checkLayout(node)
    let value = try node.derived("AveragePool", try readAveragePooling(node), [try node.dequantized(0)])
    return try node.quantized(value, by: 3)
}

/// ONNX Runtime's QGemm 1: a and b with scale and zero point each, a bias, and y's, without which y is real.
@Sendable func readQuantizedGemm(_ node: NodeImport) throws(ONNXError) -> Operator {
    let gemm = try readGemm(node)
    guard case .gemm(let attributes) = gemm, attributes.alpha == 1 else { throw node.inexpressible("alpha is not 1") }
    let operands = [
        try node.dequantized(0), try node.dequantized(3, axis: attributes.transposesB ? 0 : 1),
        try node.dequantizedBias(6, scales: (1, 4)),
    ]
    guard node.input(7) != nil else {
        node.inputs = operands
        return gemm
    }
    return try node.quantized(try node.derived("Gemm", gemm, operands), by: 7)
}
