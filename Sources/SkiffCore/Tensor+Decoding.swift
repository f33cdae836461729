extension Tensor {
    /// The elements as Float: real types rounded to nearest, integers and bool converted.
    /// - Throws: ``CoreError`` `malformed` for types that are not numbers of at least a byte.
    public func floats() throws(CoreError) -> [Float] {
        if elementType == .float32 {
            return decoded(UInt32.self) { Float(bitPattern: $0) }
        }
        return try doubles().map { Float($0) }
    }

    /// The elements as Double; every real type and every integer of up to 53 bits is exact.
    /// - Throws: ``CoreError`` `malformed` for types that are not numbers of at least a byte.
    public func doubles() throws(CoreError) -> [Double] {
        switch elementType {
        case .float64: return decoded(UInt64.self) { Double(bitPattern: $0) }
        case .float32: return decoded(UInt32.self) { Double(Float(bitPattern: $0)) }
        case .float16: return decoded(UInt16.self) { Double(floatFromHalf($0)) }
        case .bfloat16: return decoded(UInt16.self) { Double(Float(bitPattern: UInt32($0) << 16)) }
        case .uint64: return decoded(UInt64.self) { Double($0) }
        default: return try integers().map { Double($0) }
        }
    }

    /// The elements as Int64; uint64 keeps its bits. Bool gives 0 and 1.
    /// - Throws: ``CoreError`` `malformed` for types that are not whole numbers.
    public func integers() throws(CoreError) -> [Int64] {
        switch elementType {
        case .int8: return decoded(UInt8.self) { Int64(Int8(bitPattern: $0)) }
        case .uint8: return decoded(UInt8.self) { Int64($0) }
        case .bool: return decoded(UInt8.self) { $0 == 0 ? 0 : 1 }
        case .int16: return decoded(UInt16.self) { Int64(Int16(bitPattern: $0)) }
        case .uint16: return decoded(UInt16.self) { Int64($0) }
        case .int32: return decoded(UInt32.self) { Int64(Int32(bitPattern: $0)) }
        case .uint32: return decoded(UInt32.self) { Int64($0) }
        case .int64, .uint64: return decoded(UInt64.self) { Int64(bitPattern: $0) }
        default:
            throw CoreError(.malformed("elements of type \(elementType.rawValue) cannot be read as numbers"))
        }
    }

    private func decoded<Word: FixedWidthInteger, Result>(
        _ word: Word.Type, _ convert: (Word) -> Result
    ) -> [Result] {
        let count = elementCount
        let isLittle = byteOrder == .little
        return withUnsafeBytes { bytes in
            [Result](unsafeUninitializedCapacity: count) { buffer, initialized in
                for index in 0..<count {
                    let raw = bytes.loadUnaligned(fromByteOffset: index * MemoryLayout<Word>.size, as: Word.self)
                    let value = isLittle ? Word(littleEndian: raw) : Word(bigEndian: raw)
                    buffer.initializeElement(at: index, to: convert(value))
                }
                initialized = count
            }
        }
    }

    /// A float32 tensor of our own bytes.
    /// - Throws: ``CoreError`` where `values` does not fill `shape`.
    public init(floats values: [Float], shape: Shape) throws(CoreError) {
        try self.init(
            elementType: .float32, shape: shape, bytes: values.littleEndianBytes { $0.bitPattern.littleEndian })
    }

    /// A float64 tensor of our own bytes.
    public init(doubles values: [Double], shape: Shape) throws(CoreError) {
        try self.init(
            elementType: .float64, shape: shape, bytes: values.littleEndianBytes { $0.bitPattern.littleEndian })
    }

    /// An int64 tensor of our own bytes.
    public init(integers values: [Int64], shape: Shape) throws(CoreError) {
        try self.init(elementType: .int64, shape: shape, bytes: values.littleEndianBytes { $0.littleEndian })
    }
}

extension Array {
    /// The elements' words, one after the other. `word` gives each element in little-endian order.
    public func littleEndianBytes<Word: FixedWidthInteger>(_ word: (Element) -> Word) -> [UInt8] {
        [UInt8](unsafeUninitializedCapacity: count * MemoryLayout<Word>.size) { buffer, initialized in
            let raw = UnsafeMutableRawBufferPointer(buffer)
            for (index, element) in enumerated() {
                raw.storeBytes(of: word(element), toByteOffset: index * MemoryLayout<Word>.size, as: Word.self)
            }
            initialized = count * MemoryLayout<Word>.size
        }
    }
}

/// The value of an IEEE 754 binary16 bit pattern. Portable: `Float16` is not on every platform Swift has.
public func floatFromHalf(_ bits: UInt16) -> Float {
    let sign = UInt32(bits & 0x8000) << 16
    let exponent = UInt32(bits >> 10) & 0x1F
    let fraction = UInt32(bits & 0x3FF)
    switch exponent {
    case 0:
        let magnitude = Float(fraction) * 0x1p-24
        return Float(bitPattern: magnitude.bitPattern | sign)
    case 31: return Float(bitPattern: sign | 0x7F80_0000 | fraction << 13)
    default: return Float(bitPattern: sign | (exponent + 112) << 23 | fraction << 13)
    }
}

/// The binary16 bit pattern nearest to `value`, ties to even; what is too large becomes infinity.
public func halfFromFloat(_ value: Float) -> UInt16 {
    let bits = value.bitPattern
    let sign = UInt16(bits >> 16) & 0x8000
    let magnitude = bits & 0x7FFF_FFFF
    if magnitude > 0x7F80_0000 { return sign | 0x7E00 | UInt16((magnitude >> 13) & 0x1FF) }
    if magnitude >= 0x477F_F000 { return sign | 0x7C00 }
    if magnitude < 0x3880_0000 {
        let scaled = Float(bitPattern: magnitude) * 0x1p24
        return sign | UInt16(scaled.rounded(.toNearestOrEven))
    }
    let rebased = magnitude - (112 << 23)
    let rounded = rebased + 0xFFF + ((rebased >> 13) & 1)
    return sign | UInt16(rounded >> 13)
}

/// The bfloat16 bit pattern nearest to `value`, ties to even.
public func bfloatFromFloat(_ value: Float) -> UInt16 {
    let bits = value.bitPattern
    if bits & 0x7FFF_FFFF > 0x7F80_0000 { return UInt16(bits >> 16) | 0x40 }
    return UInt16((bits &+ 0x7FFF &+ ((bits >> 16) & 1)) >> 16)
}
