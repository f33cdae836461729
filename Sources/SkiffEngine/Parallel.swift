internal import Dispatch
internal import Synchronization

/// Calls `body` once for each of `count` pieces of work, on as many threads as are asked for.
///
/// Which piece gives which elements must not hang on `threads`: then results do not either.
func inParallel(_ count: Int, threads: Int, _ body: (Int) -> Void) {
    let workers = min(threads, count)
    guard workers > 1 else {
        for piece in 0..<max(0, count) { body(piece) }
        return
    }
    let next = Atomic<Int>(0)
    withoutActuallyEscaping(body) { body in
        // Every piece writes elements of its own, and all are done before the call returns.
        nonisolated(unsafe) let body = body
        DispatchQueue.concurrentPerform(iterations: workers) { _ in
            while true {
                let piece = next.add(1, ordering: .relaxed).oldValue
                if piece >= count { return }
                body(piece)
            }
        }
    }
}

/// Calls `body` with ranges that cover 0 to `count`, in parallel where there is enough work.
/// - Parameter cost: Rough work per element; one is a load, an addition and a store.
func inRanges(_ count: Int, cost: Int = 1, threads: Int, _ body: (Range<Int>) -> Void) {
    let grain = max(1, (1 << 16) / max(1, cost))
    guard threads > 1, count > grain else {
        if count > 0 { body(0..<count) }
        return
    }
    inParallel((count + grain - 1) / grain, threads: threads) { piece in
        body(piece * grain..<min(count, (piece + 1) * grain))
    }
}

/// An array of `count` elements that `body` fills range by range.
/// - Parameter body: Must initialize exactly the elements of its range.
func filled<Element: BitwiseCopyable>(
    _ count: Int, cost: Int = 1, threads: Int,
    _ body: (UnsafeMutablePointer<Element>, Range<Int>) -> Void
) -> [Element] {
    [Element](unsafeUninitializedCapacity: count) { buffer, initialized in
        initialized = count
        guard let base = buffer.baseAddress, count > 0 else { return }
        nonisolated(unsafe) let target = base
        inRanges(count, cost: cost, threads: threads) { body(target, $0) }
    }
}

/// An array of `count` elements that `body` writes, zeros where it does not.
func written<Element: BitwiseCopyable & ExpressibleByIntegerLiteral>(
    _ count: Int, _ body: (UnsafeMutablePointer<Element>) -> Void
) -> [Element] {
    [Element](unsafeUninitializedCapacity: count) { buffer, initialized in
        initialized = count
        buffer.initialize(repeating: 0)
        if let base = buffer.baseAddress { body(base) }
    }
}

/// Lends an array's elements, or nothing where there is no array.
func withBase<Element, Result>(_ array: [Element]?, _ body: (UnsafePointer<Element>?) -> Result) -> Result {
    guard let array else { return body(nil) }
    return array.withUnsafeBufferPointer { body($0.baseAddress) }
}
