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
    /// The weights with their checksums, in the order of the file.
    let payloads: [Payload]

    /// A weight's bytes in the file.
    struct Payload: Sendable {
        var name: String
        var value: ValueID
        var range: Range<Int>
        var checksum: [UInt8]
    }

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
        let headerEnd = Layout.prologueBytes + prologue.headerBytes
        let payloads = try Self.locatePayloads(record, headerEnd: headerEnd, fileBytes: prologue.fileBytes)
        try Self.checkPadding(storage, headerEnd: headerEnd)
        var tensors: [Tensor] = []
        tensors.reserveCapacity(payloads.count)
        do throws(CoreError) {
            for payload in payloads {
                guard let tensor = record.values[payload.value.index].tensor,
                    let type = ElementType(rawValue: tensor.elementType)
                else { continue }
                tensors.append(
                    try Tensor(
                        elementType: type, shape: tensor.extents.map { Int(clamping: $0) }, storage: storage,
                        byteRange: payload.range))
            }
        } catch {
            throw FormatError(error)
        }
        graph = try record.graph(tensors: tensors)
        provenance = record.provenance
        self.storage = storage
        self.payloads = payloads
    }

    /// A copy of the header, so that nothing that is checked changes afterwards.
    /// - Throws: ``FormatError`` for F1 to F6.
    private static func readHeader(_ storage: Storage) throws(FormatError) -> (Prologue, [UInt8]) {
        let head = try bytes(of: storage, 0..<min(Layout.prologueBytes, storage.byteCount))
        let prologue = try Prologue(head, fileLength: storage.byteCount)
        let header = try bytes(of: storage, Layout.prologueBytes..<Layout.prologueBytes + prologue.headerBytes)
        var checksum = Checksum()
        checksum.update(Array(head.prefix(Layout.coveredBytes)))
        checksum.update(header)
        // F6
        guard checksum.finished() == prologue.checksum else {
            throw FormatError(.headerChecksum, at: Place(byteOffset: Layout.coveredBytes))
        }
        return (prologue, header)
    }

    private static func bytes(of storage: Storage, _ range: Range<Int>) throws(FormatError) -> [UInt8] {
        do throws(CoreError) {
            return try storage.bytes(in: range)
        } catch {
            throw FormatError(error)
        }
    }

    /// The range of every payload, checked against its tensor, the one before it and the file.
    /// - Throws: ``FormatError`` for F10 to F14.
    private static func locatePayloads(
        _ record: HeaderRecord, headerEnd: Int, fileBytes: Int
    ) throws(FormatError) -> [Payload] {
        let weights = record.values.enumerated().filter { $0.element.tensor != nil }
        guard let start = Layout.aligned(headerEnd), !weights.isEmpty else {
            // F11
            guard headerEnd == fileBytes else {
                throw FormatError(.payloadEnd(declared: fileBytes, expected: headerEnd))
            }
            return []
        }
        var payloads: [Payload] = []
        var end = 0
        for (position, value) in weights {
            guard let tensor = value.tensor, let offset = Layout.aligned(end) else { continue }
            do throws(FormatError) {
                let byteCount = try tensor.checkedByteCount()
                // F10
                guard tensor.offset == UInt64(offset) else {
                    throw FormatError(
                        .payloadOffset(declared: tensor.offset, expected: offset, behind: payloads.last?.name))
                }
                // F20: a checksum of another length cannot be had.
                guard tensor.checksum.count == Layout.checksumBytes else { throw FormatError(.payloadChecksum) }
                let lower = start + offset
                end = offset + byteCount
                payloads.append(
                    Payload(
                        name: value.name, value: ValueID(position), range: lower..<lower + byteCount,
                        checksum: tensor.checksum))
            } catch {
                throw error.at(Place(tensor: value.name))
            }
        }
        // F11
        guard start + end == fileBytes else {
            throw FormatError(.payloadEnd(declared: fileBytes, expected: start + end))
        }
        return payloads
    }

    /// - Throws: ``FormatError`` for F9.
    private static func checkPadding(_ storage: Storage, headerEnd: Int) throws(FormatError) {
        guard let start = Layout.aligned(headerEnd) else { return }
        let padding = try bytes(of: storage, headerEnd..<min(start, storage.byteCount))
        // F9
        guard padding.allSatisfy({ $0 == 0 }) else { throw FormatError(.padding, at: Place(byteOffset: headerEnd)) }
    }
}

extension TensorRecord {
    /// The payload's bytes as type and shape prescribe them.
    /// - Throws: ``FormatError`` for F12 to F14.
    fileprivate func checkedByteCount() throws(FormatError) -> Int {
        // F12
        guard let type = ElementType(rawValue: elementType) else {
            throw FormatError(.tensorType("element type \"\(escaped(elementType))\" is not known"))
        }
        // F13
        if let encoding { throw FormatError(.encoding(encoding)) }
        let expected: Int
        do throws(CoreError) {
            expected = try checkedTensorBytes(shape: extents.map { Int(clamping: $0) }, elementType: type)
        } catch {
            // F12
            throw FormatError(.tensorType(error.message))
        }
        // F14
        guard byteCount == UInt64(expected) else {
            throw FormatError(.payloadLength(declared: byteCount, expected: expected))
        }
        return expected
    }
}
