internal import SkiffCore
internal import SkiffEngine
internal import SkiffGraph

/// One value on its way to a verdict.
struct PendingComparison {
    var target: Target
    var shape: Shape = []
    var elementType = ElementType.float32
    /// The candidate's tensor until it has been compared.
    var tensor: Tensor?
    var comparison: Comparison?
    var noise: Double?
    /// The largest element of that noise.
    var largestNoise: Double?
    /// Why there is no comparison.
    var reason: String?
    var assumptions: [String] = []
}

/// The runs of one verification.
final class Session {
    private let verifier: Verifier
    private let candidate: Graph
    private let given: [String: Tensor]
    private let progress: Verifier.Progress?
    private var phase = 0
    private var phases = 1

    init(_ verifier: Verifier, _ candidate: Graph, _ given: [String: Tensor], progress: Verifier.Progress?) {
        self.verifier = verifier
        self.candidate = candidate
        self.given = given
        self.progress = progress
    }

    /// Runs the candidate as `skiff run` does. `phases` is how many runs there may be in all.
    func candidateValues(of targets: [Target], phases: Int) throws(VerifyError) -> [PendingComparison] {
        self.phases = phases
        let observed = Set(targets.map(\.value))
        let tensors = try run(
            candidate, given, .reference, observed, label: "running the model", file: verifier.candidateFile)
        return targets.map { target in
            let tensor = tensors[target.value]
            return PendingComparison(
                target: target, shape: tensor?.shape ?? [], elementType: tensor?.elementType ?? .float32,
                tensor: tensor)
        }
    }

    /// Compares with another model's values as they come.
    func compare(
        _ pending: inout [PendingComparison], with reference: Graph, given: [String: Tensor]
    ) throws(VerifyError) {
        var waiting: [Int: [Int]] = [:]
        for (position, item) in pending.enumerated() { waiting[item.target.reference, default: []].append(position) }
        var items = pending
        let observed = Set(waiting.keys.map { ValueID($0) })
        try run(
            reference, given, .reference, observed, label: "running the reference", file: verifier.referenceFile
        ) { id, tensor in
            for position in waiting[id.index] ?? [] { items[position].compare(with: tensor, verifier.policy) }
        }
        pending = items
    }

    func compare(_ pending: inout [PendingComparison], with recording: Recording) {
        let tensors = (recording.outputs + recording.values).map(\.tensor)
        for position in pending.indices where tensors.indices.contains(pending[position].target.reference) {
            pending[position].compare(with: tensors[pending[position].target.reference], verifier.policy)
        }
    }

    /// Measures the noise of the values that need it.
    func judge(_ pending: inout [PendingComparison]) throws(VerifyError) {
        guard verifier.policy.needsNoise else { return }
        var waiting: [ValueID: [Int]] = [:]
        for (position, item) in pending.enumerated() {
            guard let comparison = item.comparison, !comparison.isIdentical else { continue }
            waiting[item.target.value, default: []].append(position)
        }
        guard !waiting.isEmpty else { return }
        phase = phases - 2
        let observed = Set(waiting.keys)
        var floats = try run(
            candidate, given, .float, observed, label: "measuring rounding, Float", file: verifier.candidateFile)
        var items = pending
        try run(
            candidate, given, .double, observed, label: "measuring rounding, Double", file: verifier.candidateFile
        ) { id, tensor in
            guard let float = floats.removeValue(forKey: id), let a = try? float.doubles(),
                let b = try? tensor.doubles()
            else { return }
            let noise = Comparison(a, b, shape: tensor.shape)
            for position in waiting[id] ?? [] {
                items[position].noise = noise.rmsError
                items[position].largestNoise = noise.maximumError
            }
        }
        pending = items
    }

    private func run(
        _ graph: Graph, _ given: [String: Tensor], _ precision: Precision, _ observed: Set<ValueID>, label: String,
        file: String?
    ) throws(VerifyError) -> [ValueID: Tensor] {
        var tensors: [ValueID: Tensor] = [:]
        try run(graph, given, precision, observed, label: label, file: file) { tensors[$0] = $1 }
        return tensors
    }

