public import SkiffCore
internal import SkiffEngine
public import SkiffGraph

/// Decides whether a model computes what another model computes, or what was recorded.
///
/// The candidate runs as `skiff run` runs it. Where a value is not the same to the last bit, the candidate runs
/// twice more, in Float and in Double: the distance of these two measures the rounding noise of this network on
/// this input at each value, and the error is judged in units of it (``ParityPolicy``).
///
///     let report = try Verifier().verify(converted, against: original)
///     report.passed            // true
///     report.worst?.ratio      // 0.9: the largest error is what rounding leaves
public struct Verifier: Sendable {
    /// Told what is being run, and how much of all the work is done, from 0 to 1.
    public typealias Progress = @Sendable (_ phase: String, _ fraction: Double) -> Void

    public var policy = ParityPolicy()
    /// Compares intermediate values of equal names too where the reference is a model. Those of a recording
    /// always are.
    public var comparesIntermediates = false
    /// Seed of made-up inputs (``SeededInput``).
    public var seed: UInt64 = 0
    /// Extent of open batch axes: two samples tell apart what one cannot.
    public var batch = 2
    /// Shapes for inputs of the candidate, by name.
    public var inputShapes: [String: Shape] = [:]
    /// Threads of each run; all processors where `nil`.
    public var threads: Int?
    /// Bytes that values of one run may take.
    public var memoryBudget = Limits.availableEvaluationBytes()
    /// Paths for the places of errors.
    public var candidateFile: String?
    public var referenceFile: String?

    public init() {}

    /// Runs both models on one made-up input and compares their outputs.
    ///
    /// Inputs and outputs are paired by name where all names agree, else in order. Where the operators of the
    /// models take channels from different axes, the reference gets the same image in its own layout, and maps
    /// are compared axis by axis.
    /// - Throws: ``VerifyError`` where inputs cannot be paired or made up, or a model cannot be run.
    public func verify(
        _ candidate: Graph, against reference: Graph, progress: Progress? = nil
    ) throws(VerifyError) -> ParityReport {
        var plan: InputPlan
        do throws(VerifyError) {
            plan = try InputPlan(candidate, reference, shapes: inputShapes, batch: batch)
        } catch {
            throw error.at(Place(file: candidateFile))
        }
        var given: [String: Tensor] = [:]
        var referenceGiven: [String: Tensor] = [:]
        var inputs: [ParityReport.Input] = []
        for (position, input) in plan.inputs.enumerated() {
            let name = candidate[input.candidate].name
            do throws(CoreError) {
                let tensor = try SeededInput(seed: seed).tensor(
                    forInput: position, elementType: input.elementType, shape: input.shape)
                let turned = try input.permutation.map { permutation throws(CoreError) in
                    try tensor.permuted(permutation)
                }
                given[name] = tensor
                referenceGiven[reference[input.reference].name] = turned ?? tensor
                inputs.append(
                    .init(
                        name: name, elementType: input.elementType, shape: input.shape,
                        referenceShape: turned?.shape))
            } catch {
                throw VerifyError(error).at(Place(file: candidateFile, tensor: name))
            }
        }
        let pairs = TargetList(candidate, reference, includesIntermediates: comparesIntermediates)
        let session = Session(self, candidate, given, progress: progress)
        var comparisons = try session.candidateValues(of: pairs.targets, phases: policy.needsNoise ? 4 : 2)
        try session.compare(&comparisons, with: reference, given: referenceGiven)
        try session.judge(&comparisons)
        plan.assumptions += pairs.assumptions + comparisons.flatMap(\.assumptions)
        return report(
            candidate, comparisons, missing: pairs.unpaired, seed: seed, inputs: inputs, assumptions: plan.assumptions,
            unmatched: [], decidesByOutputs: true)
    }

    /// Runs a model on recorded inputs and compares all that is recorded.
    /// - Throws: ``VerifyError`` where inputs are not recorded or do not fit, nothing recorded is a value of the
    ///   model, or the model cannot be run.
    public func verify(
        _ candidate: Graph, against recording: Recording, progress: Progress? = nil
    ) throws(VerifyError) -> ParityReport {
        var matched: RecordedInputs
        do throws(VerifyError) {
            matched = try RecordedInputs(recording, candidate)
        } catch {
            throw error.at(Place(file: candidateFile))
        }
        let pairs = TargetList(candidate, recording)
        guard !pairs.targets.isEmpty else {
            throw VerifyError(
                .nothingRecorded(recorded: (recording.outputs + recording.values).map(\.name)),
                at: Place(file: referenceFile))
        }
        let session = Session(self, candidate, matched.tensors, progress: progress)
        var comparisons = try session.candidateValues(of: pairs.targets, phases: policy.needsNoise ? 3 : 1)
        session.compare(&comparisons, with: recording)
        try session.judge(&comparisons)
        matched.assumptions += pairs.assumptions + comparisons.flatMap(\.assumptions)
        var result = report(
            candidate, comparisons, missing: pairs.unpaired, seed: nil, inputs: matched.inputs,
            assumptions: matched.assumptions, unmatched: pairs.unmatched,
            decidesByOutputs: false)
        for index in result.values.indices { result.values[index].recording = recording.name }
        result.firstDivergence?.recording = recording.name
        return result
    }

    private func report(
        _ candidate: Graph, _ comparisons: [PendingComparison], missing: [ValueParity], seed: UInt64?,
        inputs: [ParityReport.Input], assumptions: [String], unmatched: [String], decidesByOutputs: Bool
    ) -> ParityReport {
        let ordered = comparisons.map { pending in
            (
                order: candidate.producer(of: pending.target.value)?.index ?? -1,
                parity: pending.parity(policy, candidate)
            )
        }
        let outputs = ordered.filter { $0.parity.role == .output }.map(\.parity)
        let intermediates = ordered.filter { $0.parity.role == .intermediate }.sorted { $0.order < $1.order }
        let first = ordered.filter { !$0.parity.verdict.isAgreement }.min { $0.order < $1.order }
        return ParityReport(
            policy: policy, seed: seed, inputs: inputs, values: outputs + missing + intermediates.map(\.parity),
            assumptions: assumptions, unmatched: unmatched, decidesByOutputs: decidesByOutputs,
            firstDivergence: first?.parity ?? missing.first)
    }
}
