internal import SkiffCore
internal import SkiffGraph

// Operator sets in which operators took on element types. Reading passes over this: a node says what it means. Source: the
// type constraints of onnx 1.23, opset 28.
extension OperatorTable {
    /// The first operator set whose operator `name` has input 0 (of Where input 1) of that type; 1 where it always had.
    static func firstOpset(_ name: String, of type: ElementType) -> Int {
        switch type {
        case .bfloat16: brainFloat[name] ?? 13
        case .float16: half[name] ?? 1
        case .float64: name == "Celu" ? 28 : 1
        case .float32: name == "Equal" ? 11 : 1
        case .bool: name == "Pad" ? 13 : ["ReduceMax", "ReduceMin"].contains(name) ? 20 : 1
        case .int8, .uint8, .int16, .uint16: small[name] ?? whole[name] ?? 1
        case .int32, .int64: name == "Equal" ? 1 : whole[name] ?? 1
        case .uint32, .uint64: whole[name] ?? 1
        case .float8e4m3fn, .float8e4m3fnuz, .float8e5m2, .float8e5m2fnuz: 21
        case .int4, .uint4: 21
        case .float4e2m1: 23
        case .float8e8m0: 24
        case .int2, .uint2: 25
        case .float6e2m3, .float6e3m2: 28
        case .complex64, .complex128, .string: 1
        }
    }

    private static let brainFloat: [String: Int] = versions([
        14: "BatchNormalization CumSum", 16: "LeakyRelu PRelu LessOrEqual GreaterOrEqual Where",
        20: "IsInf ConstantOfShape",
        22: """
            Conv ConvTranspose MaxPool AveragePool LpPool GlobalMaxPool GlobalAveragePool GlobalLpPool \
            InstanceNormalization ThresholdedRelu Elu Selu Softplus Softsign HardSigmoid HardSwish Mish Round Sin Cos Tan \
            Asin Acos Atan Sinh Cosh Asinh Acosh Atanh GridSample EyeLike
            """,
        24: "TopK", 27: "Range", 28: "Celu Einsum",
    ])
    private static let half: [String: Int] = versions([14: "CumSum", 20: "IsInf", 27: "Range", 28: "Celu"])
    private static let whole: [String: Int] = versions([
        11: "Equal Pad TopK", 12: "Clip Max Min Pow", 14: "Relu",
    ])
    /// Of one byte or two.
    private static let small: [String: Int] = versions([12: "MaxPool ReduceMax ReduceMin", 14: "Add Sub Mul Div"])

    private static func versions(_ table: [Int: String]) -> [String: Int] {
        var versions: [String: Int] = [:]
        for (version, names) in table { for name in names.split(separator: " ") { versions[String(name)] = version } }
        return versions
    }
}
