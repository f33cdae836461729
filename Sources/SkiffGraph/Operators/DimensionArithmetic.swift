internal import SkiffCore

// Arithmetic on extents and on the whole numbers that shapes are computed from. What has no spelling as one number
// or one name is `unknown`; so is what leaves 64 bits.

extension Dimension {
    static func + (left: Dimension, right: Dimension) -> Dimension {
        switch (left, right) {
        case (.fixed(let one), .fixed(let other)): Dimension(one.addingReportingOverflow(other))
        case (0, _): right
        case (_, 0): left
        default: .unknown
        }
    }

    static func - (left: Dimension, right: Dimension) -> Dimension {
        switch (left, right) {
        case (.fixed(let one), .fixed(let other)): Dimension(one.subtractingReportingOverflow(other))
        case (_, 0): left
        case (.symbolic, .symbolic) where left == right: 0
        default: .unknown
        }
    }

    static func * (left: Dimension, right: Dimension) -> Dimension {
        switch (left, right) {
        case (.fixed(let one), .fixed(let other)): Dimension(one.multipliedReportingOverflow(by: other))
        case (0, _), (_, 0): 0
        case (1, _): right
        case (_, 1): left
        default: .unknown
        }
    }

    /// The quotient towards zero; `unknown` for a divisor of zero.
    static func / (left: Dimension, right: Dimension) -> Dimension {
        switch (left, right) {
        case (.fixed(let one), .fixed(let other)): Dimension(one.dividedReportingOverflow(by: other))
        case (_, 1): left
        case (.symbolic, .symbolic) where left == right: 1
        default: .unknown
        }
    }

    private init(_ result: (partialValue: Int, overflow: Bool)) {
        self = result.overflow ? .unknown : .fixed(result.partialValue)
    }

    /// Whether this certainly is, or certainly is not, `other`; `nil` where it may be. A named extent is not
    /// negative.
    func isEqual(to other: Dimension) -> Bool? {
        switch (self, other) {
        case (.fixed(let one), .fixed(let another)): one == another
        case (.symbolic, .symbolic): self == other ? true : nil
        case (.symbolic, .fixed(let number)), (.fixed(let number), .symbolic): number < 0 ? false : nil
        default: nil
        }
    }
}

extension Sequence where Element == Dimension {
    /// The number of elements of these extents; `unknown` where it has no spelling.
    var elementCount: Dimension {
        var fixed: Dimension = 1
        var open: Dimension = 1
        for extent in self {
            if extent.fixedValue != nil { fixed = fixed * extent } else { open = open == 1 ? extent : .unknown }
        }
        return fixed * open
    }
}

/// A product of extents whose equal parts cancel against another's.
struct ExtentProduct {
    private(set) var fixed: Dimension = 1
    private(set) var symbols: [Dimension] = []
    private(set) var hasUnknown = false

    init(_ extents: some Sequence<Dimension>) {
        for extent in extents {
            switch extent {
            case .fixed: fixed = fixed * extent
            case .symbolic: symbols.append(extent)
            case .unknown: hasUnknown = true
            }
        }
    }

    /// What of the symbols is left when those of `other` are taken away, on each side.
    func cancelling(_ other: ExtentProduct) -> (left: [Dimension], right: [Dimension]) {
        var left = symbols
        var right: [Dimension] = []
        for symbol in other.symbols {
            if let position = left.firstIndex(of: symbol) { left.remove(at: position) } else { right.append(symbol) }
        }
        return (left, right)
    }
}
