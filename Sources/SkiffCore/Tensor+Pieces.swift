#if canImport(Glibc)
internal import Glibc
#elseif canImport(Musl)
internal import Musl
#else
internal import Darwin
#endif

extension Tensor {
    /// Lends the payload piece by piece in little-endian order. Memory stays flat however large it is.
    /// - Throws: ``CoreError`` where the payload cannot be read or decoded, and what `body` throws.
    public func forEachLittleEndianPiece(
        _ body: (UnsafeRawBufferPointer) throws(CoreError) -> Void
    ) throws(CoreError) {
        let buffer = UnsafeMutableRawBufferPointer.allocate(
            byteCount: min(byteRange.count, Storage.pieceBytes), alignment: 64)
        defer { buffer.deallocate() }
        var start = 0
        while start < byteRange.count {
            let piece = start..<min(byteRange.count, start + Storage.pieceBytes)
            try readLittleEndian(piece, into: buffer)
            try body(UnsafeRawBufferPointer(rebasing: buffer[..<piece.count]))
            start = piece.upperBound
        }
    }

    /// Copies the bytes of `piece`, counted from the payload's first and whole elements of it, to the beginning of
    /// `buffer`, in little-endian order.
    /// - Precondition: `buffer` has room for them.
    /// - Throws: ``CoreError`` where they cannot be read or decoded.
    public func readLittleEndian(
        _ piece: Range<Int>, into buffer: UnsafeMutableRawBufferPointer
    ) throws(CoreError) {
        try storage.read(
            byteRange.lowerBound + piece.lowerBound..<byteRange.lowerBound + piece.upperBound, into: buffer)
        guard byteOrder == .big, littleEndianWordBytes > 1 else { return }
        let words = UnsafeMutableRawBufferPointer(rebasing: buffer[..<piece.count])
        for start in stride(from: 0, to: words.count, by: littleEndianWordBytes) { words[start..<start + littleEndianWordBytes].reverse() }
    }

    /// Position of the first element whose bits are not those of `other`, row-major; `nil` where all are equal.
    ///
    /// Byte orders may differ. Memory stays flat whatever the size. Tensors of other shapes or element types differ
    /// at their first element.
    public func firstDifferingElement(from other: Tensor) -> Int? {
        guard elementType == other.elementType, shape == other.shape, byteRange.count == other.byteRange.count else {
            return 0
        }
        var done = 0
        while done < byteRange.count {
            let count = min(byteRange.count - done, Storage.pieceBytes)
            let piece = byteRange.lowerBound + done..<byteRange.lowerBound + done + count
            let otherPiece = other.byteRange.lowerBound + done..<other.byteRange.lowerBound + done + count
            let difference = withLittleEndianBytes(in: piece) { bytes in
                other.withLittleEndianBytes(in: otherPiece) { firstDifference(bytes, $0) }
            }
            storage.releasePages(in: piece)
            other.storage.releasePages(in: otherPiece)
            if let difference { return (done + difference) * 8 / max(elementType.bitWidth ?? 8, 1) }
            done += count
        }
        return nil
    }

    /// Lends the bytes of `piece`, whole elements of the payload, in little-endian order.
    private func withLittleEndianBytes<Result, Failure: Error>(
        in piece: Range<Int>, _ body: (UnsafeRawBufferPointer) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        if storage.isDeferred {
            // In part, so that memory stays flat; what cannot be decoded is no numbers, as where it is lent.
            let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: piece.count, alignment: 64)
            defer { buffer.deallocate() }
            if (try? storage.read(piece, into: buffer)) == nil { buffer.initializeMemory(as: UInt8.self, repeating: 0xFF) }
            if byteOrder == .little || littleEndianWordBytes == 1 { return try body(UnsafeRawBufferPointer(buffer)) }
            return try Storage(swappedWords(UnsafeRawBufferPointer(buffer))).withUnsafeBytes(body)
        }
        if byteOrder == .little || littleEndianWordBytes == 1 { return try storage.withUnsafeBytes(in: piece, body) }
        let swapped = Storage(storage.withUnsafeBytes(in: piece) { swappedWords($0) })
        return try swapped.withUnsafeBytes(body)
    }

    /// Bytes of the words whose order a byte order turns round: the parts of complex numbers are apart.
    var littleEndianWordBytes: Int {
        switch elementType {
        case .complex64: 4
        case .complex128: 8
        default: elementType.byteWidth ?? 1
        }
    }

    /// `bytes`, whole words of them, with each word turned round.
    private func swappedWords(_ bytes: UnsafeRawBufferPointer) -> [UInt8] {
        let width = littleEndianWordBytes
        return [UInt8](unsafeUninitializedCapacity: bytes.count) { buffer, initialized in
            for start in stride(from: 0, to: bytes.count - bytes.count % width, by: width) {
                for byte in 0..<width { buffer[start + byte] = bytes[start + width - 1 - byte] }
            }
            initialized = bytes.count - bytes.count % width
        }
    }
}

/// Equal bytes are the rule: they are compared at once, and one by one only where they differ.
func firstDifference(_ bytes: UnsafeRawBufferPointer, _ other: UnsafeRawBufferPointer) -> Int? {
    guard let base = bytes.baseAddress, let otherBase = other.baseAddress else { return nil }
    if memcmp(base, otherBase, min(bytes.count, other.count)) == 0 { return nil }
    return bytes.indices.first { bytes[$0] != other[$0] }
}
