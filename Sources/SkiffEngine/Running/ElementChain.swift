internal import CSkiffKernels
internal import SkiffCore
internal import SkiffGraph

/// One operation of a chain, and where its operand comes from.
struct ElementOperation {
    enum Operand {
        case none
        /// A value of the draft, broadcast to the chain's shape from the right.
        case value(Int)
        /// Numbers of this shape.
        case numbers([Float], Shape)
    }

    var opcode: skiff_opcode
    var a = 0.0
    var b = 0.0
    var c = 0.0
    var operand = Operand.none

    init(_ opcode: skiff_opcode, a: Double = 0, b: Double = 0, c: Double = 0, _ operand: Operand = .none) {
        self.opcode = opcode
        self.a = a
        self.b = b
        self.c = c
        self.operand = operand
    }
}

/// Operations that wait for the one that reads their result, to run with it in one pass over the elements.
struct PendingChain {
    /// The value they begin with.
    let source: Int
    var operations: [ElementOperation]
    /// The first operator's node, which gives the step its name.
    let node: Draft.Node
    var text: String
    /// Values it reads, once for each read, that must stay as they are until it is emitted.
    var held: [Int]
}

extension Unary {
    /// The kernels' name for this function; `nil` for those they do not have.
    var elementOperation: ElementOperation? {
        func operation(_ opcode: skiff_opcode, _ a: Float = 0, _ b: Float = 0, _ c: Float = 0) -> ElementOperation {
            ElementOperation(opcode, a: Double(a), b: Double(b), c: Double(c))
        }
        switch kind {
        case .relu: return operation(SKIFF_CLAMP, 0, .infinity)
        case .generalReLU(let maximum, let slope, let threshold):
            return operation(SKIFF_GENERAL_RELU, slope, threshold, maximum ?? .infinity)
        case .leakyReLU(let alpha): return operation(SKIFF_LEAKY_RELU, alpha)
        case .thresholdedReLU(let alpha): return operation(SKIFF_THRESHOLDED_RELU, alpha)
        case .elu(let alpha): return operation(SKIFF_ELU, alpha)
        case .selu(let alpha, let gamma): return operation(SKIFF_SELU, alpha, gamma)
        case .celu(let alpha): return operation(SKIFF_CELU, alpha)
        case .sigmoid: return operation(SKIFF_SIGMOID)
        case .tanh: return operation(SKIFF_TANH)
        case .softplus: return operation(SKIFF_SOFTPLUS)
        case .softsign: return operation(SKIFF_SOFTSIGN)
        case .hardSigmoid(let alpha, let beta): return operation(SKIFF_HARD_SIGMOID, alpha, beta)
        case .hardSwish: return operation(SKIFF_HARD_SWISH)
        case .swish(let alpha): return operation(SKIFF_SWISH, alpha)
        case .mish: return operation(SKIFF_MISH)
        case .gelu(let isApproximate): return operation(isApproximate ? SKIFF_GELU_TANH : SKIFF_GELU)
        case .shrink(let bias, let lambda): return operation(SKIFF_SHRINK, bias, lambda)
        case .absolute: return operation(SKIFF_ABSOLUTE)
        case .negative: return operation(SKIFF_NEGATE)
        case .reciprocal: return operation(SKIFF_RECIPROCAL)
        case .squareRoot: return operation(SKIFF_SQUARE_ROOT)
        case .exponential: return operation(SKIFF_EXPONENTIAL)
        case .logarithm: return operation(SKIFF_LOGARITHM)
        case .error: return operation(SKIFF_ERROR)
        case .sign: return operation(SKIFF_SIGN)
        case .floor: return operation(SKIFF_FLOOR)
        case .ceiling: return operation(SKIFF_CEILING)
        case .round: return operation(SKIFF_ROUND)
        case .sine, .cosine, .tangent, .arcSine, .arcCosine, .arcTangent, .hyperbolicSine, .hyperbolicCosine,
            .areaSine, .areaCosine, .areaTangent, .not, .isNaN, .isInfinite, .bitwiseNot:
            return nil
        }
    }
}

extension Binary {
    /// The opcodes for this function of x and the operand, where x is the left and where it is the right one.
    var opcodes: (left: skiff_opcode, right: skiff_opcode)? {
        switch kind {
        case .add: (SKIFF_ADD, SKIFF_ADD)
        case .subtract: (SKIFF_SUBTRACT, SKIFF_SUBTRACT_FROM)
        case .multiply: (SKIFF_MULTIPLY, SKIFF_MULTIPLY)
        case .divide: (SKIFF_DIVIDE, SKIFF_DIVIDE_INTO)
        case .power: (SKIFF_POWER, SKIFF_POWER_OF)
        case .modulo, .remainder, .equal, .less, .lessOrEqual, .greater, .greaterOrEqual, .and, .or, .exclusiveOr,
            .bitwiseAnd, .bitwiseOr, .bitwiseExclusiveOr, .shiftLeft, .shiftRight:
            nil
        }
    }
}

