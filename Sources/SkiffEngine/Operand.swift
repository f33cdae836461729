internal import SkiffCore

/// A value's elements while the graph runs. Whole numbers of any type are kept as Int64, wrapped to their type
/// behind each operation; uint64 keeps its bits.
enum Buffer<Stored: Real>: Sendable {
    case real([Stored])
    case integer([Int64])
    case boolean([Bool])

    var count: Int {
        switch self {
        case .real(let elements): elements.count
        case .integer(let elements): elements.count
        case .boolean(let elements): elements.count
        }
    }

    /// No elements of `elementType`.
    static func empty(_ elementType: ElementType) -> Self {
        if elementType == .bool { return .boolean([]) }
        return elementType.isInteger ? .integer([]) : .real([])
    }

    /// Bytes per element of a value of `elementType`.
    static func width(_ elementType: ElementType) -> Int {
        if elementType == .bool { return 1 }
        return elementType.isInteger ? 8 : MemoryLayout<Stored>.stride
    }
}

/// A value while the graph runs.
struct Operand<Stored: Real>: Sendable {
    var elementType: ElementType
    var shape: Shape
    var buffer: Buffer<Stored>

    /// Decodes a tensor as a value of `elementType`, rounded to it.
    /// - Throws: ``CoreError`` for element types that are no numbers the evaluator computes with.
    init(_ tensor: Tensor, as elementType: ElementType) throws(CoreError) {
        self.elementType = elementType
        shape = tensor.shape
        if elementType == .bool {
            buffer = .boolean(try tensor.integers().map { $0 != 0 })
        } else if elementType.isInteger {
            buffer = .integer(try tensor.integers())
        } else if elementType.isFloatingPoint {
            buffer = .real(try Stored.decode(tensor))
        } else {
            throw CoreError(.malformed("elements of type \(elementType.rawValue) cannot be computed with"))
        }
        if tensor.elementType != elementType { round() }
    }

    init(elementType: ElementType, shape: Shape, buffer: Buffer<Stored>) {
        self.elementType = elementType
        self.shape = shape
        self.buffer = buffer
    }

    /// Rounds reals of a narrow type to that type, unless values are stored in Double.
    mutating func round() {
        guard Stored.self == Float.self, case .real(let elements) = buffer else { return }
        switch elementType {
        case .float16:
            buffer = .real(elements.map { Stored(rounding: floatFromHalf(halfFromFloat(Float($0.double))).double) })
        case .bfloat16:
            buffer = .real(elements.map { element in
                let bits = bfloatFromFloat(Float(element.double))
                return Stored(rounding: Float(bitPattern: UInt32(bits) << 16).double)
            })
        default: break
        }
    }

    /// The value as `run` gives it.
    /// - Throws: ``CoreError`` where the shape has no representable size.
    func tensor() throws(CoreError) -> Tensor {
        switch buffer {
        case .real(let elements): try realTensor(elements)
        case .boolean(let elements):
            try Tensor(elementType: .bool, shape: shape, bytes: elements.map { $0 ? 1 : 0 })
        case .integer(let elements):
            try Tensor(elementType: elementType, shape: shape, bytes: integerBytes(elements))
        }
    }

    private func realTensor(_ elements: [Stored]) throws(CoreError) -> Tensor {
        guard Stored.self == Float.self else { return try Stored.tensor(elements, shape: shape) }
        switch elementType {
        case .float16:
            let bytes = elements.littleEndianBytes { halfFromFloat(Float($0.double)).littleEndian }
            return try Tensor(elementType: .float16, shape: shape, bytes: bytes)
        case .bfloat16:
            let bytes = elements.littleEndianBytes { bfloatFromFloat(Float($0.double)).littleEndian }
            return try Tensor(elementType: .bfloat16, shape: shape, bytes: bytes)
        default: return try Stored.tensor(elements, shape: shape)
        }
    }

    private func integerBytes(_ elements: [Int64]) -> [UInt8] {
        switch elementType.bitWidth {
        case 8: elements.map { UInt8(truncatingIfNeeded: $0) }
        case 16: elements.littleEndianBytes { UInt16(truncatingIfNeeded: $0).littleEndian }
        case 32: elements.littleEndianBytes { UInt32(truncatingIfNeeded: $0).littleEndian }
        default: elements.littleEndianBytes { $0.littleEndian }
        }
    }
}

/// `value` as a number of `elementType` holds it: the low bits, sign-extended for signed types.
@inline(__always)
func wrapped(_ value: Int64, to elementType: ElementType) -> Int64 {
    switch elementType {
    case .int8: Int64(Int8(truncatingIfNeeded: value))
    case .int16: Int64(Int16(truncatingIfNeeded: value))
    case .int32: Int64(Int32(truncatingIfNeeded: value))
    case .uint8: Int64(UInt8(truncatingIfNeeded: value))
    case .uint16: Int64(UInt16(truncatingIfNeeded: value))
    case .uint32: Int64(UInt32(truncatingIfNeeded: value))
    default: value
    }
}

extension Float {
    static func decode(_ tensor: Tensor) throws(CoreError) -> [Float] { try tensor.floats() }
    static func tensor(_ elements: [Float], shape: Shape) throws(CoreError) -> Tensor {
        try Tensor(floats: elements, shape: shape)
    }
}

extension Double {
    static func decode(_ tensor: Tensor) throws(CoreError) -> [Double] { try tensor.doubles() }
    static func tensor(_ elements: [Double], shape: Shape) throws(CoreError) -> Tensor {
        try Tensor(doubles: elements, shape: shape)
    }
}
