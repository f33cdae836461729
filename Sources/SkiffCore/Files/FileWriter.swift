#if canImport(Glibc)
internal import Glibc
#elseif canImport(Musl)
internal import Musl
#else
internal import Darwin
#endif

/// Takes bytes one after the other: a file that is being written, or memory.
public protocol ByteSink: ~Copyable {
    /// Bytes taken so far.
    var position: Int { get }
    mutating func write(_ bytes: UnsafeRawBufferPointer) throws(CoreError)
}

extension ByteSink where Self: ~Copyable {
    public mutating func write(_ bytes: [UInt8]) throws(CoreError) {
        // Array's own withUnsafeBytes does not carry typed errors.
        let span = bytes.span.bytes
        var failure: CoreError?
        span.withUnsafeBytes { raw in
            do throws(CoreError) { try write(raw) } catch { failure = error }
        }
        if let failure { throw failure }
    }

    /// Writes the bytes of `range` of a storage.
    /// - Throws: ``CoreError`` `rangeOutside`, or what the sink throws.
    public mutating func write(_ storage: Storage, _ range: Range<Int>) throws(CoreError) {
        try storage.check(range)
        try storage.forEachPiece(in: range) { bytes throws(CoreError) in try write(bytes) }
    }
}

/// Bytes in memory.
public struct ByteBuffer: ByteSink, Sendable {
    public private(set) var bytes: [UInt8] = []
    public var position: Int { bytes.count }
    public init() {}
    public mutating func write(_ bytes: UnsafeRawBufferPointer) throws(CoreError) {
        self.bytes.append(contentsOf: bytes)
    }
}

/// A file that is being written, buffered. ``atomicWrite(to:_:)`` lends it.
public struct FileWriter: ByteSink, ~Copyable {
    private let descriptor: Int32
    private let path: String
    private var buffer: [UInt8] = []
    private static let bufferBytes = 1 << 18
    /// Bytes written so far, those in the buffer too.
    public private(set) var position = 0

    init(descriptor: Int32, path: String) {
        self.descriptor = descriptor
        self.path = path
        buffer.reserveCapacity(Self.bufferBytes)
    }

    /// Appends `bytes`.
    /// - Throws: ``CoreError`` `system` with the target's path and the offset that could not be written.
    public mutating func write(_ bytes: UnsafeRawBufferPointer) throws(CoreError) {
        if buffer.count + bytes.count > Self.bufferBytes { try flush() }
        if bytes.count >= Self.bufferBytes {
            try writeFully(bytes, at: position)
        } else {
            buffer.append(contentsOf: bytes)
        }
        position += bytes.count
    }

    /// Replaces bytes that were written before, such as a header that holds the checksums of what follows it.
    /// - Throws: ``CoreError`` `rangeOutside` where they end after ``position``, `system`.
    public mutating func overwrite(at offset: Int, with bytes: [UInt8]) throws(CoreError) {
        let (end, overflow) = offset.addingReportingOverflow(bytes.count)
        guard offset >= 0, !overflow, end <= position else {
            throw CoreError(.rangeOutside(lower: offset, upper: end, limit: position))
        }
        try flush()
        try writeFully(bytes, at: offset)
    }

    /// Leaves `count` bytes out, which are zero until a ``PositionedWriter`` writes them.
    /// - Returns: the offset of the first of them.
    /// - Throws: ``CoreError`` `system`.
    public mutating func skip(_ count: Int) throws(CoreError) -> Int {
        try flush()
        defer { position += count }
        return position
    }

    /// Writes bytes that were skipped, from any thread.
    public var positioned: PositionedWriter { PositionedWriter(descriptor: descriptor, path: path) }

    /// The file as it is so far, mapped, to be read again.
    /// - Throws: ``CoreError`` `system`.
    public mutating func readBack() throws(CoreError) -> Storage {
        try flush()
        guard ftruncate(descriptor, off_t(position)) == 0 else {
            throw CoreError(.system(call: "ftruncate", code: errno), at: Place(file: path))
        }
        return try Storage(mappingDescriptor: descriptor, path: path)
    }

    /// Hands the buffer to the system.
    mutating func flush() throws(CoreError) {
        guard !buffer.isEmpty else { return }
        try writeFully(buffer, at: position - buffer.count)
        buffer.removeAll(keepingCapacity: true)
    }

    private func writeFully(_ bytes: [UInt8], at offset: Int) throws(CoreError) {
        var failure: CoreError?
        bytes.withUnsafeBytes { raw in
            do throws(CoreError) { try writeFully(raw, at: offset) } catch { failure = error }
        }
        if let failure { throw failure }
    }

    private func writeFully(_ bytes: UnsafeRawBufferPointer, at offset: Int) throws(CoreError) {
        try positioned.write(bytes, at: offset)
    }
}

/// Writes to places of a file that ``FileWriter/skip(_:)`` left out. Valid while the file is being written.
public struct PositionedWriter: Sendable {
    fileprivate let descriptor: Int32
    fileprivate let path: String

    /// Writes all of `bytes`, however few of them each call takes.
    /// - Throws: ``CoreError`` `system` with the target's path and the offset that could not be written.
    public func write(_ bytes: UnsafeRawBufferPointer, at offset: Int) throws(CoreError) {
        var written = 0
        while written < bytes.count {
            let rest = UnsafeRawBufferPointer(rebasing: bytes[written...])
            // Some systems refuse to write 2 GiB at once.
            let count = pwrite(descriptor, rest.baseAddress, min(rest.count, 1 << 30), off_t(offset + written))
            if count < 0 {
                if errno == EINTR { continue }
                throw CoreError(
                    .system(call: "write", code: errno), at: Place(file: path, byteOffset: offset + written))
            }
            guard count > 0 else {
                throw CoreError(
                    .system(call: "write", code: ENOSPC), at: Place(file: path, byteOffset: offset + written))
            }
            written += count
        }
    }
}
