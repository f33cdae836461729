internal import SkiffCore
internal import SkiffGraph

extension NodeImport {
    /// Attribute `alpha`.
    func alpha(_ fallback: Float) throws(ONNXError) -> Float { try attributes.real("alpha", default: fallback) }
}

extension OperatorTable {
    /// An operator of one input without attributes.
    static func unary(_ name: String, _ since: Int, _ kind: Unary.Kind) -> Entry {
        Entry(name, since: since) { _ throws(ONNXError) in .unary(Unary(kind)) }
    }

    /// An operator of two inputs that are broadcast.
    static func binary(_ name: String, _ since: Int, _ kind: Binary.Kind) -> Entry {
        Entry(name, since: since) { _ throws(ONNXError) in .binary(Binary(kind)) }
    }

    /// An operator of any number of inputs; before version 8 they are of one shape.
    static func variadic(_ name: String, _ kind: Variadic.Kind) -> Entry {
        Entry(name, since: 1) { _ throws(ONNXError) in .variadic(Variadic(kind)) }
    }

    /// A binary operator before version 7: input 1 lies along the axes of input 0 from `axis` on where
    /// `broadcast` is 1, along its last ones without `axis`.
    static func aligned(_ name: String, _ kind: Binary.Kind) -> Entry {
        Entry(name, since: 1) { (node) throws(ONNXError) in
            let broadcasts = try node.attributes.flag("broadcast", default: false)
            if let axis = try node.attributes.integer("axis"), broadcasts {
                guard let rank = node.rank(0), let other = node.rank(1) else {
                    throw node.inexpressible("axis \(axis) needs ranks that are not known before the graph runs")
                }
                let first = axis < 0 ? axis + rank : axis
                guard first >= 0, first + other <= rank else {
                    throw ONNXError(.attribute(name: "axis", expected: "at most \(rank - other)", found: String(axis)))
                }
                node.inputs[1] = try node.unsqueezed(1, axes: Array(other..<rank - first))
            }
            return .binary(Binary(kind))
        }
    }
}

/// ONNX Selu 1: constants of four digits.
@Sendable func readSelu1(_ node: NodeImport) throws(ONNXError) -> Operator {
    .unary(Unary(.selu(alpha: try node.alpha(1.6732), gamma: try node.attributes.real("gamma", default: 1.0507))))
}

/// ONNX Selu 6, 22.
@Sendable func readSelu(_ node: NodeImport) throws(ONNXError) -> Operator {
    .unary(
        Unary(
            .selu(
                alpha: try node.alpha(1.673_263_192_176_818_847_656_25),
                gamma: try node.attributes.real("gamma", default: 1.050_701_022_148_132_324_218_75))))
}

/// ONNX HardSigmoid 1, 6, 22.
@Sendable func readHardSigmoid(_ node: NodeImport) throws(ONNXError) -> Operator {
    .unary(Unary(.hardSigmoid(alpha: try node.alpha(0.2), beta: try node.attributes.real("beta", default: 0.5))))
}

/// ONNX Gelu 20.
@Sendable func readGelu(_ node: NodeImport) throws(ONNXError) -> Operator {
    let approximate = try node.attributes.choice("approximate", default: "none", ["none": false, "tanh": true])
    return .unary(Unary(.gelu(approximate: approximate)))
}

/// ONNX Shrink 9.
@Sendable func readShrink(_ node: NodeImport) throws(ONNXError) -> Operator {
    .unary(
        Unary(
            .shrink(
                bias: try node.attributes.real("bias", default: 0),
                lambda: try node.attributes.real("lambd", default: 0.5))))
}

/// ONNX IsInf 10, 20.
@Sendable func readIsInfinite(_ node: NodeImport) throws(ONNXError) -> Operator {
    .unary(
        Unary(
            .isInfinite(
                detectsPositive: try node.attributes.flag("detect_positive", default: true),
                detectsNegative: try node.attributes.flag("detect_negative", default: true))))
}

/// ONNX PRelu 1, 6: a slope of one axis lies along the channels.
@Sendable func readParametricReLU6(_ node: NodeImport) throws(ONNXError) -> Operator {
    guard let rank = node.rank(0), let slope = node.rank(1) else {
        throw node.inexpressible("the slope needs ranks that are not known before the graph runs")
    }
    if slope == 1, rank > 2 { node.inputs[1] = try node.unsqueezed(1, axes: Array(1..<rank - 1)) }
    return .parametricReLU(ParametricReLU())
}

/// ONNX Clip 1, 6: bounds as attributes, none where they are Float's own.
@Sendable func readClip6(_ node: NodeImport) throws(ONNXError) -> Operator {
    let elementType = node.elementType(0) ?? .float32
    let minimum = try node.attributes.real("min") ?? -.greatestFiniteMagnitude
    let maximum = try node.attributes.real("max") ?? .greatestFiniteMagnitude
    func bound(_ suffix: String, _ value: Float) throws(ONNXError) -> ValueID? {
        guard value.magnitude < .greatestFiniteMagnitude else { return nil }
        let tensor: Tensor = try located { () throws(CoreError) in
            switch elementType {
            case .float64: try Tensor(doubles: [Double(value)], shape: [])
            case .float16:
                try Tensor(
                    elementType: .float16, shape: [], bytes: [halfFromFloat(value)].littleEndianBytes { $0.littleEndian })
            default: try Tensor(floats: [value], shape: [])
            }
        }
        return try node.weight(suffix, tensor)
    }
    node.inputs = [node.input(0), try bound("min", minimum), try bound("max", maximum)]
    return .clip(Clip())
}

/// ONNX Mod 10, 13.
@Sendable func readModulo(_ node: NodeImport) throws(ONNXError) -> Operator {
    .binary(Binary(try node.attributes.flag("fmod", default: false) ? .remainder : .modulo))
}

/// ONNX BitShift 11.
@Sendable func readBitShift(_ node: NodeImport) throws(ONNXError) -> Operator {
    .binary(
        Binary(
            try node.attributes.choice(
                "direction", default: "", ["LEFT": Binary.Kind.shiftLeft, "RIGHT": .shiftRight])))
}
