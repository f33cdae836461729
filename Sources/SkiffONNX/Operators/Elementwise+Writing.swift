internal import SkiffCore
internal import SkiffGraph

extension Unary {
    func write(_ node: NodeExport) throws(ONNXError) {
        let order = node.followedOrder()
        let input = try node.name(0, order)
        if let (name, since, attributes) = try spelling(node) {
            if node.opset >= since { return try node.give(name, [input], attributes, in: order) }
            try node.prefer(since, name)
            guard try writeFormula(node, input, order) else { return try node.require(since, name) }
            return
        }
        guard try writeFormula(node, input, order) else { throw node.inexpressible("ONNX has no such function") }
    }

    /// ONNX's own operator for this function, with the operator set that has it first; `nil` where there is none.
    private func spelling(
        _ node: NodeExport
    ) throws(ONNXError) -> (name: String, since: Int, attributes: [WrittenModel.Attribute])? {
        if let plain = OperatorTable.plainUnary.first(where: { $0.kind == kind }) { return (plain.name, plain.since, []) }
        func alpha(_ value: Float) -> WrittenModel.Attribute { attribute("alpha", value) }
        return switch kind {
        case .leakyReLU(let slope): ("LeakyRelu", 1, [alpha(slope)])
        case .thresholdedReLU(let threshold): ("ThresholdedRelu", 10, [alpha(threshold)])
        case .elu(let scale): ("Elu", 1, [alpha(scale)])
        case .selu(let scale, let gamma): ("Selu", 6, [alpha(scale), attribute("gamma", gamma)])
        case .celu(let scale): ("Celu", 12, [alpha(scale)])
        case .hardSigmoid(let slope, let offset): ("HardSigmoid", 1, [alpha(slope), attribute("beta", offset)])
        case .swish(let scale): ("Swish", 24, [alpha(scale)])
        case .gelu(let approximate): ("Gelu", 20, approximate ? [attribute("approximate", "tanh")] : [])
        case .shrink(let bias, let lambda): ("Shrink", 9, [attribute("bias", bias), attribute("lambd", lambda)])
        case .isInfinite(let positive, let negative):
            ("IsInf", 10, [attribute("detect_positive", positive), attribute("detect_negative", negative)])
        default: nil
        }
    }

    /// Writes the function as what it is defined by; `false` where that cannot be said by other operators.
    private func writeFormula(_ node: NodeExport, _ input: String, _ order: AxisOrder) throws(ONNXError) -> Bool {
        let formula = Formula(node, input, order)
        let x = formula.x
        switch kind {
        case .generalReLU(let maximum, let slope, let threshold):
            try formula.giveReLU(maximum: maximum, slope: slope, threshold: threshold)
        case .thresholdedReLU(let threshold):
            let isAbove = formula.derive("Greater", x, try formula.number(threshold))
            try formula.give("Where", isAbove, x, try formula.number(0))
        case .celu(let alpha):
            if alpha == 1 { try formula.give("Elu", [x], [attribute("alpha", Float(1))]) } else {
                let ratio = formula.derive("Div", x, try formula.number(alpha))
                let below = node.derive("Elu", [ratio], [attribute("alpha", alpha)])
                try formula.give("Where", formula.derive("Greater", x, try formula.number(0)), x, below)
            }
        case .hardSwish:
            let gate = node.derive("HardSigmoid", [x], [attribute("alpha", Float(1) / 6), attribute("beta", Float(0.5))])
            try formula.give("Mul", x, gate)
        case .swish(let alpha):
            let scaled = alpha == 1 ? x : formula.derive("Mul", x, try formula.number(alpha))
            try formula.give("Mul", x, formula.derive("Sigmoid", scaled))
        case .mish: try formula.give("Mul", x, formula.derive("Tanh", formula.derive("Softplus", x)))
        case .gelu(approximate: false):
            let scaled = formula.derive("Mul", x, try formula.number(Float(0.5).squareRoot()))
            let both = formula.derive("Add", formula.derive("Erf", scaled), try formula.number(1))
            try formula.give("Mul", formula.derive("Mul", x, try formula.number(0.5)), both)
        case .gelu(approximate: true):
            let cube = formula.derive("Mul", formula.derive("Mul", x, x), x)
            let inner = formula.derive("Add", x, formula.derive("Mul", cube, try formula.number(0.044715)))
            let scaled = formula.derive("Mul", inner, try formula.number(Float((2 / Double.pi).squareRoot())))
            let both = formula.derive("Add", formula.derive("Tanh", scaled), try formula.number(1))
            try formula.give("Mul", formula.derive("Mul", x, try formula.number(0.5)), both)
        default: return false
        }
        return true
    }
}

/// A function of one value that is written as several operators. Half precision computes in float between, as the
/// operators of ONNX Runtime do that it has for the whole.
private struct Formula {
    let node: NodeExport
    let order: AxisOrder
    /// The value the function is of.
    let x: String
    private let type: ElementType
    private let isNarrow: Bool

