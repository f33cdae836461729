internal import SkiffCore
internal import SkiffEngine
internal import SkiffGraph

/// The runs of one verification, node by node beside each other: the candidate in Float and in Double, and the
/// candidate in both once more with every value that the reference has put in the place of its own.
///
/// The first two tell how far a value is off in all, the other two how far its own layer is. No run holds more than
/// what is still to be read.
struct SideBySide {
    private let verifier: Verifier
    private let candidate: Graph
    private let targets: [Target]
    /// Targets by the candidate's value.
    private let waiting: [ValueID: [Int]]
    private let evaluator: Evaluator
    private let float: EvaluatorRun
    private let double: EvaluatorRun
    /// The runs that are fed the reference's values; `nil` where the reference has none inside.
    private let fed: (float: EvaluatorRun, double: EvaluatorRun)?
    private var boundaries: RegionBoundaries
    private var court: Court
    /// Whether the runs beside the first one go on; without, the other runs stay where they are.
    private var measuresNoise = true
    private(set) var verdicts: [PendingComparison]
    /// What the reference has for the value that was looked at last, where its shape is another one.
    private var misshapen: EvaluatorRun.ObservedValue?

    init(
        _ verifier: Verifier, _ candidate: Graph, _ given: [String: Tensor], _ targets: [Target],
        pieces: ReferencePieces? = nil
    ) throws(VerifyError) {
        self.verifier = verifier
        self.candidate = candidate
        self.targets = targets
        verdicts = targets.map { PendingComparison(target: $0) }
        var waiting: [ValueID: [Int]] = [:]
        for (position, target) in targets.enumerated() { waiting[target.value, default: []].append(position) }
        self.waiting = waiting
        let forced = Set(targets.lazy.filter(\.isForced).map(\.value))
        boundaries = RegionBoundaries(candidate, forced: forced, observed: Set(waiting.keys))
        court = Court(verifier, candidate, given)
        court.pieces = pieces
        let observed = Set(waiting.keys)
        do throws(EngineError) {
            evaluator = try Evaluator(candidate, threads: verifier.threads, memoryBudget: verifier.memoryBudget)
            float = try EvaluatorRun(evaluator, given, precision: .float, observing: observed)
            double = try EvaluatorRun(evaluator, given, precision: .double, observing: observed)
            let outputs = Set(candidate.outputs.map(\.value))
            fed = verifier.policy.needsNoise && !forced.subtracting(outputs).isEmpty
                ? (
                    try EvaluatorRun(evaluator, given, precision: .float, observing: observed),
                    try EvaluatorRun(evaluator, given, precision: .double, observing: observed)
                ) : nil
        } catch { throw VerifyError(error).at(Place(file: verifier.candidateFile)) }
    }

    /// Whether Float gives the reference's values to the last bit; ends at the first value that is not the same.
    static func isIdentical(
        _ verifier: Verifier, _ candidate: Graph, _ given: [String: Tensor], _ targets: [Target],
        _ source: inout some ReferenceSource, progress: (Double) -> Void
    ) throws(VerifyError) -> [PendingComparison]? {
        var trial = try SideBySide(verifier, candidate, given, targets)
        trial.measuresNoise = false
        return try trial.runFloat(&source, progress) ? trial.verdicts : nil
    }

    private mutating func runFloat(
        _ source: inout some ReferenceSource, _ progress: (Double) -> Void
    ) throws(VerifyError) -> Bool {
        repeat {
            for (id, value) in float.observed {
                for position in waiting[id] ?? [] {
                    guard let reference = try reference(position, &source),
                        reference.value.shape == value.shape, value.equals(reference.value)
                    else { return false }
                    verdicts[position].takeIdentical(value, verifier)
                }
            }
            progress(Double(float.position) / Double(max(1, float.nodes.count)))
        } while try stepped(float)
        return verdicts.allSatisfy { $0.judgement != nil }
    }

    /// Runs to the end.
    mutating func run(
        _ source: inout some ReferenceSource, progress: @escaping (String, Double) -> Void
    ) throws(VerifyError) {
        court.progress = progress
        repeat {
            for (offset, (id, _)) in float.observed.enumerated() {
                for position in waiting[id] ?? [] { try judge(position, offset, &source) }
            }
            court.fraction = Double(float.position) / Double(max(1, float.nodes.count))
            progress("comparing", court.fraction)
            boundaries.release(before: float.next)
        } while try stepped(float)
        court.close(&verdicts)
    }

    var guilty: [GuiltyLayer] { court.guilty }

    private func stepped(_ first: EvaluatorRun) throws(VerifyError) -> Bool {
        do throws(EngineError) {
            guard try first.step() else { return false }
            defer { evaluator.releasePackedWeights() }
            guard measuresNoise else { return true }
            _ = try double.step()
            _ = try fed?.float.step()
            _ = try fed?.double.step()
            return true
        } catch { throw VerifyError(error).at(Place(file: verifier.candidateFile)) }
    }

