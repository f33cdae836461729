internal import Dispatch
internal import SkiffCore
internal import SkiffGraph
internal import Synchronization

/// A file's contents on their way out: payloads first, then the header that describes them.
struct FileDraft {
    let graph: Graph
    var provenance: Provenance
    let weights: [PlannedWeight]
    let sources: [Storage]

    /// Checks, before anything is written, that the header can be packed and read again.
    /// - Throws: ``FormatError`` `notStorable`.
    func check() throws(FormatError) {
        if weights.contains(where: \.name.isEmpty) { throw FormatError(.notStorable("a weight has no name")) }
        let bytes = try HeaderRecord(graph, provenance: provenance, tensors: records(placeholders)).packed()
        guard bytes.count <= Layout.headerLimit else {
            throw FormatError(
                .notStorable("header would have \(bytes.count) bytes, allowed are \(Layout.headerLimit)"))
        }
        do throws(FormatError) {
            _ = try HeaderRecord(unpacking: bytes)
        } catch {
            throw FormatError(.notStorable("header could not be read again: \(error.message)"))
        }
    }

    /// Writes the file.
    /// - Throws: ``CoreError`` where that fails, or what was written is not what was read.
    mutating func write(
        to writer: inout FileWriter, provesPayloads: Bool, _ progress: Progress
    ) throws(CoreError) -> SkiffWriter.Summary {
        // Whoever wants no proof does not wait for checksums of whole files either.
        let hashing =
            provenance.metadata.sources.isEmpty ? SourceHashing(sources, takesChecksums: provesPayloads) : nil
        try writer.write([UInt8](repeating: 0, count: Layout.prologueBytes))
        var payloads = PayloadWriter(weights, progress)
        try payloads.write(to: &writer)
        let records = records(payloads.payloads)
        if provesPayloads {
            try prove(records, readBack: writer.readBack(), progress)
            let isLossless = weights.allSatisfy { !$0.encoding.isLossy }
            provenance.parity = "every weight, read back, has the digest of the source's"
                + (isLossless ? "" : " after rounding")
        }
        if let hashing { provenance.metadata.sources = hashing.finished() }
        return try writeHeader(records, to: &writer)
    }

    private func prove(
        _ records: [TensorRecord], readBack: Storage, _ progress: Progress
    ) throws(CoreError) {
        do throws(FormatError) {
            var payloads: [Payload] = []
            for (weight, record) in zip(weights, records) {
                payloads.append(
                    Payload(
                        name: weight.name, record: record, form: weight.form, shape: weight.tensor.shape, file: readBack))
            }
            try payloads.verify(in: readBack, checksums: false) { progress.advance($0) }
        } catch {
            throw CoreError(.malformed("what was written is not what was read: \(error.message)"), at: error.place)
        }
    }

    private func writeHeader(
        _ records: [TensorRecord], to writer: inout FileWriter
    ) throws(CoreError) -> SkiffWriter.Summary {
        let packed: [UInt8]
        do throws(FormatError) {
            packed = try HeaderRecord(graph, provenance: provenance, tensors: records).packed()
        } catch {
            throw CoreError(.malformed(error.message), at: error.place)
        }
        // A file that is to be small has a small header; one that is to be mapped has one that is read as it is.
        var header = packed
        if weights.contains(where: { $0.encoding != .raw }) {
            let small = try packed.span.bytes.withUnsafeBytes { bytes throws(CoreError) in
                try deflated(bytes, framing: .zlib)
            }
            if small.count < packed.count { header = small }
        }
        let covered = Prologue.covered(
            headerBytes: header.count, inflatedBytes: header.count < packed.count ? packed.count : 0,
            fileBytes: writer.position + header.count)
        var checksum = Checksum()
        checksum.update(covered)
        checksum.update(header)
        try writer.write(header)
        try writer.overwrite(at: 0, with: covered + checksum.finished())
        return SkiffWriter.Summary(
            bytes: writer.position,
            tensors: zip(weights, records).map { weight, record in
                SkiffWriter.TensorSummary(
                    name: weight.name, encoding: weight.encoding,
                    storedBytes: weight.sharedWith == nil ? Int(record.byteCount) : 0,
                    elementBytes: weight.tensor.byteRange.count, note: weight.note)
            })
    }

