internal import SkiffGraph

extension Window {
    static var blank: Window { Window(strides: [], dilations: [], padding: .valid) }

    /// The strides, dilations and padding of an operator, among its other attributes.
    mutating func code(_ coder: inout AttributeCoder) throws(FormatError) {
        try coder.integers("strides", &strides)
        try coder.integers("dilations", &dilations)
        try padding.code(&coder)
    }
}

extension Padding {
    private enum Kind: String { case explicit, valid, sameUpper, sameLower }

    private var kind: Kind {
        switch self {
        case .explicit: .explicit
        case .valid: .valid
        case .sameUpper: .sameUpper
        case .sameLower: .sameLower
        }
    }

    fileprivate mutating func code(_ coder: inout AttributeCoder) throws(FormatError) {
        var kind = kind
        try coder.choice("padding", &kind)
        switch kind {
        case .explicit:
            var (before, after): ([Int], [Int]) = if case .explicit(let before, let after) = self { (before, after) } else { ([], []) }
            try coder.integers("before", &before)
            try coder.integers("after", &after)
            self = .explicit(before: before, after: after)
        case .valid: self = .valid
        case .sameUpper: self = .sameUpper
        case .sameLower: self = .sameLower
        }
    }
}