    /// The reference's value in the candidate's order of axes.
    private mutating func reference(
        _ position: Int, _ source: inout some ReferenceSource
    ) throws(VerifyError) -> ReferenceValue? {
        let target = targets[position]
        misshapen = nil
        guard var found = try source.value(of: target) else {
            verdicts[position].reason = "the reference gives no such value"
            return nil
        }
        let own = float.observed.first { $0.id == target.value }?.value.shape ?? []
        if let permutation = target.permutation, permutation.axes.count == found.value.shape.count {
            found.value = found.value.permuted(permutation.inverse.axes)
        } else if own != found.value.shape,
            let permutation = Permutation.only(from: found.value.shape, into: SymbolicShape(own))
        {
            verdicts[position].assumptions.append(
                "\(escaped(target.name)) \(own.shapeText) is compared with \(found.value.shape.shapeText) "
                    + "in the reference by moving its channel axis")
            found.value = found.value.permuted(permutation.axes)
        }
        verdicts[position].shape = own
        guard found.value.shape == own else {
            verdicts[position].reason =
                "shape is \(own.shapeText), the reference's is \(found.value.shape.shapeText)"
            misshapen = found.value
            return nil
        }
        return found
    }

    /// Moves the channel axis of a map whose shape does not tell the layouts apart, where the numbers do.
    private mutating func turn(
        _ reference: inout ReferenceValue, _ position: Int, _ float: EvaluatorRun.ObservedValue,
        _ double: EvaluatorRun.ObservedValue
    ) -> Bool {
        guard verdicts[position].verdict == .differs, targets[position].permutation == nil, verifier.policy.needsNoise
        else { return false }
        let shape = reference.value.shape
        for (from, to) in [(Layout.channelsLast, Layout.channelsFirst), (.channelsFirst, .channelsLast)] {
            guard let permutation = Permutation(from: from, to: to, rank: shape.count), permutation(shape) == shape
            else { continue }
            let turned = ReferenceValue(reference.value.permuted(permutation.axes))
            var trial = verdicts[position]
            trial.take(float, double, turned.doubles, verifier)
            guard trial.verdict.isAgreement else { continue }
            reference = turned
            verdicts[position] = trial
            verdicts[position].assumptions.append(
                "\(escaped(targets[position].name)) is compared with the reference's by moving its channel axis")
            return true
        }
        return false
    }

    private mutating func judge(
        _ position: Int, _ offset: Int, _ source: inout some ReferenceSource
    ) throws(VerifyError) {
        let target = targets[position]
        guard var reference = try reference(position, &source) else {
            guard let misshapen else { return }
            return try court.hearShape(
                &verdicts[position], misshapen, boundaries.boundary(of: target.value),
                boundaries.given(for: target.value))
        }
        let (f, d) = (float.observed[offset].value, double.observed[offset].value)
        var doubles = reference.doubles
        verdicts[position].take(f, d, doubles, verifier)
        if turn(&reference, position, f, d) { doubles = reference.doubles }
        let boundary = (ids: boundaries.boundary(of: target.value), given: boundaries.given(for: target.value))
        guard let fed else {
            try court.hear(&verdicts[position], reference.value, boundary.ids, boundary.given, alone: nil)
            return
        }
        let alone = Judgement(
            fed.float.observed[offset].value, fed.double.observed[offset].value, doubles, verifier)
        try court.hear(&verdicts[position], reference.value, boundary.ids, boundary.given, alone: alone)
        guard target.isForced else { return }
        boundaries.keep(target.value, reference.value)
        do throws(EngineError) {
            try fed.float.replace(target.value, with: reference.value)
            try fed.double.replace(
                target.value,
                with: .init(elementType: reference.value.elementType, shape: reference.value.shape, elements:
                    reference.value.isReal ? .double(doubles) : reference.value.elements))
        } catch { throw VerifyError(error).at(Place(file: verifier.candidateFile)) }
    }
}

extension EvaluatorRun.ObservedValue {
    var isReal: Bool {
        switch elements {
        case .float, .double: true
        case .integer, .boolean: false
        }
    }

    /// Whether every element is the same number, or NaN on both sides.
    func equals(_ other: Self) -> Bool {
        switch (elements, other.elements) {
        case (.float(let left), .float(let right)):
            zip(left, right).allSatisfy { $0 == $1 || ($0.isNaN && $1.isNaN) }
        case (.integer(let left), .integer(let right)): left == right
        case (.boolean(let left), .boolean(let right)): left == right
        default: zip(doubles, other.doubles).allSatisfy { $0 == $1 || ($0.isNaN && $1.isNaN) }
        }
    }
}

extension Judgement {
    /// Judges the reference's elements by ours in Float and in Double.
    init(
        _ float: EvaluatorRun.ObservedValue, _ double: EvaluatorRun.ObservedValue, _ reference: [Double],
        _ verifier: Verifier
    ) {
        if case .float(let floats) = float.elements, case .double(let doubles) = double.elements {
            self.init(
                reference: reference, float: floats, double: doubles, shape: float.shape,
                elementType: float.elementType, policy: verifier.policy, threads: verifier.threads)
        } else {
            self.init(
                reference: reference, float: float.doubles, double: double.doubles, shape: float.shape,
                elementType: float.elementType, policy: verifier.policy)
        }
    }
}
