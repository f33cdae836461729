internal import SkiffCore
internal import SkiffGraph
internal import Synchronization

/// What the bodies of steps share while a program runs.
final class RunState: @unchecked Sendable {
    let arena: UnsafeMutableRawPointer
    /// Working memory: `scratchBytes` for each thread in turn.
    let scratch: UnsafeMutableRawPointer
    let scratchBytes: Int
    /// Values that are no float32, or whose operator has no kernel, by the draft's index. Only steps of one task
    /// touch them.
    var boxes: [Int: Operand<Float>] = [:]
    private let failure = Mutex<EngineError?>(nil)

    init(arena: UnsafeMutableRawPointer, scratch: UnsafeMutableRawPointer, scratchBytes: Int) {
        self.arena = arena
        self.scratch = scratch
        self.scratchBytes = scratchBytes
    }

    func scratch(_ thread: Int) -> UnsafeMutablePointer<Float> {
        (scratch + thread * scratchBytes).assumingMemoryBound(to: Float.self)
    }

    func fail(_ error: EngineError) { failure.withLock { if $0 == nil { $0 = error } } }

    var hasFailed: Bool { failure.withLock { $0 != nil } }

    func takeFailure() -> EngineError? {
        failure.withLock { failure in
            defer { failure = nil }
            return failure
        }
    }
}

/// Float elements, dense, somewhere in the arena or among the plan's constants.
struct View {
    enum Home {
        case region(Region)
        case constant(UnsafeMutablePointer<Float>)
    }

    var home: Home

    func isSamePlace(as other: View) -> Bool {
        switch (home, other.home) {
        case (.region(let left), .region(let right)): left === right
        case (.constant(let left), .constant(let right)): left == right
        default: false
        }
    }

    @inline(__always)
    func pointer(_ state: RunState) -> UnsafeMutablePointer<Float> {
        switch home {
        case .region(let region): (state.arena + region.offset).assumingMemoryBound(to: Float.self)
        case .constant(let pointer): pointer
        }
    }
}

/// One step of a program: independent tasks that any thread may take.
struct ProgramStep {
    var report: PlanReport.Step
    var tasks: Int
    /// State, task, thread.
    var body: (RunState, Int, Int) -> Void
}

/// A draft made into steps, its weights packed, its values laid out: what a session runs.
final class Program: @unchecked Sendable {
    let steps: [ProgramStep]
    let report: PlanReport
    let inputs: [(value: Int, elementType: ElementType, shape: Shape, view: View?)]
    let outputs: [(name: String, elementType: ElementType, shape: Shape, source: Source)]
    /// What measures the rounding of convolution steps.
    let probes: [ErrorProbe]
    private let state: RunState
    private let steppers: [Workers.Step]
    /// Kept alive for the pointers in the steps.
    private let memories: [Memory]

    enum Source {
        case view(View)
        case box(Int)
        case constant(Tensor)
    }

    init(_ lowering: Lowering, passes: [PlanReport.Pass]) throws(EngineError) {
        let layout = ArenaLayout(lowering.regions, steps: lowering.steps.count)
        let scratchBytes = (lowering.scratchBytes + 4095) / 4096 * 4096 + 4096
        let (scratchTotal, overflow) = scratchBytes.multipliedReportingOverflow(by: lowering.threads)
        let (total, carry) = (layout.byteCount + lowering.packedBytes).addingReportingOverflow(scratchTotal)
        guard !overflow, !carry, total <= lowering.memoryBudget else {
            throw EngineError(
                .limit(
                    name: "bytes of values", declared: overflow || carry ? Int.max : total,
                    allowed: lowering.memoryBudget))
        }
        let arena = try Memory(layout.byteCount)
        let scratch = try Memory(scratchTotal)
        let state = RunState(arena: arena.base, scratch: scratch.base, scratchBytes: scratchBytes)
        steps = lowering.steps
        inputs = lowering.inputs
        outputs = lowering.outputs
        probes = lowering.probes
        memories = lowering.memories + [arena, scratch]
        self.state = state
        report = PlanReport(
            passes: passes, steps: lowering.steps.map(\.report), arenaBytes: layout.byteCount,
            packedWeightBytes: lowering.packedBytes, kernels: lowering.kernels.name)
        steppers = lowering.steps.map { step in
            Workers.Step(tasks: step.tasks) { task, thread in step.body(state, task, thread) }
        }
    }

    /// Runs all steps. `given`: tensors by the draft's value.
    func run(_ given: [Int: Tensor], on workers: Workers) throws(EngineError) -> [String: Tensor] {
        try load(given)
        workers.run(steppers)
        return try finish()
    }

    /// Runs step by step; seconds of each.
    func timedRun(_ given: [Int: Tensor], on workers: Workers) throws(EngineError) -> [Double] {
        try load(given)
        var seconds: [Double] = []
        let clock = ContinuousClock()
        for step in steppers {
            let elapsed = clock.measure { workers.run([step]) }
            seconds.append(elapsed.seconds)
        }
        _ = try finish()
        return seconds
    }

    /// Runs step by step and calls `visit` with the state in front of each, and behind the last.
    func run(
        _ given: [Int: Tensor], on workers: Workers, visiting visit: (Int, RunState) throws(EngineError) -> Void
    ) throws(EngineError) {
        try load(given)
        for (index, step) in steppers.enumerated() {
            try visit(index, state)
            workers.run([step])
        }
        try visit(steppers.count, state)
        _ = try finish()
    }

    private func load(_ given: [Int: Tensor]) throws(EngineError) {
        for input in inputs {
            guard let tensor = given[input.value] else { continue }
            do throws(CoreError) {
                guard let view = input.view else {
                    state.boxes[input.value] = try Operand(tensor, as: input.elementType)
                    continue
                }
                let target = view.pointer(state)
                if tensor.elementType == .float32, tensor.byteOrder == .little {
                    tensor.withUnsafeBytes { bytes in
                        if let base = bytes.baseAddress {
                            UnsafeMutableRawPointer(target).copyMemory(from: base, byteCount: bytes.count)
                        }
                    }
                } else {
                    for (index, element) in try tensor.floats().enumerated() { target[index] = element }
                }
            } catch { throw EngineError(error) }
        }
    }

    private func finish() throws(EngineError) -> [String: Tensor] {
        defer { state.boxes.removeAll(keepingCapacity: true) }
        if let failure = state.takeFailure() { throw failure }
        var results: [String: Tensor] = [:]
        for output in outputs where results[output.name] == nil {
            do throws(CoreError) { results[output.name] = try tensor(output.shape, output.source) } catch {
                throw EngineError(error)
            }
        }
        return results
    }

    private func tensor(_ shape: Shape, _ source: Source) throws(CoreError) -> Tensor? {
        switch source {
        case .constant(let tensor): return tensor
        case .box(let value): return try state.boxes[value]?.tensor()
        case .view(let view):
            let count = (shape.checkedElementCount ?? 0) * MemoryLayout<Float>.stride
            let bytes = [UInt8](unsafeUninitializedCapacity: count) { buffer, initialized in
                if let base = buffer.baseAddress, count > 0 {
                    UnsafeMutableRawPointer(base).copyMemory(from: view.pointer(state), byteCount: count)
                }
                initialized = count
            }
            return try Tensor(elementType: .float32, shape: shape, bytes: bytes)
        }
    }
}
