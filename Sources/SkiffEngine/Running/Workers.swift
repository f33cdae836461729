internal import CSkiffKernels
internal import Synchronization

#if canImport(Glibc)
internal import Glibc
#elseif canImport(Musl)
internal import Musl
#else
internal import Darwin
#endif

/// Threads that go through the steps of a program side by side.
///
/// Every thread walks all steps; the tasks of a step are taken one by one from a shared counter, and a barrier
/// stands behind each step. Waiting threads spin for a moment, then sleep, so that a session that does nothing
/// costs nothing. Which thread takes a task never changes what the task computes.
final class Workers: @unchecked Sendable {
    /// A step as the threads see it.
    struct Step {
        var tasks: Int
        /// Task and thread.
        var body: (Int, Int) -> Void
    }

    let threads: Int
    private let next = Atomic<Int>(0)
    private let arrived = Atomic<Int>(0)
    private let phase = Atomic<Int>(0)
    private let generation = Atomic<Int>(0)
    /// Set before `generation` is raised, read behind it.
    private var steps: [Step] = []
    private var isClosing = false
    private var handles: [pthread_t] = []
    private let gate: UnsafeMutablePointer<Gate>

    private struct Gate {
        var mutex = pthread_mutex_t()
        var condition = pthread_cond_t()
    }

    init(threads: Int) {
        self.threads = threads
        gate = .allocate(capacity: 1)
        gate.initialize(to: Gate())
        pthread_mutex_init(&gate.pointee.mutex, nil)
        pthread_cond_init(&gate.pointee.condition, nil)
        for index in 1..<max(1, threads) { start(index) }
    }

    /// Ends the threads and waits for them. Must be called before the last reference is dropped.
    func close() {
        isClosing = true
        release()
        for handle in handles { pthread_join(handle, nil) }
        handles = []
        pthread_cond_destroy(&gate.pointee.condition)
        pthread_mutex_destroy(&gate.pointee.mutex)
        gate.deallocate()
    }

    /// Runs all steps; this thread is one of the threads.
    func run(_ steps: [Step]) {
        guard !handles.isEmpty else {
            for step in steps {
                for task in 0..<step.tasks { step.body(task, 0) }
            }
            return
        }
        self.steps = steps
        release()
        walk(0)
    }

    /// Threads that could be started; fewer than asked for where the system refuses.
    private var parties: Int { handles.count + 1 }

    private func release() {
        pthread_mutex_lock(&gate.pointee.mutex)
        generation.add(1, ordering: .releasing)
        pthread_cond_broadcast(&gate.pointee.condition)
        pthread_mutex_unlock(&gate.pointee.mutex)
    }

    private final class Start {
        let workers: Workers
        let index: Int
        init(_ workers: Workers, _ index: Int) {
            self.workers = workers
            self.index = index
        }
    }

    private func start(_ index: Int) {
        let start = Unmanaged.passRetained(Start(self, index))
        #if canImport(Darwin)
        var handle: pthread_t?
        #else
        var handle = pthread_t()
        #endif
        let result = pthread_create(&handle, nil, { argument in
            #if canImport(Darwin)
            let start = Unmanaged<Start>.fromOpaque(argument).takeRetainedValue()
            #else
            guard let argument else { return nil }
            let start = Unmanaged<Start>.fromOpaque(argument).takeRetainedValue()
            #endif
            start.workers.serve(start.index)
            return nil
        }, start.toOpaque())
        guard result == 0 else {
            start.release()
            return
        }
        #if canImport(Darwin)
        if let handle { handles.append(handle) }
        #else
        handles.append(handle)
        #endif
    }

    private func serve(_ index: Int) {
        var seen = 0
        while true {
            seen = waitForWork(after: seen)
            if isClosing { return }
            walk(index)
        }
    }

    /// Spins for about a millisecond, then sleeps.
    private func waitForWork(after seen: Int) -> Int {
        for _ in 0..<20_000 {
            let now = generation.load(ordering: .acquiring)
            if now != seen { return now }
            skiff_pause()
        }
        pthread_mutex_lock(&gate.pointee.mutex)
        defer { pthread_mutex_unlock(&gate.pointee.mutex) }
        while true {
            let now = generation.load(ordering: .acquiring)
            if now != seen { return now }
            pthread_cond_wait(&gate.pointee.condition, &gate.pointee.mutex)
        }
    }

    private func walk(_ thread: Int) {
        let parties = parties
        steps.withUnsafeBufferPointer { steps in
            for index in steps.indices {
                let count = steps[index].tasks
                while true {
                    let task = next.add(1, ordering: .relaxed).oldValue
                    if task >= count { break }
                    steps[index].body(task, thread)
                }
                meet(parties)
            }
        }
    }

    /// The barrier. The last to arrive sets the task counter back.
    private func meet(_ parties: Int) {
        let current = phase.load(ordering: .relaxed)
        if arrived.add(1, ordering: .acquiringAndReleasing).newValue == parties {
            arrived.store(0, ordering: .relaxed)
            next.store(0, ordering: .relaxed)
            phase.store(current + 1, ordering: .releasing)
            return
        }
        var spins = 0
        while phase.load(ordering: .acquiring) == current {
            spins += 1
            if spins > 10_000 { sched_yield() } else { skiff_pause() }
        }
    }
}
