internal import Dispatch
internal import SkiffCore
public import SkiffGraph

/// Writes graphs as native files. The same graph and provenance give the same bytes.
public enum SkiffWriter {
    /// What was written.
    public struct Summary: Hashable, Sendable {
        /// Bytes of the file.
        public var bytes: Int
        /// Weights in it.
        public var tensors: Int
    }

    /// Writes `graph` to `path`, atomically. Weights go from where they lie to the file, piece by piece;
    /// big-endian ones become little-endian.
    /// - Parameters:
    ///   - provenance: what to note of the source; its metadata is the graph's.
    ///   - progress: told the payload bytes written so far and those there are.
    /// - Throws: ``FormatError`` `notStorable`, or `core` where writing fails.
    @discardableResult
    public static func write(
        _ graph: Graph, to path: String, provenance: Provenance = Provenance(),
        progress: ((_ done: Int, _ total: Int) -> Void)? = nil
    ) throws(FormatError) -> Summary {
        var provenance = provenance
        provenance.metadata = graph.metadata
        let weights = graph.values.compactMap { value in value.tensor.map { (name: value.name, tensor: $0) } }
        let records = try layOut(weights)
        // Checksums have one length, so the header has its final length before they are known.
        let draft = try HeaderRecord(graph, provenance: provenance, tensors: records)
        let headerBytes = try draft.checkedPacked().count
        let contents = Contents(
            graph: graph, provenance: provenance, weights: weights, headerBytes: headerBytes, progress: progress)
        do throws(CoreError) {
            let bytes = try atomicWrite(to: path) { writer throws(CoreError) in
                try contents.write(records, to: &writer)
                return writer.position
            }
            return Summary(bytes: bytes, tensors: weights.count)
        } catch {
            throw FormatError(error)
        }
    }

    /// Where each weight is going to lie, its checksum left open.
    private static func layOut(_ weights: [(name: String, tensor: Tensor)]) throws(FormatError) -> [TensorRecord] {
        var records: [TensorRecord] = []
        records.reserveCapacity(weights.count)
        var end = 0
        for (name, tensor) in weights {
            guard !name.isEmpty else { throw FormatError(.notStorable("a weight has no name")) }
            guard let offset = Layout.aligned(end) else { throw FormatError(.notStorable("weights are too large")) }
            records.append(
                TensorRecord(
                    elementType: tensor.elementType.rawValue, extents: tensor.shape.map { UInt64($0) },
                    offset: UInt64(offset), byteCount: UInt64(tensor.byteRange.count),
                    checksum: [UInt8](repeating: 0, count: Layout.checksumBytes)))
            let (next, overflow) = offset.addingReportingOverflow(tensor.byteRange.count)
            guard !overflow else { throw FormatError(.notStorable("weights are too large")) }
            end = next
        }
        return records
    }
}

extension HeaderRecord {
    /// The packed header, after a check that it can be read again.
    fileprivate func checkedPacked() throws(FormatError) -> [UInt8] {
        let bytes = try packed()
        guard bytes.count <= Layout.headerLimit else {
            throw FormatError(
                .notStorable("header would have \(bytes.count) bytes, allowed are \(Layout.headerLimit)"))
        }
        do throws(FormatError) {
            _ = try HeaderRecord(unpacking: bytes)
        } catch {
            throw FormatError(.notStorable("header could not be read again: \(error.message)"))
        }
        return bytes
    }
}

/// A file's contents on their way out.
private struct Contents {
    let graph: Graph
    let provenance: Provenance
    let weights: [(name: String, tensor: Tensor)]
    let headerBytes: Int
    let progress: ((Int, Int) -> Void)?

    func write(_ records: [TensorRecord], to writer: inout FileWriter) throws(CoreError) {
        var records = records
        let headerEnd = Layout.prologueBytes + headerBytes
        let start = weights.isEmpty ? headerEnd : Layout.aligned(headerEnd) ?? headerEnd
        try writer.write([UInt8](repeating: 0, count: start))
        let total = weights.reduce(0) { $0 + $1.tensor.byteRange.count }
        var done = 0
        for (index, weight) in weights.enumerated() {
            let offset = start + Int(clamping: records[index].offset)
            try writer.write([UInt8](repeating: 0, count: offset - writer.position))
            var checksum = Checksum()
            try weight.tensor.forEachLittleEndianPiece { bytes throws(CoreError) in
                try writeHashing(bytes, to: &writer, &checksum)
                done += bytes.count
                progress?(done, total)
            }
            records[index].checksum = checksum.finished()
        }
        let header: [UInt8]
        do throws(FormatError) {
            header = try HeaderRecord(graph, provenance: provenance, tensors: records).packed()
        } catch {
            throw CoreError(.malformed(error.message))
        }
        let covered = Prologue.covered(headerBytes: header.count, fileBytes: writer.position)
        var checksum = Checksum()
        checksum.update(covered)
        checksum.update(header)
        try writer.overwrite(at: 0, with: covered + checksum.finished() + header)
    }
}

/// Writes `bytes` and takes them into the checksum, both at once where there are enough of them.
private func writeHashing(
    _ bytes: UnsafeRawBufferPointer, to writer: inout FileWriter, _ checksum: inout Checksum
) throws(CoreError) {
    guard bytes.count >= 1 << 20 else {
        checksum.update(bytes)
        try writer.write(bytes)
        return
    }
    // Each of the two runs touches its own variables, and both end before this function does.
    nonisolated(unsafe) let bytes = bytes
    nonisolated(unsafe) var failure: CoreError?
    withUnsafeMutablePointer(to: &writer) { writer in
        withUnsafeMutablePointer(to: &checksum) { checksum in
            nonisolated(unsafe) let (writer, checksum) = (writer, checksum)
            DispatchQueue.concurrentPerform(iterations: 2) { part in
                if part == 0 {
                    checksum.pointee.update(bytes)
                } else {
                    do throws(CoreError) { try writer.pointee.write(bytes) } catch { failure = error }
                }
            }
        }
    }
    if let failure { throw failure }
}
