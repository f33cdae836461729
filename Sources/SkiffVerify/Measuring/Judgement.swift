public import SkiffCore

/// What a value's distance from its reference means, in units of the rounding noise there.
///
/// Of three computations of one value (the reference's c, ours in Float f, ours in Double d), RMS(f − d) measures the
/// rounding noise, and RMS(c − d) is the error.
public struct Judgement: Hashable, Sendable {
    /// The reference beside ours in Double.
    public var comparison: Comparison
    /// RMS(f − d) and max |f − d|.
    public var noise: Double
    public var largestNoise: Double
    /// What errors are counted in: the noise, or what a single rounding leaves where that is more.
    public var unit: Double
    /// RMS error in units; infinite where the unit is zero and the error is not.
    public var ratio: Double
    /// The worst element's error in units.
    public var worstRatio: Double
    public var verdict: ValueParity.Verdict
    /// Why there is no agreement, in words.
    public var reason: String?

    /// Judges three computations of one value, arrays of equal length in the same order of elements.
    /// - Parameters:
    ///   - shape: theirs; names positions.
    ///   - elementType: what a framework stores the value as.
    ///   - floor: the least unit, from a bound; see ``RoundingFloor``.
    public init(
        reference: [Double], float: [Double], double: [Double], shape: Shape, elementType: ElementType = .float32,
        policy: ParityPolicy = ParityPolicy(), floor: Double = 0
    ) {
        let isIdentical = zip(reference, float).allSatisfy { $0 == $1 || ($0.isNaN && $1.isNaN) }
        let noise = Comparison(float, double, shape: shape)
        let comparison = Comparison(
            double, reference, shape: shape, absoluteTolerance: policy.absoluteTolerance,
            relativeTolerance: policy.relativeTolerance)
        self.init(
            comparison, noise: noise.rmsError, largestNoise: noise.maximumError, isIdentical: isIdentical,
            elementType: elementType, policy: policy, floor: floor)
    }

    init(
        _ comparison: Comparison, noise: Double, largestNoise: Double, isIdentical: Bool, elementType: ElementType,
        policy: ParityPolicy, floor: Double = 0
    ) {
        self.comparison = comparison
        self.noise = noise
        self.largestNoise = largestNoise
        let unit = max(
            policy.noiseUnit(measured: noise, referenceRMS: comparison.referenceRMS, elementType: elementType), floor)
        self.unit = unit
        func units(_ error: Double) -> Double { error == 0 ? 0 : unit > 0 ? error / unit : .infinity }
        ratio = units(comparison.rmsError)
        worstRatio = units(comparison.maximumError)
        verdict = .rounding
        decide(isIdentical: isIdentical, policy)
    }

    private mutating func decide(isIdentical: Bool, _ policy: ParityPolicy) {
        if isIdentical {
            verdict = .identical
            return
        }
        if let pair = comparison.nonFiniteMismatch {
            verdict = .differs
            reason = "\(comparison.nonFiniteMismatchCount) elements are not finite on one side, the first "
                + pair.text
            return
        }
        switch policy.criterion {
        case .tolerance:
            guard comparison.exceedingCount > 0 else { return }
            verdict = .differs
            reason = "\(comparison.exceedingCount) of \(comparison.elementCount) elements are beyond the tolerances"
        case .roundingNoise(let multiple):
            let allowed = policy.largestError(unit: unit, largestNoise: largestNoise, multiple: multiple)
            if ratio > multiple {
                verdict = .differs
                reason = "RMS error is \(brief(ratio)) times the rounding noise"
            } else if comparison.maximumError > allowed {
                verdict = .differs
                reason = "one element is off by \(brief(worstRatio)) times the rounding noise"
            }
        }
    }
}
