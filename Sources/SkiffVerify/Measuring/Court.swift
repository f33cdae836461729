internal import SkiffCore
internal import SkiffEngine
internal import SkiffGraph

/// Decides about values in the order in which they are computed: which layer goes wrong by itself, and which inherits.
///
/// A value differs where its own layer, fed the reference's inputs, is off by more than rounding, or where the value is
/// off in all and hangs on one that differs. A value that is off in all, though its layer and everything before it is
/// within rounding, has amplified rounding, and agrees.
struct Court {
    private let verifier: Verifier
    private let candidate: Graph
    private let given: [ValueID: Tensor]
    /// Values that hang on a guilty layer, or are its output.
    private var tainted: Set<ValueID> = []
    /// Values of another shape than the reference's; what reads them cannot be fed the reference's.
    private var misshapen: Set<ValueID> = []
    /// Values that are off in all.
    private var apart: Set<ValueID> = []
    /// Values that another step of the reference was set beside: what hangs on them agrees, and would not if it were fed
    /// the reference's.
    private var strangers: Set<ValueID> = []
    private var layers: [(value: ValueID, layer: GuiltyLayer)] = []
    /// The reference's own pieces, where it is a model.
    var pieces: ReferencePieces?
    var progress: (String, Double) -> Void = { _, _ in }
    var fraction = 0.0

    /// Guilty layers beyond that many are listed, and not explained.
    static let explainedLayers = 12

    init(_ verifier: Verifier, _ candidate: Graph, _ given: [String: Tensor]) {
        self.verifier = verifier
        self.candidate = candidate
        var tensors: [ValueID: Tensor] = [:]
        for id in candidate.inputs { tensors[id] = given[candidate[id].name] }
        self.given = tensors
    }

    /// Decides about one value.
    /// - Parameters:
    ///   - boundary: the values of the reference that the value hangs on, and their tensors.
    ///   - alone: the judgement of its own layer; `nil` where that is the network up to here.
    mutating func hear(
        _ pending: inout PendingComparison, _ reference: EvaluatorRun.ObservedValue, _ boundary: [ValueID],
        _ inputs: () throws(CoreError) -> [ValueID: Tensor], alone: Judgement?
    ) throws(VerifyError) {
        pending.alone = alone
        let inherits = boundary.contains { tainted.contains($0) }
        if boundary.contains(where: misshapen.contains) {
            pending.alone = nil
            tainted.insert(pending.target.value)
            return
        }
        guard verifier.policy.needsNoise, let total = pending.judgement else { return }
        var own = alone ?? total
        if total.verdict == .differs { apart.insert(pending.target.value) }
        let strange = boundary.filter { apart.contains($0) }
        if alone != nil, own.verdict == .differs, total.verdict.isAgreement, !strange.isEmpty {
            strangers.formUnion(strange)
            pending.alone = nil
            return
        }
        if own.verdict == .differs, pending.target.isForced || pending.target.role == .output {
            let region = try region(of: pending.target.value, reference, inputs)
            own = RoundingFloor.refined(own, region)
            if alone != nil { pending.alone = own } else { pending.judgement = own }
            if own.verdict == .differs {
                layers.append((pending.target.value, try layer(pending, region, own)))
                tainted.insert(pending.target.value)
                pending.verdict = .differs
                pending.reason = own.reason
                return
            }
        }
        if inherits { tainted.insert(pending.target.value) }
        // A layer that is off by itself, in a pair that is not sure enough to blame it, stays off.
        guard total.verdict == .differs, own.verdict.isAgreement, !inherits else { return }
        pending.verdict = .rounding
        pending.reason = nil
    }

    /// Hears of a value of another shape than the reference's. The first layer that gives another number of elements is
    /// guilty; what hangs on it inherits.
    mutating func hearShape(
        _ pending: inout PendingComparison, _ reference: EvaluatorRun.ObservedValue, _ boundary: [ValueID],
        _ inputs: () throws(CoreError) -> [ValueID: Tensor]
    ) throws(VerifyError) {
        let value = pending.target.value
        let inherits = boundary.contains(where: misshapen.contains)
        misshapen.insert(value)
        tainted.insert(value)
        let isCut = pending.shape.checkedElementCount != reference.shape.checkedElementCount
        guard isCut, !inherits, verifier.policy.needsNoise, pending.target.isForced || pending.target.role == .output
        else { return }
        var judgement = Judgement(
            Comparison([], [], shape: []), noise: 0, largestNoise: 0, isIdentical: false, elementType: .float32,
            policy: verifier.policy)
        judgement.verdict = .incomparable
        judgement.ratio = .infinity
        judgement.worstRatio = .infinity
        judgement.reason = pending.reason
        layers.append((value, try layer(pending, region(of: value, reference, inputs), judgement)))
    }

    /// The guilty layers, but for those that were set beside another step of the reference.
    var guilty: [GuiltyLayer] { layers.lazy.filter { !strangers.contains($0.value) }.map(\.layer) }

