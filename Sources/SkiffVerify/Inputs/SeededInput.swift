public import SkiffCore

/// Test inputs that are the same on every machine and in every version.
///
/// Element `i` (row-major, from 0) of input `k` (in the model's order, from 0) is made of the word
/// `w = mix(s + (i + 1) · 0x9E3779B97F4A7C15)`, where `mix` is SplitMix64's finalizer, arithmetic is modulo 2⁶⁴,
/// and `s = mix(seed + (k + 1) · 0x9E3779B97F4A7C15)`.
///
/// - Real types: `(a + b + c + d − 131070) / 37837`, rounded once to Float, with a, b, c, d the four 16-bit
///   quarters of `w`. Mean 0, variance 1 to five digits, all within ±3.47: normal in shape, exact in every library.
/// - Whole numbers: `w mod 8`, small enough for indices and classes. Bool: the lowest bit of `w`.
///
/// Source of SplitMix64: Steele, Lea, Flood, "Fast splittable pseudorandom number generators", OOPSLA 2014.
public struct SeededInput: Sendable {
    public var seed: UInt64

    public init(seed: UInt64 = 0) { self.seed = seed }

    static let increment: UInt64 = 0x9E37_79B9_7F4A_7C15

    static func mix(_ word: UInt64) -> UInt64 {
        var z = word
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        return z ^ (z >> 31)
    }

    /// The tensor for input `position`.
    /// - Throws: ``CoreError`` where `shape` has no representable size, there is no memory for it, or no such tensor
    ///   can be made up.
    public func tensor(
        forInput position: Int, elementType: ElementType, shape: Shape
    ) throws(CoreError) -> Tensor {
        let byteCount = try checkedTensorBytes(shape: shape, elementType: elementType)
        // Elements are made as an array and copied into the tensor.
        guard byteCount <= Limits.availableEvaluationBytes() / 2 else { throw CoreError(.memory(bytes: byteCount)) }
        try Limits.checkMemory(2 * byteCount)
        let count = shape.checkedElementCount ?? 0
        let start = Self.mix(seed &+ (UInt64(position) &+ 1) &* Self.increment)
        func word(_ element: Int) -> UInt64 { Self.mix(start &+ (UInt64(element) &+ 1) &* Self.increment) }
        if elementType.isFloatingPoint {
            return try Tensor(floats: (0..<count).map { Self.real(word($0)) }, shape: shape)
        }
        if elementType == .bool {
            return try Tensor(elementType: .bool, shape: shape, bytes: (0..<count).map { UInt8(word($0) & 1) })
        }
        guard elementType.isInteger, let width = elementType.byteWidth else {
            throw CoreError(.malformed("no input of type \(elementType.rawValue) can be made up"))
        }
        var bytes = [UInt8](repeating: 0, count: count * width)
        for element in 0..<count { bytes[element * width] = UInt8(word(element) & 7) }
        return try Tensor(elementType: elementType, shape: shape, bytes: bytes)
    }

    static func real(_ word: UInt64) -> Float {
        let sum = (word & 0xFFFF) + (word >> 16 & 0xFFFF) + (word >> 32 & 0xFFFF) + (word >> 48)
        return Float((Double(sum) - 131_070) / 37_837)
    }
}
