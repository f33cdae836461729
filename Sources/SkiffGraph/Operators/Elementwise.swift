public import SkiffCore

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

/// A function of two elements, shapes broadcast as NumPy does. Inputs: 0 and 1.
/// Source: the ONNX operators of the kinds' names; Keras Add, Subtract, Multiply, Maximum, Minimum of two inputs.
public struct Binary: OperatorAttributes {
    public enum Kind: String, Hashable, Sendable, CaseIterable {
        case add, subtract, multiply, divide, power
        /// Remainder with the divisor's sign (ONNX Mod fmod 0).
        case modulo
        /// Remainder with the dividend's sign (ONNX Mod fmod 1).
        case remainder
        case equal, less, lessOrEqual, greater, greaterOrEqual
        case and, or, exclusiveOr
        case bitwiseAnd, bitwiseOr, bitwiseExclusiveOr, shiftLeft, shiftRight
    }

    public var kind: Kind
    public init(_ kind: Kind) { self.kind = kind }

    /// Whether the output is bool whatever the inputs are.
    public var isComparison: Bool {
        switch kind {
        case .equal, .less, .lessOrEqual, .greater, .greaterOrEqual: true
        default: false
        }
    }
}

/// The sum, mean, maximum or minimum of any number of inputs, shapes broadcast as NumPy does; of two or more
/// inputs the product too (Keras Multiply). Source: ONNX Sum, Mean, Max, Min; Keras merging layers.
public struct Variadic: OperatorAttributes {
    public enum Kind: String, Hashable, Sendable, CaseIterable { case sum, mean, maximum, minimum, product }

    public var kind: Kind
    public init(_ kind: Kind) { self.kind = kind }
}

/// y = condition ? a : b, shapes broadcast. Inputs: 0 condition (bool); 1 a; 2 b. Source: ONNX Where.
public struct Select: OperatorAttributes {
    public init() {}
}
