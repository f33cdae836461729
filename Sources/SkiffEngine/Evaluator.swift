public import SkiffCore
public import SkiffGraph

/// The reference evaluator: runs a graph node by node with plain loops, every value observable.
///
/// Shapes come from the graph's own rules, applied to the tensors at hand. Results have the same bits for any
/// number of threads. Taps outside a map read zero, so an infinite or NaN weight there gives NaN.
public struct Evaluator: Sendable {
    /// Which values a run gives back.
    public enum Observation: Sendable {
        /// The graph's outputs.
        case outputs
        /// Every value that a node gives, and the graph's outputs.
        case all
        /// These values; inputs and weights may be among them.
        case values(Set<ValueID>)
    }

    /// Most threads that can be asked for.
    public static let threadLimit = 1024
    /// Threads of a run that is not told how many: all processors that the process may use.
    public static var defaultThreads: Int { processorCount() }

    public let graph: Graph
    public let threads: Int
    /// Bytes that the values and working copies of one run may take at a time.
    public let memoryBudget: Int
    let packedWeights: PackedWeights

    /// - Parameters:
    ///   - threads: Threads that share one operator's work; all processors where `nil`.
    ///   - memoryBudget: Bytes that values and working copies may take at a time.
    /// - Throws: ``EngineError`` `threads` outside 1 to ``threadLimit``; `limit` for a budget below zero.
    public init(
        _ graph: Graph, threads: Int? = nil, memoryBudget: Int = Limits.availableEvaluationBytes()
    ) throws(EngineError) {
        let threads = threads ?? processorCount()
        guard (1...Self.threadLimit).contains(threads) else {
            throw EngineError(.threads(found: threads, allowed: 1...Self.threadLimit))
        }
        guard memoryBudget >= 0 else {
            throw EngineError(.limit(name: "memory budget", declared: memoryBudget, allowed: Int.max))
        }
        self.graph = graph
        self.threads = threads
        self.memoryBudget = memoryBudget
        packedWeights = PackedWeights(budget: memoryBudget / 2)
    }

    /// Runs the graph and gives the observed values.
    ///
    /// Reals come as float32 (float64 in ``Precision/double``), but values of type float16 and bfloat16 as that
    /// type, to which they are rounded behind each node (not in ``Precision/double``). Whole numbers and bool
    /// come in their own type.
    /// - Parameters:
    ///   - inputs: Tensors by graph input name. All graph inputs are required; weights that the model lists as
    ///     inputs (ONNX IR 3) may be overridden. Real types are converted to the declared one.
    ///   - progress: Told behind each node how many of the nodes to run are done.
    /// - Throws: ``EngineError`` for inputs that do not fit, operators that cannot be run (before any work), and
    ///   values that would not fit the memory budget (before they are allocated).
    public func run(
        _ inputs: [String: Tensor], precision: Precision = .reference, observing: Observation = .outputs,
        progress: (@Sendable (_ done: Int, _ total: Int) -> Void)? = nil
    ) throws(EngineError) -> [ValueID: Tensor] {
        var results: [ValueID: Tensor] = [:]
        let request = try Request(graph, inputs: inputs, observing: observing, holdsObserved: true)
        try run(request, precision: precision, progress: progress) { id, tensor throws(EngineError) in
            results[id] = tensor
        }
        return results
    }

    /// Runs the graph and hands each observed value over as soon as it is there, in the order of the nodes;
    /// holds no more than what is still to be read.
    /// - Throws: ``EngineError`` as the other `run`, and whatever `observer` throws, which ends the run.
    public func run(
        _ inputs: [String: Tensor], precision: Precision = .reference, observing: Observation = .outputs,
        progress: (@Sendable (_ done: Int, _ total: Int) -> Void)? = nil,
        _ observer: (ValueID, Tensor) throws -> Void
    ) throws {
        let request = try Request(graph, inputs: inputs, observing: observing, holdsObserved: false)
        var failure: (any Error)?
        do {
            try run(request, precision: precision, progress: progress) { id, tensor throws(EngineError) in
                do { try observer(id, tensor) } catch {
                    failure = error
                    throw EngineError(.operand("the observer ended the run"))
                }
            }
        } catch {
            throw failure ?? error
        }
    }

    /// Lets go of weights that were packed for earlier nodes: for runs that go side by side and pass each node once.
    public func releasePackedWeights() { packedWeights.removeAll() }

    /// Applies one operator to tensors, outside any graph: how the verifier re-runs a node on recorded inputs
    /// or under other attributes.
    /// - Returns: One tensor per output, in the types that `run` gives.
    /// - Throws: ``EngineError`` as `run` does.
    public static func apply(
        _ operator: Operator, to inputs: [Tensor?], outputCount: Int = 1, precision: Precision = .reference,
        threads: Int? = nil, memoryBudget: Int = Limits.availableEvaluationBytes()
    ) throws(EngineError) -> [Tensor] {
        var builder = GraphBuilder()
        var operands: [ValueID?] = []
        var given: [String: Tensor] = [:]
        let outputs = (0..<max(0, outputCount)).map { builder.value(named: "output \($0)") }
        do {
            for (position, tensor) in inputs.enumerated() {
                guard let tensor else { operands.append(nil); continue }
                let name = "input \(position)"
                operands.append(try builder.addInput(name, Fact(of: tensor)))
                given[name] = tensor
            }
            try builder.addNode("", sourceOperator: "", `operator`, inputs: operands, outputs: outputs)
            for (position, output) in outputs.enumerated() { builder.addOutput("output \(position)", output) }
            let evaluator = try Evaluator(builder.build(), threads: threads, memoryBudget: memoryBudget)
            let results = try evaluator.run(given, precision: precision, observing: .outputs)
            return evaluator.graph.outputs.compactMap { results[$0.value] }
        } catch let error as GraphError {
            throw EngineError(error)
        } catch let error as EngineError {
            throw error
        } catch {
            throw EngineError(.operand("\(error)"))
        }
    }

    private func run(
        _ request: Request, precision: Precision, progress: (@Sendable (Int, Int) -> Void)?,
        observer: (ValueID, Tensor) throws(EngineError) -> Void
    ) throws(EngineError) {
        switch precision {
        case .float:
            var execution = Execution<FloatArithmetic>(self, request)
            try execution.run(progress: progress, observer: observer)
        case .reference:
            var execution = Execution<ReferenceArithmetic>(self, request)
            try execution.run(progress: progress, observer: observer)
        case .double:
            var execution = Execution<DoubleArithmetic>(self, request)
            try execution.run(progress: progress, observer: observer)
        }
    }
}
