internal import SkiffCore
internal import SkiffEngine
internal import SkiffGraph

/// The search for explanations of one piece.
struct ExplanationSearch {
    /// An experiment that brings the piece back to rounding.
    struct Accepted {
        var experiment: Experiment
        var piece: Graph
        var ratio: Double
        /// The elements in Double on the sample, as bits.
        var fingerprint: Int
        /// The lower, the better: how conventional the change is, and how far its ratio is from what rounding leaves.
        var score: Double
    }

    let explainer: Explainer
    let region: Region
    let progress: Explainer.Progress?
    let full: PieceRunner
    let runner: PieceRunner
    /// How the piece itself is judged; `nil` where it has another shape than the reference.
    let original: Judgement?
    let list: ExperimentList
    private(set) var accepted: [Accepted] = []
    private(set) var count = 0
    private(set) var isCut = false
    /// Errors of what was tried and does not explain, for pairs of changes.
    private(set) var tried: [(experiment: Experiment, error: Double)] = []
    private let start = ContinuousClock.now

    /// Ranks behind the best explanation at which nothing is tried any more.
    private static let farFetched = 0.9
    /// Elements up to which one sample of a batch is not worth a run of its own.
    private static let smallElements = 1 << 11

    init(_ explainer: Explainer, _ region: Region, _ progress: Explainer.Progress?) throws {
        self.explainer = explainer
        self.region = region
        self.progress = progress
        full = try PieceRunner(region)
        original = full.outputShape == region.reference.shape
            ? try RoundingFloor.refined(region.judgement(), region) : nil
        runner = full.reference.count > Self.smallElements ? full.sampled() ?? full : full
        list = ExperimentList(region, of: explainer.candidate)
    }

    /// RMS and largest error of the piece itself on the sample.
    private var ownError: (rms: Double, largest: Double) { Self.error(runner.output, runner.reference) }

    mutating func run() throws {
        if let original, original.verdict.isAgreement { return }
        let total = Double(min(list.experiments.count, explainer.experimentLimit))
        let own = ownError
        for experiment in list.experiments {
            guard hasRoom() else { return }
            // Beside what is wrong every day and fits, what is far-fetched says nothing.
            if let best = accepted.lazy.map(\.score).min(), experiment.rank > best + Self.farFetched { continue }
            try attempt(experiment, own)
            progress?("trying \(experiment.kind.rawValue) at \(experiment.node)", 0.8 * Double(count) / max(total, 1))
        }
        progress?("fitting", 0.8)
        if !accepted.contains(where: { $0.experiment.kind == .epsilon }) { try fitEpsilon(own) }
        // What fits weights fits conventions too, so it counts only where no convention does.
        guard accepted.isEmpty else { return }
        for experiment in OperandScaleFit.experiments(self) + SlopeFit.experiments(self) where accepted.isEmpty && hasRoom() {
            try attempt(experiment, own)
        }
        if accepted.isEmpty { try fitWeights(own) }
        if accepted.isEmpty { try combine(own) }
    }

    mutating func hasRoom() -> Bool {
        if count >= explainer.experimentLimit || ContinuousClock.now - start > explainer.timeLimit { isCut = true }
        return !isCut
    }

    /// Runs a changed copy on the sample, and where it comes near on everything.
    mutating func attempt(_ experiment: Experiment, _ own: (rms: Double, largest: Double)) throws {
        if experiment.computeType != nil {
            try attemptPrecision(experiment)
            return
        }
        let runner = experiment.needsBatch ? full : self.runner
        guard let result = try? runner.output(of: experiment.edit), result.shape == runner.shape else { return }
        count += 1
        let error = Self.error(result.elements, runner.reference)
        guard error.rms.isFinite else { return }
        if original != nil, result.elements == runner.output { return }
        guard isNear(error, own, runner) else {
            tried.append((experiment, error.rms))
            return
        }
        try judge(experiment, Self.fingerprint(result.elements), own)
    }

    /// Whether a copy's error is small enough to be judged on all data.
    private func isNear(
        _ error: (rms: Double, largest: Double), _ own: (rms: Double, largest: Double), _ runner: PieceRunner
    ) -> Bool {
        let size = Self.rms(runner.reference)
        guard let original else { return error.rms <= 1e-3 * size }
        if error.rms > 0.6 * own.rms, error.largest > 0.6 * own.largest { return false }
        let unit = max(original.unit * 4 * ParityPolicy.noiseMultiple, 3e-5 * size)
        return error.rms <= unit
    }

