internal import SkiffCore
internal import SkiffGraph

/// Plans a network for inputs of fixed shapes.
struct Planner {
    let graph: Graph
    let kernels: KernelSet
    let threads: Int
    let isExact: Bool
    var runsOnce = false
    let memoryBudget: Int

    /// - Throws: ``EngineError`` for operators that cannot be run and plans past the memory budget.
    func executable(_ request: Request) throws(EngineError) -> Executable {
        var facts: [ValueID: Fact] = [:]
        for (value, given) in request.given {
            var fact = Fact(of: given.tensor)
            fact.elementType = given.elementType
            // Small whole numbers may be extents: what they hold is part of the shapes, and of the plan's key no part.
            fact.contents = nil
            facts[ValueID(value)] = fact
        }
        do throws(EngineError) {
            var draft = try Draft(graph, inputs: facts)
            let passes = try draft.simplify()
            let lowering = try Lowering(
                draft, graph: graph, kernels: kernels, threads: threads, isExact: isExact, runsOnce: runsOnce,
                memoryBudget: memoryBudget)
            return .program(try Program(lowering, passes: passes))
        } catch {
            guard error.reason == .openShape else { throw error }
            return .evaluator(try Evaluator(graph, threads: threads, memoryBudget: memoryBudget))
        }
    }
}

/// A planned network, or one that has shapes which only a run can tell. Runs take tensors by input name, and by value.
enum Executable {
    case program(Program)
    case evaluator(Evaluator)

    func run(
        _ inputs: [String: Tensor], _ given: [Int: Tensor], on workers: Workers
    ) throws(EngineError) -> [String: Tensor] {
        switch self {
        case .program(let program): return try program.run(given, on: workers)
        case .evaluator(let evaluator):
            let values = try evaluator.run(inputs, precision: .float)
            return Dictionary(
                evaluator.graph.outputs.compactMap { output in values[output.value].map { (output.name, $0) } },
                uniquingKeysWith: { first, _ in first })
        }
    }

    /// Seconds of each step.
    func timedRun(
        _ inputs: [String: Tensor], _ given: [Int: Tensor], on workers: Workers
    ) throws(EngineError) -> [Double] {
        switch self {
        case .program(let program): return try program.timedRun(given, on: workers)
        case .evaluator:
            var failure: EngineError?
            let elapsed = ContinuousClock().measure {
                do throws(EngineError) { _ = try run(inputs, given, on: workers) } catch { failure = error }
            }
            if let failure { throw failure }
            return [elapsed.seconds]
        }
    }

    var report: PlanReport {
        switch self {
        case .program(let program): return program.report
        case .evaluator(let evaluator):
            let step = PlanReport.Step(
                name: evaluator.graph.name, operation: "the whole network: shapes are known only when it runs",
                algorithm: "plain", inputShape: [], outputShape: [], isFallback: true)
            return PlanReport(passes: [], steps: [step], arenaBytes: 0, packedWeightBytes: 0, kernels: "reference")
        }
    }
}

extension Duration {
    var seconds: Double { Double(components.attoseconds) * 1e-18 + Double(components.seconds) }
}
