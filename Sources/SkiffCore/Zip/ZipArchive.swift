/// A zip archive over mapped bytes (APPNOTE.TXT 6.3.10), read from its central directory.
///
/// Readers of one zip must not disagree about what it holds. So everything is refused that two readers could
/// read in two ways: bytes that belong to no member, members that overlap, local headers that contradict the
/// central directory, two ends of the directory, names twice. Nothing is inflated until it is asked for.
public struct ZipArchive: Sendable {
    public enum Method: UInt16, Hashable, Sendable {
        case stored = 0
        case deflated = 8
    }

    /// What member names are.
    public enum Naming: Hashable, Sendable {
        /// Paths, which have to stay inside a folder.
        case paths
        /// Names of things that never become files, such as the arrays of a `.npz`: anything is allowed.
        case labels
    }

    public struct Member: Hashable, Sendable {
        /// Path inside the archive with `/` between its parts; under ``Naming/paths`` checked to stay inside a
        /// folder. A name that ends with `/` is a folder.
        public let name: String
        public let method: Method
        /// Bytes when read.
        public let byteCount: Int
        /// CRC-32 of those bytes as declared.
        public let crc32: UInt32
        /// Where the stored or deflated bytes lie in ``ZipArchive/storage``.
        public let dataRange: Range<Int>

        public var isFolder: Bool { name.hasSuffix("/") }
    }

    public let storage: Storage
    /// The members in the order of the central directory.
    public let members: [Member]
    private let positions: [String: Int]

    /// Reads the central directory of the archive that fills `range` (by default all) of `storage`.
    /// - Throws: ``CoreError`` `zip` or `limit` with the byte offset in the storage and the member's name.
    public init(storage: Storage, range: Range<Int>? = nil, naming: Naming = .paths) throws(CoreError) {
        let range = range ?? 0..<storage.byteCount
        try storage.check(range)
        self.storage = storage
        members = try storage.withUnsafeBytes(in: range) { bytes throws(CoreError) in
            var reader = ZipDirectoryReader(bytes: bytes, base: range.lowerBound, naming: naming)
            return try reader.read()
        }
        var positions: [String: Int] = [:]
        for (position, member) in members.enumerated() {
            guard positions.updateValue(position, forKey: member.name) == nil else {
                throw CoreError(.zip("two members have this name"), at: Place(member: member.name))
            }
        }
        self.positions = positions
    }

    /// The member of that name.
    public subscript(name: String) -> Member? { positions[name].map { members[$0] } }

    /// Whether a file that begins with `head` is a zip archive: a local header, or the end of an empty one.
    public static func recognizes(_ head: [UInt8]) -> Bool {
        head.starts(with: [0x50, 0x4B, 0x03, 0x04]) || head.starts(with: [0x50, 0x4B, 0x05, 0x06])
    }

    /// The bytes of `member`, its checksum checked.
    /// - Parameter limit: bytes that it may have; nothing is inflated where it declares more.
    /// - Throws: ``CoreError`` `limit`, `inflate` or `zip`, with the member's name.
    public func bytes(of member: Member, limit: Int) throws(CoreError) -> [UInt8] {
        let place = Place(file: storage.path, member: member.name, byteOffset: member.dataRange.lowerBound)
        guard member.byteCount <= limit else {
            throw CoreError(.limit(name: "member bytes", declared: member.byteCount, allowed: limit), at: place)
        }
        do throws(CoreError) {
            let bytes = try storage.withUnsafeBytes(in: member.dataRange) { data throws(CoreError) in
                switch member.method {
                case .stored: Array(data)
                case .deflated: try boundedInflate(data, framing: .raw, size: member.byteCount)
                }
            }
            try Self.check(bytes.withUnsafeBytes { SkiffCore.crc32($0) }, of: member)
            return bytes
        } catch {
            throw error.at(place)
        }
    }

    /// The bytes of `member` as a range of a storage: in place where it is stored, else inflated.
    /// - Parameter verifying: whether the checksum of a stored member is checked, which reads all of it; an
    ///   inflated one always is.
    /// - Throws: ``CoreError`` as ``bytes(of:limit:)``. `limit` does not concern stored members.
    public func contents(
        of member: Member, limit: Int, verifying: Bool = true
    ) throws(CoreError) -> (storage: Storage, range: Range<Int>) {
        guard member.method == .stored else {
            return (try inflated(member, limit: limit), 0..<member.byteCount)
        }
        if verifying { try verifyChecksum(of: member) }
        return (storage, member.dataRange)
    }

    /// The bytes of a deflated member in a storage of their own.
    private func inflated(_ member: Member, limit: Int) throws(CoreError) -> Storage {
        do throws(CoreError) {
            guard member.byteCount <= limit else {
                throw CoreError(.limit(name: "member bytes", declared: member.byteCount, allowed: limit))
            }
            try checkReachable(member.byteCount, from: member.dataRange.count)
            let isSpooled = member.byteCount > Limits.decodedInMemoryBytes
            return try Storage(byteCount: member.byteCount, isSpooled: isSpooled) { target throws(CoreError) in
                try storage.withUnsafeBytes(in: member.dataRange) { data throws(CoreError) in
                    try boundedInflate(data, framing: .raw, into: target.bytes)
                }
                try Self.check(SkiffCore.crc32(UnsafeRawBufferPointer(target.bytes)), of: member)
                storage.releasePages(in: member.dataRange)
            }
        } catch {
            throw error.at(
                Place(file: storage.path, member: member.name, byteOffset: member.dataRange.lowerBound))
        }
    }

    /// Checks a stored member's CRC-32 in place. Memory stays flat whatever the size.
    /// - Parameter progress: told the bytes checked so far.
    /// - Throws: ``CoreError`` `zip`.
    public func verifyChecksum(of member: Member, progress: ((Int) -> Void)? = nil) throws(CoreError) {
        do throws(CoreError) {
            var crc: UInt32 = 0
            var done = 0
            storage.forEachPiece(in: member.dataRange) { bytes in
                crc = SkiffCore.crc32(bytes, continuing: crc)
                done += bytes.count
                progress?(done)
            }
            try Self.check(crc, of: member)
        } catch {
            throw error.at(
                Place(file: storage.path, member: member.name, byteOffset: member.dataRange.lowerBound))
        }
    }

    private static func check(_ found: UInt32, of member: Member) throws(CoreError) {
        guard found == member.crc32 else {
            throw CoreError(
                .zip("contents have CRC-32 \(hexadecimal(found)), declared is \(hexadecimal(member.crc32))"))
        }
    }
}

/// `0x0012abcd`.
func hexadecimal(_ word: UInt32) -> String {
    let digits = String(word, radix: 16)
    return "0x" + String(repeating: "0", count: max(0, 8 - digits.count)) + digits
}
