public import SkiffCore
public import SkiffGraph

/// A native file that is open: its graph, whose weights lie in the mapped file, and what it says of its source.
///
/// Opening reads the header only, checks it against its checksum and all rules but those of payloads.
/// ``verifyPayloads(progress:)`` reads the rest.
public struct SkiffReader: Sendable {
    public let graph: Graph
    public let provenance: Provenance
    let storage: Storage
    /// The payloads, in the order of ``weights``.
    let payloads: [Payload]
    /// The weights, in the order of values.
    let weights: [ValueID]

    /// Whether a file that begins with `head` is a native file.
    public static func recognizes(_ head: [UInt8]) -> Bool { head.starts(with: Layout.magic) }

    /// Opens the file that fills `storage`.
    /// - Throws: ``FormatError`` with the file, the tensor or node, and the byte offset.
    public init(storage: Storage) throws(FormatError) {
        do throws(FormatError) {
            try self.init(checked: storage)
        } catch {
            throw error.at(Place(file: storage.path))
        }
    }

    /// The graph of the file that fills `storage`.
    /// - Throws: ``FormatError``.
    public static func read(storage: Storage) throws(FormatError) -> Graph {
        try SkiffReader(storage: storage).graph
    }

    private init(checked storage: Storage) throws(FormatError) {
        let (prologue, header) = try Self.readHeader(storage)
        let record = try HeaderRecord(unpacking: header)
        let payloads = try PayloadLocator(record, storage, headerStart: prologue.headerStart).payloads()
        var tensors: [Tensor] = []
        tensors.reserveCapacity(payloads.count)
        let tensorRecords = record.values.compactMap(\.tensor)
        do throws(CoreError) {
            for (payload, record) in zip(payloads, tensorRecords) {
                var tensor = try Tensor(
                    elementType: payload.form.elementType, shape: record.extents.map { Int(clamping: $0) },
                    storage: payload.elements, byteRange: payload.elementRange)
                tensor.origin = record.origin.map { TensorOrigin($0) }
                tensors.append(tensor)
            }
        } catch {
            throw FormatError(error)
        }
        graph = try record.graph(tensors: tensors)
        provenance = record.provenance
        self.storage = storage
        self.payloads = payloads
        weights = graph.weights
    }

    /// A copy of the header, so that nothing that is checked changes afterwards.
    /// - Throws: ``FormatError`` for F1 to F7.
    private static func readHeader(_ storage: Storage) throws(FormatError) -> (Prologue, [UInt8]) {
        let head = try bytes(of: storage, 0..<min(Layout.prologueBytes, storage.byteCount))
        let prologue = try Prologue(head, fileLength: storage.byteCount)
        let header = try bytes(of: storage, prologue.headerStart..<prologue.fileBytes)
        var checksum = Checksum()
        checksum.update(Array(head.prefix(Layout.coveredBytes)))
        checksum.update(header)
        // F6
        guard checksum.finished() == prologue.checksum else {
            throw FormatError(.headerChecksum, at: Place(byteOffset: Layout.coveredBytes))
        }
        guard prologue.inflatedBytes > 0 else { return (prologue, header) }
        do throws(CoreError) {
            let inflated = try header.span.bytes.withUnsafeBytes { bytes throws(CoreError) in
                try boundedInflate(bytes, framing: .zlib, size: prologue.inflatedBytes)
            }
            return (prologue, inflated)
        } catch {
            // F7
            throw FormatError(.header(error.reason), at: Place(byteOffset: prologue.headerStart))
        }
    }

    private static func bytes(of storage: Storage, _ range: Range<Int>) throws(FormatError) -> [UInt8] {
        do throws(CoreError) {
            return try storage.bytes(in: range)
        } catch {
            throw FormatError(error)
        }
    }
}

extension TensorOrigin {
    fileprivate init(_ record: OriginRecord) {
        self.init(
            name: record.name, file: record.source.map { Int($0) }, member: record.member,
            byteOffset: record.offset.map { Int(clamping: $0) }, transforms: record.transforms)
    }
}
