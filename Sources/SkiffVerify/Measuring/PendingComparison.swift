internal import SkiffCore
internal import SkiffEngine
internal import SkiffGraph

/// One value on its way to a verdict.
struct PendingComparison {
    var target: Target
    var shape: Shape = []
    var elementType = ElementType.float32
    /// How far the value is off in all.
    var judgement: Judgement?
    /// How far its layer is off by itself.
    var alone: Judgement?
    var verdict = ValueParity.Verdict.incomparable
    /// Why there is no agreement.
    var reason: String?
    var assumptions: [String] = []

    init(target: Target) { self.target = target }

    mutating func take(
        _ float: EvaluatorRun.ObservedValue, _ double: EvaluatorRun.ObservedValue, _ elements: [Double],
        _ verifier: Verifier
    ) {
        elementType = float.elementType
        judgement = Judgement(float, double, elements, verifier)
        verdict = judgement?.verdict ?? .incomparable
        reason = judgement?.reason
    }

    /// Takes a value that is the same to the last bit.
    mutating func takeIdentical(_ float: EvaluatorRun.ObservedValue, _ verifier: Verifier) {
        elementType = float.elementType
        let elements = float.doubles
        let comparison = Comparison(elements, elements, shape: float.shape)
        judgement = Judgement(
            comparison, noise: 0, largestNoise: 0, isIdentical: true, elementType: elementType, policy: verifier.policy)
        verdict = .identical
    }

    func parity(_ graph: Graph, _ policy: ParityPolicy) -> ValueParity {
        let producer = graph.producer(of: target.value)
        let showsRatio = policy.needsNoise && verdict != .identical && judgement?.comparison.nonFiniteMismatch == nil
        return ValueParity(
            role: target.role, name: target.name, referenceName: target.referenceName,
            node: producer.map { graph.displayName(of: $0) }, operatorName: producer.map { graph[$0].sourceOperator },
            shape: shape, comparison: judgement?.comparison,
            noise: verdict == .identical ? nil : judgement?.noise, ratio: showsRatio ? judgement?.ratio : nil,
            verdict: verdict, reason: verdict.isAgreement ? nil : reason ?? "the reference gives no such value",
            worstRatio: showsRatio ? judgement?.worstRatio : nil, localRatio: showsRatio ? alone?.ratio : nil,
            confidence: target.confidence, evidence: target.evidence, referenceNode: target.referenceNode,
            order: producer?.index ?? -1)
    }
}
