/// A checked reader over bytes that a file gave. All parsing of binary structures goes through it.
public struct ByteCursor: ~Escapable {
    private let bytes: RawSpan
    /// Next byte, relative to the start of the span.
    public private(set) var position = 0
    /// Offset of the span's first byte from the start of the file, added to offsets in errors.
    public let base: Int

    /// Reads from `bytes`, which start at byte `base` of their file.
    @_lifetime(copy bytes)
    public init(_ bytes: RawSpan, base: Int = 0) {
        self.bytes = bytes
        self.base = base
    }

    /// Bytes not read yet.
    public var remaining: Int { bytes.byteCount - position }
    public var isAtEnd: Bool { remaining == 0 }
    /// Offset of the next byte from the start of the file.
    public var fileOffset: Int { base + position }

    /// - Throws: ``CoreError`` `truncated` where fewer than `count` bytes are left, or `count` is negative.
    private func require(_ count: Int) throws(CoreError) {
        guard count >= 0, count <= remaining else {
            throw CoreError(.truncated(needed: count, available: remaining), at: Place(byteOffset: fileOffset))
        }
    }

    @_lifetime(self: copy self)
    public mutating func skip(_ count: Int) throws(CoreError) {
        try require(count)
        position += count
    }

    /// Moves to `position` bytes from the start of the span.
    @_lifetime(self: copy self)
    public mutating func seek(to position: Int) throws(CoreError) {
        guard position >= 0, position <= bytes.byteCount else {
            throw CoreError(.rangeOutside(lower: position, upper: position, limit: bytes.byteCount))
        }
        self.position = position
    }

    /// A little-endian word.
    @_lifetime(self: copy self)
    public mutating func word<Word: FixedWidthInteger & BitwiseCopyable>(
        _ type: Word.Type = Word.self
    ) throws(CoreError) -> Word {
        try require(MemoryLayout<Word>.size)
        let value = unsafe bytes.unsafeLoadUnaligned(fromByteOffset: position, as: Word.self)
        position += MemoryLayout<Word>.size
        return Word(littleEndian: value)
    }

    /// A copy of the next `count` bytes.
    @_lifetime(self: copy self)
    public mutating func take(_ count: Int) throws(CoreError) -> [UInt8] {
        try require(count)
        let range = position..<position + count
        position += count
        return bytes.extracting(range).withUnsafeBytes { Array($0) }
    }

    /// The next `count` bytes as UTF-8.
    /// - Throws: ``CoreError`` `malformed` where they are not valid UTF-8.
    @_lifetime(self: copy self)
    public mutating func text(_ count: Int) throws(CoreError) -> String {
        let offset = fileOffset
        let raw = try take(count)
        guard let text = String(validating: raw, as: UTF8.self) else {
            throw CoreError(.malformed("text is not valid UTF-8"), at: Place(byteOffset: offset))
        }
        return text
    }

    /// A base-128 varint of at most ten bytes (Protocol Buffers encoding, "Base 128 Varints").
    @_lifetime(self: copy self)
    public mutating func varint() throws(CoreError) -> UInt64 {
        let start = fileOffset
        var value: UInt64 = 0
        var shift: UInt64 = 0
        while shift < 70 {
            let byte: UInt8 = try word()
            if shift == 63, byte > 1 { break }
            value |= UInt64(byte & 0x7F) << shift
            if byte & 0x80 == 0 { return value }
            shift += 7
        }
        throw CoreError(.malformed("varint is longer than 64 bits"), at: Place(byteOffset: start))
    }
}
