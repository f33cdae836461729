internal import SkiffCore
internal import SkiffEngine
public import SkiffGraph

extension Verifier {
    /// Runs a model on a capsule's inputs and judges each value by its sketch.
    ///
    /// Values are paired by their names. What the capsule has under names that the model does not know is paired by
    /// content: with a value of the same extents that is within rounding of it, where there is one.
    /// - Throws: ``VerifyError`` where inputs do not fit, tolerances for elements are asked for, nothing in the capsule is
    ///   a value of the model, or the model cannot be run.
    public func verify(
        _ candidate: Graph, against capsule: Capsule, progress: Progress? = nil
    ) throws(VerifyError) -> ParityReport {
        guard policy.needsNoise else {
            throw VerifyError(
                .capsule("holds no elements, which tolerances would be asked of"), at: Place(file: referenceFile))
        }
        var check = CapsuleCheck(self, candidate, capsule)
        let given = try check.inputs()
        try check.pair()
        let observed = check.observed
        if let identical = try check.identical(given.tensors, progress) { return check.report(given, identical) }
        var results: [SketchResult] = []
        try CapsuleRuns(candidate, given.tensors, observed, self, runsDouble: true).forEach(check.trace) {
            results.append(check.judged($0))
            return true
        } progress: { progress?("comparing", $0) }
        check.pairByContent(results)
        return check.report(given, check.verdicts)
    }
}

/// One check of a model by a capsule.
struct CapsuleCheck {
    private let verifier: Verifier
    private let candidate: Graph
    private let capsule: Capsule
    let trace: LayoutTrace
    /// Positions among the capsule's values, by the candidate's value.
    private var waiting: [ValueID: [Int]] = [:]
    /// Positions of values whose names the candidate does not have.
    private var strangers: [Int] = []
    private var assumptions: [String] = []
    private var missing: [ValueParity] = []
    private(set) var verdicts: [ValueParity] = []

    init(_ verifier: Verifier, _ candidate: Graph, _ capsule: Capsule) {
        self.verifier = verifier
        self.candidate = candidate
        self.capsule = capsule
        trace = LayoutTrace(candidate)
    }

    /// The capsule's inputs in the candidate's order of axes.
    mutating func inputs() throws(VerifyError) -> RecordedInputs {
        let names = candidate.inputs.map { candidate[$0].name }
        let recorded = capsule.inputs.map(\.name)
        let pairing = Pairing(names, recorded)
        var entries: [Recording.Entry] = []
        for pair in pairing?.pairs ?? Pairing.common(names, recorded) {
            let input = capsule.inputs[pair.right]
            do throws(CoreError) {
                let tensor = try input.tensor()
                let canonical = try input.axes.map { axes throws(CoreError) in try tensor.permuted(axes) } ?? tensor
                let own = trace.canonicalAxes(ofInput: candidate.inputs[pair.left], rank: canonical.shape.count)
                let turned = try own.map { axes throws(CoreError) in
                    try canonical.permuted(Permutation(axes: axes).inverse.axes)
                }
                entries.append(.init(names[pair.left], turned ?? canonical))
            } catch {
                throw VerifyError(error).at(Place(file: verifier.referenceFile, tensor: input.name))
            }
        }
        if let pairing, !pairing.isByName, names.count > 1 {
            let list = pairing.pairs.map { "\(escaped(names[$0.left])) = \(escaped(recorded[$0.right]))" }
            assumptions.append("inputs are paired in their order: \(list.joined(separator: ", "))")
        }
        return try RecordedInputs(Recording(name: capsule.source, inputs: entries, outputs: []), candidate)
    }

    /// Pairs outputs, and values of equal names.
    mutating func pair() throws(VerifyError) {
        let outputs = capsule.values.indices.filter { capsule.values[$0].role == .output }
        let own = candidate.outputs.map(\.name)
        let names = outputs.map { capsule.values[$0].name }
        let pairs = Pairing(own, names)?.pairs ?? Pairing.common(own, names)
        for pair in pairs { waiting[candidate.outputs[pair.left].value, default: []].append(outputs[pair.right]) }
        for position in own.indices where !pairs.contains(where: { $0.left == position }) {
            missing.append(.init(
                role: .output, name: own[position], referenceName: own[position], shape: [], verdict: .incomparable,
                reason: "the capsule has no such output"))
        }
        var named: [String: ValueID] = [:]
        for id in candidate.valueIDs where candidate.producer(of: id) != nil && !candidate[id].name.isEmpty {
            named[candidate[id].name] = id
        }
        for position in capsule.values.indices where capsule.values[position].role == .intermediate {
            if let id = named[capsule.values[position].name] {
                waiting[id, default: []].append(position)
            } else {
                strangers.append(position)
            }
        }
        guard !waiting.isEmpty else {
            throw VerifyError(
                .nothingRecorded(recorded: capsule.values.map(\.name)), at: Place(file: verifier.referenceFile))
        }
    }

