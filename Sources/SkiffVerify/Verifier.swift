public import SkiffCore
internal import SkiffEngine
public import SkiffGraph

/// Decides whether a model computes what another model computes, or what was recorded.
///
/// The candidate runs in Float and in Double: the distance of these two measures the rounding noise of this network on
/// this input at each value, and the reference's distance from Double is judged in units of it (``ParityPolicy``). Beside
/// that each layer is run on the reference's own inputs, which tells where an error arises from where it is inherited.
///
///     let report = try Verifier().verify(converted, against: original)
///     report.passed            // true
///     report.worst?.ratio      // 0.9: the largest error is what rounding leaves
public struct Verifier: Sendable {
    /// Told what is being run, and how much of all the work is done, from 0 to 1.
    public typealias Progress = @Sendable (_ phase: String, _ fraction: Double) -> Void

    public var policy = ParityPolicy()
    /// Compares intermediate values too where the reference is a model. Those of a recording always are.
    public var comparesIntermediates = true
    /// Looks for the reason where a layer goes wrong (``Explainer``).
    public var explains = true
    /// Time for the reasons of one layer.
    public var explanationTime = Duration.seconds(10)
    /// What two models are run with.
    public var inputs = InputSet()
    /// Seed of made-up inputs.
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
        var prepared: InputSet.Prepared
        do throws(VerifyError) {
            prepared = try inputs.prepared(
                for: candidate, against: reference, seed: seed, batch: batch, shapes: inputShapes)
        } catch {
            throw error.at(Place(file: candidateFile))
        }
        let pairs = TargetList(candidate, reference, includesIntermediates: comparesIntermediates)
        prepared.assumptions += pairs.assumptions
        func source() throws(VerifyError) -> ModelSource {
            try ModelSource(reference, prepared.reference, pairs.targets, self)
        }
        let comparing = Comparing(self, candidate, prepared.candidate, pairs, progress)
        let results: Comparing.Results
        if let identical = try comparing.identical(source()) {
            results = identical
        } else {
            let pieces = ReferencePieces(reference, pairs.targets, inputs: prepared.pairs, threads: threads)
            results = try comparing.run(source(), pieces: pieces)
        }
        return report(
            candidate, results, pairs, seed: prepared.seed, inputs: prepared.inputs,
            assumptions: prepared.assumptions)
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
        matched.assumptions += pairs.assumptions
        let results = try Comparing(self, candidate, matched.tensors, pairs, progress).run(RecordedSource(recording))
        var result = report(
            candidate, results, pairs, seed: nil, inputs: matched.inputs, assumptions: matched.assumptions)
        for index in result.values.indices { result.values[index].recording = recording.name }
        for index in result.guilty.indices { result.guilty[index].recording = recording.name }
        result.firstDivergence?.recording = recording.name
        return result
    }

    private func report(
        _ candidate: Graph, _ results: Comparing.Results, _ pairs: TargetList, seed: UInt64?,
        inputs: [ParityReport.Input], assumptions: [String]
    ) -> ParityReport {
        let ordered = results.verdicts.map { $0.parity(candidate, policy) }
        let outputs = ordered.filter { $0.role == .output }
        let intermediates = ordered.filter { $0.role == .intermediate }.sorted { $0.order < $1.order }
        let deciding = ordered.filter { $0.role == .output || $0.confidence >= TargetList.sureConfidence }
        let first = deciding.filter { !$0.verdict.isAgreement }.min { $0.order < $1.order }
        var report = ParityReport(
            policy: policy, seed: seed, inputs: inputs, values: outputs + pairs.unpaired + intermediates,
            assumptions: assumptions + results.verdicts.flatMap(\.assumptions), unmatched: pairs.unmatched,
            decidesByOutputs: false, firstDivergence: first ?? pairs.unpaired.first)
        report.guilty = results.guilty
        report.hidden = pairs.hidden
        return report
    }
}

/// One comparison on its way: what runs, and who is told.
private struct Comparing {
    struct Results {
        var verdicts: [PendingComparison]
        var guilty: [GuiltyLayer] = []
    }

    let verifier: Verifier
    let candidate: Graph
    let given: [String: Tensor]
    let pairs: TargetList
    let progress: Verifier.Progress?

    init(
        _ verifier: Verifier, _ candidate: Graph, _ given: [String: Tensor], _ pairs: TargetList,
        _ progress: Verifier.Progress?
    ) {
        self.verifier = verifier
        self.candidate = candidate
        self.given = given
        self.pairs = pairs
        self.progress = progress
    }

    /// The results where Float gives all the reference's values to the last bit; `nil` where it does not.
    func identical(_ source: some ReferenceSource) throws(VerifyError) -> Results? {
        var source = source
        let verdicts = try SideBySide.isIdentical(verifier, candidate, given, pairs.targets, &source) { fraction in
            progress?("comparing", fraction)
        }
        return verdicts.map { Results(verdicts: $0) }
    }

    func run(_ source: some ReferenceSource, pieces: ReferencePieces? = nil) throws(VerifyError) -> Results {
        var source = source
        var runs = try SideBySide(verifier, candidate, given, pairs.targets, pieces: pieces)
        try runs.run(&source) { phase, fraction in progress?(phase, fraction) }
        return Results(verdicts: runs.verdicts, guilty: runs.guilty)
    }
}
