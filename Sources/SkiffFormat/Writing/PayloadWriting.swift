internal import SkiffCore
internal import Synchronization

/// What is known of a payload when it is written.
struct WrittenPayload: Sendable {
    var offset = 0
    var byteCount = 0
    var checksum: [UInt8] = []
    /// Of the elements as they are decoded again.
    var digest = CanonicalDigest()
    /// Of the elements before they were rounded; the same where they were not.
    var sourceDigest = CanonicalDigest()
}

/// Writes the payloads of all weights: raw ones copied, others encoded, all of them checksummed on the way.
///
/// Memory is a buffer per thread and a batch of blocks, whatever the weights have.
struct PayloadWriter: ~Copyable {
    let weights: [PlannedWeight]
    let progress: Progress
    private(set) var payloads: [WrittenPayload]

    init(_ weights: [PlannedWeight], _ progress: Progress) {
        self.weights = weights
        self.progress = progress
        payloads = weights.map { weight in
            var payload = WrittenPayload()
            payload.digest = CanonicalDigest(weight.tensor.elementType, elementCount: weight.tensor.elementCount)
            payload.sourceDigest = payload.digest
            return payload
        }
    }

    /// - Throws: ``CoreError`` where weights cannot be read or the file cannot be written.
    mutating func write(to writer: inout FileWriter) throws(CoreError) {
        var start = 0
        while start < weights.count {
            let isRaw = weights[start].encoding == .raw
            let end = weights[start...].firstIndex { ($0.encoding == .raw) != isRaw } ?? weights.count
            if isRaw {
                try writeRaw(start..<end, to: &writer)
            } else {
                try writeEncoded(start..<end, to: &writer)
            }
            start = end
        }
        for (position, weight) in weights.enumerated() {
            guard let earlier = weight.sharedWith else { continue }
            payloads[position].offset = payloads[earlier].offset
            payloads[position].byteCount = payloads[earlier].byteCount
            payloads[position].checksum = payloads[earlier].checksum
        }
    }

    /// Copies raw payloads to places that are known beforehand, several at a time.
    private mutating func writeRaw(_ range: Range<Int>, to writer: inout FileWriter) throws(CoreError) {
        var end = writer.position
        for position in range where weights[position].sharedWith == nil {
            guard let offset = Layout.aligned(end) else { throw CoreError(.malformed("weights are too large")) }
            payloads[position].offset = offset
            payloads[position].byteCount = weights[position].tensor.byteRange.count
            (end, _) = offset.addingReportingOverflow(payloads[position].byteCount)
            guard end >= 0 else { throw CoreError(.malformed("weights are too large")) }
        }
        _ = try writer.skip(end - writer.position)
        let queue = WriteQueue(writer.positioned)
        let written = SharedArray(payloads)
        let (weights, progress) = (weights, progress)
        try concurrently(range.count) { index throws(CoreError) in
            let position = range.lowerBound + index
            var payload = written[position]
            try weights[position].copy(to: queue, &payload, progress)
            written[position] = payload
        }
        try queue.finish()
        payloads = written.elements
    }

    /// Encodes blocks in batches; while the threads encode one batch, one of them writes the batch before.
    private mutating func writeEncoded(_ range: Range<Int>, to writer: inout FileWriter) throws(CoreError) {
        let units = range.flatMap { position in
            (0..<weights[position].form.blocks).map { BlockUnit(weight: position, block: $0) }
        }
        var assembler = PayloadAssembler(range.filter { weights[$0].sharedWith == nil }, weights)
        var pending: [EncodedBlock] = []
        var start = 0
        while start < units.count || !pending.isEmpty {
            let batch = batch(of: units[start...])
            start += batch.count
            let encoded = SharedArray([EncodedBlock](repeating: EncodedBlock(), count: batch.count))
            let (weights, progress) = (weights, progress)
            try writer.whileWriting(pending, with: &assembler, count: batch.count) { index throws(CoreError) in
                let unit = batch[index]
                encoded[index] = try weights[unit.weight].encoded(unit)
                progress.advance(weights[unit.weight].form.elements(ofBlock: unit.block).count * weights[unit.weight].form.width)
            }
            pending = encoded.elements
            for block in pending {
                payloads[block.unit.weight].digest.add(block.digest)
                payloads[block.unit.weight].sourceDigest.add(block.sourceDigest)
            }
        }
        try assembler.finish(&writer)
        for (position, payload) in assembler.written {
            payloads[position].offset = payload.offset
            payloads[position].byteCount = payload.byteCount
            payloads[position].checksum = payload.checksum
        }
    }

    /// The first blocks of `units`, as many as may be in memory at a time; there are twice as many.
    private func batch(of units: ArraySlice<BlockUnit>) -> [BlockUnit] {
        var bytes = 0
        return Array(
            units.prefix { unit in
                defer { bytes += weights[unit.weight].form.blockElements * weights[unit.weight].form.width }
                return bytes < Self.batchBytes
            })
    }

