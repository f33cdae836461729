/// The end of the central directory, and the 64-bit fields of zip64 (APPNOTE 4.3.14 to 4.3.16, 4.5.3).
extension ZipDirectoryReader {
    /// Finds the one end record whose comment ends with the archive.
    func findDirectory() throws(CoreError) -> Directory {
        let endBytes = 22
        guard bytes.count >= endBytes else {
            throw failure("\(bytes.count) bytes, an archive has at least \(endBytes)", at: 0)
        }
        let signature: [UInt8] = [0x50, 0x4B, 0x05, 0x06]
        let last = bytes.count - endBytes
        for offset in stride(from: last, through: max(0, last - 0xFFFF), by: -1) {
            guard bytes[offset] == 0x50, bytes[offset..<offset + 4].elementsEqual(signature) else { continue }
            var cursor = try cursor(at: offset + 20)
            let commentLength = Int(try cursor.word(UInt16.self))
            // A record inside the comment of another would be found first by this walk and last by others.
            guard offset + endBytes + commentLength == bytes.count else {
                throw failure("end record's comment does not end with the archive", at: offset)
            }
            return try readEnd(at: offset)
        }
        throw failure("has no end record", at: last)
    }

    private func readEnd(at offset: Int) throws(CoreError) -> Directory {
        var cursor = try cursor(at: offset + 4)
        let disk: UInt16 = try cursor.word()
        let directoryDisk: UInt16 = try cursor.word()
        let entriesHere: UInt16 = try cursor.word()
        let entries: UInt16 = try cursor.word()
        let size: UInt32 = try cursor.word()
        let start: UInt32 = try cursor.word()
        guard disk == 0, directoryDisk == 0, entriesHere == entries else {
            throw failure("is one of several disks", at: offset)
        }
        if let wide = try readWideEnd(before: offset) {
            let agrees = (entries == .max || Int(entries) == wide.entryCount)
                && (size == .max || Int(size) == wide.range.count)
                && (start == .max || Int(start) == wide.range.lowerBound)
            guard agrees else { throw failure("end record and zip64 end record differ", at: offset) }
            return wide
        }
        return try directory(
            start: UInt64(start), size: UInt64(size), entries: UInt64(entries), end: offset, at: offset)
    }

    /// The zip64 end record, where its locator stands before the end record at `offset`.
    private func readWideEnd(before offset: Int) throws(CoreError) -> Directory? {
        let locatorBytes = 20
        guard offset >= locatorBytes else { return nil }
        let locator = offset - locatorBytes
        var cursor = try cursor(at: locator)
        guard try cursor.word(UInt32.self) == 0x0706_4B50 else { return nil }
        let disk: UInt32 = try cursor.word()
        let record: UInt64 = try cursor.word()
        let disks: UInt32 = try cursor.word()
        guard disk == 0, disks <= 1 else { throw failure("is one of several disks", at: locator) }
        guard let recordOffset = Int(exactly: record), recordOffset <= locator - 56 else {
            throw failure("zip64 end record at \(record) lies outside the archive", at: locator)
        }
        cursor = try self.cursor(at: recordOffset)
        guard try cursor.word(UInt32.self) == 0x0606_4B50 else {
            throw failure("zip64 end record has a wrong signature", at: recordOffset)
        }
        let recordBytes: UInt64 = try cursor.word()
        guard recordBytes == UInt64(locator - recordOffset - 12) else {
            throw failure("zip64 end record of \(recordBytes) bytes does not end at its locator", at: recordOffset)
        }
        try cursor.skip(4)
        let here: UInt32 = try cursor.word()
        let directoryDisk: UInt32 = try cursor.word()
        let entriesHere: UInt64 = try cursor.word()
        let entries: UInt64 = try cursor.word()
        let size: UInt64 = try cursor.word()
        let start: UInt64 = try cursor.word()
        guard here == 0, directoryDisk == 0, entriesHere == entries else {
            throw failure("is one of several disks", at: recordOffset)
        }
        return try directory(start: start, size: size, entries: entries, end: recordOffset, at: recordOffset)
    }

    /// A directory that has to end where its end record begins.
    private func directory(
        start: UInt64, size: UInt64, entries: UInt64, end: Int, at offset: Int
    ) throws(CoreError) -> Directory {
        guard entries <= Limits.zipEntries else {
            throw CoreError(
                .limit(
                    name: "zip entries", declared: Int(clamping: entries), allowed: Limits.zipEntries),
                at: Place(byteOffset: base + offset))
        }
        let (stop, overflow) = start.addingReportingOverflow(size)
        guard !overflow, stop == UInt64(end) else {
            throw failure(
                "directory of \(size) bytes at \(start) does not end at its end record; "
                    + "bytes before the archive or inside it are not allowed", at: offset)
        }
        return Directory(range: Int(start)..<end, entryCount: Int(entries))
    }
}

/// The values of a zip64 extra field, taken in order by the fields that have no room for them.
struct Zip64Fields {
    private var values: [UInt64] = []
    private var taken = 0
    private let offset: Int

    /// Reads all extra fields, which end after `extraLength` bytes.
    init(cursor: inout ByteCursor, extraLength: Int) throws(CoreError) {
        offset = cursor.fileOffset
        guard extraLength <= cursor.remaining else {
            throw CoreError(
                .truncated(needed: extraLength, available: cursor.remaining), at: Place(byteOffset: offset))
        }
        var left = extraLength
        var isFound = false
        while left >= 4 {
            let kind: UInt16 = try cursor.word()
            let length = Int(try cursor.word(UInt16.self))
            left -= 4
            guard length <= left else { throw failure("extra field is longer than its room") }
            left -= length
            guard kind == 1 else {
                try cursor.skip(length)
                continue
            }
            guard !isFound else { throw failure("two zip64 extra fields") }
            isFound = true
            for _ in 0..<length / 8 { values.append(try cursor.word()) }
            try cursor.skip(length % 8)
        }
        // Some writers pad extra fields with fewer bytes than a field's header.
        try cursor.skip(left)
    }

    /// The value of a 32-bit field: itself, or the next 64-bit value where it is all ones.
    mutating func value(_ field: UInt32, _ name: String) throws(CoreError) -> Int {
        guard field == .max else { return Int(field) }
        guard taken < values.count else { throw failure("\(name) is missing from the zip64 extra field") }
        let wide = values[taken]
        taken += 1
        guard let value = Int(exactly: wide) else { throw failure("\(name) is \(wide) bytes") }
        return value
    }

    private func failure(_ text: String) -> CoreError {
        CoreError(.zip(text), at: Place(byteOffset: offset))
    }
}
