#if canImport(Glibc)
internal import Glibc
#elseif canImport(Musl)
internal import Musl
#else
internal import Darwin
#endif

/// Bytes that outlive a graph's scopes: a mapped file, or bytes of our own.
///
/// A storage is immutable. Weights refer to ranges of it, so nothing copies a weight until a kernel packs it.
public final class Storage: Sendable {
    private enum Ownership {
        /// A mapped file, whose pages can be given back.
        case mapped
        /// Memory of the system's.
        case anonymous
        case allocated
        /// Bytes that are decoded when somebody looks at them first.
        case deferred(DeferredBytes)
    }

    private nonisolated(unsafe) let bytes: UnsafeRawBufferPointer
    private let ownership: Ownership
    /// Length in bytes.
    public let byteCount: Int
    /// Path of the mapped file; `nil` for bytes of our own.
    public let path: String?
    /// The mapped file's device and inode, by which a writer tells that its target is its own source.
    public let identity: FileIdentity?
    /// The mapped file, open, for ``read(_:into:)``; -1 where there is none.
    private let descriptor: Int32

    /// Holds bytes of our own.
    public init(_ bytes: [UInt8]) {
        let copy = UnsafeMutableRawBufferPointer.allocate(byteCount: bytes.count, alignment: 64)
        copy.copyBytes(from: bytes)
        self.bytes = UnsafeRawBufferPointer(copy)
        ownership = .allocated
        byteCount = bytes.count
        path = nil
        identity = nil
        descriptor = -1
    }

    /// Bytes that `decoder` gives when somebody looks at them first; see ``load()``.
    public init(decoder: any StorageDecoder) {
        bytes = UnsafeRawBufferPointer(start: nil, count: 0)
        ownership = .deferred(DeferredBytes(decoder))
        byteCount = decoder.byteCount
        path = nil
        identity = nil
        descriptor = -1
    }