    private static let batchBytes = 8 << 20
}

/// A block of a weight.
struct BlockUnit: Sendable {
    var weight = 0
    var block = 0
}

struct EncodedBlock: Sendable {
    var unit = BlockUnit()
    /// Nothing where the payload is another weight's.
    var bytes: [UInt8] = []
    var digest = CanonicalDigest()
    var sourceDigest = CanonicalDigest()
}

extension PlannedWeight {
    /// Copies a raw payload piece by piece, or only takes its digest where it is another weight's.
    fileprivate func copy(
        to queue: WriteQueue, _ payload: inout WrittenPayload, _ progress: Progress
    ) throws(CoreError) {
        var checksum = Checksum()
        var start = 0
        while start < tensor.byteRange.count {
            let piece = start..<min(tensor.byteRange.count, start + Self.writtenBytes)
            let lent = try LentPiece(of: tensor, piece)
            for part in stride(from: 0, to: piece.count, by: Self.hashedBytes) {
                let bytes = UnsafeRawBufferPointer(
                    rebasing: lent.bytes[part..<min(piece.count, part + Self.hashedBytes)])
                payload.digest.add(bytes, first: (start + part) / index.wordBytes, of: index)
                if sharedWith == nil { checksum.update(bytes) }
            }
            if sharedWith == nil {
                try queue.write(lent.bytes, at: payload.offset + start) { lent.giveBack() }
            } else {
                lent.giveBack()
            }
            progress.advance(piece.count)
            start = piece.upperBound
        }
        payload.checksum = checksum.finished()
        payload.sourceDigest = payload.digest
    }

    /// Reads a block, rounds it where it has to be, and encodes it.
    fileprivate func encoded(_ unit: BlockUnit) throws(CoreError) -> EncodedBlock {
        let elements = form.elements(ofBlock: unit.block)
        let range = elements.lowerBound * form.width..<elements.upperBound * form.width
        let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: range.count, alignment: 64)
        defer { buffer.deallocate() }
        try tensor.readLittleEndian(range, into: buffer)
        let bytes = UnsafeRawBufferPointer(buffer)
        let first = range.lowerBound / index.wordBytes
        var block = EncodedBlock(unit: unit)
        block.sourceDigest.add(bytes, first: first, of: index)
        guard form.encoding.isLossy else {
            block.digest = block.sourceDigest
            if sharedWith == nil { BlockCodec.encode(bytes, elementType: form.storedType, into: &block.bytes) }
            return block
        }
        let rounded = form.rounded(bytes, first: elements.lowerBound, scales: scales)
        rounded.withUnsafeBytes { stored in
            if sharedWith == nil { BlockCodec.encode(stored, elementType: form.storedType, into: &block.bytes) }
            form.expand(stored, first: elements.lowerBound, scales: scales, into: buffer)
        }
        block.digest.add(bytes, first: first, of: index)
        return block
    }

    /// Bytes that are hashed at a time: few enough to stay in the processor's cache.
    private static let hashedBytes = 1 << 18
    /// Bytes that are written at a time: systems take large pieces much faster.
    private static let writtenBytes = 1 << 21
}

/// A piece of a tensor's little-endian bytes: in place where they lie so in memory or a mapped file, else a copy.
private final class LentPiece: @unchecked Sendable {
    let bytes: UnsafeRawBufferPointer
    private let tensor: Tensor
    private let range: Range<Int>
    private let copy: UnsafeMutableRawBufferPointer?

    /// - Throws: ``CoreError`` where the bytes cannot be read or decoded.
    init(of tensor: Tensor, _ piece: Range<Int>) throws(CoreError) {
        self.tensor = tensor
        range = tensor.byteRange.lowerBound + piece.lowerBound..<tensor.byteRange.lowerBound + piece.upperBound
        if tensor.byteOrder == .little, !tensor.storage.isDeferred {
            copy = nil
            // They live as long as the storage, which the tensor holds.
            nonisolated(unsafe) var lent = UnsafeRawBufferPointer(start: nil, count: 0)
            tensor.storage.withUnsafeBytes(in: range) { lent = $0 }
            bytes = lent
        } else {
            let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: piece.count, alignment: 64)
            do throws(CoreError) {
                try tensor.readLittleEndian(piece, into: buffer)
            } catch {
                buffer.deallocate()
                throw error
            }
            copy = buffer
            bytes = UnsafeRawBufferPointer(buffer)
        }
    }

    /// Gives the memory back; the bytes are not read any more.
    func giveBack() {
        copy?.deallocate()
        if copy == nil { tensor.storage.releasePages(upTo: range) }
    }
}
