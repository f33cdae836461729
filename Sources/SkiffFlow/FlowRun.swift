internal import SkiffCore
public import SkiffEngine
public import SkiffGraph
public import SkiffInspect

extension SignalFlow {
    /// Told what is being done, and what part of it is done, from 0 to 1.
    public typealias Progress = @Sendable (_ label: String, _ fraction: Double) -> Void

    /// Runs a network and measures what its residual blocks do to the signal.
    ///
    /// Shortcut and branch are measured in one pass of the evaluator in Float, in which every value is there; sums of
    /// their squares are taken in Double. For a lesion the addition's value is replaced by its shortcut operand, and
    /// what lies behind it is run by the fast executor. All results have the same bits for any number of threads.
    ///
    /// - Parameters:
    ///   - inspection: of this graph.
    ///   - inputs: what to run it with.
    /// - Throws: ``EngineError`` for inputs that do not fit, operators that cannot be run, and values that do not fit
    ///   the memory.
    public init(
        of graph: Graph, _ inspection: Inspection, inputs: Inputs, options: Options = Options(),
        progress: Progress? = nil
    ) throws(EngineError) {
        var study = try FlowStudy(graph, inspection, options)
        for (index, run) in inputs.runs.enumerated() {
            try study.add(run, index, of: inputs.runs.count, progress)
        }
        self.init(
            blocks: study.blocks, samples: study.samples, input: inputs.text, isMadeUp: inputs.isMadeUp,
            notes: inputs.notes, classes: study.classes, omission: study.omission)
    }
}

/// The sums of all runs so far.
private struct FlowStudy {
    private let graph: Graph
    private let options: SignalFlow.Options
    private let joins: [Join]
    private let costs: FlowCosts
    private let evaluator: Evaluator
    private let candidates: [OutputClasses]
    private var plan: FlowPlan
    private var moments: [Int: Moments] = [:]
    private var changes: [Int: OutputChange] = [:]
    private(set) var samples = 0
    private(set) var classes: SignalFlow.Classes?
    private(set) var omission: String?

    init(_ graph: Graph, _ inspection: Inspection, _ options: SignalFlow.Options) throws(EngineError) {
        self.graph = graph
        self.options = options
        joins = inspection.flowJoins(in: graph)
        costs = FlowCosts(inspection)
        evaluator = try Evaluator(graph, threads: options.threads)
        candidates = OutputClasses.candidates(in: graph)
        plan = FlowPlan(graph, FlowOutputs(graph, candidates), joins, lesions: [])
    }

    /// Blocks that were measured, in order.
    var blocks: [SignalFlow.Block] {
        joins.compactMap { join in
            guard let moments = moments[join.block] else { return nil }
            return SignalFlow.Block(
                block: join.block, shortcutRMS: moments.root(moments.shortcut), branchRMS: moments.root(moments.branch),
                cosine: moments.cosine, lesion: changes[join.block]?.lesion, sumRMS: moments.sumRMS,
                sampleRatios: moments.sampleRatios)
        }
    }

    mutating func add(
        _ inputs: [String: Tensor], _ index: Int, of count: Int, _ progress: SignalFlow.Progress?
    ) throws(EngineError) {
        let clock = ContinuousClock()
        let start = clock.now
        progress?("running", Double(index) / Double(count))
        var whole: [String: Tensor] = [:]
        if options.lesions != .none, !joins.isEmpty {
            whole = try LesionRun(plan, inputs, threads: options.threads).outputs()
        }
        if index == 0 { choose(secondsOfARun: seconds(clock.now - start), runs: count) }
        let found = RunClasses(candidates, plan.outputs, whole)
        if let found {
            let decisions = (classes?.decisions ?? 0) + found.layout.decisions
            classes = SignalFlow.Classes(
                output: found.name, count: found.layout.count, decisions: decisions,
                isPerPosition: found.layout.decisions > found.samples)
        }
        samples += Self.samples(of: inputs, in: graph) ?? 1
        let label = plan.lesions.isEmpty ? "running" : "removing branches"
        try pass(inputs, whole, found) { part in progress?(label, (Double(index) + part) / Double(count)) }
    }

    /// Samples of one run: the first extent of the first input that has more than one axis.
    private static func samples(of inputs: [String: Tensor], in graph: Graph) -> Int? {
        graph.inputs.lazy.compactMap { inputs[graph[$0].name]?.shape }.first { $0.count > 1 }?.first
    }

