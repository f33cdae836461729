internal import SkiffGraph
internal import Synchronization

/// Weights in the order that kernels read them, kept between runs as long as they fit a budget.
final class PackedWeights: Sendable {
    struct Key: Hashable, Sendable {
        var node: Int
        var precision: Precision
    }

    private struct State {
        var arrays: [Key: any Sendable] = [:]
        var bytes = 0
    }

    private let state = Mutex(State())
    /// Bytes that kept weights may take.
    let budget: Int

    init(budget: Int) { self.budget = budget }

    /// Lets go of all that is kept.
    func removeAll() {
        state.withLock { state in
            state.arrays = [:]
            state.bytes = 0
        }
    }

    /// The packed weights under `key`, made by `pack` where they are not kept.
    func packed<Element: BitwiseCopyable & Sendable>(
        _ key: Key, pack: () throws(EngineError) -> [Element]
    ) throws(EngineError) -> [Element] {
        if let kept = state.withLock({ $0.arrays[key] }) as? [Element] { return kept }
        let made = try pack()
        let bytes = made.count * MemoryLayout<Element>.stride
        state.withLock { state in
            guard state.arrays[key] == nil, bytes <= budget - state.bytes else { return }
            state.arrays[key] = made
            state.bytes += bytes
        }
        return made
    }
}
