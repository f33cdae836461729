#if canImport(Glibc)
internal import Glibc
#elseif canImport(Musl)
internal import Musl
#else
internal import Darwin
#endif

extension Limits {
    /// Bytes that an evaluation may hold where nobody sets a budget: ``evaluationBytes``, but no more than the machine
    /// has, nor than half of what the process's limit of address space (`ulimit -v`) leaves. The other half is for
    /// weights in the kernels' order, and for stacks. So a lack of memory is an error before it is a trap.
    public static func availableEvaluationBytes() -> Int {
        var bytes = evaluationBytes
        let (pages, pageBytes) = (sysconf(Int32(_SC_PHYS_PAGES)), sysconf(Int32(_SC_PAGESIZE)))
        if pages > 0, pageBytes > 0 { bytes = min(bytes, pages.multipliedSaturating(by: pageBytes)) }
        if let left = addressSpaceLeft() { bytes = min(bytes, left / 2) }
        return bytes
    }

    /// Asks the system whether it would give `bytes` of memory now, with some to spare; little always counts as given.
    ///
    /// Arrays trap where there is none left, so whatever takes much asks before. Nothing is touched: it costs two
    /// system calls.
    /// - Throws: ``CoreError`` `memory`.
    public static func checkMemory(_ bytes: Int) throws(CoreError) {
        guard bytes >= 1 << 18 else { return }
        let (asked, overflow) = bytes.addingReportingOverflow(32 << 20)
        guard !overflow, let base = mmap(nil, asked, PROT_READ | PROT_WRITE, MAP_PRIVATE | Int32(MAP_ANON), -1, 0),
            base != MAP_FAILED
        else { throw CoreError(.memory(bytes: bytes)) }
        munmap(base, asked)
    }

    /// Bytes of address space that the process may still take; `nil` where nothing limits them.
    private static func addressSpaceLeft() -> Int? {
        var limit = rlimit()
        #if canImport(Glibc)
        let resource = __rlimit_resource_t(RLIMIT_AS.rawValue)
        #else
        let resource = RLIMIT_AS
        #endif
        guard getrlimit(resource, &limit) == 0, let allowed = Int(exactly: limit.rlim_cur), allowed < 1 << 46 else {
            return nil
        }
        // Linux tells how much is taken; macOS does not enforce the limit.
        guard let file = fopen("/proc/self/statm", "r") else { return allowed }
        defer { fclose(file) }
        var line = [CChar](repeating: 0, count: 64)
        guard fgets(&line, Int32(line.count), file) != nil else { return allowed }
        return max(0, allowed - Int(strtol(line, nil, 10)).multipliedSaturating(by: Int(sysconf(Int32(_SC_PAGESIZE)))))
    }
}

extension Int {
    fileprivate func multipliedSaturating(by other: Int) -> Int {
        let (product, overflow) = multipliedReportingOverflow(by: other)
        return overflow ? .max : product
    }
}
