/// Writes a zip archive member by member. The same members give the same bytes: dates are the first that zip
/// can say, 1980-01-01, and permissions are 0644.
///
/// Zip64 fields appear where a size, an offset or the number of members needs them, and nowhere else.
public struct ZipWriter {
    private struct Entry {
        var name: [UInt8]
        var method: ZipArchive.Method
        var crc32: UInt32
        var compressedBytes: Int
        var byteCount: Int
        var headerOffset: Int
    }

    /// A stretch of a member's bytes.
    public enum Piece {
        case bytes([UInt8])
        case stored(Storage, Range<Int>)
    }

    private var entries: [Entry] = []
    private var names: Set<String> = []
    private static let narrow = Int(UInt32.max)

    public init() {}

    /// Appends a member whose bytes are `pieces` one after the other. Deflated ones pass through memory.
    /// - Throws: ``CoreError`` `zip` for a name that occurs twice or is too long; what `sink` throws.
    public mutating func add<Sink: ByteSink & ~Copyable>(
        _ name: String, _ pieces: [Piece], method: ZipArchive.Method = .stored, to sink: inout Sink
    ) throws(CoreError) {
        guard names.insert(name).inserted else {
            throw CoreError(.zip("two members have this name"), at: Place(member: name))
        }
        guard name.utf8.count <= UInt16.max else { throw CoreError(.zip("member name is too long")) }
        var crc: UInt32 = 0
        var byteCount = 0
        for piece in pieces {
            try piece.withBytes { bytes in
                crc = crc32(bytes, continuing: crc)
                byteCount += bytes.count
            }
        }
        var payload = pieces
        var compressedBytes = byteCount
        if method == .deflated {
            let compressed = try Self.deflate(pieces, byteCount: byteCount)
            compressedBytes = compressed.count
            payload = [.bytes(compressed)]
        }
        let entry = Entry(
            name: Array(name.utf8), method: method, crc32: crc, compressedBytes: compressedBytes,
            byteCount: byteCount, headerOffset: sink.position)
        entries.append(entry)
        try sink.write(localHeader(entry))
        for piece in payload {
            switch piece {
            case .bytes(let bytes): try sink.write(bytes)
            case .stored(let storage, let range): try sink.write(storage, range)
            }
        }
    }

    private static func deflate(_ pieces: [Piece], byteCount: Int) throws(CoreError) -> [UInt8] {
        var whole: [UInt8] = []
        whole.reserveCapacity(byteCount)
        for piece in pieces { try piece.withBytes { whole.append(contentsOf: $0) } }
        var failure: CoreError?
        let result = whole.withUnsafeBytes { bytes -> [UInt8] in
            do throws(CoreError) {
                return try deflated(bytes, framing: .raw)
            } catch {
                failure = error
                return []
            }
        }
        if let failure { throw failure }
        return result
    }

    /// Writes the directory. Nothing may follow it.
    public mutating func finish<Sink: ByteSink & ~Copyable>(to sink: inout Sink) throws(CoreError) {
        let start = sink.position
        for entry in entries { try sink.write(directoryEntry(entry)) }
        let size = sink.position - start
        let isWide = entries.count >= Int(UInt16.max) || start >= Self.narrow || size >= Self.narrow
        var end: [UInt8] = []
        if isWide {
            end.append(words: UInt32(0x0606_4B50))
            end.append(words: UInt64(44))
            end.append(words: UInt16(0x032D), 45)
            end.append(words: UInt32(0), 0)
            end.append(words: UInt64(entries.count), UInt64(entries.count), UInt64(size), UInt64(start))
            end.append(words: UInt32(0x0706_4B50), 0)
            end.append(words: UInt64(start + size))
            end.append(words: UInt32(1))
        }
        let count = UInt16(isWide ? Int(UInt16.max) : entries.count)
        end.append(words: UInt32(0x0605_4B50))
        end.append(words: UInt16(0), 0, count, count)
        end.append(words: isWide ? .max : UInt32(size), isWide ? UInt32.max : UInt32(start))
        end.append(words: UInt16(0))
        try sink.write(end)
    }

    // MARK: Records

    /// Flags, method, date and checksum, which both headers share.
    private func common(_ entry: Entry) -> [UInt8] {
        var bytes: [UInt8] = []
        let isASCII = entry.name.allSatisfy { $0 < 0x80 }
        bytes.append(words: isASCII ? UInt16(0) : 0x800, entry.method.rawValue, 0, 0x0021)
        bytes.append(words: entry.crc32)
        return bytes
    }

    private func localHeader(_ entry: Entry) -> [UInt8] {
        let isWide = entry.byteCount >= Self.narrow || entry.compressedBytes >= Self.narrow
        var bytes: [UInt8] = []
        bytes.append(words: UInt32(0x0403_4B50))
        bytes.append(words: UInt16(isWide ? 45 : 20))
        bytes += common(entry)
        bytes.append(words: isWide ? .max : UInt32(entry.compressedBytes), isWide ? .max : UInt32(entry.byteCount))
        bytes.append(words: UInt16(entry.name.count), isWide ? 20 : 0)
        bytes += entry.name
        if isWide {
            bytes.append(words: UInt16(1), 16)
            bytes.append(words: UInt64(entry.byteCount), UInt64(entry.compressedBytes))
        }
        return bytes
    }

    private func directoryEntry(_ entry: Entry) -> [UInt8] {
        var wide: [UInt8] = []
        for value in [entry.byteCount, entry.compressedBytes, entry.headerOffset] where value >= Self.narrow {
            wide.append(words: UInt64(value))
        }
        func narrowed(_ value: Int) -> UInt32 { value >= Self.narrow ? .max : UInt32(value) }
        var bytes: [UInt8] = []
        bytes.append(words: UInt32(0x0201_4B50))
        bytes.append(words: UInt16(0x0300 | (wide.isEmpty ? 20 : 45)), wide.isEmpty ? 20 : 45)
        bytes += common(entry)
        bytes.append(words: narrowed(entry.compressedBytes), narrowed(entry.byteCount))
        bytes.append(words: UInt16(entry.name.count), UInt16(wide.isEmpty ? 0 : wide.count + 4), 0, 0, 0)
        bytes.append(words: UInt32(0o100644) << 16, narrowed(entry.headerOffset))
        bytes += entry.name
        if !wide.isEmpty {
            bytes.append(words: UInt16(1), UInt16(wide.count))
            bytes += wide
        }
        return bytes
    }
}

extension ZipWriter.Piece {
    fileprivate func withBytes(_ body: (UnsafeRawBufferPointer) -> Void) throws(CoreError) {
        switch self {
        case .bytes(let bytes): bytes.withUnsafeBytes(body)
        case .stored(let storage, let range):
            try storage.check(range)
            storage.withUnsafeBytes(in: range, body)
        }
    }
}

extension [UInt8] {
    /// Appends words in little-endian order.
    mutating func append<Word: FixedWidthInteger>(words: Word...) {
        for word in words { Swift.withUnsafeBytes(of: word.littleEndian) { append(contentsOf: $0) } }
    }
}
