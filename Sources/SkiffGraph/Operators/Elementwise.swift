internal import SkiffCore

/// A function of each element. Input 0, output 0 of the same shape.
/// Source: the ONNX operators and Keras activations named at each kind.
public struct Unary: OperatorAttributes {
    public enum Kind: Hashable, Sendable {
        /// max(x, 0). ONNX Relu; Keras relu.
        case relu
        /// Keras ReLU: min(x, maximum) for x ≥ threshold, else negativeSlope · (x − threshold).
        case generalReLU(maximum: Float?, negativeSlope: Float, threshold: Float)
        /// x for x ≥ 0, else alpha · x.
        case leakyReLU(alpha: Float)
        /// x for x > alpha, else 0. ONNX ThresholdedRelu; Keras ThresholdedReLU.
        case thresholdedReLU(alpha: Float)
        /// x for x > 0, else alpha · (eˣ − 1).
        case elu(alpha: Float)
        /// gamma · (x for x > 0, else alpha · (eˣ − 1)).
        case selu(alpha: Float, gamma: Float)
        /// max(x, 0) + min(alpha · (e^(x / alpha) − 1), 0).
        case celu(alpha: Float)
        case sigmoid, tanh, softplus, softsign
        /// min(max(alpha · x + beta, 0), 1). ONNX HardSigmoid; Keras 2: 0.2, 0.5; Keras 3: 1/6, 0.5.
        case hardSigmoid(alpha: Float, beta: Float)
        /// x · min(max(x / 6 + 0.5, 0), 1). ONNX HardSwish; Keras hard_silu.
        case hardSwish
        /// x · sigmoid(alpha · x). ONNX Swish; Keras swish, silu.
        case swish(alpha: Float)
        /// x · tanh(softplus(x)).
        case mish
        /// x · Φ(x), or its tanh approximation.
        case gelu(approximate: Bool)
        /// 0 for |x| ≤ lambda, else x shifted towards zero by bias. ONNX Shrink.
        case shrink(bias: Float, lambda: Float)
        case absolute, negative, reciprocal, squareRoot, exponential, logarithm, error, sign
        case floor, ceiling
        /// To nearest, ties to even. ONNX Round.
        case round
        case sine, cosine, tangent, arcSine, arcCosine, arcTangent
        case hyperbolicSine, hyperbolicCosine, areaSine, areaCosine, areaTangent
        /// Logical not of a bool.
        case not
        /// Bool of whether the element is NaN.
        case isNaN
        /// Bool of whether the element is infinite on a side that is asked for.
        case isInfinite(detectsPositive: Bool, detectsNegative: Bool)
        /// Bitwise complement of a whole number.
        case bitwiseNot
    }

    public var kind: Kind
    public init(_ kind: Kind) { self.kind = kind }
}

/// x for x ≥ 0, else slope · x, with the slope a tensor.
///
/// Inputs: 0 x; 1 slope, broadcast to x from the right. Source: ONNX PRelu; Keras PReLU.
public struct ParametricReLU: OperatorAttributes {
    public init() {}
}

/// min(max(x, minimum), maximum), the bounds as inputs. Inputs: 0 x; 1 minimum; 2 maximum; both scalar, optional.
/// Source: ONNX Clip 1, 6 (bounds as attributes, imported as weights), 11, 12, 13.
public struct Clip: OperatorAttributes {
    public init() {}
}

extension Unary {
    public func infer(_ inputs: [Fact?], outputCount: Int) throws(GraphError) -> [Fact] {
        let input = try Operands(inputs, ["input"], required: 1, outputCount: outputCount).required(0)
        try input.require(accepted)
        let output = Fact(isTest ? .bool : input.elementType, input.shape)
        return [output.holding(folded(input.fact))]
    }

    /// Whether the output is bool whatever the input is.
    private var isTest: Bool {
        switch kind {
        case .isNaN, .isInfinite: true
        default: false
        }
    }

    private var accepted: TypeClass {
        switch kind {
        case .not: .bool
        case .bitwiseNot: .integer
        case .relu, .generalReLU, .absolute, .negative, .sign, .shrink: .number
        default: .floatingPoint
        }
    }

    private func folded(_ input: Fact) -> Fact.Contents? {
        if let reals = input.realElements {
            guard let function = realFunction else { return nil }
            return .reals(reals.map(function))
        }
        guard let integers = input.integerElements else { return nil }
        switch kind {
        case .negative: return .integers(integers.map { 0 - $0 })
        case .absolute: return .integers(integers.map { ($0.fixedValue ?? 0) < 0 ? 0 - $0 : $0 })
        case .not: return .integers(integers.map { 1 - $0 })
        default: return nil
        }
    }

    private var realFunction: ((Double) -> Double)? {
        switch kind {
        case .negative: { -$0 }
        case .absolute: { abs($0) }
        case .reciprocal: { 1 / $0 }
        case .floor: { $0.rounded(.down) }
        case .ceiling: { $0.rounded(.up) }
        case .round: { $0.rounded(.toNearestOrEven) }
        case .squareRoot: { $0.squareRoot() }
        default: nil
        }
    }
}

extension ParametricReLU {
    public func infer(_ inputs: [Fact?], outputCount: Int) throws(GraphError) -> [Fact] {
        let inputs = try Operands(inputs, ["input", "slope"], required: 2, outputCount: outputCount)
        let input = try inputs.required(0)
        try input.require(.number)
        try inputs.requireSameTypes()
        try requireBroadcast(inputs.required(1), to: input.shape)
        return [Fact(input.elementType, input.shape)]
    }
}

extension Clip {
    public func infer(_ inputs: [Fact?], outputCount: Int) throws(GraphError) -> [Fact] {
        let inputs = try Operands(inputs, ["input", "minimum", "maximum"], required: 1, outputCount: outputCount)
        let input = try inputs.required(0)
        try input.require(.number)
        try inputs.requireSameTypes()
        for bound in inputs.all.dropFirst() { try bound.requireOneElement() }
        let lower = inputs[1].map { $0.fact.integers?.first } ?? Int.min
        let upper = inputs[2].map { $0.fact.integers?.first } ?? Int.max
        var contents: Fact.Contents?
        if let lower, let upper, let values = input.fact.integerElements {
            contents = .integers(
                values.map { value in value.fixedValue.map { .fixed(min(max($0, lower), upper)) } ?? .unknown })
        }
        return [Fact(input.elementType, input.shape).holding(contents)]
    }
}
