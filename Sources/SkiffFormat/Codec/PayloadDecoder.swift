internal import SkiffCore
internal import Synchronization

/// Decodes an encoded payload, any part of it, block by block and in parallel.
final class PayloadDecoder: StorageDecoder {
    private struct Directory {
        /// Where each block begins in the file, and where the last one ends.
        var bounds: [Int]
        var scales: [Float]
    }

    let form: PayloadForm
    private let file: Storage
    private let payload: Range<Int>
    private let checksum: [UInt8]
    private let directory = Mutex<Directory?>(nil)

    /// - Parameter payload: its bytes in the file, at least ``PayloadForm/leastBytes``.
    init(_ form: PayloadForm, file: Storage, payload: Range<Int>, checksum: [UInt8]) {
        self.checksum = checksum
        self.form = form
        self.file = file
        self.payload = payload
    }

    var byteCount: Int { form.count * form.width }

    /// F20, for those who compute with the elements: the payload is read whole then.
    func check() throws(CoreError) {
        var found = Checksum()
        file.forEachPiece(in: payload) { found.update($0) }
        guard found.finished() == checksum else {
            throw CoreError(.malformed(FormatError(.payloadChecksum).message), at: Place(byteOffset: payload.lowerBound))
        }
    }

    func decode(_ range: Range<Int>, into buffer: UnsafeMutableRawBufferPointer) throws(CoreError) {
        guard !range.isEmpty else { return }
        let directory = try loadedDirectory()
        let blockBytes = form.blockElements * form.width
        let first = range.lowerBound / blockBytes
        let blocks = (range.upperBound + blockBytes - 1) / blockBytes - first
        nonisolated(unsafe) let buffer = buffer
        // A few blocks are sooner decoded than shared out.
        try concurrently(blocks, workers: blocks < 4 ? 1 : nil) { index throws(CoreError) in
            let block = first + index
            let elements = form.elements(ofBlock: block)
            let whole = elements.lowerBound * form.width..<elements.upperBound * form.width
            let wanted = whole.clamped(to: range)
            let target = UnsafeMutableRawBufferPointer(
                rebasing: buffer[wanted.lowerBound - range.lowerBound..<wanted.upperBound - range.lowerBound])
            if wanted == whole { return try decodeBlock(block, directory, into: target) }
            let temporary = UnsafeMutableRawBufferPointer.allocate(byteCount: whole.count, alignment: 64)
            defer { temporary.deallocate() }
            try decodeBlock(block, directory, into: temporary)
            let start = wanted.lowerBound - whole.lowerBound
            target.copyMemory(from: UnsafeRawBufferPointer(rebasing: temporary[start..<start + wanted.count]))
        }
    }

    private func decodeBlock(
        _ block: Int, _ directory: Directory, into target: UnsafeMutableRawBufferPointer
    ) throws(CoreError) {
        let range = directory.bounds[block]..<directory.bounds[block + 1]
        let coded = UnsafeMutableRawBufferPointer.allocate(byteCount: range.count, alignment: 64)
        defer { coded.deallocate() }
        try file.read(range, into: coded)
        do throws(CoreError) {
            guard form.encoding.isLossy else {
                return try BlockCodec.decode(UnsafeRawBufferPointer(coded), elementType: form.storedType, into: target)
            }
            let count = target.count / form.width
            let stored = UnsafeMutableRawBufferPointer.allocate(byteCount: count * form.storedWidth, alignment: 64)
            defer { stored.deallocate() }
            try BlockCodec.decode(UnsafeRawBufferPointer(coded), elementType: form.storedType, into: stored)
            form.expand(
                UnsafeRawBufferPointer(stored), first: form.elements(ofBlock: block).lowerBound,
                scales: directory.scales, into: target)
        } catch {
            throw error.at(Place(byteOffset: range.lowerBound))
        }
    }

    /// Scales and lengths of blocks, read once.
    /// - Throws: ``CoreError`` where lengths do not fill the payload.
    private func loadedDirectory() throws(CoreError) -> Directory {
        if let known = directory.withLock({ $0 }) { return known }
        let scales = try file.copy(of: payload.lowerBound..<payload.lowerBound + form.scaleBytes)
        let lengths = try file.copy(of: payload.upperBound - form.directoryBytes..<payload.upperBound)
        var bounds = [payload.lowerBound + form.scaleBytes]
        bounds.reserveCapacity(form.blocks + 1)
        let end = payload.upperBound - form.directoryBytes
        for index in 0..<max(0, form.blocks - 1) {
            let next = bounds[index] + Int(word(lengths, index))
            guard next < end else {
                throw CoreError(.malformed("block \(index) ends outside its payload"), at: Place(byteOffset: bounds[index]))
            }
            bounds.append(next)
        }
        bounds.append(end)
        let made = Directory(
            bounds: bounds,
            scales: (0..<form.scaleBytes / 4).map { Float(bitPattern: word(scales, $0)) })
        directory.withLock { $0 = made }
        return made
    }
}

extension Storage {
    /// The bytes of `range`, read and not mapped: mapping a few bytes maps their neighbourhood.
    fileprivate func copy(of range: Range<Int>) throws(CoreError) -> [UInt8] {
        var failure: CoreError?
        let bytes = [UInt8](unsafeUninitializedCapacity: range.count) { buffer, initialized in
            do throws(CoreError) {
                try read(range, into: UnsafeMutableRawBufferPointer(buffer))
                initialized = range.count
            } catch {
                failure = error
            }
        }
        if let failure { throw failure }
        return bytes
    }
}

/// The little-endian word at `index`.
private func word(_ bytes: [UInt8], _ index: Int) -> UInt32 {
    bytes[index * 4..<index * 4 + 4].reversed().reduce(0) { $0 << 8 | UInt32($1) }
}
