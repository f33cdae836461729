internal import SkiffCore
public import SkiffGraph

extension SkiffReader {
    /// Reads every payload and checks its checksum and its elements' digest, on all processors, and that the bytes
    /// between are zero. Memory stays flat.
    /// - Parameter progress: told the bytes of elements checked so far and those there are, from any thread, one call
    ///   at a time.
    /// - Throws: ``FormatError`` for F9, F20 and F21, of the first damaged tensor in the order of weights.
    public func verifyPayloads(
        progress: (@Sendable (_ done: Int, _ total: Int) -> Void)? = nil
    ) throws(FormatError) {
        let told = Progress(total: payloads.reduce(0) { $0 + $1.elementRange.count }, progress)
        try payloads.verify(in: storage) { told.advance($0) }
        try checkPadding()
    }

    /// Checks one weight's payload. Values that are no weights pass.
    /// - Throws: ``FormatError`` for F20 and F21.
    public func verifyPayload(of id: ValueID) throws(FormatError) {
        guard let index = weights.firstIndex(of: id) else { return }
        try [payloads[index]].verify(in: storage) { _ in }
    }

    /// - Throws: ``FormatError`` for F9.
    private func checkPadding() throws(FormatError) {
        var end = Layout.prologueBytes
        for payload in payloads where payload.range.lowerBound >= end {
            let padding = end..<payload.range.lowerBound
            // F9
            guard storage.withUnsafeBytes(in: padding, { $0.allSatisfy { $0 == 0 } }) else {
                throw FormatError(.padding, at: Place(file: storage.path, tensor: payload.name, byteOffset: end))
            }
            end = payload.range.upperBound
        }
    }
}

extension [Payload] {
    /// Checks all payloads, several at a time.
    /// - Parameters:
    ///   - file: where they lie.
    ///   - checksums: whether the payloads' checksums are checked too, not their elements' digests alone.
    ///   - progress: told bytes of elements that were checked, from any thread.
    /// - Throws: ``FormatError`` for F20 and F21, of the first damaged one.
    func verify(
        in file: Storage, checksums: Bool = true, _ progress: @escaping @Sendable (Int) -> Void
    ) throws(FormatError) {
        try concurrently(count) { index throws(FormatError) in
            let payload = self[index]
            do throws(FormatError) {
                try payload.verify(in: file, checksums, progress)
            } catch {
                throw error.at(Place(file: file.path, tensor: payload.name, byteOffset: payload.range.lowerBound))
            }
        }
    }
}

extension Payload {
    fileprivate func verify(in file: Storage, _ checksums: Bool, _ progress: (Int) -> Void) throws(FormatError) {
        let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: pieceBytes, alignment: 64)
        defer { buffer.deallocate() }
        var sum = CanonicalDigest(form.elementType, elementCount: elementCount)
        let isRaw = form.encoding == .raw
        if isRaw || checksums {
            var checksum = Checksum()
            do throws(CoreError) {
                try forEachPiece(of: range, in: file, buffer) { bytes, start in
                    if checksums { checksum.update(bytes) }
                    guard isRaw else { return }
                    sum.add(bytes, first: start / index.wordBytes, of: index)
                    progress(bytes.count)
                }
            } catch {
                throw FormatError(error)
            }
            // F20
            guard !checksums || checksum.finished() == self.checksum else { throw FormatError(.payloadChecksum) }
        }
        if !isRaw {
            do throws(CoreError) {
                try forEachPiece(of: elementRange, in: elements, buffer) { bytes, start in
                    sum.add(bytes, first: start / index.wordBytes, of: index)
                    progress(bytes.count)
                }
            } catch {
                // F21: blocks that cannot be decoded have no elements.
                throw FormatError(.digest(error.message), at: error.place)
            }
        }
        // F21
        guard sum.bytes == digest else {
            throw FormatError(.digest("elements do not have their declared digest"))
        }
    }

    /// Lends the bytes of `range` piece by piece: in place where they are mapped, else decoded into `buffer`.
    private func forEachPiece(
        of range: Range<Int>, in storage: Storage, _ buffer: UnsafeMutableRawBufferPointer,
        _ body: (_ bytes: UnsafeRawBufferPointer, _ start: Int) -> Void
    ) throws(CoreError) {
        guard storage.isDeferred else {
            var start = 0
            storage.forEachPiece(in: range, of: buffer.count) { bytes in
                body(bytes, start)
                start += bytes.count
            }
            return
        }
        var start = range.lowerBound
        while start < range.upperBound {
            let piece = start..<min(range.upperBound, start + buffer.count)
            try storage.read(piece, into: buffer)
            body(UnsafeRawBufferPointer(rebasing: buffer[..<piece.count]), start - range.lowerBound)
            start = piece.upperBound
        }
    }

    /// Bytes that are read at a time: of encoded elements whole blocks.
    private var pieceBytes: Int {
        let unit = form.encoding == .raw ? 1 : form.blockElements * form.width
        return max(1, (1 << 18) / unit) * unit
    }
}