    init(_ node: NodeExport, _ input: String, _ order: AxisOrder) {
        self.node = node
        self.order = order
        let type = node.elementType(0)
        isNarrow = type == .float16 || type == .bfloat16
        self.type = isNarrow ? .float32 : type
        x = isNarrow ? node.derive("Cast", [input], [attribute("to", Int(ElementType.float32.onnxNumber))]) : input
    }

    func number(_ value: Float) throws(ONNXError) -> String { try node.constant("constant", [Double(value)], type) }

    func derive(_ name: String, _ inputs: String...) -> String { node.derive(name, inputs) }

    func give(_ name: String, _ inputs: String...) throws(ONNXError) { try give(name, inputs, []) }

    func give(_ name: String, _ inputs: [String], _ attributes: [WrittenModel.Attribute]) throws(ONNXError) {
        guard isNarrow else { return try node.give(name, inputs, attributes, in: order) }
        let wide = node.derive(name, inputs, attributes)
        try node.give("Cast", [wide], [attribute("to", Int(node.elementType(0).onnxNumber))], in: order)
    }

    /// Keras' ReLU: min(x, maximum) from the threshold on, and slope · (x − threshold) below it.
    func giveReLU(maximum: Float?, slope: Float, threshold: Float) throws(ONNXError) {
        if threshold == 0, maximum == nil {
            return try slope == 0 ? give("Relu", x) : give("LeakyRelu", [x], [attribute("alpha", slope)])
        }
        if threshold == 0, slope == 0, let maximum, maximum >= 0 {
            if node.opset < 11 { return try give("Clip", [x], [attribute("min", Float(0)), attribute("max", maximum)]) }
            return try give("Clip", x, try number(0), try number(maximum))
        }
        let above = try maximum.map { (maximum) throws(ONNXError) in derive("Min", x, try number(maximum)) } ?? x
        var below = try number(0)
        if slope != 0 {
            let shifted = threshold == 0 ? x : derive("Sub", x, try number(threshold))
            below = derive("Mul", shifted, try number(slope))
        }
        try give("Where", derive("Less", x, try number(threshold)), below, above)
    }
}

/// An operator of any number of inputs that are broadcast, and no attributes.
func writeBroadcast(_ name: String, _ node: NodeExport, _ attributes: [WrittenModel.Attribute] = []) throws(ONNXError) {
    let order = node.followedOrder()
    let rank = node.exporter.graph[node.node.outputs[0]].fact?.shape?.count
    var inputs: [String] = []
    for index in node.node.inputs.indices { inputs.append(try node.operand(index, order, rank: rank)) }
    try node.give(name, inputs, attributes, in: order)
}

extension Binary {
    func write(_ node: NodeExport) throws(ONNXError) {
        switch kind {
        case .modulo, .remainder:
            try node.require(10, "Mod")
            try writeBroadcast("Mod", node, kind == .remainder ? [attribute("fmod", 1)] : [])
        case .shiftLeft, .shiftRight:
            try node.require(11, "BitShift")
            try writeBroadcast("BitShift", node, [attribute("direction", kind == .shiftLeft ? "LEFT" : "RIGHT")])
        default:
            guard let plain = OperatorTable.plainBinary.first(where: { $0.kind == kind }) else {
                throw node.inexpressible("ONNX has no such function")
            }
            try node.require(plain.since, plain.name)
            try writeBroadcast(plain.name, node)
        }
    }
}

extension Variadic {
    func write(_ node: NodeExport) throws(ONNXError) {
        if let plain = OperatorTable.plainVariadic.first(where: { $0.kind == kind }) {
            return try writeBroadcast(plain.name, node)
        }
        // ONNX has no product of many.
        let order = node.followedOrder()
        let rank = node.exporter.graph[node.node.outputs[0]].fact?.shape?.count
        var product = try node.operand(0, order, rank: rank)
        guard let last = node.node.inputs.indices.last, last > 0 else {
            return try node.give("Identity", [product], in: order)
        }
        for index in 1..<last { product = node.derive("Mul", [product, try node.operand(index, order, rank: rank)]) }
        try node.give("Mul", [product, try node.operand(last, order, rank: rank)], in: order)
    }
}

/// Clip: bounds as inputs from opset 11 on, as attributes before.
func writeClip(_ node: NodeExport) throws(ONNXError) {
    let order = node.followedOrder()
    let input = try node.name(0, order)
    if node.opset >= 11 { return try node.give("Clip", [input, try node.name(1), try node.name(2)], in: order) }
    var attributes: [WrittenModel.Attribute] = []
    for (index, name) in [(1, "min"), (2, "max")] {
        guard let id = node.input(index) else { continue }
        guard let value = try node.reals(index)?.first, Double(Float(value)) == value, node.elementType(0).isFloatingPoint else {
            return try node.require(11, "Clip with bounds that are no constants of float")
        }
        attributes.append(attribute(name, Float(value)))
        node.exporter.absorb(id)
    }
    try node.give("Clip", [input], attributes, in: order)
}
