internal import SkiffCore
internal import SkiffEngine
internal import SkiffGraph

/// What a value's sketch says of its distance from a capsule's.
struct SketchJudgement {
    var comparison: Comparison?
    var noise = 0.0
    /// In units of the rounding noise; infinite where there is no estimate.
    var ratio = Double.infinity
    var worstRatio: Double?
    var verdict = ValueParity.Verdict.differs
    var reason: String?

    /// Judges the reference's sketch by ours in Float and in Double.
    init(_ result: SketchResult, _ reference: Sketch, _ verifier: Verifier) {
        noise = result.noise
        var own = result.double ?? result.float
        // A value beyond Float's range is infinite there, and so it is in the reference.
        if !own.hasCounts(of: reference), result.float.hasCounts(of: reference) { own = result.float }
        guard let distance = own.distance(from: reference) else {
            reason = own.hasCounts(of: reference)
                ? "sums of the elements leave the range of Double"
                : "\(own.nonFiniteCount) elements are not finite here, \(reference.nonFiniteCount) in the reference"
            return
        }
        let comparison = Comparison(
            elementCount: reference.elementCount, maximumError: distance.leastMaximum,
            meanError: abs(own.mean - reference.mean), rmsError: distance.rms, referenceRMS: reference.rms,
            cosine: Self.cosine(own.rms, reference.rms, distance.rms), worst: nil, nonFiniteMismatch: nil,
            nonFiniteMismatchCount: 0, exceedingCount: 0, maximumRelativeError: 0)
        let judgement = Judgement(
            comparison, noise: result.noise, largestNoise: result.largestNoise,
            isIdentical: Self.isSame(result.float, reference), elementType: result.item.float.elementType,
            policy: verifier.policy)
        self.comparison = comparison
        ratio = judgement.ratio
        worstRatio = judgement.worstRatio
        verdict = judgement.verdict
        reason = judgement.reason
    }

    /// Two extents that no order of axes makes equal.
    private init(shape: Shape, reference: Shape) {
        verdict = .incomparable
        reason = "shape is \(shape.shapeText), the reference's is \(reference.shapeText), channels first"
    }

    /// The judgement of a value. Where extents leave it open which axis has the channels, and nothing says it, the
    /// order in which both agree is taken.
    /// - Returns: beside it what was taken for granted.
    static func best(
        _ result: SketchResult, _ value: Capsule.Value, _ verifier: Verifier
    ) -> (SketchJudgement, String?) {
        let (own, other) = (result.canonicalShape, value.canonicalShape)
        let name = escaped(value.name)
        guard own == other else {
            guard let turn = Permutation.only(from: own, into: SymbolicShape(other)) else {
                return (Self(shape: own, reference: other), nil)
            }
            let judgement = Self(result.turned(by: turn), value.sketch, verifier)
            return (judgement, "\(name) \(own.shapeText) is compared with \(other.shapeText) by moving its channel axis")
        }
        let judgement = Self(result, value.sketch, verifier)
        guard judgement.verdict == .differs else { return (judgement, nil) }
        for (from, to) in [(Layout.channelsLast, Layout.channelsFirst), (.channelsFirst, .channelsLast)] {
            guard let turn = Permutation(from: from, to: to, rank: own.count), turn(own) == own else { continue }
            let turned = Self(result.turned(by: turn), value.sketch, verifier)
            if turned.verdict.isAgreement { return (turned, "\(name) is compared by moving its channel axis") }
        }
        return (judgement, nil)
    }

    /// Of a value that is the same to the last bit.
    static func identical(_ sketch: Sketch) -> SketchJudgement {
        var judgement = SketchJudgement(shape: [], reference: [])
        judgement.comparison = Comparison(
            elementCount: sketch.elementCount, maximumError: 0, meanError: 0, rmsError: 0, referenceRMS: sketch.rms,
            cosine: 1, worst: nil, nonFiniteMismatch: nil, nonFiniteMismatchCount: 0, exceedingCount: 0,
            maximumRelativeError: 0)
        (judgement.verdict, judgement.reason, judgement.ratio) = (.identical, nil, 0)
        return judgement
    }

    static func isSame(_ own: Sketch, _ reference: Sketch) -> Bool {
        own.fingerprint == reference.fingerprint && own.hasCounts(of: reference)
    }

    private static func cosine(_ own: Double, _ reference: Double, _ distance: Double) -> Double {
        if own == 0, reference == 0 { return 1 }
        guard own > 0, reference > 0 else { return 0 }
        return min(1, max(-1, (own / reference + reference / own - distance / own * (distance / reference)) / 2))
    }

    func parity(_ graph: Graph, _ result: SketchResult, _ value: Capsule.Value) -> ValueParity {
        let id = result.item.id
        let producer = graph.producer(of: id)
        let output = value.role == .output ? graph.outputs.first { $0.value == id }?.name : nil
        let shows = verdict != .identical && comparison != nil
        return ValueParity(
            role: value.role, name: output ?? graph[id].name, referenceName: value.name,
            node: producer.map { graph.displayName(of: $0) }, operatorName: producer.map { graph[$0].sourceOperator },
            shape: result.item.float.shape, comparison: comparison, noise: shows ? noise : nil,
            ratio: shows ? ratio : nil, verdict: verdict, reason: verdict.isAgreement ? nil : reason,
            worstRatio: shows ? worstRatio : nil, order: producer?.index ?? -1)
    }
}

extension Sketch {
    /// Whether there are as many elements, and as many of each kind that is not finite.
    func hasCounts(of other: Sketch) -> Bool {
        elementCount == other.elementCount && nanCount == other.nanCount
            && positiveInfinityCount == other.positiveInfinityCount
            && negativeInfinityCount == other.negativeInfinityCount
    }
}

extension SketchResult {
    /// The extents in canonical order.
    var canonicalShape: Shape { item.axes?.map { item.float.shape[$0] } ?? item.float.shape }

    /// The same value with its canonical order changed.
    func turned(by turn: Permutation) -> SketchResult {
        var item = item
        item.axes = item.axes.map { axes in turn.axes.map { axes[$0] } } ?? turn.axes
        return SketchResult(item)
    }
}