    /// Payloads that say nothing but have the lengths of what will.
    private var placeholders: [WrittenPayload] {
        weights.map { _ in
            var payload = WrittenPayload()
            payload.offset = Int.max
            payload.byteCount = Int.max
            payload.checksum = [UInt8](repeating: 0, count: Layout.checksumBytes)
            return payload
        }
    }

    private func records(_ payloads: [WrittenPayload]) -> [TensorRecord] {
        let files = Dictionary(
            sources.enumerated().map { (ObjectIdentifier($1), $0) }, uniquingKeysWith: { first, _ in first })
        return zip(weights, payloads).map { weight, payload in
            TensorRecord(
                elementType: weight.tensor.elementType.rawValue, extents: weight.tensor.shape.map { UInt64($0) },
                encoding: weight.encoding == .raw ? nil : EncodingRecord(
                    name: weight.encoding.rawValue, axis: weight.channelAxis.map { UInt32($0) },
                    sourceDigest: weight.encoding.isLossy ? payload.sourceDigest.bytes : nil),
                offset: UInt64(payload.offset), byteCount: UInt64(payload.byteCount), checksum: payload.checksum,
                digest: payload.digest.bytes, canonicalAxes: weight.canonicalAxes.map { UInt32($0) },
                origin: origin(of: weight.tensor, files).map { OriginRecord($0) })
        }
    }

    /// Where a weight comes from: what its reader noted, and its place in a source file.
    private func origin(of tensor: Tensor, _ files: [ObjectIdentifier: Int]) -> TensorOrigin? {
        guard provenance.metadata.sources.isEmpty else { return tensor.origin }
        guard let file = files[ObjectIdentifier(tensor.storage)] else {
            guard var origin = tensor.origin else { return nil }
            if origin.file == nil, sources.count == 1 { origin.file = 0 }
            return origin
        }
        var origin = tensor.origin ?? TensorOrigin()
        origin.file = file
        origin.byteOffset = tensor.byteRange.lowerBound
        if tensor.byteOrder == .big { origin.transforms.append("byte order reversed") }
        return origin
    }
}

extension OriginRecord {
    fileprivate init(_ origin: TensorOrigin) {
        self.init(
            name: origin.name, source: origin.file.map { UInt32($0) }, member: origin.member,
            offset: origin.byteOffset.map { UInt64($0) }, transforms: origin.transforms)
    }
}

/// Describes source files, their checksums too, while their weights are being copied.
private final class SourceHashing: Sendable {
    private let sources: [Storage]
    private let group = DispatchGroup()
    private let result = Mutex<[GraphMetadata.Source]>([])

    init(_ sources: [Storage], takesChecksums: Bool) {
        self.sources = sources
        DispatchQueue.global(qos: .userInitiated).async(group: group) { [self] in
            let found = described(takesChecksums: takesChecksums)
            result.withLock { $0 = found }
        }
    }

    private func described(takesChecksums: Bool) -> [GraphMetadata.Source] {
        var found: [GraphMetadata.Source] = []
        for source in sources {
            guard let path = source.path else { continue }
            found.append(
                GraphMetadata.Source(
                    name: path.split(separator: "/").last.map(String.init) ?? path, byteCount: source.byteCount,
                    checksum: takesChecksums ? sha256(of: source) : nil))
        }
        return found
    }

    /// Waits for the end.
    func finished() -> [GraphMetadata.Source] {
        group.wait()
        return result.withLock { $0 }
    }
}

/// The SHA-256 of all bytes of a storage.
func sha256(of storage: Storage) -> [UInt8] {
    var checksum = Checksum()
    storage.forEachPiece(in: 0..<storage.byteCount, of: 1 << 20) { checksum.update($0) }
    return checksum.finished()
}
