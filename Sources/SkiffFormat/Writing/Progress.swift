internal import SkiffCore
internal import Synchronization

/// Adds up work that several threads do, and tells it.
final class Progress: Sendable {
    private let total: Int
    private let done = Mutex(0)
    private let told: (@Sendable (_ done: Int, _ total: Int) -> Void)?

    init(total: Int, _ told: (@Sendable (_ done: Int, _ total: Int) -> Void)?) {
        self.total = total
        self.told = told
    }

    /// Tells that `count` more bytes are done; one call at a time.
    func advance(_ count: Int) {
        guard let told else { return }
        done.withLock { done in
            done += count
            told(done, total)
        }
    }
}
