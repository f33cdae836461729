/// Reads and checks the directory of a zip archive. Offsets are those of the archive; errors add `base`.
struct ZipDirectoryReader {
    let bytes: UnsafeRawBufferPointer
    let base: Int
    let naming: ZipArchive.Naming

    /// A central directory entry as it stands there.
    struct Entry {
        var name: String
        var flags: UInt16
        var method: ZipArchive.Method
        var crc32: UInt32
        var compressedBytes: Int
        var byteCount: Int
        var headerOffset: Int
        /// Where the entry's bytes end: at the end of its data, or of its data descriptor.
        var dataRange = 0..<0

        var hasDescriptor: Bool { flags & 0x8 != 0 }
    }

    /// Where the central directory lies and how many entries it has.
    struct Directory {
        var range: Range<Int>
        var entryCount: Int
    }

    mutating func read() throws(CoreError) -> [ZipArchive.Member] {
        let directory = try findDirectory()
        var entries = try readEntries(directory)
        for index in entries.indices {
            do throws(CoreError) {
                try readLocalHeader(&entries[index], directory: directory)
            } catch {
                throw error.at(Place(member: entries[index].name))
            }
        }
        try checkTiling(entries, directory: directory)
        return entries.map { entry in
            ZipArchive.Member(
                name: entry.name, method: entry.method, byteCount: entry.byteCount, crc32: entry.crc32,
                dataRange: base + entry.dataRange.lowerBound..<base + entry.dataRange.upperBound)
        }
    }

    /// A cursor over the archive from `offset` on.
    @_lifetime(borrow self)
    func cursor(at offset: Int) throws(CoreError) -> ByteCursor {
        guard offset >= 0, offset <= bytes.count else {
            throw failure("structure lies outside the \(bytes.count) bytes of the archive", at: offset)
        }
        let tail = UnsafeRawBufferPointer(rebasing: bytes[offset...])
        let cursor = ByteCursor(RawSpan(_unsafeBytes: tail), base: base + offset)
        return _overrideLifetime(cursor, borrowing: self)
    }

    func failure(_ text: String, at offset: Int) -> CoreError {
        CoreError(.zip(text), at: Place(byteOffset: base.addingReportingOverflow(offset).partialValue))
    }

    // MARK: Central directory

    private func readEntries(_ directory: Directory) throws(CoreError) -> [Entry] {
        var entries: [Entry] = []
        var cursor = try cursor(at: directory.range.lowerBound)
        let end = base + directory.range.upperBound
        for _ in 0..<directory.entryCount {
            let offset = cursor.fileOffset - base
            guard offset < directory.range.upperBound else {
                throw failure("directory ends after \(entries.count) of \(directory.entryCount) entries", at: offset)
            }
            entries.append(try readEntry(&cursor))
        }
        guard cursor.fileOffset == end else {
            throw failure("directory has \(end - cursor.fileOffset) bytes more than its entries", at: cursor.fileOffset - base)
        }
        return entries
    }

    private func readEntry(_ cursor: inout ByteCursor) throws(CoreError) -> Entry {
        let offset = cursor.fileOffset - base
        guard try cursor.word(UInt32.self) == 0x0201_4B50 else {
            throw failure("directory entry has a wrong signature", at: offset)
        }
        try cursor.skip(4)
        let flags: UInt16 = try cursor.word()
        let rawMethod: UInt16 = try cursor.word()
        try cursor.skip(4)
        let crc: UInt32 = try cursor.word()
        let compressedBytes: UInt32 = try cursor.word()
        let byteCount: UInt32 = try cursor.word()
        let nameLength: UInt16 = try cursor.word()
        let extraLength: UInt16 = try cursor.word()
        let commentLength: UInt16 = try cursor.word()
        let disk: UInt16 = try cursor.word()
        try cursor.skip(2)
        let externalAttributes: UInt32 = try cursor.word()
        let headerOffset: UInt32 = try cursor.word()
        let name = try readName(&cursor, length: Int(nameLength), flags: flags)
        do throws(CoreError) {
            guard flags & 0x2041 == 0 else { throw failure("is encrypted", at: offset) }
            guard let method = ZipArchive.Method(rawValue: rawMethod) else {
                throw failure("compression method \(rawMethod), readable are 0 (stored) and 8 (deflated)", at: offset)
            }
            let fileType = externalAttributes >> 16 & 0xF000
            guard fileType == 0 || fileType == 0x8000 || fileType == 0x4000 else {
                throw failure(fileType == 0xA000 ? "is a symbolic link" : "is not a regular file", at: offset)
            }
            var zip64 = try Zip64Fields(cursor: &cursor, extraLength: Int(extraLength))
            let fullByteCount = try zip64.value(byteCount, "size")
            let fullCompressedBytes = try zip64.value(compressedBytes, "compressed size")
            let fullHeaderOffset = try zip64.value(headerOffset, "header offset")
            guard disk == 0 else { throw failure("lies on disk \(disk) of several", at: offset) }
            guard method == .deflated || fullByteCount == fullCompressedBytes else {
                throw failure("stored with \(fullCompressedBytes) bytes, declared are \(fullByteCount)", at: offset)
            }
            guard !name.hasSuffix("/") || fullByteCount == 0 else {
                throw failure("is a folder with contents", at: offset)
            }
            try cursor.skip(Int(commentLength))
            return Entry(
                name: name, flags: flags, method: method, crc32: crc, compressedBytes: fullCompressedBytes,
                byteCount: fullByteCount, headerOffset: fullHeaderOffset)
        } catch {
            throw error.at(Place(member: name))
        }
    }

