internal import Dispatch
internal import SkiffCore
internal import Synchronization

/// Puts encoded blocks together to payloads, in the order of the weights.
struct PayloadAssembler {
    private let weights: [PlannedWeight]
    /// Weights that have a payload of their own and are not complete yet.
    private var remaining: ArraySlice<Int>
    private var current: Current?
    private(set) var written: [(position: Int, payload: WrittenPayload)] = []

    private struct Current {
        var position: Int
        var offset: Int
        var lengths: [UInt32] = []
        var checksum = Checksum()
    }

    init(_ positions: [Int], _ weights: [PlannedWeight]) {
        remaining = positions[...]
        self.weights = weights
    }

    /// Writes blocks, which come in the order of their weights. Blocks of shared payloads are passed over.
    mutating func write(_ blocks: [EncodedBlock], to writer: inout FileWriter) throws(CoreError) {
        for block in blocks where weights[block.unit.weight].sharedWith == nil {
            while current?.position != block.unit.weight { try beginNext(&writer) }
            current?.checksum.update(block.bytes)
            current?.lengths.append(UInt32(block.bytes.count))
            try writer.write(block.bytes)
        }
    }

    /// Ends the last payload, and those without a block.
    mutating func finish(_ writer: inout FileWriter) throws(CoreError) {
        while !remaining.isEmpty { try beginNext(&writer) }
        try endCurrent(&writer)
    }

    private mutating func beginNext(_ writer: inout FileWriter) throws(CoreError) {
        try endCurrent(&writer)
        guard let position = remaining.popFirst() else { return }
        var next = Current(position: position, offset: writer.position)
        if weights[position].encoding == .int8 {
            let scales = weights[position].scales.littleEndianBytes { $0.bitPattern.littleEndian }
            next.checksum.update(scales)
            try writer.write(scales)
        }
        current = next
    }

    private mutating func endCurrent(_ writer: inout FileWriter) throws(CoreError) {
        guard var ended = current else { return }
        current = nil
        let directory = ended.lengths.dropLast().map { $0 }.littleEndianBytes { $0.littleEndian }
        ended.checksum.update(directory)
        try writer.write(directory)
        var payload = WrittenPayload()
        payload.offset = ended.offset
        payload.byteCount = writer.position - ended.offset
        payload.checksum = ended.checksum.finished()
        written.append((ended.position, payload))
    }
}

extension FileWriter {
    /// Writes `blocks` while `body` runs for each number below `count`.
    /// - Throws: what either throws.
    mutating func whileWriting(
        _ blocks: [EncodedBlock], with assembler: inout PayloadAssembler, count: Int,
        _ body: @Sendable (Int) throws(CoreError) -> Void
    ) throws(CoreError) {
        // One of the threads writes, the others leave both alone; all of them end before this function does.
        try withUnsafeMutablePointer(to: &self) { writer throws(CoreError) in
            try withUnsafeMutablePointer(to: &assembler) { assembler throws(CoreError) in
                nonisolated(unsafe) let (writer, assembler) = (writer, assembler)
                try concurrently(count + 1) { index throws(CoreError) in
                    if index == 0 {
                        try assembler.pointee.write(blocks, to: &writer.pointee)
                    } else {
                        try body(index - 1)
                    }
                }
            }
        }
    }
}
