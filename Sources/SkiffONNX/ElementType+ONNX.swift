internal import SkiffCore

extension ElementType {
    /// Element types by number of `TensorProto.DataType`, which starts at one.
    private static let numbered: [ElementType] = [
        .float32, .uint8, .int8, .uint16, .int16, .int32, .int64, .string, .bool, .float16, .float64, .uint32,
        .uint64, .complex64, .complex128, .bfloat16, .float8e4m3fn, .float8e4m3fnuz, .float8e5m2, .float8e5m2fnuz,
        .uint4, .int4, .float4e2m1, .float8e8m0, .uint2, .int2, .float6e2m3, .float6e3m2,
    ]

    /// The element type of a `TensorProto.DataType` number.
    /// Source: onnx.proto, opset 28.
    init?(onnx number: Int32) {
        guard number >= 1, Int(number) <= Self.numbered.count else { return nil }
        self = Self.numbered[Int(number) - 1]
    }

    /// The number of `TensorProto.DataType`.
    var onnxNumber: Int32 { Int32(Self.numbered.firstIndex(of: self) ?? -1) + 1 }
}
