internal import SkiffCore
internal import SkiffEngine
public import SkiffGraph

/// A value that waits for its sketch.
struct SketchItem: Sendable {
    var id: ValueID
    var float: EvaluatorRun.ObservedValue
    /// `nil` where only Float runs.
    var double: EvaluatorRun.ObservedValue?
    /// The canonical order; `nil` where that is the value's own.
    var axes: [Int]?
}

/// What came out for one value.
struct SketchResult: Sendable {
    var item: SketchItem
    /// Of the value in Float, and in Double where that was run.
    var float = Sketch()
    var double: Sketch?
    /// RMS and largest distance of Float from Double.
    var noise = 0.0
    var largestNoise = 0.0

    init(_ item: SketchItem) {
        self.item = item
        float = Sketch(of: item.float, axes: item.axes)
        guard let double = item.double else { return }
        self.double = Sketch(of: double, axes: item.axes)
        guard case .float(let floats) = item.float.elements, case .double(let doubles) = double.elements else {
            let comparison = Comparison(item.float.doubles, double.doubles, shape: double.shape)
            (noise, largestNoise) = (comparison.rmsError, comparison.maximumError)
            return
        }
        let measured = Measurement(
            reference: doubles, float: floats, double: doubles, shape: double.shape, policy: ParityPolicy(), threads: 1)
        (noise, largestNoise) = (measured.noise, measured.largestNoise)
    }
}

/// Values that wait, so that several are worked on side by side.
struct SketchBatch {
    /// Elements that are kept at most before they are worked on.
    private static let elementLimit = 1 << 22

    private var items: [SketchItem] = []
    private var elements = 0

    mutating func add(_ item: SketchItem) {
        items.append(item)
        elements += item.float.shape.checkedElementCount ?? 0
    }

    var isFull: Bool { elements >= Self.elementLimit }

    /// The results of all values, in their order; none are left.
    mutating func results(threads: Int?) -> [SketchResult] {
        let batch = items
        (items, elements) = ([], 0)
        let made = SharedArray([SketchResult?](repeating: nil, count: batch.count))
        concurrently(batch.count, workers: threads) { made[$0] = SketchResult(batch[$0]) }
        return made.elements.compactMap { $0 }
    }
}

extension Sketch {
    /// The sketch of a value of a run. Elements of any kind are numbers here.
    init(of value: EvaluatorRun.ObservedValue, axes: [Int]?) {
        let value = axes.map { value.permuted($0) } ?? value
        let sums = SketchSums()
        switch value.elements {
        case .float(let list):
            list.withUnsafeBufferPointer { list in sums.add(list.count) { Double(list[$0]) } }
        case .double(let list):
            list.withUnsafeBufferPointer { list in sums.add(list.count) { list[$0] } }
        case .integer(let list): sums.add(list.count) { Double(list[$0]) }
        case .boolean(let list): sums.add(list.count) { list[$0] ? 1 : 0 }
        }
        self = sums.sketch()
    }
}

extension Capsule {
    /// Runs a model in Float on made-up inputs and keeps the sketches of all its values that have names.
    /// - Parameters:
    ///   - verifier: its seed, batch, shapes, threads and memory.
    ///   - source: what to call the model.
    /// - Throws: ``VerifyError`` where inputs cannot be made up, or the model cannot be run.
    public init(
        running graph: Graph, using verifier: Verifier, source: String, producer: String,
        progress: Verifier.Progress? = nil
    ) throws(VerifyError) {
        self.init(source: source, producer: producer)
        let made = try MadeUpInputs(for: graph, using: verifier)
        let trace = LayoutTrace(graph)
        for (position, input) in made.inputs.enumerated() {
            inputs.append(Input(
                name: input.name, elementType: input.tensor.elementType, shape: input.tensor.shape,
                axes: trace.canonicalAxes(ofInput: graph.inputs[position], rank: input.tensor.shape.count),
                source: .seeded(seed: verifier.seed, position: position)))
        }
        var names: [ValueID: String] = [:]
        for node in graph.nodes {
            for id in node.outputs where !graph[id].name.isEmpty { names[id] = graph[id].name }
        }
        for output in graph.outputs { names[output.value] = output.name }
        let outputs = Set(graph.outputs.map(\.value))
        var found: [ValueID: Value] = [:]
        let runs = try CapsuleRuns(graph, made.tensors, Set(names.keys), verifier, runsDouble: false)
        try runs.forEach(trace) { result in
            guard let name = names[result.item.id] else { return true }
            found[result.item.id] = Value(
                role: outputs.contains(result.item.id) ? .output : .intermediate, name: name,
                elementType: result.item.float.elementType, shape: result.item.float.shape, axes: result.item.axes,
                sketch: result.float)
            return true
        } progress: { progress?("sketching", $0) }
        for output in graph.outputs {
            guard var value = found[output.value] else { continue }
            value.name = output.name
            values.append(value)
        }
        for node in graph.nodes {
            for id in node.outputs where !outputs.contains(id) { if let value = found[id] { values.append(value) } }
        }
    }
}

/// A run in Float, and one in Double beside it where noise is to be known, with the sketches of what is observed.
struct CapsuleRuns {
    private let float: EvaluatorRun
    private let double: EvaluatorRun?
    private let verifier: Verifier

    init(
        _ graph: Graph, _ given: [String: Tensor], _ observed: Set<ValueID>, _ verifier: Verifier, runsDouble: Bool
    ) throws(VerifyError) {
        self.verifier = verifier
        do throws(EngineError) {
            let evaluator = try Evaluator(graph, threads: verifier.threads, memoryBudget: verifier.memoryBudget)
            float = try EvaluatorRun(evaluator, given, precision: .float, observing: observed)
            double = runsDouble
                ? try EvaluatorRun(evaluator, given, precision: .double, observing: observed) : nil
        } catch { throw VerifyError(error).at(Place(file: verifier.candidateFile)) }
    }

    /// Shows the values in the order they are computed, to the end or until `body` has seen enough.
    /// - Returns: whether all were shown.
    @discardableResult
    func forEach(
        _ trace: LayoutTrace, _ body: (SketchResult) -> Bool, progress: (Double) -> Void
    ) throws(VerifyError) -> Bool {
        var batch = SketchBatch()
        repeat {
            for (offset, (id, value)) in float.observed.enumerated() {
                let other = double.map { $0.observed[offset].value }
                let axes = trace.canonicalAxes(of: id, rank: value.shape.count)
                batch.add(SketchItem(id: id, float: value, double: other, axes: axes))
            }
            if batch.isFull, !batch.results(threads: verifier.threads).allSatisfy(body) { return false }
            progress(Double(float.position) / Double(max(1, float.nodes.count)))
        } while try stepped()
        return batch.results(threads: verifier.threads).allSatisfy(body)
    }

    private func stepped() throws(VerifyError) -> Bool {
        do throws(EngineError) {
            guard try float.step() else { return false }
            _ = try double?.step()
            return true
        } catch { throw VerifyError(error).at(Place(file: verifier.candidateFile)) }
    }
}
