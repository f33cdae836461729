/// The type of one element of a tensor.
///
/// The raw value is Skiff's spelling, used in the native format, in `--json` and in messages.
/// Source: the element types of ONNX's TensorProto.DataType up to opset 28, of which Keras and HDF5 use a part.
public enum ElementType: String, Hashable, Sendable, CaseIterable {
    case float32, float64, float16, bfloat16
    case int8, int16, int32, int64
    case uint8, uint16, uint32, uint64
    case bool
    case complex64, complex128
    case string
    case float8e4m3fn, float8e4m3fnuz, float8e5m2, float8e5m2fnuz, float8e8m0
    case uint4, int4, float4e2m1, uint2, int2
    case float6e2m3, float6e3m2

    /// Bits that one element takes in a packed payload; `nil` where elements have no fixed size (`string`).
    public var bitWidth: Int? {
        switch self {
        case .complex128: 128
        case .float64, .int64, .uint64, .complex64: 64
        case .float32, .int32, .uint32: 32
        case .float16, .bfloat16, .int16, .uint16: 16
        case .int8, .uint8, .bool, .float8e4m3fn, .float8e4m3fnuz, .float8e5m2, .float8e5m2fnuz, .float8e8m0: 8
        case .float6e2m3, .float6e3m2: 6
        case .uint4, .int4, .float4e2m1: 4
        case .uint2, .int2: 2
        case .string: nil
        }
    }

    /// Bytes that one element takes, for types of at least a byte; `nil` for packed types and `string`.
    public var byteWidth: Int? {
        guard let bits = bitWidth, bits % 8 == 0 else { return nil }
        return bits / 8
    }

    /// Real numbers that the engine computes with: float32, float64, float16 and bfloat16.
    public var isFloatingPoint: Bool {
        switch self {
        case .float32, .float64, .float16, .bfloat16: true
        default: false
        }
    }

    /// Whole numbers of at least a byte, signed or not.
    public var isInteger: Bool {
        switch self {
        case .int8, .int16, .int32, .int64, .uint8, .uint16, .uint32, .uint64: true
        default: false
        }
    }
}
