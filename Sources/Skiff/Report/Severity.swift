/// How far a value is off, in steps that a page has colours for; later ones are worse.
enum Severity: Int, CaseIterable, Comparable {
    case uncompared, identical, withinNoise, rounding, differs, strongly, wildly, incomparable

    /// Multiples of the rounding noise at which colours of values that differ change.
    static let strong = 100.0
    static let wild = 10_000.0

    static func < (left: Severity, right: Severity) -> Bool { left.rawValue < right.rawValue }

    init(of value: ValueParity) {
        switch value.verdict {
        case .identical: self = .identical
        case .rounding: self = (value.ratio ?? 0) <= 1 ? .withinNoise : .rounding
        case .incomparable: self = .incomparable
        case .differs:
            let ratio = value.ratio ?? 0
            self = ratio.isNaN || ratio >= Self.wild ? .wildly : ratio >= Self.strong ? .strongly : .differs
        }
    }

    /// Class of the style sheet.
    var style: String {
        switch self {
        case .uncompared: "ln"
        case .incomparable: "lx"
        default: "l\(rawValue - 1)"
        }
    }

    /// The verdict that belongs to it, with a sign that stands for the colour where that cannot be told.
    var verdictText: String {
        switch self {
        case .uncompared: "not compared"
        case .identical: "= identical"
        case .withinNoise, .rounding: "≈ rounding"
        case .differs, .strongly, .wildly: "≠ differs"
        case .incomparable: "? incomparable"
        }
    }

    /// What the legend says of it.
    func legend(countsNoise: Bool) -> String {
        guard countsNoise else {
            return switch self {
            case .withinNoise, .rounding: "≈ within the tolerances"
            default: verdictText
            }
        }
        return switch self {
        case .withinNoise: "≈ up to 1 × noise"
        case .rounding: "≈ over 1 ×, still rounding"
        case .differs: "≠ differs, under 100 ×"
        case .strongly: "≠ 100 × and more"
        case .wildly: "≠ 10⁴ × and more"
        default: verdictText
        }
    }
}