    private mutating func choose(secondsOfARun: Double, runs: Int) {
        let reachable = Set(plan.nodes)
        let choice = LesionChoice(
            joins.filter { reachable.contains($0.node) }, options.lesions,
            secondsOfAll: { joins in
                joins.reduce(0) { $0 + costs.share(behind: $1.node) } * secondsOfARun * Double(runs)
            })
        omission = choice.omission
        plan = FlowPlan(graph, plan.outputs, joins, lesions: choice.joins)
    }

    /// Runs the network node by node, and at each addition what there is to do.
    private mutating func pass(
        _ inputs: [String: Tensor], _ whole: [String: Tensor], _ classes: RunClasses?, progress: (Double) -> Void
    ) throws(EngineError) {
        guard !joins.isEmpty else { return }
        let run = try EvaluatorRun(evaluator, inputs, precision: .float, observing: plan.observed)
        var held: [ValueID: EvaluatorRun.ObservedValue] = [:]
        let samples = Self.samples(of: inputs, in: graph)
        let work = plan.lesions.reduce(1) { $0 + costs.share(behind: $1.node) }
        var done = 0.0
        for (id, value) in run.observed { held[id] = value }
        while let node = run.next {
            guard try run.step() else { break }
            for (id, value) in run.observed { held[id] = value }
            for join in plan.joins[node] ?? [] { measure(join, held, samples) }
            for join in plan.lesions(at: node) {
                try remove(join, held, whole, classes)
                done += costs.share(behind: join.node)
                progress((done + costs.share(upTo: node)) / work)
            }
            for id in plan.releases[node.index] ?? [] { held[id] = nil }
            progress((done + costs.share(upTo: node)) / work)
        }
        evaluator.releasePackedWeights()
    }

    private mutating func measure(
        _ join: Join, _ values: [ValueID: EvaluatorRun.ObservedValue], _ samples: Int?
    ) {
        guard let (shape, operands) = operands(of: join, values), let branch = Reals.sum(Array(operands.dropFirst()))
        else { return }
        moments[join.block, default: Moments()].add(
            shortcut: operands[0], branch: branch, samples: shape.first == samples ? samples : nil)
    }

    /// The operands as the addition takes them, the shortcut first; `nil` where one is no real number.
    private func operands(
        of join: Join, _ values: [ValueID: EvaluatorRun.ObservedValue]
    ) -> (shape: Shape, operands: [Reals])? {
        var found: [(shape: Shape, elements: Reals)] = []
        for id in [join.shortcut] + join.others {
            if let value = values[id], let elements = Reals(value) {
                found.append((value.shape, elements))
            } else if let tensor = graph[id].tensor, let elements = try? tensor.doubles() {
                found.append((tensor.shape, .double(elements)))
            } else { return nil }
        }
        guard var shape = found.first?.shape else { return nil }
        for operand in found.dropFirst() {
            guard let joined = Reals.broadcastShape(shape, operand.shape) else { return nil }
            shape = joined
        }
        let operands = found.compactMap { $0.elements.broadcast(from: $0.shape, to: shape) }
        return operands.count == found.count ? (shape, operands) : nil
    }

    /// Runs what lies behind an addition with the shortcut alone in the place of the sum.
    private mutating func remove(
        _ join: Join, _ values: [ValueID: EvaluatorRun.ObservedValue], _ whole: [String: Tensor], _ classes: RunClasses?
    ) throws(EngineError) {
        guard let (shape, operands) = operands(of: join, values), let shortcut = values[join.shortcut] else { return }
        let sum = EvaluatorRun.ObservedValue(
            elementType: shortcut.elementType, shape: shape, elements: operands[0].elements)
        var values = values
        values[join.output] = sum
        var outputs: [String: Tensor] = [:]
        if let run = try LesionRun(plan, plan.rest(behind: join), values, threads: options.threads) {
            outputs = try run.outputs()
        }
        for output in plan.outputs.all where output.value == join.output { outputs[output.name] = try sum.tensor() }
        try changes[join.block, default: OutputChange()].add(whole: whole, changed: outputs, classes: classes)
    }
}

private func seconds(_ duration: Duration) -> Double {
    Double(duration.components.seconds) + Double(duration.components.attoseconds) * 1e-18
}
