internal import SkiffCore

extension ElementType {
    /// The field of `TensorProto` that holds elements of this type where raw_data does not.
    var dataField: String {
        switch self {
        case .float32, .complex64: "float_data"
        case .float64, .complex128: "double_data"
        case .int64: "int64_data"
        case .uint32, .uint64: "uint64_data"
        case .string: "string_data"
        default: "int32_data"
        }
    }

    /// Elements that share one number of int32_data: types of less than six bits are packed into a byte first.
    fileprivate var elementsPerNumber: Int {
        switch bitWidth {
        case 4: 2
        case 2: 4
        default: 1
        }
    }

    /// The numbers that one entry of a varint field may have.
    fileprivate var numberRange: ClosedRange<Int64> {
        switch self {
        case .int8: -128...127
        case .int16: -32768...32767
        case .int32: Int64(Int32.min)...Int64(Int32.max)
        case .uint16, .float16, .bfloat16: 0...65535
        case .uint32: 0...Int64(UInt32.max)
        case .bool: 0...1
        case .float6e2m3, .float6e3m2: 0...63
        case .int64, .uint64: .min ... .max
        default: 0...255
        }
    }
}

extension TensorReader {
    /// The elements of a varint field in the layout of raw_data.
    ///
    /// Every number takes at least a byte of the file, so the memory is bounded by the file's size.
    func decoded(
        _ field: DataField, elementType: ElementType, shape: Shape
    ) throws(ONNXError) -> [UInt8] {
        let count = shape.checkedElementCount ?? 0
        let perNumber = elementType.elementsPerNumber
        let expected = count / perNumber + (count % perNumber == 0 ? 0 : 1)
        guard expected <= field.byteCount else { throw mismatch(field, expected: expected, found: "at most \(field.byteCount)") }
        var bytes: [UInt8] = []
        let width = elementType.byteWidth ?? 1
        bytes.reserveCapacity(expected * width)
        var found = 0
        for piece in field.pieces {
            let numbers = try storage.withUnsafeBytes(in: piece) { (buffer) throws(ONNXError) in
                try append(numbersOf: RawSpan(_unsafeBytes: buffer), at: piece.lowerBound, elementType, width, to: &bytes)
            }
            found += numbers
        }
        guard found == expected else { throw mismatch(field, expected: expected, found: String(found)) }
        return elementType.bitWidth == 6 ? packedSixBits(bytes) : bytes
    }

    private func mismatch(_ field: DataField, expected: Int, found: String) -> ONNXError {
        ONNXError(.tensor("has \(found) numbers in \(field.name), its shape needs \(expected)"))
    }

    /// Appends the varints of `span` in `width` little-endian bytes each; gives their number.
    private func append(
        numbersOf span: RawSpan, at base: Int, _ elementType: ElementType, _ width: Int, to bytes: inout [UInt8]
    ) throws(ONNXError) -> Int {
        var cursor = ByteCursor(span, base: base)
        let allowed = elementType.numberRange
        var count = 0
        while !cursor.isAtEnd {
            let start = cursor.fileOffset
            let word: UInt64
            do throws(CoreError) { word = try cursor.varint() } catch { throw ONNXError(error) }
            let number = Int64(bitPattern: word)
            guard allowed.contains(number) else {
                throw ONNXError(
                    .tensor("has the number \(number), expected \(allowed.lowerBound) to \(allowed.upperBound)"),
                    at: Place(byteOffset: start))
            }
            for index in 0..<width { bytes.append(UInt8(truncatingIfNeeded: word >> UInt64(8 * index))) }
            count += 1
        }
        return count
    }

    /// Six-bit codes, one per byte, as a stream of bits that starts at the lowest (ONNX float6).
    private func packedSixBits(_ codes: [UInt8]) -> [UInt8] {
        var packed = [UInt8](repeating: 0, count: (codes.count * 6 + 7) / 8)
        for (index, code) in codes.enumerated() {
            let bit = index * 6
            packed[bit / 8] |= code << UInt8(bit % 8)
            if bit % 8 > 2 { packed[bit / 8 + 1] |= code >> UInt8(8 - bit % 8) }
        }
        return packed
    }
}
