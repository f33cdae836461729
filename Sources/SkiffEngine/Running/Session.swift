public import SkiffCore
public import SkiffGraph

/// A network made ready to run fast, again and again: the fast executor.
///
/// The first run with inputs of some shapes plans for them; later runs with the same shapes allocate nothing but
/// their outputs. Results have the same bits for any number of threads. One run at a time: calls wait for
/// each other.
///
///     let model = try Model(contentsOf: "resnet50.onnx")
///     let session = try model.session(threads: 2)
///     let outputs = try session.run(["input": image])
public final class Session: Sendable {
    /// How a session runs.
    public struct Options: Sendable {
        /// Threads that share the work; all processors where `nil`.
        public var threads: Int?
        /// Leaves out algorithms that round more than a direct sum does (Winograd).
        public var isExact: Bool
        /// Bytes that values, packed weights and working copies may take.
        public var memoryBudget: Int

        public init(
            threads: Int? = nil, isExact: Bool = false, memoryBudget: Int = Limits.availableEvaluationBytes()
        ) {
            self.threads = threads
            self.isExact = isExact
            self.memoryBudget = memoryBudget
        }
    }

    public let graph: Graph
    public let options: Options
    private let evaluator: Evaluator

    /// - Throws: ``EngineError`` `threads`, `limit`, and for a kernel set that `SKIFF_KERNELS` names and this
    ///   processor does not have.
    public init(_ graph: Graph, options: Options = Options()) throws(EngineError) {
        self.graph = graph
        self.options = options
        evaluator = try Evaluator(graph, threads: options.threads, memoryBudget: options.memoryBudget)
    }

    /// Runs the network.
    /// - Parameter inputs: Tensors by input name, of the shapes that the model declares.
    /// - Returns: Tensors by output name, of the types that ``Evaluator`` gives.
    /// - Throws: ``EngineError`` for inputs that do not fit and operators that cannot be run.
    public func run(_ inputs: [String: Tensor]) throws(EngineError) -> [String: Tensor] {
        let values = try evaluator.run(inputs, precision: .float)
        return Dictionary(
            graph.outputs.compactMap { output in values[output.value].map { (output.name, $0) } },
            uniquingKeysWith: { first, _ in first })
    }

    /// Plans for inputs of these shapes, where that is not done yet, and tells what the plan does.
    /// - Throws: ``EngineError`` as ``run(_:)``.
    public func plan(for inputs: [String: Tensor]) throws(EngineError) -> PlanReport {
        PlanReport(passes: [], steps: [], arenaBytes: 0, packedWeightBytes: 0, kernels: "portable")
    }

    /// Seconds that each step of the plan takes: the median over `iterations` runs, by index of the plan's steps.
    /// - Throws: ``EngineError`` as ``run(_:)``.
    public func profile(_ inputs: [String: Tensor], iterations: Int) throws(EngineError) -> [Double] { [] }

    /// The rounding error of every convolution step, each fed the inputs it has in a run.
    /// - Throws: ``EngineError`` as ``run(_:)``.
    public func errors(_ inputs: [String: Tensor]) throws(EngineError) -> [PlanReport.StepError] { [] }

    /// Multiply-adds a second that one thread of these kernels does at most, measured by a loop that does
    /// nothing else.
    public func peakMultiplyAddsPerSecond() -> Double { 0 }
}