    /// Takes the verdict back where another step of the reference was compared.
    func close(_ verdicts: inout [PendingComparison]) {
        for position in verdicts.indices where strangers.contains(verdicts[position].target.value) {
            verdicts[position].verdict = .incomparable
            verdicts[position].reason = "the reference has another step under that name: what hangs on it agrees"
        }
    }

    private func region(
        of value: ValueID, _ reference: EvaluatorRun.ObservedValue, _ inputs: () throws(CoreError) -> [ValueID: Tensor]
    ) throws(VerifyError) -> Region {
        do {
            let tensors = try inputs().merging(given) { fed, _ in fed }
            return try Region(
                of: candidate, output: value, given: tensors, reference: reference.tensor(), policy: verifier.policy,
                threads: verifier.threads)
        } catch let error as CoreError {
            throw VerifyError(error).at(Place(file: verifier.candidateFile))
        } catch let error as GraphError {
            throw VerifyError(error).at(Place(file: verifier.candidateFile))
        } catch {
            throw VerifyError(.engine(.operand("\(error)")))
        }
    }

    private func layer(
        _ pending: PendingComparison, _ region: Region, _ judgement: Judgement
    ) throws(VerifyError) -> GuiltyLayer {
        let target = pending.target
        var layer = GuiltyLayer(
            name: target.name, referenceName: target.referenceName,
            nodes: region.nodes.map { candidate.displayName(of: $0) },
            operatorNames: region.nodes.map { candidate[$0].sourceOperator }, referenceNode: target.referenceNode,
            recording: nil, shape: pending.shape, judgement: judgement, firstElement: nil, wrongElements: 0,
            explanations: [], experiments: 0)
        if judgement.verdict != .incomparable { try layer.examine(region) }
        guard layers.count < Self.explainedLayers else { return layer }
        layer.region = region
        guard verifier.explains else { return layer }
        progress("explaining \(escaped(target.name))", fraction)
        var ownPiece: Explainer.ReferencePiece?
        if let pieces {
            ownPiece = { given in pieces.output(of: region, candidateOutput: target.value, given: given) }
        }
        var explainer = Explainer(candidate: candidate)
        explainer.timeLimit = verifier.explanationTime
        guard let outcome = try? explainer.outcome(of: region, reference: ownPiece) else { return layer }
        layer.explanations = outcome.explanations
        layer.experiments = outcome.experiments
        layer.isExplanationCut = outcome.isCut
        return layer
    }
}

extension GuiltyLayer {
    /// Finds the wrong elements and counts how values and errors are spread.
    fileprivate mutating func examine(_ region: Region) throws(VerifyError) {
        do {
            let double = try region.output(.double).doubles()
            let reference = try region.reference.doubles()
            let allowed = judgement.unit * ParityPolicy.noiseMultiple
            for (position, (own, other)) in zip(double, reference).enumerated() {
                let agrees = abs(own - other) <= allowed || own == other || (own.isNaN && other.isNaN)
                guard !agrees else { continue }
                wrongElements += 1
                if firstElement == nil {
                    firstElement = .init(index: shape.index(ofPosition: position), candidate: own, reference: other)
                }
            }
            let bounds = Histogram.bounds(double, reference)
            valueHistogram = Histogram(double, bounds)
            referenceHistogram = Histogram(reference, bounds)
            let unit = judgement.unit
            errorHistogram = Histogram(
                zip(double, reference).map { abs($0 - $1) / unit }, (-4...24).map { Double(sign: .plus, exponent: $0, significand: 1) })
        } catch let error as EngineError {
            throw VerifyError(error)
        } catch let error as CoreError {
            throw VerifyError(error)
        } catch {
            throw VerifyError(.engine(.operand("\(error)")))
        }
    }
}

extension GuiltyLayer.Histogram {
    /// 32 bins of equal width over the finite values of both.
    fileprivate static func bounds(_ left: [Double], _ right: [Double]) -> [Double] {
        var (least, most) = (Double.infinity, -Double.infinity)
        for list in [left, right] {
            for value in list where value.isFinite {
                least = min(least, value)
                most = max(most, value)
            }
        }
        guard least < most else { return least.isFinite ? [least, least + 1] : [0, 1] }
        return (0...32).map { least + (most - least) * Double($0) / 32 }
    }

    /// What lies below the first bound counts in the first bin, what lies above the last in the last; NaN nowhere.
    fileprivate init(_ values: [Double], _ bounds: [Double]) {
        var counts = [Int](repeating: 0, count: max(1, bounds.count - 1))
        for value in values where !value.isNaN {
            var (low, high) = (0, counts.count)
            while high - low > 1 {
                let middle = (low + high) / 2
                if value >= bounds[middle] { low = middle } else { high = middle }
            }
            counts[low] += 1
        }
        self.init(bounds: bounds, counts: counts)
    }
}