extension Draft {
    /// A node as operations on the elements of one of its inputs; `nil` where the kernels have none for it.
    /// - Parameter isPreferred: Whether an input should be the one, of several that could.
    func elementOperations(
        _ node: Node, preferring isPreferred: (Int) -> Bool
    ) -> (source: Int, operations: [ElementOperation], text: String)? {
        guard case .operation(let operation) = node.work, node.outputs.count == 1, let output = node.outputs.first,
            values[output].elementType == .float32
        else { return nil }
        let inputs = node.inputs.compactMap { $0 }
        guard inputs.allSatisfy({ values[$0].elementType == .float32 }) else { return nil }
        // The elements are those of an input with the output's shape; the others are broadcast to it.
        let whole = inputs.filter { values[$0].shape == values[output].shape }
        guard let source = whole.first(where: isPreferred) ?? whole.first(where: { values[$0].constant == nil }) else {
            return nil
        }
        switch operation {
        case .unary(let unary):
            return unary.elementOperation.map { (source, [$0], unary.kindText) }
        case .clip: return clip(node, source)
        case .parametricReLU:
            guard node.inputs.count == 2, node.inputs[0] == source, let slope = node.inputs[1] else { return nil }
            return (source, [ElementOperation(SKIFF_PRELU, .value(slope))], "PReLU")
        case .binary(let binary):
            guard let opcodes = binary.opcodes, inputs.count == 2 else { return nil }
            let isLeft = inputs[0] == source
            let operand = ElementOperation.Operand.value(inputs[isLeft ? 1 : 0])
            return (source, [ElementOperation(isLeft ? opcodes.left : opcodes.right, operand)], binary.kind.rawValue)
        case .variadic(let variadic): return self.variadic(variadic, inputs, source)
        case .batchNormalization(let normalization): return self.normalization(normalization, node, source)
        default: return nil
        }
    }

    private func clip(_ node: Node, _ source: Int) -> (source: Int, operations: [ElementOperation], text: String)? {
        var bounds = [-Double.infinity, Double.infinity]
        for position in 1...2 where position < node.inputs.count {
            guard let input = node.inputs[position] else { continue }
            guard let bound = try? values[input].constant?.floats().first else { return nil }
            bounds[position - 1] = Double(bound)
        }
        guard node.inputs.first == source else { return nil }
        return (source, [ElementOperation(SKIFF_CLAMP, a: bounds[0], b: bounds[1])], "clip")
    }

    private func variadic(
        _ variadic: Variadic, _ inputs: [Int], _ source: Int
    ) -> (source: Int, operations: [ElementOperation], text: String)? {
        let opcode: skiff_opcode
        switch variadic.kind {
        case .sum, .mean: opcode = SKIFF_ADD
        case .product: opcode = SKIFF_MULTIPLY
        case .maximum: opcode = SKIFF_MAXIMUM
        case .minimum: opcode = SKIFF_MINIMUM
        }
        var others = inputs
        if let position = others.firstIndex(of: source) { others.remove(at: position) }
        var operations = others.map { ElementOperation(opcode, .value($0)) }
        if variadic.kind == .mean {
            operations.append(ElementOperation(SKIFF_DIVIDE, .numbers([Float(inputs.count)], [])))
        }
        return operations.isEmpty ? nil : (source, operations, variadic.kind.rawValue)
    }

    /// As the reference evaluator: the mean subtracted first, so that nothing cancels behind a product.
    private func normalization(
        _ normalization: BatchNormalization, _ node: Node, _ source: Int
    ) -> (source: Int, operations: [ElementOperation], text: String)? {
        let shape = values[source].shape
        let axis = normalization.axis < 0 ? normalization.axis + shape.count : normalization.axis
        guard !normalization.isTraining, node.inputs.first == source, shape.indices.contains(axis) else { return nil }
        func numbers(_ position: Int, or absent: Float) -> [Double]? {
            guard position < node.inputs.count, let input = node.inputs[position] else {
                return [Double](repeating: Double(absent), count: shape[axis])
            }
            guard let found = try? values[input].constant?.floats(), found.count == shape[axis] else { return nil }
            return found.map(Double.init)
        }
        guard node.inputs.count >= 5, let scale = numbers(1, or: 1), let offset = numbers(2, or: 0),
            let mean = numbers(3, or: 0), let variance = numbers(4, or: 1)
        else { return nil }
        var along = [Int](repeating: 1, count: shape.count)
        along[axis] = shape[axis]
        let factors = zip(scale, variance).map { Float($0 / ($1 + Double(normalization.epsilon)).squareRoot()) }
        let operations = [
            ElementOperation(SKIFF_SUBTRACT, .numbers(mean.map { Float($0) }, along)),
            ElementOperation(SKIFF_MULTIPLY, .numbers(factors, along)),
            ElementOperation(SKIFF_ADD, .numbers(offset.map { Float($0) }, along)),
        ]
        return (source, operations, "normalize")
    }
}

extension Unary {
    /// The function's name without its numbers.
    var kindText: String {
        let text = String(describing: kind)
        return text.firstIndex(of: "(").map { String(text[..<$0]) } ?? text
    }
}
