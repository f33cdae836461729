#if canImport(Glibc)
internal import Glibc
#elseif canImport(Musl)
internal import Musl
#else
internal import Darwin
#endif

extension Tensor {
    /// Lends the payload piece by piece in little-endian order, and gives pages of a mapped file back after each.
    public func forEachLittleEndianPiece<Failure: Error>(
        _ body: (UnsafeRawBufferPointer) throws(Failure) -> Void
    ) throws(Failure) {
        var start = byteRange.lowerBound
        while start < byteRange.upperBound {
            let piece = start..<min(byteRange.upperBound, start + Storage.pieceBytes)
            try withLittleEndianBytes(in: piece, body)
            storage.releasePages(in: piece)
            start = piece.upperBound
        }
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
        if byteOrder == .little || wordBytes == 1 { return try storage.withUnsafeBytes(in: piece, body) }
        let swapped = Storage(storage.withUnsafeBytes(in: piece) { swappedWords($0) })
        return try swapped.withUnsafeBytes(body)
    }

    /// Bytes of the words whose order a byte order turns round: the parts of complex numbers are apart.
    private var wordBytes: Int {
        switch elementType {
        case .complex64: 4
        case .complex128: 8
        default: elementType.byteWidth ?? 1
        }
    }

    /// `bytes`, whole words of them, with each word turned round.
    private func swappedWords(_ bytes: UnsafeRawBufferPointer) -> [UInt8] {
        let width = wordBytes
        return [UInt8](unsafeUninitializedCapacity: bytes.count) { buffer, initialized in
            for start in stride(from: 0, to: bytes.count - bytes.count % width, by: width) {
                for byte in 0..<width { buffer[start + byte] = bytes[start + width - 1 - byte] }
            }
            initialized = bytes.count - bytes.count % width
        }
    }
}

/// Equal bytes are the rule: they are compared at once, and one by one only where they differ.
private func firstDifference(_ bytes: UnsafeRawBufferPointer, _ other: UnsafeRawBufferPointer) -> Int? {
    guard let base = bytes.baseAddress, let otherBase = other.baseAddress else { return nil }
    if memcmp(base, otherBase, min(bytes.count, other.count)) == 0 { return nil }
    return bytes.indices.first { bytes[$0] != other[$0] }
}
