internal import SkiffGraph

extension Unary: StoredAttributes {
    static var blank: Unary { Unary(.relu) }

    /// The kind's name as the case is spelled, then what the case carries.
    mutating func code(_ coder: inout AttributeCoder) throws(FormatError) {
        var name = kind.name
        try coder.text("kind", &name)
        if let plain = Kind.plain[name] {
            kind = plain
        } else if let blank = Kind.carrying[name] {
            if kind.name != name { kind = blank }
            try kind.codeValues(&coder)
        } else {
            throw FormatError(.attribute("attribute \"kind\" is no known choice"))
        }
    }
}

extension Unary.Kind {
    /// The kinds that carry nothing, by name.
    fileprivate static let plain: [String: Unary.Kind] = [
        "relu": .relu, "sigmoid": .sigmoid, "tanh": .tanh, "softplus": .softplus,
        "softsign": .softsign, "hardSwish": .hardSwish, "mish": .mish, "absolute": .absolute,
        "negative": .negative, "reciprocal": .reciprocal, "squareRoot": .squareRoot, "exponential": .exponential,
        "logarithm": .logarithm, "error": .error, "sign": .sign, "floor": .floor,
        "ceiling": .ceiling, "round": .round, "sine": .sine, "cosine": .cosine,
        "tangent": .tangent, "arcSine": .arcSine, "arcCosine": .arcCosine, "arcTangent": .arcTangent,
        "hyperbolicSine": .hyperbolicSine, "hyperbolicCosine": .hyperbolicCosine, "areaSine": .areaSine, "areaCosine": .areaCosine,
        "areaTangent": .areaTangent, "not": .not, "isNaN": .isNaN, "bitwiseNot": .bitwiseNot,
    ]

    /// The kinds that carry values, by name, with values that reading overwrites.
    fileprivate static let carrying: [String: Unary.Kind] = [
        "generalReLU": .generalReLU(maximum: nil, negativeSlope: 0, threshold: 0),
        "leakyReLU": .leakyReLU(alpha: 0),
        "thresholdedReLU": .thresholdedReLU(alpha: 0),
        "elu": .elu(alpha: 0),
        "selu": .selu(alpha: 0, gamma: 0),
        "celu": .celu(alpha: 0),
        "hardSigmoid": .hardSigmoid(alpha: 0, beta: 0),
        "swish": .swish(alpha: 0),
        "gelu": .gelu(approximate: false),
        "shrink": .shrink(bias: 0, lambda: 0),
        "isInfinite": .isInfinite(detectsPositive: false, detectsNegative: false),
    ]

    fileprivate var name: String {
        switch self {
        case .relu: "relu"
        case .generalReLU: "generalReLU"
        case .leakyReLU: "leakyReLU"
        case .thresholdedReLU: "thresholdedReLU"
        case .elu: "elu"
        case .selu: "selu"
        case .celu: "celu"
        case .sigmoid: "sigmoid"
        case .tanh: "tanh"
        case .softplus: "softplus"
        case .softsign: "softsign"
        case .hardSigmoid: "hardSigmoid"
        case .hardSwish: "hardSwish"
        case .swish: "swish"
        case .mish: "mish"
        case .gelu: "gelu"
        case .shrink: "shrink"
        case .absolute: "absolute"
        case .negative: "negative"
        case .reciprocal: "reciprocal"
        case .squareRoot: "squareRoot"
        case .exponential: "exponential"
        case .logarithm: "logarithm"
        case .error: "error"
        case .sign: "sign"
        case .floor: "floor"
        case .ceiling: "ceiling"
        case .round: "round"
        case .sine: "sine"
        case .cosine: "cosine"
        case .tangent: "tangent"
        case .arcSine: "arcSine"
        case .arcCosine: "arcCosine"
        case .arcTangent: "arcTangent"
        case .hyperbolicSine: "hyperbolicSine"
        case .hyperbolicCosine: "hyperbolicCosine"
        case .areaSine: "areaSine"
        case .areaCosine: "areaCosine"
        case .areaTangent: "areaTangent"
        case .not: "not"
        case .isNaN: "isNaN"
        case .isInfinite: "isInfinite"
        case .bitwiseNot: "bitwiseNot"
        }
    }

    /// The values that the case carries, in its order.
    fileprivate mutating func codeValues(_ coder: inout AttributeCoder) throws(FormatError) {
        switch self {
        case .generalReLU(var maximum, var negativeSlope, var threshold):
            try coder.optionalReal("maximum", &maximum)
            try coder.real("negativeSlope", &negativeSlope)
            try coder.real("threshold", &threshold)
            self = .generalReLU(maximum: maximum, negativeSlope: negativeSlope, threshold: threshold)
        case .leakyReLU(var alpha):
            try coder.real("alpha", &alpha)
            self = .leakyReLU(alpha: alpha)
        case .thresholdedReLU(var alpha):
            try coder.real("alpha", &alpha)
            self = .thresholdedReLU(alpha: alpha)
        case .elu(var alpha):
            try coder.real("alpha", &alpha)
            self = .elu(alpha: alpha)
        case .selu(var alpha, var gamma):
            try coder.real("alpha", &alpha)
            try coder.real("gamma", &gamma)
            self = .selu(alpha: alpha, gamma: gamma)
        case .celu(var alpha):
            try coder.real("alpha", &alpha)
            self = .celu(alpha: alpha)
        case .hardSigmoid(var alpha, var beta):
            try coder.real("alpha", &alpha)
            try coder.real("beta", &beta)
            self = .hardSigmoid(alpha: alpha, beta: beta)
        case .swish(var alpha):
            try coder.real("alpha", &alpha)
            self = .swish(alpha: alpha)
        case .gelu(var approximate):
            try coder.flag("approximate", &approximate)
            self = .gelu(approximate: approximate)
        case .shrink(var bias, var lambda):
            try coder.real("bias", &bias)
            try coder.real("lambda", &lambda)
            self = .shrink(bias: bias, lambda: lambda)
        case .isInfinite(var detectsPositive, var detectsNegative):
            try coder.flag("detectsPositive", &detectsPositive)
            try coder.flag("detectsNegative", &detectsNegative)
            self = .isInfinite(detectsPositive: detectsPositive, detectsNegative: detectsNegative)
        default: break
        }
    }
}

extension ParametricReLU: StoredAttributes {
    static var blank: ParametricReLU { ParametricReLU() }
    mutating func code(_ coder: inout AttributeCoder) {}
}

extension Clip: StoredAttributes {
    static var blank: Clip { Clip() }
    mutating func code(_ coder: inout AttributeCoder) {}
}
