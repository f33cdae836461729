public import SkiffCore

/// Reals as whole numbers of few bits: the nearest even of x / scale, plus the zero point, cut off at the type's ends.
///
/// Inputs: 0 x; 1 scale; 2 zero point, optional. Scale and zero point are one number each, or a list along ``axis``, or
/// of x's rank with one number for each block of ``blockSize`` elements along it.
/// Source: ONNX QuantizeLinear 10, 13, 19, 21, 23, 25.
public struct Quantize: OperatorAttributes {
    /// The type where there is no zero point to say it.
    public var elementType: ElementType
    /// Negative counts from the end.
    public var axis: Int
    /// Elements of one scale where scales are by block; 0 elsewhere.
    public var blockSize: Int

    public init(elementType: ElementType = .uint8, axis: Int = 1, blockSize: Int = 0) {
        self.elementType = elementType
        self.axis = axis
        self.blockSize = blockSize
    }
}

/// Whole numbers of few bits as reals: (x − zero point) · scale. Inputs as ``Quantize`` has them; the result is of the
/// scale's type. Source: ONNX DequantizeLinear 10, 13, 19, 21, 23, 25.
public struct Dequantize: OperatorAttributes {
    /// Negative counts from the end.
    public var axis: Int
    /// Elements of one scale where scales are by block; 0 elsewhere.
    public var blockSize: Int

    public init(axis: Int = 1, blockSize: Int = 0) {
        self.axis = axis
        self.blockSize = blockSize
    }
}

extension Quantize {
    public func infer(_ inputs: [Fact?], outputCount: Int) throws(GraphError) -> [Fact] {
        let inputs = try Operands(inputs, ["input", "scale", "zero point"], required: 2, outputCount: outputCount)
        let input = try inputs.required(0)
        try input.require(.number)
        let type = inputs[2]?.elementType ?? elementType
        guard type.isInteger else {
            throw GraphError(.elementType(input: "zero point", expected: TypeClass.integer.text, found: type))
        }
        try checkScales(inputs, axis: axis, blockSize: blockSize)
        return [Fact(type, input.shape)]
    }
}

extension Dequantize {
    public func infer(_ inputs: [Fact?], outputCount: Int) throws(GraphError) -> [Fact] {
        let inputs = try Operands(inputs, ["input", "scale", "zero point"], required: 2, outputCount: outputCount)
        let input = try inputs.required(0)
        try input.require(.integer)
        if let zero = inputs[2] { try zero.require(sameTypeAs: input) }
        try checkScales(inputs, axis: axis, blockSize: blockSize)
        return [Fact(try inputs.required(1).elementType, input.shape)]
    }
}

/// - Throws: ``GraphError`` where scale or zero point are neither one number, nor one for each element along the axis,
///   nor one for each block.
private func checkScales(_ inputs: Operands, axis: Int, blockSize: Int) throws(GraphError) {
    let (input, scale) = (try inputs.required(0), try inputs.required(1))
    try scale.require(.floatingPoint)
    guard blockSize >= 0 else {
        throw GraphError(.attribute(name: "block size", expected: "at least 0", found: "\(blockSize)"))
    }
    guard let shape = input.shape else { return }
    for operand in [scale, inputs[2]].compactMap({ $0 }) {
        guard let found = operand.shape, !(found.isEmpty || found == [1] && blockSize == 0) else { continue }
        let axis = try normalizedAxis(axis, rank: shape.count)
        if blockSize == 0 {
            guard found.count == 1 else {
                throw GraphError(.rank(input: operand.name, expected: "0 to 1", found: found.count))
            }
            _ = try unifyExtent(shape[axis], found[0], input: operand.name, axis: "along axis \(axis)")
            continue
        }
        guard found.count == shape.count else {
            throw GraphError(.rank(input: operand.name, expected: "\(shape.count)", found: found.count))
        }
        for position in shape.indices {
            var want = shape[position]
            if position == axis, let extent = want.fixedValue {
                want = .fixed(extent / blockSize + (extent % blockSize == 0 ? 0 : 1))
            }
            _ = try unifyExtent(want, found[position], input: operand.name, axis: "along axis \(position)")
        }
    }
}
