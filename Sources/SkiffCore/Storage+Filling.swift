#if canImport(Glibc)
internal import Glibc
#elseif canImport(Musl)
internal import Musl
#else
internal import Darwin
#endif

extension Storage {
    /// Memory that is being filled, such as by decoding a compressed payload into it.
    public struct Target: ~Copyable {
        /// All of it, zero where nothing was written.
        public let bytes: UnsafeMutableRawBufferPointer
        fileprivate let isSpooled: Bool

        /// Lets the system write what was filled so far to the file that holds it, where there is one, and take the
        /// memory back. Called now and then, it keeps the filling of large storages flat in memory.
        public func releasePages() {
            guard isSpooled, let base = bytes.baseAddress else { return }
            madvise(base, bytes.count, MADV_DONTNEED)
        }
    }

    /// Bytes of our own, which `fill` writes.
    ///
    /// - Parameter isSpooled: whether the bytes go to a temporary file without a name, so that they take no memory but
    ///   while somebody looks at them. Where no such file can be had, they go to memory.
    /// - Throws: ``CoreError`` `memory` where there is not enough of it, and what `fill` throws.
    public convenience init(
        byteCount: Int, isSpooled: Bool = false, fill: (borrowing Target) throws(CoreError) -> Void
    ) throws(CoreError) {
        guard byteCount > 0 else {
            self.init([])
            return
        }
        let spool = isSpooled ? Self.spool(byteCount) : nil
        guard let base = spool ?? Self.memory(byteCount) else {
            throw CoreError(.memory(bytes: byteCount))
        }
        let bytes = UnsafeMutableRawBufferPointer(start: base, count: byteCount)
        let target = Target(bytes: bytes, isSpooled: spool != nil)
        do throws(CoreError) {
            try fill(target)
        } catch {
            munmap(base, byteCount)
            throw error
        }
        target.releasePages()
        self.init(mapped: UnsafeRawBufferPointer(bytes), isFile: spool != nil)
    }

    /// Zeros of the system's, or `nil` where it has none left; unlike an array's, their lack is no trap.
    private static func memory(_ byteCount: Int) -> UnsafeMutableRawPointer? {
        let flags = MAP_PRIVATE | Int32(MAP_ANON)
        let base = mmap(nil, byteCount, PROT_READ | PROT_WRITE, flags, -1, 0)
        return base == MAP_FAILED ? nil : base
    }

    /// A temporary file of that many zeros, mapped, whose room on the disk is taken; `nil` where that fails.
    private static func spool(_ byteCount: Int) -> UnsafeMutableRawPointer? {
        let folder = getenv("TMPDIR").map { String(cString: $0) } ?? "/tmp"
        for _ in 0..<16 {
            let path = "\(folder)/.skiff-\(String(UInt64.random(in: .min ... .max), radix: 36)).spool"
            let descriptor = open(path, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0o600)
            guard descriptor >= 0 else {
                if errno == EEXIST || errno == EINTR { continue }
                return nil
            }
            // Nobody else finds it, and it is gone with its last mapping.
            unlink(path)
            defer { close(descriptor) }
            guard reserve(descriptor, byteCount) else { return nil }
            let base = mmap(nil, byteCount, PROT_READ | PROT_WRITE, MAP_SHARED, descriptor, 0)
            return base == MAP_FAILED ? nil : base
        }
        return nil
    }

    /// Gives the file its length, with the room on the disk, since a mapping of a file without room traps.
    private static func reserve(_ descriptor: Int32, _ byteCount: Int) -> Bool {
        #if canImport(Darwin)
        var store = fstore_t(
            fst_flags: UInt32(F_ALLOCATEALL), fst_posmode: F_PEOFPOSMODE, fst_offset: 0, fst_length: off_t(byteCount),
            fst_bytesalloc: 0)
        return fcntl(descriptor, F_PREALLOCATE, &store) == 0 && ftruncate(descriptor, off_t(byteCount)) == 0
        #else
        return posix_fallocate(descriptor, 0, off_t(byteCount)) == 0
        #endif
    }
}