    /// Values whose sketches are needed: all, where some of the capsule's have other names.
    var observed: Set<ValueID> {
        guard !strangers.isEmpty else { return Set(waiting.keys) }
        return Set(waiting.keys).union(candidate.nodes.flatMap(\.outputs).filter { !candidate[$0].name.isEmpty })
    }

    /// The verdicts where Float gives all the capsule's values to the last bit; `nil` where it does not.
    func identical(_ given: [String: Tensor], _ progress: Verifier.Progress?) throws(VerifyError) -> [ValueParity]? {
        guard strangers.isEmpty else { return nil }
        var verdicts: [ValueParity] = []
        let runs = try CapsuleRuns(candidate, given, Set(waiting.keys), verifier, runsDouble: false)
        let isComplete = try runs.forEach(trace) { result in
            for position in waiting[result.item.id] ?? [] {
                let value = capsule.values[position]
                guard SketchJudgement.isSame(result.float, value.sketch),
                    result.canonicalShape == value.canonicalShape
                else { return false }
                verdicts.append(SketchJudgement.identical(value.sketch).parity(candidate, result, value))
            }
            return true
        } progress: { progress?("comparing", $0) }
        return isComplete ? verdicts : nil
    }

    /// Judges the capsule's values beside one of the candidate's, and lets go of its elements.
    mutating func judged(_ result: SketchResult) -> SketchResult {
        for position in waiting[result.item.id] ?? [] {
            let value = capsule.values[position]
            let (judgement, assumption) = SketchJudgement.best(result, value, verifier)
            if let assumption { assumptions.append(assumption) }
            verdicts.append(judgement.parity(candidate, result, value))
        }
        var kept = result
        kept.item.float.elements = .float([])
        kept.item.double = nil
        return kept
    }

    /// Pairs values of other names with what is within rounding of them.
    mutating func pairByContent(_ results: [SketchResult]) {
        var free = results.filter { waiting[$0.item.id] == nil }
        var count = 0
        var left: [Int] = []
        for position in strangers {
            let value = capsule.values[position]
            var best: (index: Int, judgement: SketchJudgement)?
            for (index, result) in free.enumerated() where value.sketch.rms > 0 {
                guard result.canonicalShape == value.canonicalShape else { continue }
                let judgement = SketchJudgement(result, value.sketch, verifier)
                guard judgement.verdict.isAgreement, judgement.ratio < best?.judgement.ratio ?? .infinity else { continue }
                best = (index, judgement)
            }
            guard let best else {
                left.append(position)
                continue
            }
            verdicts.append(best.judgement.parity(candidate, free[best.index], value))
            free.remove(at: best.index)
            count += 1
        }
        strangers = left
        if count > 0 { assumptions.append("\(count) values of other names are paired by their content") }
    }

    func report(_ given: RecordedInputs, _ verdicts: [ValueParity]) -> ParityReport {
        let outputs = capsule.values.filter { $0.role == .output }.flatMap { value in
            verdicts.filter { $0.role == .output && $0.referenceName == value.name }
        }
        let intermediates = verdicts.filter { $0.role == .intermediate }.sorted { $0.order < $1.order }
        let first = (outputs + intermediates).filter { !$0.verdict.isAgreement }.min { $0.order < $1.order }
        let seeds = capsule.inputs.compactMap { input -> UInt64? in
            if case .seeded(let seed, _) = input.source { seed } else { nil }
        }
        return ParityReport(
            policy: verifier.policy, seed: seeds.count == capsule.inputs.count ? seeds.first : nil,
            inputs: given.inputs, values: outputs + missing + intermediates,
            assumptions: given.assumptions + assumptions
                + ["errors are estimated from projections, RMS to 9 %; the largest are at least what is shown"],
            unmatched: strangers.map { capsule.values[$0].name }, decidesByOutputs: false,
            firstDivergence: first ?? missing.first)
    }
}
