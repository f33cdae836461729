internal import SkiffCore
internal import SkiffGraph

extension NodeImport {
    /// The numbers of an element type attribute; `nil` for the one that means none.
    fileprivate func typeAttribute(_ name: String) throws(ONNXError) -> ElementType? {
        guard let number = try attributes.integer(name), number != 0 else { return nil }
        guard let type = ElementType(onnx: Int32(clamping: number)) else {
            throw ONNXError(.attribute(name: name, expected: "an element type, 1 to 28", found: String(number)))
        }
        return type
    }

    /// - Throws: ``ONNXError`` `inexpressible` for types that are no whole numbers of whole bytes.
    fileprivate func check(quantized type: ElementType?) throws(ONNXError) {
        guard let type, ![.int8, .uint8, .int16, .uint16, .int32].contains(type) else { return }
        throw inexpressible("computing with \(type.rawValue) is not supported")
    }

    fileprivate var blockSize: Int {
        get throws(ONNXError) {
            let size = try attributes.integer("block_size") ?? 0
            guard size >= 0, size <= Limits.extent else {
                throw ONNXError(.attribute(name: "block_size", expected: "at least 0", found: String(size)))
            }
            return size
        }
    }
}

/// ONNX QuantizeLinear 10, 13 (`axis`), 19, 21 (`block_size`, `output_dtype`), 23 (`precision`), 25.
@Sendable func readQuantizeLinear(_ node: NodeImport) throws(ONNXError) -> Operator {
    // What becomes of numbers that 8-bit reals cannot hold, to which nothing is quantized here.
    node.attributes.ignore("saturate")
    guard try [nil, .float32].contains(node.typeAttribute("precision")) else {
        throw node.inexpressible("precision is not that of float")
    }
    let declared = try node.typeAttribute("output_dtype")
    let type = node.elementType(2) ?? declared ?? .uint8
    try node.check(quantized: type)
    return .quantize(
        Quantize(elementType: type, axis: try node.attributes.integer("axis") ?? 1, blockSize: try node.blockSize))
}

/// ONNX DequantizeLinear 10, 13 (`axis`), 19, 21 (`block_size`), 23 (`output_dtype`), 25.
@Sendable func readDequantizeLinear(_ node: NodeImport) throws(ONNXError) -> Operator {
    if let type = try node.typeAttribute("output_dtype"), type != node.elementType(1) {
        throw node.inexpressible("output_dtype is not the scale's type")
    }
    try node.check(quantized: node.elementType(0))
    return .dequantize(Dequantize(axis: try node.attributes.integer("axis") ?? 1, blockSize: try node.blockSize))
}
