/// One NumPy array in a file (`.npy`, NEP 1, format versions 1.0, 2.0 and 3.0).
public enum NPY {
    static let magic: [UInt8] = [0x93, 0x4E, 0x55, 0x4D, 0x50, 0x59]

    /// Whether bytes that begin with `head` are such a file.
    public static func recognizes(_ head: [UInt8]) -> Bool { head.starts(with: magic) }

    /// The array that fills `range` (by default all) of `storage`.
    ///
    /// Its elements stay where they are, in the file's byte order; only an array in Fortran order is copied,
    /// into row-major order. bfloat16 is read where the type is named, as ml_dtypes does in newer versions.
    /// - Throws: ``CoreError`` `numpy` for what is no such file, holds Python objects, structures, texts or
    ///   complex numbers; `limit`, `truncated`, `byteCountMismatch` where the data does not fit the shape.
    public static func read(_ storage: Storage, in range: Range<Int>? = nil) throws(CoreError) -> Tensor {
        let range = range ?? 0..<storage.byteCount
        try storage.check(range)
        do throws(CoreError) {
            let header = try storage.withUnsafeBytes(in: range) { bytes throws(CoreError) in
                try NPYHeader(parsing: bytes, base: range.lowerBound)
            }
            let data = range.lowerBound + header.byteCount..<range.upperBound
            let stored = try Tensor(
                elementType: header.elementType, shape: header.isFortran ? header.shape.reversed() : header.shape,
                storage: storage, byteRange: data, byteOrder: header.byteOrder)
            return header.isFortran ? try stored.permuted(Array(stored.shape.indices.reversed())) : stored
        } catch {
            throw error.at(Place(file: storage.path))
        }
    }

    /// The bytes before the elements of `tensor`: version 1.0, or 2.0 where that has no room, padded to 64.
    /// - Throws: ``CoreError`` `numpy` where NumPy has no such element type.
    static func header(elementType: ElementType, shape: Shape, byteOrder: ByteOrder) throws(CoreError) -> [UInt8] {
        guard let code = NPYHeader.codes.first(where: { $0.type == elementType }) else {
            throw CoreError(.numpy("NumPy has no element type \(elementType.rawValue)"))
        }
        let order = elementType.byteWidth == 1 ? "|" : byteOrder == .little ? "<" : ">"
        let extents = shape.map(String.init).joined(separator: ", ")
        let tuple = shape.count == 1 ? "(\(extents),)" : "(\(extents))"
        let text = "{'descr': '\(order)\(code.code)', 'fortran_order': False, 'shape': \(tuple), }"
        var bytes = magic + [1, 0]
        // The whole header, ended by a line feed, is a multiple of 64 bytes.
        let padded = (bytes.count + 2 + text.utf8.count + 1 + 63) / 64 * 64
        bytes.append(words: UInt16(padded - 10))
        bytes += Array(text.utf8)
        bytes += [UInt8](repeating: 0x20, count: padded - 1 - bytes.count)
        bytes.append(0x0A)
        return bytes
    }

    /// Header and elements of `tensor` as they are written. bfloat16, which NumPy does not have, becomes float32.
    static func pieces(of tensor: Tensor) throws(CoreError) -> [ZipWriter.Piece] {
        var tensor = tensor
        if tensor.elementType == .bfloat16 { tensor = try Tensor(floats: tensor.floats(), shape: tensor.shape) }
        let header = try header(
            elementType: tensor.elementType, shape: tensor.shape, byteOrder: tensor.byteOrder)
        return [.bytes(header), .stored(tensor.storage, tensor.byteRange)]
    }

    /// Writes `tensor` to a file, atomically. bfloat16, which NumPy does not have, becomes float32.
    /// - Throws: ``CoreError`` `numpy` where NumPy has no such element type, `system`.
    public static func write(_ tensor: Tensor, to path: String) throws(CoreError) {
        let pieces = try pieces(of: tensor)
        try atomicWrite(to: path) { writer throws(CoreError) in
            for piece in pieces {
                switch piece {
                case .bytes(let bytes): try writer.write(bytes)
                case .stored(let storage, let range): try writer.write(storage, range)
                }
            }
        }
    }
}
