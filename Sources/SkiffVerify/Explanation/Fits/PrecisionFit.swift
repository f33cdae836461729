internal import SkiffCore
internal import SkiffEngine
internal import SkiffGraph

extension ExplanationSearch {
    /// Of the reference's error against Double, what may be left against a copy that rounds as it does.
    private static let leftOfError = 0.35

    /// Runs a copy that rounds operands and outputs to fewer bits, in Float.
    ///
    /// It is no question of noise units, which are as large as the errors themselves there: the reference must be nearer
    /// to the copy that rounds than to exact arithmetic, or consist of numbers of that type with errors of that size.
    mutating func attemptPrecision(_ experiment: Experiment) throws {
        guard let type = experiment.computeType, full.outputShape == full.shape,
            let piece = try? experiment.edit.applied(to: region.graph),
            let tensor = try? region.output(of: piece, .float), tensor.shape == full.shape,
            let elements = try? tensor.doubles()
        else { return }
        counted()
        let rounded = Self.error(elements, full.reference).rms
        let exact = Self.error(full.output, full.reference).rms
        let rounding = Self.error(elements, full.output).rms
        guard rounded.isFinite, exact.isFinite, exact > 0, rounding > 0, let original,
            exact > ParityPolicy.noiseMultiple * original.unit || original.verdict == .differs
        else { return }
        let isNearer = rounded <= Self.leftOfError * exact
        let isOfType = full.reference.count >= 16 && full.reference.allSatisfy { Self.isExact($0, type) }
        // The input of a rounding network is of its type too; what is copied from there shows nothing.
        let hasItsSize = exact <= 8 * rounding && rounding <= 8 * exact
        guard isNearer || isOfType && hasItsSize else { return }
        let unit = ParityPolicy.singleRounding(of: type) * Self.rms(full.reference)
        accept(
            Accepted(
                experiment: experiment, piece: piece, ratio: unit > 0 ? rounded / unit : 0,
                fingerprint: Self.fingerprint(elements), score: experiment.rank))
    }

    /// Whether a type holds a number.
    private static func isExact(_ number: Double, _ type: ElementType) -> Bool {
        guard number.isFinite else { return true }
        let float = Float(number)
        let rounded = type == .float16 ? PrecisionExperiments.half(float) : PrecisionExperiments.bfloat(float)
        return Double(rounded) == number
    }
}
