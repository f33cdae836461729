internal import SkiffGraph

// Operators without rules of their own, by name, with the operator set that has them first: read and written by one line.
extension OperatorTable {
    static let plainUnary: [(name: String, since: Int, kind: Unary.Kind)] = [
        ("Relu", 1, .relu), ("Sigmoid", 1, .sigmoid), ("Tanh", 1, .tanh), ("Softplus", 1, .softplus),
        ("Softsign", 1, .softsign), ("HardSwish", 14, .hardSwish), ("Mish", 18, .mish), ("Abs", 1, .absolute),
        ("Neg", 1, .negative), ("Reciprocal", 1, .reciprocal), ("Sqrt", 1, .squareRoot), ("Exp", 1, .exponential),
        ("Log", 1, .logarithm), ("Erf", 9, .error), ("Sign", 9, .sign), ("Floor", 1, .floor), ("Ceil", 1, .ceiling),
        ("Round", 11, .round), ("Sin", 7, .sine), ("Cos", 7, .cosine), ("Tan", 7, .tangent), ("Asin", 7, .arcSine),
        ("Acos", 7, .arcCosine), ("Atan", 7, .arcTangent), ("Sinh", 9, .hyperbolicSine),
        ("Cosh", 9, .hyperbolicCosine), ("Asinh", 9, .areaSine), ("Acosh", 9, .areaCosine), ("Atanh", 9, .areaTangent),
        ("Not", 1, .not), ("IsNaN", 9, .isNaN), ("BitwiseNot", 18, .bitwiseNot),
    ]

    static let plainBinary: [(name: String, since: Int, kind: Binary.Kind)] = [
        ("Add", 1, .add), ("Sub", 1, .subtract), ("Mul", 1, .multiply), ("Div", 1, .divide), ("Pow", 1, .power),
        ("Equal", 1, .equal), ("Less", 1, .less), ("Greater", 1, .greater), ("And", 1, .and), ("Or", 1, .or),
        ("Xor", 1, .exclusiveOr), ("LessOrEqual", 12, .lessOrEqual), ("GreaterOrEqual", 12, .greaterOrEqual),
        ("BitwiseAnd", 18, .bitwiseAnd), ("BitwiseOr", 18, .bitwiseOr), ("BitwiseXor", 18, .bitwiseExclusiveOr),
    ]

    static let plainVariadic: [(name: String, kind: Variadic.Kind)] = [
        ("Sum", .sum), ("Mean", .mean), ("Max", .maximum), ("Min", .minimum),
    ]

    /// With the operator set from which on the axes are an input.
    static let plainReductions: [(name: String, axesSince: Int, kind: Reduction.Kind)] = [
        ("ReduceMean", 18, .mean), ("ReduceMax", 18, .maximum), ("ReduceMin", 18, .minimum), ("ReduceProd", 18, .product),
        ("ReduceSumSquare", 18, .sumOfSquares), ("ReduceL1", 18, .norm1), ("ReduceL2", 18, .norm2),
        ("ReduceLogSum", 18, .logarithmOfSum), ("ReduceLogSumExp", 18, .logarithmOfSumOfExponentials),
        ("ReduceSum", 13, .sum),
    ]
}
