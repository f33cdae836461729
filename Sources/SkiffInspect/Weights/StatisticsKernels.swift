internal import CSkiffStatistics
internal import SkiffCore
internal import Synchronization

/// The loops of one instruction set.
struct StatisticsKernels: @unchecked Sendable {
    let table: UnsafePointer<skiff_statistics_kernels>

    static let best = StatisticsKernels(table: skiff_statistics_best())

    /// The kernels of that name; `nil` where this processor does not have them.
    init?(named name: String) {
        guard let table = skiff_statistics_find(name) else { return nil }
        self.table = table
    }

    private init(table: UnsafePointer<skiff_statistics_kernels>) { self.table = table }

    func loops(isDouble: Bool) -> skiff_statistics_loops { isDouble ? table.pointee.f64 : table.pointee.f32 }
}

/// Memory that a thread reads chunks into.
final class ChunkMemory: @unchecked Sendable {
    /// Elements of a chunk: whole bytes of every type, and whole blocks of the native format's codec.
    static let elements = 1 << 18

    let bytes = UnsafeMutableRawBufferPointer.allocate(byteCount: elements * 8, alignment: 64)
    let numbers = UnsafeMutableRawBufferPointer.allocate(byteCount: elements * 8, alignment: 64)
    private let exponents = UnsafeMutablePointer<Int64>.allocate(capacity: 2048)
    private let keys = UnsafeMutablePointer<UInt64>.allocate(capacity: Int(SKIFF_STATISTICS_SLOTS))
    private let taken = UnsafeMutablePointer<UInt8>.allocate(capacity: Int(SKIFF_STATISTICS_SLOTS))

    deinit {
        bytes.deallocate()
        numbers.deallocate()
        exponents.deallocate()
        keys.deallocate()
        taken.deallocate()
    }

    /// A survey of nothing, with its counts in this memory.
    func emptySurvey() -> skiff_survey {
        exponents.initialize(repeating: 0, count: 2048)
        return skiff_survey(
            exponents: exponents, fraction: 0, nans: 0, positive_infinities: 0, negative_infinities: 0,
            leaves_half_grid: 0, is_fractional: 0)
    }

    /// The first distinct numbers of a run by their bits; more than ``StatisticsPass/distinctLimit`` where there are many.
    func distinct(
        _ find: (UnsafeMutablePointer<skiff_distinct>) -> Void
    ) -> [UInt64] {
        let slots = Int(SKIFF_STATISTICS_SLOTS)
        taken.initialize(repeating: 0, count: slots)
        var set = skiff_distinct(count: 0, keys: keys, taken: taken)
        find(&set)
        return (0..<slots).compactMap { taken[$0] != 0 ? keys[$0] : nil }
    }

    /// Memory for as many threads as ask at once.
    final class Pool: Sendable {
        private let free = Mutex<[ChunkMemory]>([])

        func with<Result, Failure: Error>(_ body: (ChunkMemory) throws(Failure) -> Result) throws(Failure) -> Result {
            let memory = free.withLock { $0.popLast() } ?? ChunkMemory()
            defer { free.withLock { $0.append(memory) } }
            return try body(memory)
        }
    }
}
