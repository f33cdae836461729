internal import CHDF5Shims
internal import SkiffCore

/// Reads one open attribute. Strings, whole numbers and reals are read; other types are named.
struct HDF5AttributeReader {
    let id: skiff_hdf5_id
    let description: skiff_hdf5_attribute
    let path: String

    /// - Parameters:
    ///   - count: elements, checked.
    ///   - storedBytes: bytes the file stores for them, already charged.
    func read(count: Int, isScalar: Bool, storedBytes: Int) throws(KerasError) -> HDF5Attribute {
        switch Int(description.type.kind) {
        case Int(SKIFF_HDF5_TYPE_VARIABLE_STRING):
            let texts = try variableStrings(count: count, storedBytes: storedBytes)
            return isScalar && texts.count == 1 ? .text(texts[0]) : .texts(texts)
        case Int(SKIFF_HDF5_TYPE_FIXED_STRING):
            let texts = try fixedStrings(count: count)
            return isScalar && texts.count == 1 ? .text(texts[0]) : .texts(texts)
        default:
            guard let elementType = description.type.elementType else {
                return .unreadable("an attribute of a type that is not read")
            }
            return try numbers(count: count, elementType: elementType)
        }
    }

    private func variableStrings(count: Int, storedBytes: Int) throws(KerasError) -> [String] {
        // Each string takes 16 bytes in the attribute: length, address of its heap and index in it.
        guard count <= storedBytes / 4 else {
            throw KerasError(.refused("declares \(count) strings in \(storedBytes) bytes"), at: Place(member: path))
        }
        var list = HDF5TextList()
        let done = withUnsafeMutablePointer(to: &list) { list in
            skiff_hdf5_read_variable_strings(id, count, HDF5TextList.visitor, list)
        }
        guard done else { throw HDF5Library.failure("reading an attribute", at: path) }
        if let refusal = list.refusal { throw refusal.at(Place(member: path)) }
        return list.texts
    }

    private func fixedStrings(count: Int) throws(KerasError) -> [String] {
        let size = description.type.size
        let bytes = try copy(count: count, size: size)
        var texts: [String] = []
        texts.reserveCapacity(count)
        for index in 0..<count {
            let text = bytes[index * size..<(index + 1) * size].prefix { $0 != 0 }
            guard let text = String(validating: text, as: UTF8.self) else {
                throw KerasError(.refused("text is not valid UTF-8"), at: Place(member: path))
            }
            texts.append(text)
        }
        return texts
    }

    private func numbers(count: Int, elementType: ElementType) throws(KerasError) -> HDF5Attribute {
        let bytes = try copy(count: count, size: description.type.size)
        do throws(CoreError) {
            let tensor = try Tensor(
                elementType: elementType, shape: [count], storage: Storage(bytes), byteRange: 0..<bytes.count,
                byteOrder: description.type.byteOrder)
            return elementType.isInteger ? .integers(try tensor.integers()) : .reals(try tensor.doubles())
        } catch {
            throw KerasError(error).at(Place(member: path))
        }
    }

    /// The elements as the file stores them; the extents must agree with what is stored.
    private func copy(count: Int, size: Int) throws(KerasError) -> [UInt8] {
        let (total, overflow) = count.multipliedReportingOverflow(by: size)
        guard !overflow, size > 0, total <= Int(clamping: description.stored_bytes) else {
            throw KerasError(
                .refused("declares \(count) elements of \(size) bytes, \(description.stored_bytes) are stored"),
                at: Place(member: path))
        }
        guard total > 0 else { return [] }
        var bytes = [UInt8](repeating: 0, count: total)
        guard skiff_hdf5_read_attribute(id, &bytes) else {
            throw HDF5Library.failure("reading an attribute", at: path)
        }
        return bytes
    }
}

/// Collects variable strings up to a limit of bytes.
private struct HDF5TextList {
    var texts: [String] = []
    var bytes = 0
    var refusal: KerasError?

    static let visitor: skiff_hdf5_visitor = { text, _, context in
        guard let text, let list = context?.assumingMemoryBound(to: HDF5TextList.self) else { return 1 }
        return list.pointee.append(text)
    }

    private mutating func append(_ pointer: UnsafePointer<CChar>) -> Int32 {
        guard let text = String(validatingCString: pointer) else {
            refusal = KerasError(.refused("text is not valid UTF-8"))
            return 1
        }
        bytes += text.utf8.count
        guard bytes <= Limits.jsonBytes else {
            refusal = KerasError(.limit(name: "bytes of text", declared: bytes, allowed: Limits.jsonBytes))
            return 1
        }
        texts.append(text)
        return 0
    }
}

extension skiff_hdf5_space {
    /// The extents; `nil` for a null dataspace and where an extent leaves `Int`.
    var shape: Shape? {
        guard rank >= 0, rank <= Int(SKIFF_HDF5_MAXIMUM_RANK) else { return nil }
        return withUnsafeBytes(of: extents) { integers($0, count: Int(rank)) }
    }
}

/// The first `count` 64-bit words; `nil` where one leaves `Int`.
func integers(_ words: UnsafeRawBufferPointer, count: Int) -> [Int]? {
    var result: [Int] = []
    for index in 0..<count {
        guard let value = Int(exactly: words.load(fromByteOffset: index * 8, as: UInt64.self)) else { return nil }
        result.append(value)
    }
    return result
}

extension skiff_hdf5_type {
    var byteOrder: ByteOrder { is_big_endian ? .big : .little }

    /// The numeric type; `nil` for all others.
    var elementType: ElementType? {
        switch (Int(kind), size) {
        case (Int(SKIFF_HDF5_TYPE_FLOAT16), _): .float16
        case (Int(SKIFF_HDF5_TYPE_BFLOAT16), _): .bfloat16
        case (Int(SKIFF_HDF5_TYPE_FLOAT32), _): .float32
        case (Int(SKIFF_HDF5_TYPE_FLOAT64), _): .float64
        case (Int(SKIFF_HDF5_TYPE_SIGNED), 1): .int8
        case (Int(SKIFF_HDF5_TYPE_SIGNED), 2): .int16
        case (Int(SKIFF_HDF5_TYPE_SIGNED), 4): .int32
        case (Int(SKIFF_HDF5_TYPE_SIGNED), 8): .int64
        case (Int(SKIFF_HDF5_TYPE_UNSIGNED), 1): .uint8
        case (Int(SKIFF_HDF5_TYPE_UNSIGNED), 2): .uint16
        case (Int(SKIFF_HDF5_TYPE_UNSIGNED), 4): .uint32
        case (Int(SKIFF_HDF5_TYPE_UNSIGNED), 8): .uint64
        default: nil
        }
    }
}
