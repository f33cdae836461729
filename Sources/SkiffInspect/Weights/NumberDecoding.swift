internal import CSkiffStatistics
internal import SkiffCore

/// How stored elements become the floats or doubles that statistics are counted from.
///
/// Every type of at most 16 bits and float32 become floats, exactly; float64 and the wider whole numbers become
/// doubles, which round whole numbers past 2^53.
struct NumberDecoding: Sendable {
    private enum Way {
        /// The elements are floats or doubles.
        case stored
        case converted(skiff_number_type)
        /// By a table of each byte's value.
        case table([Float])
        /// Several elements in a byte, the low ones first, each by a table.
        case packed(bits: Int, [Float])
    }

    private let way: Way
    /// Whether numbers are doubles, else floats.
    let isDouble: Bool

    /// `nil` for types whose elements are no real numbers.
    init?(_ type: ElementType) {
        isDouble = switch type {
        case .float64, .int32, .uint32, .int64, .uint64: true
        default: false
        }
        switch type {
        case .float32, .float64: way = .stored
        case .float16: way = .converted(SKIFF_HALF)
        case .bfloat16: way = .converted(SKIFF_BFLOAT)
        case .int16: way = .converted(SKIFF_INT16)
        case .uint16: way = .converted(SKIFF_UINT16)
        case .int32: way = .converted(SKIFF_INT32)
        case .uint32: way = .converted(SKIFF_UINT32)
        case .int64: way = .converted(SKIFF_INT64)
        case .uint64: way = .converted(SKIFF_UINT64)
        case .int8: way = .table((0..<256).map { Float(Int8(truncatingIfNeeded: $0)) })
        case .uint8: way = .table((0..<256).map { Float($0) })
        case .bool: way = .table((0..<256).map { $0 == 0 ? 0 : 1 })
        case .float8e4m3fn: way = .table(SmallFloat(exponent: 4, fraction: 3, bias: 7, special: .nanOnly).values(8))
        case .float8e4m3fnuz: way = .table(SmallFloat(exponent: 4, fraction: 3, bias: 8, special: .negativeZero).values(8))
        case .float8e5m2: way = .table(SmallFloat(exponent: 5, fraction: 2, bias: 15, special: .infinities).values(8))
        case .float8e5m2fnuz: way = .table(SmallFloat(exponent: 5, fraction: 2, bias: 16, special: .negativeZero).values(8))
        case .float8e8m0: way = .table((0..<256).map { $0 == 255 ? .nan : Float(sign: .plus, exponent: $0 - 127, significand: 1) })
        case .float6e2m3: way = .packed(bits: 6, SmallFloat(exponent: 2, fraction: 3, bias: 1, special: .none).values(6))
        case .float6e3m2: way = .packed(bits: 6, SmallFloat(exponent: 3, fraction: 2, bias: 3, special: .none).values(6))
        case .float4e2m1: way = .packed(bits: 4, SmallFloat(exponent: 2, fraction: 1, bias: 1, special: .none).values(4))
        case .uint4: way = .packed(bits: 4, (0..<16).map { Float($0) })
        case .int4: way = .packed(bits: 4, (0..<16).map { Float($0 < 8 ? $0 : $0 - 16) })
        case .uint2: way = .packed(bits: 2, (0..<4).map { Float($0) })
        case .int2: way = .packed(bits: 2, (0..<4).map { Float($0 < 2 ? $0 : $0 - 4) })
        case .complex64, .complex128, .string: return nil
        }
    }

    /// Bytes of one number.
    var numberBytes: Int { isDouble ? 8 : 4 }

    /// Whether ``decode(_:count:into:kernels:)`` would copy the elements as they are.
    var isStored: Bool { if case .stored = way { true } else { false } }

    /// Decodes little-endian elements.
    /// - Precondition: `numbers` has room for `count` of them.
    func decode(
        _ elements: UnsafeRawPointer, count: Int, into numbers: UnsafeMutableRawPointer,
        kernels: UnsafePointer<skiff_statistics_kernels>
    ) {
        switch way {
        case .stored: numbers.copyMemory(from: elements, byteCount: count * numberBytes)
        case .converted(let type): kernels.pointee.convert(elements, Int32(type.rawValue), Int64(count), numbers)
        case .table(let table):
            kernels.pointee.look_up(
                elements.assumingMemoryBound(to: UInt8.self), table, Int64(count),
                numbers.assumingMemoryBound(to: Float.self))
        case .packed(let bits, let table):
            let floats = numbers.assumingMemoryBound(to: Float.self)
            let bytes = elements.assumingMemoryBound(to: UInt8.self)
            for index in 0..<count {
                let bit = index * bits
                var word = Int(bytes[bit / 8]) >> (bit % 8)
                if bit % 8 + bits > 8 { word |= Int(bytes[bit / 8 + 1]) << (8 - bit % 8) }
                floats[index] = table[word & (table.count - 1)]
            }
        }
    }
}

/// A floating-point type of a byte or less: sign, exponent, fraction.
/// Source: OCP 8-bit Floating Point Specification 1.0; OCP Microscaling Formats 1.0; ONNX float8 types.
private struct SmallFloat {
    enum Special {
        case none
        /// All ones are NaN, there are no infinities.
        case nanOnly
        /// The bits of negative zero are NaN.
        case negativeZero
        /// As in IEEE 754.
        case infinities
    }

    var exponent: Int
    var fraction: Int
    var bias: Int
    var special: Special

    func values(_ bits: Int) -> [Float] { (0..<1 << bits).map { value($0) } }

    private func value(_ word: Int) -> Float {
        let isNegative = word >> (exponent + fraction) != 0
        let magnitude = word & (1 << (exponent + fraction) - 1)
        let power = magnitude >> fraction
        let part = magnitude & (1 << fraction - 1)
        switch special {
        case .none: break
        case .nanOnly where magnitude == 1 << (exponent + fraction) - 1: return .nan
        case .negativeZero where isNegative && magnitude == 0: return .nan
        case .infinities where power == 1 << exponent - 1: return part != 0 ? .nan : isNegative ? -.infinity : .infinity
        default: break
        }
        let significand = Float(power == 0 ? part : part + 1 << fraction)
        let value = Float(sign: .plus, exponent: max(power, 1) - bias - fraction, significand: 1) * significand
        return isNegative ? -value : value
    }
}

extension ElementType {
    /// The exponent of the smallest number that is not denormal; `nil` for types without denormal numbers.
    var lowestNormalExponent: Int? {
        switch self {
        case .float64: -1022
        case .float32, .bfloat16: -126
        case .float16, .float8e5m2: -14
        case .float8e5m2fnuz: -15
        case .float8e4m3fn: -6
        case .float8e4m3fnuz: -7
        case .float6e2m3, .float4e2m1: 0
        case .float6e3m2: -2
        default: nil
        }
    }

    /// Whether elements are real numbers with an exponent.
    var isFloating: Bool { isFloatingPoint || lowestNormalExponent != nil || self == .float8e8m0 }
}
