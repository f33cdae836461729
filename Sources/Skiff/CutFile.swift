internal import SkiffONNX

/// A model file of which the end is missing, by what its beginning declares.
struct CutFile: Hashable, Sendable {
    /// With its article: `an HDF5 file`.
    var name: String
    /// Bytes that the whole file has at least.
    var expected: Int

    /// - Returns: `nil` where nothing says that bytes are missing. Nothing but a few structures is read.
    static func recognized(_ storage: Storage) -> CutFile? {
        let head = FormatRegistry.head(of: storage, 64)
        if head.starts(with: [0x89, 0x48, 0x44, 0x46, 0x0D, 0x0A, 0x1A, 0x0A]) { return hdf5(head, storage) }
        if head.starts(with: [0x50, 0x4B, 0x03, 0x04]) { return zip(storage) }
        let start = FormatRegistry.head(of: storage, 4096)
        return ONNXReader.recognizes(start) && Lookalike.protobufKind(start) == nil ? onnx(storage) : nil
    }

    /// The lengths of a model's fields, of which the graph is the longest.
    private static func onnx(_ storage: Storage) -> CutFile? {
        var position = 0
        while position < storage.byteCount {
            let tagAndLength = position..<min(position + 20, storage.byteCount)
            guard let head = try? storage.bytes(in: tagAndLength) else { return nil }
            var cursor = ByteCursor(head.span.bytes)
            guard let tag = try? cursor.varint() else { return nil }
            switch tag & 7 {
            case 0: guard (try? cursor.varint()) != nil else { return nil }
            case 2:
                guard let length = try? cursor.varint() else { return nil }
                let (end, overflow) = (position + cursor.position).addingReportingOverflow(Int(clamping: length))
                guard !overflow else { return nil }
                if end > storage.byteCount { return CutFile(name: "an ONNX model", expected: end) }
                position = end
                continue
            default: return nil
            }
            position += cursor.position
        }
        return nil
    }

    /// The superblock declares where the file ends. Source: HDF5 File Format Specification, "Disk Format: Level 0A".
    private static func hdf5(_ head: [UInt8], _ storage: Storage) -> CutFile? {
        guard head.count > 13 else { return CutFile(name: "an HDF5 file", expected: 96) }
        let version = head[8]
        let width: Int
        let base: Int
        switch version {
        case 0: (width, base) = (Int(head[13]), 24)
        case 1: (width, base) = (Int(head[13]), 28)
        case 2, 3: (width, base) = (Int(head[9]), 12)
        default: return nil
        }
        guard width == 4 || width == 8 else { return nil }
        // Base address, then the address of free space or of the extension, then that of the end.
        func address(_ index: Int) -> Int? {
            let start = base + index * width
            guard start + width <= head.count else { return nil }
            let value = head[start..<start + width].reversed().reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
            return Int(exactly: value)
        }
        guard let end = address(2) else { return CutFile(name: "an HDF5 file", expected: 96) }
        guard end > storage.byteCount else { return nil }
        return CutFile(name: "an HDF5 file", expected: end)
    }

    /// The directory at a zip archive's end is missing, and the last member that its local headers lead to says how
    /// much there has to be.
    private static func zip(_ storage: Storage) -> CutFile? {
        guard !hasEnd(storage) else { return nil }
        var position = 0
        while position < storage.byteCount {
            guard let next = try? endOfMember(at: position, in: storage) else { break }
            position = next
        }
        // At least a directory of one entry and its end follow.
        let (expected, overflow) = position.addingReportingOverflow(46 + 22)
        return CutFile(
            name: "a zip archive", expected: overflow ? .max : max(expected, storage.byteCount + 1))
    }

    private static func hasEnd(_ storage: Storage) -> Bool {
        let start = max(0, storage.byteCount - (22 + 0xFFFF))
        let tail = (try? storage.bytes(in: start..<storage.byteCount)) ?? []
        guard tail.count >= 4 else { return false }
        return (0...tail.count - 4).contains { tail[$0...].starts(with: [0x50, 0x4B, 0x05, 0x06]) }
    }

    private static func endOfMember(at position: Int, in storage: Storage) throws(CoreError) -> Int {
        let header = try storage.bytes(in: position..<min(position + 30, storage.byteCount))
        let extra = try storage.bytes(in: position..<min(position + 30 + (2 << 16), storage.byteCount))
        guard header.starts(with: [0x50, 0x4B, 0x03, 0x04]) else { throw CoreError(.zip("no local header")) }
        var cursor = ByteCursor(extra.span.bytes)
        try cursor.skip(18)
        let size = Int(try cursor.word(UInt32.self))
        _ = try cursor.word(UInt32.self)
        let nameBytes = Int(try cursor.word(UInt16.self))
        let extraBytes = Int(try cursor.word(UInt16.self))
        try cursor.skip(nameBytes)
        let start = position + 30 + nameBytes + extraBytes
        guard size == 0xFFFF_FFFF else {
            // A size of zero may be left to a descriptor behind the data, which nothing leads to.
            let flags = Int(header[6]) | Int(header[7]) << 8
            guard size > 0 || flags & 8 == 0 else { throw CoreError(.zip("no size")) }
            return start + size
        }
        // The zip64 field: both sizes of 64 bits, the compressed one second.
        guard try cursor.word(UInt16.self) == 1, try cursor.word(UInt16.self) >= 16 else {
            throw CoreError(.zip("no zip64 field"))
        }
        try cursor.skip(8)
        let (end, overflow) = start.addingReportingOverflow(Int(clamping: try cursor.word(UInt64.self)))
        guard !overflow else { throw CoreError(.zip("no size")) }
        return end
    }
}
