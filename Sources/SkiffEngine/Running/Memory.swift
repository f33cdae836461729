#if canImport(Glibc)
internal import Glibc
#elseif canImport(Musl)
internal import Musl
#else
internal import Darwin
#endif

/// Bytes straight from the system: zero, on page boundaries, in large pages where the system offers them.
final class Memory: @unchecked Sendable {
    let base: UnsafeMutableRawPointer
    let byteCount: Int

    /// - Throws: ``EngineError`` `limit` where the system has no such memory.
    init(_ byteCount: Int) throws(EngineError) {
        let page = 1 << 21
        let (rounded, overflow) = max(byteCount, 1).addingReportingOverflow(page - 1)
        guard !overflow else { throw EngineError(.limit(name: "bytes of memory", declared: byteCount, allowed: Int.max)) }
        self.byteCount = rounded / 4096 * 4096
        let flags = MAP_PRIVATE | MAP_ANONYMOUS
        guard let pointer = mmap(nil, self.byteCount, PROT_READ | PROT_WRITE, flags, -1, 0), pointer != MAP_FAILED else {
            throw EngineError(.limit(name: "bytes of memory", declared: byteCount, allowed: 0))
        }
        base = pointer
        #if os(Linux)
        if byteCount >= page { madvise(pointer, self.byteCount, Int32(MADV_HUGEPAGE)) }
        #endif
    }

    deinit { munmap(base, byteCount) }
}