    private mutating func judge(_ experiment: Experiment, _ fingerprint: Int, _ own: (rms: Double, largest: Double)) throws {
        let piece = try experiment.edit.applied(to: region.graph)
        guard let judgement = try? refinedJudgement(of: piece), judgement.verdict.isAgreement, isConvincing(judgement) else {
            return
        }
        let score = experiment.rank + max(0, Self.binaryLogarithm(judgement.ratio / 2))
        accepted.append(
            Accepted(
                experiment: experiment, piece: piece, ratio: judgement.ratio, fingerprint: fingerprint, score: score))
    }

    /// As the verifier judges layers: where few elements are off, by the noise of more inputs.
    private func refinedJudgement(of piece: Graph) throws -> Judgement {
        let judgement = try region.judgement(of: piece)
        guard judgement.verdict == .differs, let output = piece.outputs.first?.value else { return judgement }
        var given: [ValueID: Tensor] = [:]
        for id in piece.inputs { given[id] = region.given[piece[id].name] }
        let changed = try Region(
            of: piece, output: output, given: given, reference: region.reference, policy: region.policy,
            threads: region.threads)
        return RoundingFloor.refined(judgement, changed)
    }

    /// Whether the change takes away most of the error, and does not just make room for it.
    private func isConvincing(_ judgement: Judgement) -> Bool {
        guard let original else { return judgement.unit <= 1e-3 * judgement.comparison.referenceRMS }
        let room = max(1e-4 * judgement.comparison.referenceRMS, 16 * original.unit)
        guard judgement.unit <= room else { return false }
        if judgement.verdict == .identical || original.comparison.nonFiniteMismatch != nil { return true }
        return judgement.comparison.rmsError <= 0.5 * original.comparison.rmsError
            || judgement.comparison.maximumError <= 0.5 * original.comparison.maximumError
    }

    mutating func accept(_ result: Accepted) { accepted.append(result) }
    mutating func counted(_ runs: Int = 1) { count += runs }

    /// Two changes at once, of those that take away most of the error and all others.
    private mutating func combine(_ own: (rms: Double, largest: Double)) throws {
        let most = 2
        let helpful = tried.filter { $0.error < 0.5 * own.rms }.sorted { $0.error < $1.error }.prefix(most)
        let others = tried.map(\.experiment).filter { $0.changes == 1 }
        for first in helpful {
            for second in others where second.kind != first.experiment.kind || second.node != first.experiment.node {
                guard hasRoom(), accepted.isEmpty else { return }
                var both = first.experiment
                both.edit = both.edit.merged(second.edit)
                both.rank += second.rank + 2
                both.changes += second.changes
                both.needsBatch = both.needsBatch || second.needsBatch
                both.sentence = "\(both.node): \(both.parameter) \(both.expected) (this model has \(both.found)) and "
                    + "\(second.node): \(second.parameter) \(second.expected) (this model has \(second.found)) explain it together"
                try attempt(both, own)
            }
        }
    }

    // MARK: - Measures

    /// RMS and largest difference; infinite where only one side is finite.
    static func error(_ elements: [Double], _ reference: [Double]) -> (rms: Double, largest: Double) {
        guard elements.count == reference.count else { return (.infinity, .infinity) }
        var (sum, largest) = (0.0, 0.0)
        for (left, right) in zip(elements, reference) {
            if left == right || (left.isNaN && right.isNaN) { continue }
            let difference = abs(left - right)
            guard difference.isFinite else { return (.infinity, .infinity) }
            sum += difference * difference
            largest = max(largest, difference)
        }
        return ((sum / Double(max(elements.count, 1))).squareRoot(), largest)
    }

    static func rms(_ elements: [Double]) -> Double {
        let finite = elements.lazy.filter(\.isFinite)
        let sum = finite.reduce(0.0) { $0 + $1 * $1 }
        return (sum / Double(max(elements.count, 1))).squareRoot()
    }

    static func fingerprint(_ elements: [Double]) -> Int {
        var hasher = Hasher()
        for element in elements { hasher.combine(element.bitPattern) }
        return hasher.finalize()
    }

    static func binaryLogarithm(_ number: Double) -> Double {
        guard number > 0, number.isFinite else { return number > 0 ? 64 : -64 }
        return Double(number.exponent) + (number.significand - 1)
    }
}
