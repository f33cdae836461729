internal import SkiffCore

/// The smallest tolerances with which values would pass an elementwise check, each with the other one zero.
public struct SmallestTolerance: Hashable, Sendable {
    /// The largest |candidate − reference|.
    public var absolute: Double
    /// The largest |candidate − reference| / |reference|, rounded up; infinite where only the reference is zero.
    /// (Polygraphy prints both as "minimum required tolerance"; it counts a zero as 2.2e-16.)
    public var relative: Double
}

extension Comparison {
    /// `nil` where some element is finite on one side only: no tolerance lets it pass.
    public var smallestTolerance: SmallestTolerance? {
        guard nonFiniteMismatchCount == 0 else { return nil }
        // A quotient that was rounded down times the reference can lie under the error; the next one does not.
        let relative = maximumRelativeError > 0 ? maximumRelativeError.nextUp : 0
        return SmallestTolerance(absolute: maximumError, relative: relative)
    }
}

extension ValueParity {
    /// The value with no errors where it is identical: they were measured against Double, which the same bits are off by.
    var settled: ValueParity {
        guard verdict == .identical, var comparison else { return self }
        (comparison.maximumError, comparison.meanError, comparison.rmsError) = (0, 0, 0)
        (comparison.maximumRelativeError, comparison.cosine, comparison.worst) = (0, 1, nil)
        comparison.exceedingCount = 0
        var copy = self
        copy.comparison = comparison
        return copy
    }

    /// Whether the candidate has no such value, as against one of rank zero.
    package var isMissing: Bool { comparison == nil && shape.isEmpty }

    /// Its shape; a dash where there is no value.
    package var shapeText: String { isMissing ? "–" : shape.shapeText }

    /// The largest error in units of noise that was measured, of all elements or of one.
    package var severity: Double { max(ratio ?? 0, verdict.isAgreement ? 0 : worstRatio ?? 0) }
}

extension ParityReport {
    /// The smallest tolerance with which every value that counts would pass; `nil` where none does.
    public var smallestTolerance: SmallestTolerance? {
        var smallest = SmallestTolerance(absolute: 0, relative: 0)
        for value in decidingValues {
            guard let own = value.comparison?.smallestTolerance else { return nil }
            smallest.absolute = max(smallest.absolute, own.absolute)
            smallest.relative = max(smallest.relative, own.relative)
        }
        return decidingValues.isEmpty ? nil : smallest
    }

    /// The comparison of the value that a guilty layer gives, with what it inherits in it.
    package func value(of layer: GuiltyLayer) -> ValueParity? {
        values.first { $0.name == layer.name && $0.recording == layer.recording && $0.role == .intermediate }
            ?? values.first { $0.name == layer.name && $0.recording == layer.recording }
    }

    /// The verdict in a line without colours: `parity: all 52 values within 8 × rounding noise`.
    package var verdictText: String {
        let count = decidingValues.count
        let agreeing = decidingValues.filter(\.verdict.isAgreement).count
        let kind = decidingValues.allSatisfy { $0.role == .output } ? "output" : "value"
        guard passed else {
            let text =
                switch count {
                case 0: "nothing was compared"
                case 1: "the \(kind) does not agree"
                default: "\(count - agreeing) of \(count) \(kind)s do not agree"
                }
            return "parity failed: \(text)"
        }
        let what = count == 1 ? "the \(kind)" : "all \(count) \(kind)s"
        return switch (verdict, policy.criterion) {
        case (.identical, _): "parity: \(what) identical to the last bit"
        case (_, .roundingNoise(let multiple)): "parity: \(what) within \(brief(multiple)) × rounding noise"
        case (_, .tolerance): "parity: \(what) within the tolerances"
        }
    }

    /// What became of the intermediate values; `nil` where there are none.
    package var intermediatesText: String? {
        guard !intermediates.isEmpty else { return nil }
        let agreeing = intermediates.filter(\.verdict.isAgreement).count
        if passed, agreeing < intermediates.count {
            return "\(agreeing) of \(intermediates.count) intermediate values agree; the others are other steps to the "
                + "same outputs, as folding leaves them"
        }
        let line = "\(agreeing) of \(intermediates.count) intermediate values agree"
        let measured = intermediates.filter { $0.ratio != nil }
        guard let worst = measured.max(by: { ($0.ratio ?? 0) < ($1.ratio ?? 0) }) else { return line }
        return line + ", the largest error is \(brief(worst.ratio ?? 0)) × noise at \(escaped(worst.name))"
    }
}

extension GuiltyLayer {
    /// `conv1 (Conv2D)`, or `bn1 (Conv2D → BatchNormalization)` where the region has several nodes.
    package var title: String {
        let node = escaped(nodes.last ?? name)
        guard let last = operatorNames.last else { return node }
        if operatorNames.count > 4 { return "\(node) (\(escaped(last)) and \(operatorNames.count - 1) layers before it)" }
        return "\(node) (\(operatorNames.map { escaped($0) }.joined(separator: " → ")))"
    }

    /// How far it is off by itself beside how far the value is off in the whole network.
    package func errorText(total: ValueParity?) -> String {
        let local = "fed the reference's own inputs it is off by \(brief(judgement.ratio)) × rounding noise"
        guard let ratio = total?.ratio else { return local }
        return local + "; with what it inherits, by \(brief(ratio)) ×"
    }

    /// The first element that is wrong and how many are; `nil` where no element stands out.
    package var elementText: String? {
        guard let firstElement else { return nil }
        let count = judgement.comparison.elementCount
        return "first wrong element \(firstElement.text); \(wrongElements) of \(count) are wrong"
    }

    /// The reasons that were found, or that none was.
    package var reasonTexts: [String] {
        guard explanations.isEmpty else { return explanations.map { printable($0.sentence) } }
        return switch experiments {
        case 0: ["no experiment applies to it"]
        case 1: ["the one experiment that applies does not explain it"]
        default: ["none of \(experiments) experiments explains it"]
        }
    }
}
