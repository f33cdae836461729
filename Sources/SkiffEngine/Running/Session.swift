internal import CSkiffKernels
public import SkiffCore
public import SkiffGraph
internal import Synchronization

/// A network made ready to run fast, again and again: the fast executor.
///
/// The first run with inputs of some shapes plans for them; later runs with the same shapes allocate nothing but
/// their outputs. Results have the same bits for any number of threads. One run at a time: calls wait for
/// each other.
///
///     let model = try Model(contentsOf: "resnet50.onnx")
///     let session = try model.session(threads: 2)
///     let outputs = try session.run(["input": image])
///
/// The environment variable `SKIFF_KERNELS` (`portable`, `avx2`, `avx512`) forces a set of kernels.
public final class Session: Sendable {
    /// How a session runs.
    public struct Options: Sendable {
        /// Threads that share the work; all processors where `nil`.
        public var threads: Int?
        /// Leaves out algorithms that round more than a direct sum does (Winograd).
        public var isExact: Bool
        /// Plans for the first answer: packed weights are not kept. Each layer's are packed while the network runs, into
        /// memory that the next layer's take over, so that no memory is filled for runs that never come. Results have
        /// the same bits; later runs take longer.
        public var runsOnce: Bool
        /// Bytes that values, packed weights and working copies may take.
        public var memoryBudget: Int

        public init(
            threads: Int? = nil, isExact: Bool = false, runsOnce: Bool = false,
            memoryBudget: Int = Limits.availableEvaluationBytes()
        ) {
            self.threads = threads
            self.isExact = isExact
            self.runsOnce = runsOnce
            self.memoryBudget = memoryBudget
        }
    }

    public let graph: Graph
    public let options: Options
    /// Threads that share the work: what is asked for, but no more than there are processors.
    public let threads: Int
    private let kernels: KernelSet
    private let workers: Workers
    private let state = Mutex(State())

    /// What was found out for inputs of some shapes.
    private struct Plan {
        var key: PlanKey
        var executable: Executable
        /// Values of the graph by input name.
        var values: [(name: String, value: Int)]
    }

    /// Plans by the shapes they are made for, the latest last.
    private struct State {
        var plans: [Plan] = []
    }

    /// Most plans that are kept.
    private static let planLimit = 4

    /// - Throws: ``EngineError`` `threads`, `limit`, and `kernels` for a set that `SKIFF_KERNELS` names and this
    ///   processor does not have.
    public init(_ graph: Graph, options: Options = Options()) throws(EngineError) {
        let threads = options.threads ?? processorCount()
        guard (1...Evaluator.threadLimit).contains(threads) else {
            throw EngineError(.threads(found: threads, allowed: 1...Evaluator.threadLimit))
        }
        self.graph = graph
        self.options = options
        // More threads than processors would only wait for each other.
        self.threads = min(threads, processorCount())
        kernels = try KernelSet.chosen()
        workers = Workers(threads: self.threads)
    }

    deinit { workers.close() }

    /// Runs the network.
    /// - Parameter inputs: Tensors by input name, of the shapes that the model declares.
    /// - Returns: Tensors by output name, of the types that ``Evaluator`` gives.
    /// - Throws: ``EngineError`` for inputs that do not fit and operators that cannot be run.
    public func run(_ inputs: [String: Tensor]) throws(EngineError) -> [String: Tensor] {
        try withPlan(inputs) { executable, given throws(EngineError) in
            try executable.run(inputs, given, on: workers)
        }
    }

    /// Plans for inputs of these shapes, where that is not done yet, and tells what the plan does.
    /// - Throws: ``EngineError`` as ``run(_:)``.
    public func plan(for inputs: [String: Tensor]) throws(EngineError) -> PlanReport {
        try withPlan(inputs) { executable, _ in executable.report }
    }

    /// Seconds that each step of the plan takes: the median over `iterations` runs, by index of the plan's steps.
    /// - Throws: ``EngineError`` as ``run(_:)``.
    public func profile(_ inputs: [String: Tensor], iterations: Int) throws(EngineError) -> [Double] {
        try withPlan(inputs) { executable, given throws(EngineError) in
            var samples: [[Double]] = []
            for _ in 0..<max(1, iterations) {
                samples.append(try executable.timedRun(inputs, given, on: workers))
            }
            return executable.report.steps.indices.map { step in
                let sorted = samples.map { $0[step] }.sorted()
                return sorted[sorted.count / 2]
            }
        }
    }

    /// The rounding error of every convolution step, each fed the inputs it has in a run.
    /// - Throws: ``EngineError`` as ``run(_:)``.
    public func errors(_ inputs: [String: Tensor]) throws(EngineError) -> [PlanReport.StepError] {
        try withPlan(inputs) { executable, given throws(EngineError) in
            guard case .program(let program) = executable else { return [] }
            return try program.errors(given, on: workers)
        }
    }

    /// Multiply-adds a second that one thread of these kernels does at most, measured by a loop that does
    /// nothing else.
    public func peakMultiplyAddsPerSecond() -> Double {
        withUnsafeTemporaryAllocation(byteCount: 64, alignment: 64) { sink in
            let clock = ContinuousClock()
            var best = 0.0
            for _ in 0..<8 {
                var done: Int64 = 0
                let elapsed = clock.measure { done = kernels.table.pointee.peak(400_000, sink.baseAddress) }
                best = max(best, Double(done) / elapsed.seconds)
            }
            return best
        }
    }

    private func withPlan<Result>(
        _ inputs: [String: Tensor], _ body: (Executable, [Int: Tensor]) throws(EngineError) -> Result
    ) throws(EngineError) -> Result {
        let key = PlanKey(inputs)
        var outcome: Swift.Result<Result, EngineError>?
        state.withLock { state in
            do throws(EngineError) {
                let plan = try self.plan(for: key, inputs, &state)
                var given: [Int: Tensor] = [:]
                for (name, value) in plan.values { given[value] = inputs[name] }
                outcome = .success(try body(plan.executable, given))
            } catch { outcome = .failure(error) }
        }
        switch outcome {
        case .success(let result): return result
        case .failure(let error): throw error
        case nil: throw EngineError(.operand("the run did not end"))
        }
    }

    private func plan(
        for key: PlanKey, _ inputs: [String: Tensor], _ state: inout State
    ) throws(EngineError) -> Plan {
        if let position = state.plans.firstIndex(where: { $0.key == key }) {
            let found = state.plans.remove(at: position)
            state.plans.append(found)
            return found
        }
        let request = try Request(graph, inputs: inputs, observing: .outputs, holdsObserved: true)
        let planner = Planner(
            graph: graph, kernels: kernels, threads: threads, isExact: options.isExact, runsOnce: options.runsOnce,
            memoryBudget: options.memoryBudget)
        let executable = try planner.executable(request)
        let values = request.given.keys.map { (name: graph.values[$0].name, value: $0) }
        let plan = Plan(key: key, executable: executable, values: values)
        if state.plans.count >= Self.planLimit { state.plans.removeFirst() }
        state.plans.append(plan)
        return plan
    }
}

/// What a plan hangs on: the name, type and shape of every given tensor.
struct PlanKey: Hashable {
    private struct Entry: Hashable {
        var elementType: ElementType
        var shape: Shape
    }

    private let entries: [String: Entry]

    init(_ inputs: [String: Tensor]) {
        entries = inputs.mapValues { Entry(elementType: $0.elementType, shape: $0.shape) }
    }
}