    /// Maps the regular file at `path` read-only.
    /// - Throws: ``CoreError`` with `system` where the file cannot be opened, `notRegularFile` for folders,
    ///   pipes and devices, which are refused without blocking.
    public convenience init(mapping path: String) throws(CoreError) {
        let descriptor = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC)
        guard descriptor >= 0 else {
            throw CoreError(.system(call: "open", code: errno), at: Place(file: path))
        }
        defer { close(descriptor) }
        try self.init(mappingDescriptor: descriptor, path: path)
    }

    /// Maps the regular file behind an open descriptor, which stays the caller's to close.
    public init(mappingDescriptor descriptor: Int32, path: String) throws(CoreError) {
        var status = stat()
        guard fstat(descriptor, &status) == 0 else {
            throw CoreError(.system(call: "fstat", code: errno), at: Place(file: path))
        }
        guard status.st_mode & S_IFMT == S_IFREG else {
            throw CoreError(.notRegularFile(kind: fileKind(status.st_mode)), at: Place(file: path))
        }
        byteCount = Int(status.st_size)
        self.path = path
        identity = FileIdentity(device: UInt64(truncatingIfNeeded: status.st_dev), inode: UInt64(status.st_ino))
        guard byteCount > 0 else {
            bytes = UnsafeRawBufferPointer(UnsafeMutableRawBufferPointer.allocate(byteCount: 0, alignment: 1))
            ownership = .allocated
            self.descriptor = -1
            return
        }
        guard let base = mmap(nil, byteCount, PROT_READ, MAP_PRIVATE, descriptor, 0), base != MAP_FAILED else {
            throw CoreError(.system(call: "mmap", code: errno), at: Place(file: path))
        }
        bytes = UnsafeRawBufferPointer(start: base, count: byteCount)
        ownership = .mapped
        // Where the process may have no more files open, reading goes through the mapping.
        self.descriptor = fcntl(descriptor, F_DUPFD_CLOEXEC, 0)
    }

    /// Takes over a mapping: of a file without a name, or of memory.
    init(mapped bytes: UnsafeRawBufferPointer, isFile: Bool) {
        self.bytes = bytes
        ownership = isFile ? .mapped : .anonymous
        byteCount = bytes.count
        path = nil
        identity = nil
        descriptor = -1
    }

    deinit {
        if descriptor >= 0 { close(descriptor) }
        switch ownership {
        case .mapped, .anonymous: munmap(UnsafeMutableRawPointer(mutating: bytes.baseAddress), bytes.count)
        case .allocated: bytes.deallocate()
        case .deferred: break
        }
    }

    /// The bytes in memory; what is deferred is decoded for it.
    private var residentBytes: UnsafeRawBufferPointer {
        if case .deferred(let deferred) = ownership { deferred.bytes() } else { bytes }
    }

    /// Decodes what is deferred, so that it lies in memory; for all other storages does nothing.
    ///
    /// Whoever computes with weights calls it before: the bytes of a storage that cannot be decoded are all 0xFF,
    /// no numbers, where they are lent nevertheless.
    /// - Throws: ``CoreError`` where the decoder refuses its input or memory lacks; each time.
    public func load() throws(CoreError) {
        if case .deferred(let deferred) = ownership { try deferred.load() }
    }

    /// Whether ``load()`` has something to do.
    public var isDeferred: Bool {
        if case .deferred(let deferred) = ownership { !deferred.isLoaded } else { false }
    }

    /// Copies the bytes of `range` to the beginning of `buffer`.
    ///
    /// A file is read and a deferred storage decoded in part, so that memory stays flat however large they are.
    /// - Precondition: `buffer` has room for them.
    /// - Throws: ``CoreError`` `rangeOutside`; `system` and `truncated` where the file cannot be read or became
    ///   shorter; what a decoder throws.
    public func read(_ range: Range<Int>, into buffer: UnsafeMutableRawBufferPointer) throws(CoreError) {
        try check(range)
        precondition(buffer.count >= range.count, "buffer too small")
        if case .deferred(let deferred) = ownership { return try deferred.read(range, into: buffer) }
        guard descriptor >= 0 else {
            buffer.copyMemory(from: UnsafeRawBufferPointer(rebasing: bytes[range]))
            releasePages(in: range)
            return
        }
        var done = 0
        while done < range.count {
            let count = pread(
                descriptor, buffer.baseAddress.map { $0 + done }, min(range.count - done, 1 << 30),
                off_t(range.lowerBound + done))
            if count < 0 {
                if errno == EINTR { continue }
                throw CoreError(
                    .system(call: "read", code: errno), at: Place(file: path, byteOffset: range.lowerBound + done))
            }
            guard count > 0 else {
                throw CoreError(
                    .truncated(needed: range.count, available: done), at: Place(file: path, byteOffset: range.lowerBound))
            }
            done += count
        }
    }

    /// Lends all bytes for the duration of `body`.
    public func withUnsafeBytes<Result, Failure: Error>(
        _ body: (UnsafeRawBufferPointer) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        try body(residentBytes)
    }

    /// Lends the bytes of `range` for the duration of `body`.
    /// - Precondition: `range` was checked against ``byteCount`` when it was made.
    public func withUnsafeBytes<Result, Failure: Error>(
        in range: Range<Int>, _ body: (UnsafeRawBufferPointer) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        precondition(range.lowerBound >= 0 && range.upperBound <= byteCount, "range outside its storage")
        return try body(UnsafeRawBufferPointer(rebasing: residentBytes[range]))
    }

    /// Lets the system take back the memory of mapped pages that lie wholly inside `range`; they are read again
    /// from the file when somebody needs them. Keeps a copy of a large file flat in memory.
    public func releasePages(in range: Range<Int>) {
        guard case .mapped = ownership, let base = bytes.baseAddress else { return }
        let page = Int(getpagesize())
        let start = (max(0, range.lowerBound) + page - 1) / page * page
        let end = min(byteCount, range.upperBound) / page * page
        guard start < end else { return }
        madvise(UnsafeMutableRawPointer(mutating: base + start), end - start, MADV_DONTNEED)
    }

    /// Gives back the pages of `range` and those before it that the system mapped along with them: it maps whole
    /// neighbourhoods, and so again what was given back already.
    public func releasePages(upTo range: Range<Int>) {
        releasePages(in: max(0, range.lowerBound - 2 * Self.pieceBytes)..<range.upperBound)
    }

    /// Lends the bytes of `range` piece by piece, and gives pages of a mapped file back after each.
    /// - Precondition: `range` was checked against ``byteCount`` when it was made.
    public func forEachPiece<Failure: Error>(
        in range: Range<Int>, of pieceBytes: Int = Storage.pieceBytes,
        _ body: (UnsafeRawBufferPointer) throws(Failure) -> Void
    ) throws(Failure) {
        var start = range.lowerBound
        while start < range.upperBound {
            let piece = start..<min(range.upperBound, start + pieceBytes)
            try withUnsafeBytes(in: piece, body)
            releasePages(upTo: piece)
            start = piece.upperBound
        }
    }

    /// Bytes of a piece: a multiple of every element's bytes, few enough that memory stays flat.
    public static let pieceBytes = 2 << 20

    /// A copy of the bytes of `range`, for small structures.
    /// - Throws: ``CoreError`` `rangeOutside`.
    public func bytes(in range: Range<Int>) throws(CoreError) -> [UInt8] {
        try check(range)
        return withUnsafeBytes(in: range) { Array($0) }
    }

    /// - Throws: ``CoreError`` `rangeOutside` where `range` is not inside this storage.
    public func check(_ range: Range<Int>) throws(CoreError) {
        guard range.lowerBound >= 0, range.upperBound <= byteCount else {
            throw CoreError(.rangeOutside(lower: range.lowerBound, upper: range.upperBound, limit: byteCount))
        }
    }
}

/// A file, whatever path leads to it.
public struct FileIdentity: Hashable, Sendable {
    public var device: UInt64
    public var inode: UInt64
}

/// What a file mode says the file is, in words.
func fileKind(_ mode: mode_t) -> String {
    switch mode & S_IFMT {
    case S_IFDIR: "a folder"
    case S_IFIFO: "a pipe"
    case S_IFCHR, S_IFBLK: "a device"
    case S_IFSOCK: "a socket"
    case S_IFLNK: "a symbolic link"
    default: "of an unknown kind"
    }
}
