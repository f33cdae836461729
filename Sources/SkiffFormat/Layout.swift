internal import SkiffCore

/// The container's fixed numbers. Docs/Format.md has the layout.
enum Layout {
    /// 0x89, then `SKIFF`, then CR LF: a text transfer that changes line ends is noticed at once.
    static let magic: [UInt8] = [0x89, 0x53, 0x4B, 0x49, 0x46, 0x46, 0x0D, 0x0A]
    static let version: UInt32 = 2
    /// Bytes before the payloads.
    static let prologueBytes = 64
    /// Bytes of the prologue that the header's checksum covers: all before the checksum itself.
    static let coveredBytes = 32
    static let checksumBytes = 32
    static let digestBytes = 16
    /// Raw payloads begin at multiples of this.
    static let alignment = 64
    /// Bytes of the header. A network of 10,000 bottleneck blocks, 100,000 nodes and 250,000 weights, has 30 MB.
    static let headerLimit = 64 << 20

    /// Bytes that the encoded payloads of a file may decode to, where that is more than ``Limits/decodedBytes``, times
    /// those of the file.
    static let decodedShare = 64

    /// `offset` rounded up to the next multiple of ``alignment``; `nil` where that leaves `Int`.
    static func aligned(_ offset: Int) -> Int? {
        let (sum, overflow) = offset.addingReportingOverflow(alignment - 1)
        return overflow || offset < 0 ? nil : sum / alignment * alignment
    }
}

/// The first 64 bytes of a file.
struct Prologue {
    /// Bytes of the header as it lies in the file.
    var headerBytes: Int
    /// Bytes of the header when inflated; 0 where it lies there as it is.
    var inflatedBytes: Int
    var fileBytes: Int
    /// SHA-256 of the 32 bytes before it and of the header as it lies in the file.
    var checksum: [UInt8]

    /// First byte of the header: it ends the file.
    var headerStart: Int { fileBytes - headerBytes }

    /// The bytes that the checksum covers.
    static func covered(headerBytes: Int, inflatedBytes: Int, fileBytes: Int) -> [UInt8] {
        var bytes = Layout.magic
        bytes += [Layout.version, UInt32(inflatedBytes)].littleEndianBytes { $0.littleEndian }
        bytes += [UInt64(headerBytes), UInt64(fileBytes)].littleEndianBytes { $0.littleEndian }
        return bytes
    }

    /// Reads and checks all but the checksum.
    /// - Parameters:
    ///   - bytes: the first 64 bytes, or all that there are.
    ///   - fileLength: bytes that the file has.
    /// - Throws: ``FormatError`` for F1 to F5.
    init(_ bytes: [UInt8], fileLength: Int) throws(FormatError) {
        // F1
        guard bytes.starts(with: Layout.magic) else { throw FormatError(.signature, at: Place(byteOffset: 0)) }
        guard bytes.count >= Layout.prologueBytes else {
            throw FormatError(.fileLength(declared: UInt64(Layout.prologueBytes), found: bytes.count))
        }
        let version = bytes.word(UInt32.self, at: 8)
        // F2
        guard version == Layout.version else { throw FormatError(.version(found: version), at: Place(byteOffset: 8)) }
        inflatedBytes = Int(bytes.word(UInt32.self, at: 12))
        // F3
        guard inflatedBytes <= Layout.headerLimit else {
            throw FormatError(.inflatedLength(declared: inflatedBytes), at: Place(byteOffset: 12))
        }
        let declaredLength = bytes.word(UInt64.self, at: 24)
        // F4
        guard declaredLength == UInt64(fileLength) else {
            throw FormatError(.fileLength(declared: declaredLength, found: fileLength), at: Place(byteOffset: 24))
        }
        let declaredHeader = bytes.word(UInt64.self, at: 16)
        let allowed = min(Layout.headerLimit, fileLength - Layout.prologueBytes)
        // F5
        guard declaredHeader >= 1, declaredHeader <= UInt64(allowed) else {
            throw FormatError(
                .headerLength(declared: declaredHeader, allowed: allowed), at: Place(byteOffset: 16))
        }
        headerBytes = Int(declaredHeader)
        fileBytes = fileLength
        checksum = Array(bytes[Layout.coveredBytes..<Layout.prologueBytes])
    }
}

extension [UInt8] {
    /// The little-endian word at `offset`, which lies inside.
    fileprivate func word<Word: FixedWidthInteger>(_ type: Word.Type, at offset: Int) -> Word {
        self[offset..<offset + MemoryLayout<Word>.size].reversed().reduce(0) { $0 << 8 | Word($1) }
    }
}