    /// A member's name, which has to be a relative path that stays inside a folder on every system.
    private func readName(
        _ cursor: inout ByteCursor, length: Int, flags: UInt16
    ) throws(CoreError) -> String {
        let offset = cursor.fileOffset - base
        let raw = try cursor.take(length)
        guard let name = String(validating: raw, as: UTF8.self) else {
            throw failure("member name is not valid UTF-8", at: offset)
        }
        guard flags & 0x800 != 0 || raw.allSatisfy({ $0 < 0x80 }) else {
            throw failure("member name \"\(escaped(name))\" has an undeclared encoding", at: offset)
        }
        var parts = raw.split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false)
        if parts.count > 1, parts.last?.isEmpty == true { parts.removeLast() }
        let refused = raw.contains(0) || raw.contains(UInt8(ascii: "\\")) || raw.contains(UInt8(ascii: ":"))
            || parts.contains { $0.isEmpty || $0.elementsEqual(".".utf8) || $0.elementsEqual("..".utf8) }
        guard naming == .labels || !refused else {
            throw failure("member name \"\(escaped(name))\" is no plain relative path", at: offset)
        }
        return name
    }

    // MARK: Local headers

    /// Checks the local header against its central entry and notes where the data lies.
    private func readLocalHeader(_ entry: inout Entry, directory: Directory) throws(CoreError) {
        let offset = entry.headerOffset
        var cursor = try cursor(at: offset)
        guard try cursor.word(UInt32.self) == 0x0403_4B50 else {
            throw failure("local header has a wrong signature", at: offset)
        }
        try cursor.skip(2)
        let flags: UInt16 = try cursor.word()
        let method: UInt16 = try cursor.word()
        try cursor.skip(4)
        let crc: UInt32 = try cursor.word()
        let compressedBytes: UInt32 = try cursor.word()
        let byteCount: UInt32 = try cursor.word()
        let nameLength: UInt16 = try cursor.word()
        let extraLength: UInt16 = try cursor.word()
        guard try cursor.take(Int(nameLength)) == Array(entry.name.utf8) else {
            throw contradiction("name", at: offset)
        }
        guard method == entry.method.rawValue else { throw contradiction("method", at: offset) }
        guard flags & 0x2849 == entry.flags & 0x2849 else { throw contradiction("flags", at: offset) }
        var zip64 = try Zip64Fields(cursor: &cursor, extraLength: Int(extraLength))
        let fullByteCount = try zip64.value(byteCount, "size")
        let fullCompressedBytes = try zip64.value(compressedBytes, "compressed size")
        // With a data descriptor the header may leave the three to it.
        let isLeftOpen = entry.hasDescriptor && crc == 0 && fullByteCount == 0 && fullCompressedBytes == 0
        if !isLeftOpen {
            guard crc == entry.crc32 else { throw contradiction("CRC-32", at: offset) }
            guard fullByteCount == entry.byteCount else { throw contradiction("size", at: offset) }
            guard fullCompressedBytes == entry.compressedBytes else {
                throw contradiction("compressed size", at: offset)
            }
        }
        let start = cursor.fileOffset - base
        let (end, overflow) = start.addingReportingOverflow(entry.compressedBytes)
        guard !overflow, end <= directory.range.lowerBound else {
            throw failure("contents of \(entry.compressedBytes) bytes reach past the directory", at: start)
        }
        entry.dataRange = start..<end
    }

    private func contradiction(_ field: String, at offset: Int) -> CoreError {
        failure("local header and directory differ in \(field)", at: offset)
    }

    /// Every byte before the directory belongs to exactly one member.
    private func checkTiling(_ entries: [Entry], directory: Directory) throws(CoreError) {
        var position = 0
        let ordered = entries.sorted { $0.headerOffset < $1.headerOffset }
        for (index, entry) in ordered.enumerated() {
            guard entry.headerOffset >= position else {
                throw failure("overlaps the member before it", at: entry.headerOffset).at(Place(member: entry.name))
            }
            guard entry.headerOffset == position else {
                throw failure("\(entry.headerOffset - position) bytes belong to no member", at: position)
            }
            let next = index + 1 < ordered.count ? ordered[index + 1].headerOffset : directory.range.lowerBound
            position = entry.dataRange.upperBound
            if entry.hasDescriptor, next > position {
                try checkDescriptor(of: entry, in: position..<next)
                position = next
            }
        }
        guard position == directory.range.lowerBound else {
            throw failure("\(directory.range.lowerBound - position) bytes belong to no member", at: position)
        }
    }

    /// The bytes of `range` have to be a data descriptor that repeats what the directory says: with or without
    /// signature, of 32-bit or 64-bit sizes.
    private func checkDescriptor(of entry: Entry, in range: Range<Int>) throws(CoreError) {
        let place = Place(member: entry.name)
        do throws(CoreError) {
            var cursor = try cursor(at: range.lowerBound)
            if range.count == 16 || range.count == 24 {
                guard try cursor.word(UInt32.self) == 0x0807_4B50 else {
                    throw failure("data descriptor has a wrong signature", at: range.lowerBound)
                }
            } else {
                guard range.count == 12 || range.count == 20 else {
                    throw failure("data descriptor of \(range.count) bytes", at: range.lowerBound)
                }
            }
            let isWide = range.count >= 20
            guard try cursor.word(UInt32.self) == entry.crc32 else {
                throw failure("data descriptor and directory differ in CRC-32", at: range.lowerBound)
            }
            let compressedBytes = isWide ? try cursor.word(UInt64.self) : UInt64(try cursor.word(UInt32.self))
            let byteCount = isWide ? try cursor.word(UInt64.self) : UInt64(try cursor.word(UInt32.self))
            guard compressedBytes == UInt64(entry.compressedBytes), byteCount == UInt64(entry.byteCount) else {
                throw failure("data descriptor and directory differ in size", at: range.lowerBound)
            }
        } catch {
            throw error.at(place)
        }
    }
}
