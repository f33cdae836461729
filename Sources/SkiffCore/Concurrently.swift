internal import Dispatch
#if canImport(Glibc)
internal import Glibc
#elseif canImport(Musl)
internal import Musl
#else
internal import Darwin
#endif
internal import Synchronization

/// Runs `body` once for each number below `count`, on up to `workers` threads, lowest numbers first.
///
/// After a failure no further number is begun.
/// - Parameter workers: threads at most; all processors, up to 8, where `nil`.
/// - Throws: what `body` threw for the lowest number.
public func concurrently<Failure: Error>(
    _ count: Int, workers: Int? = nil, _ body: @Sendable (Int) throws(Failure) -> Void
) throws(Failure) {
    let threads = max(1, min(count, workers ?? min(onlineProcessors(), 8)))
    if threads == 1 {
        for index in 0..<count { try body(index) }
        return
    }
    let next = Atomic(0)
    let failure = Mutex<(index: Int, error: Failure)?>(nil)
    DispatchQueue.concurrentPerform(iterations: threads) { _ in
        while true {
            let index = next.wrappingAdd(1, ordering: .relaxed).oldValue
            guard index < count, failure.withLock({ $0 == nil }) else { return }
            do throws(Failure) {
                try body(index)
            } catch {
                failure.withLock { first in
                    if first.map({ index < $0.index }) ?? true { first = (index, error) }
                }
            }
        }
    }
    if let first = failure.withLock({ $0 }) { throw first.error }
}

/// Processors that the system has at work, at least 1.
public func onlineProcessors() -> Int { max(1, Int(sysconf(Int32(_SC_NPROCESSORS_ONLN)))) }
