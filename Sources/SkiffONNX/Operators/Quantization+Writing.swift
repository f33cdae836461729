internal import SkiffCore
internal import SkiffGraph

extension NodeExport {
    /// What a scale asks of the operator set: lists and blocks of scales came later than single ones.
    fileprivate func checkScale(_ name: String, blockSize: Int, quantized: ElementType) throws(ONNXError) {
        try require(10, name)
        if blockSize > 0 { try require(21, "\(name) by blocks") }
        if rank(1) != 0, shape(1) != [1] { try require(13, "\(name) with more than one scale") }
        if quantized == .int16 || quantized == .uint16 { try require(21, "\(name) with \(quantized.rawValue)") }
        if elementType(1) == .float16 || elementType(1) == .bfloat16 {
            try require(19, "\(name) with scales of \(elementType(1).rawValue)")
        }
    }

    /// Attributes from the versions that have them; with one scale the axis says nothing.
    fileprivate func scaleAttributes(axis: Int, blockSize: Int) -> [Attribute?] {
        if opset < 13, axis != 1 { exporter.restate() }
        return [opset < 13 ? nil : attribute("axis", axis), blockSize == 0 ? nil : attribute("block_size", blockSize)]
    }
}

extension Quantize {
    func write(_ node: NodeExport) throws(ONNXError) {
        let type = node.input(2) == nil ? elementType : node.elementType(2)
        try node.checkScale("QuantizeLinear", blockSize: blockSize, quantized: type)
        var inputs = try node.names()
        var declared: WrittenModel.Attribute?
        if node.input(2) == nil, type != .uint8 {
            if node.opset < 21, let shape = node.shape(1)?.fixedShape, let count = shape.checkedElementCount {
                // The type is that of the zero point.
                inputs.append(try node.constant("zero_point", [Double](repeating: 0, count: count), type, shape: shape))
            } else {
                try node.require(21, "QuantizeLinear to \(type.rawValue) without a zero point")
                declared = attribute("output_dtype", Int(type.onnxNumber))
            }
        }
        try node.give("QuantizeLinear", inputs, node.scaleAttributes(axis: axis, blockSize: blockSize) + [declared])
    }
}

extension Dequantize {
    func write(_ node: NodeExport) throws(ONNXError) {
        try node.checkScale("DequantizeLinear", blockSize: blockSize, quantized: node.elementType(0))
        try node.give("DequantizeLinear", try node.names(), node.scaleAttributes(axis: axis, blockSize: blockSize))
    }
}
