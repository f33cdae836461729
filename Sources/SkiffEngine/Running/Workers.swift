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
/// Tasks of a step are claimed one by one; whoever ends the last one opens the next step. So nobody waits for a thread
/// that the system does not let run, unless it has a task. Waiting threads spin for a moment, then sleep, so that a
/// session that does nothing costs nothing. Which thread takes a task never changes what the task computes.
final class Workers: @unchecked Sendable {
    /// A step as the threads see it.
    struct Step {
        var tasks: Int
        /// Task and thread.
        var body: (Int, Int) -> Void
    }

    let threads: Int
    /// The open step in the upper half, tasks of it that nobody has claimed in the lower; ``idle`` between runs.
    private let ticket = Atomic<Int>(idle)
    private static let idle = -1
    /// Keeps the counters in lines of the cache of their own.
    private let space = (SIMD16<Int>(), SIMD16<Int>())
    /// Tasks of the open step that are done.
    private let done = Atomic<Int>(0)
    private let generation = Atomic<Int>(0)
    /// The processor of each thread, when it last began to take tasks.
    private let places: [Place]

    private final class Place: Sendable {
        let processor = Atomic<Int>(-1)
    }

    /// Changes between runs alone. Only who has claimed a task may read it: until the task is done the run lasts.
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
        places = (0..<max(1, threads)).map { _ in Place() }
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
        begin(0)
        release()
        walk(0)
    }

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

    /// Moves this thread off a processor that another one of the threads is on. Left to itself, the system may keep two
    /// threads that wait for each other on one processor, for their data is there.
    private func spread(_ thread: Int) {
        let here = Int(skiff_current_processor())
        places[thread].processor.store(here, ordering: .relaxed)
        guard thread > 0, here >= 0 else { return }
        let taken = places.indices.filter { $0 != thread }.map { Int32(places[$0].processor.load(ordering: .relaxed)) }
        guard taken.contains(Int32(here)) else { return }
        skiff_leave_processors(taken, Int32(taken.count))
        places[thread].processor.store(Int(skiff_current_processor()), ordering: .relaxed)
    }

    /// Takes tasks until the run ends.
    private func walk(_ thread: Int) {
        var spins = 0
        spread(thread)
        while true {
            let now = ticket.load(ordering: .acquiring)
            if now == Self.idle { return }
            let remaining = now & 0xFFFF_FFFF
            if remaining == 0 {
                spins += 1
                // Both threads may be on one processor: then the other one needs it.
                if spins % 4096 == 0 { spread(thread) }
                if spins > 256 { sched_yield() } else { skiff_pause() }
                continue
            }
            let claim = ticket.weakCompareExchange(expected: now, desired: now - 1, ordering: .acquiringAndReleasing)
            guard claim.exchanged else { continue }
            spins = 0
            let index = now >> 32
            let count = steps[index].tasks
            steps[index].body(count - remaining, thread)
            if done.add(1, ordering: .acquiringAndReleasing).newValue == count {
                done.store(0, ordering: .relaxed)
                begin(index + 1)
            }
        }
    }

    /// Begins the first step from `index` on that has tasks, or ends the run.
    private func begin(_ index: Int) {
        var index = index
        while index < steps.count, steps[index].tasks <= 0 { index += 1 }
        let next = index < steps.count ? index << 32 | steps[index].tasks : Self.idle
        ticket.store(next, ordering: .releasing)
    }
}