    private func run(
        _ graph: Graph, _ given: [String: Tensor], _ precision: Precision, _ observed: Set<ValueID>, label: String,
        file: String?, _ observer: (ValueID, Tensor) -> Void
    ) throws(VerifyError) {
        let start = Double(phase)
        let total = Double(phases)
        phase += 1
        let report = progress
        let told: @Sendable (Int, Int) -> Void = { done, count in
            let share = Double(done) / Double(max(count, 1))
            report?(label, (start + share) / total)
        }
        do {
            let evaluator = try Evaluator(graph, threads: verifier.threads, memoryBudget: verifier.memoryBudget)
            try evaluator.run(given, precision: precision, observing: .values(observed), progress: told, observer)
        } catch {
            let refusal = error as? EngineError ?? EngineError(.operand("\(error)"))
            throw VerifyError(refusal).at(Place(file: file))
        }
    }
}

extension PendingComparison {
    /// Takes the reference's tensor, and lets the candidate's go.
    mutating func compare(with reference: Tensor, _ policy: ParityPolicy) {
        guard var own = tensor else { return }
        tensor = nil
        do throws(CoreError) {
            if let permutation = target.permutation, permutation.axes.count == own.shape.count {
                own = try own.permuted(permutation)
            } else if own.shape != reference.shape,
                let permutation = Permutation.only(from: own.shape, into: SymbolicShape(reference.shape))
            {
                assumptions.append(
                    "\(escaped(target.name)) \(own.shape.shapeText) is compared with \(reference.shape.shapeText) "
                        + "in the reference by moving its channel axis")
                own = try own.permuted(permutation)
            }
            guard own.shape == reference.shape else {
                reason = "shape is \(own.shape.shapeText), the reference's is \(reference.shape.shapeText)"
                return
            }
            comparison = Comparison(
                try own.doubles(), try reference.doubles(), shape: own.shape,
                absoluteTolerance: policy.absoluteTolerance, relativeTolerance: policy.relativeTolerance)
        } catch {
            reason = error.message
        }
    }

    /// The verdict, once everything is measured.
    func parity(_ policy: ParityPolicy, _ graph: Graph) -> ValueParity {
        let producer = graph.producer(of: target.value)
        var parity = ValueParity(
            role: target.role, name: target.name, referenceName: target.referenceName,
            node: producer.map { graph.displayName(of: $0) }, operatorName: producer.map { graph[$0].sourceOperator },
            shape: shape, comparison: comparison, noise: noise, verdict: .incomparable,
            reason: reason ?? "the reference gives no such value")
        guard let comparison else { return parity }
        guard comparison.elementCount > 0 else {
            parity.verdict = .identical
            parity.reason = nil
            return parity
        }
        parity.reason = nil
        if let pair = comparison.nonFiniteMismatch {
            parity.verdict = .differs
            parity.reason = "\(comparison.nonFiniteMismatchCount) elements are not finite on one side, the first at "
                + "\(pair.index.shapeText): \(pair.candidate) here, \(pair.reference) in the reference"
            return parity
        }
        if comparison.isIdentical {
            parity.verdict = .identical
            return parity
        }
        switch policy.criterion {
        case .tolerance:
            parity.verdict = comparison.exceedingCount == 0 ? .rounding : .differs
            if comparison.exceedingCount > 0 {
                parity.reason =
                    "\(comparison.exceedingCount) of \(comparison.elementCount) elements are beyond the tolerances"
            }
        case .roundingNoise(let multiple):
            let unit = policy.noiseUnit(
                measured: noise ?? 0, referenceRMS: comparison.referenceRMS, elementType: elementType)
            let ratio = unit > 0 ? comparison.rmsError / unit : .infinity
            parity.ratio = ratio
            let allowed = policy.largestError(unit: unit, largestNoise: largestNoise ?? 0, multiple: multiple)
            parity.verdict = ratio <= multiple && comparison.maximumError <= allowed ? .rounding : .differs
            if ratio > multiple {
                parity.reason = "RMS error is \(brief(ratio)) times the rounding noise"
            } else if comparison.maximumError > allowed {
                parity.reason = "one element is off by \(brief(comparison.maximumError / unit)) times the rounding noise"
            }
        }
        return parity
    }
}
