internal import SkiffGraph

extension Pooling: StoredAttributes {
    static var blank: Pooling { Pooling(kind: .maximum, kernel: [], window: .blank, layout: .channelsFirst) }

    mutating func code(_ coder: inout AttributeCoder) throws(FormatError) {
        try kind.code(&coder)
        try coder.integers("kernel", &kernel)
        try window.code(&coder)
        try coder.flag("ceilMode", &ceilMode)
        try coder.choice("layout", &layout)
        try coder.flag("indicesAreColumnMajor", &indicesAreColumnMajor)
    }
}

extension Pooling.Kind {
    private enum Name: String { case maximum, average, norm }

    fileprivate mutating func code(_ coder: inout AttributeCoder) throws(FormatError) {
        var name: Name = switch self {
        case .maximum: .maximum
        case .average: .average
        case .norm: .norm
        }
        try coder.choice("kind", &name)
        switch name {
        case .maximum: self = .maximum
        case .average:
            var countsPadding = self == .average(countsPadding: true)
            try coder.flag("countsPadding", &countsPadding)
            self = .average(countsPadding: countsPadding)
        case .norm:
            var p = if case .norm(let p) = self { p } else { 0 }
            try coder.integer("p", &p)
            self = .norm(p: p)
        }
    }
}

extension GlobalPooling: StoredAttributes {
    static var blank: GlobalPooling { GlobalPooling(kind: .maximum, layout: .channelsFirst, keepsDimensions: true) }

    mutating func code(_ coder: inout AttributeCoder) throws(FormatError) {
        try kind.code(&coder)
        try coder.choice("layout", &layout)
        try coder.flag("keepsDimensions", &keepsDimensions)
    }
}

extension GlobalPooling.Kind {
    private enum Name: String { case maximum, average, norm }

    fileprivate mutating func code(_ coder: inout AttributeCoder) throws(FormatError) {
        var name: Name = switch self {
        case .maximum: .maximum
        case .average: .average
        case .norm: .norm
        }
        try coder.choice("kind", &name)
        switch name {
        case .maximum: self = .maximum
        case .average: self = .average
        case .norm:
            var p = if case .norm(let p) = self { p } else { 0 }
            try coder.integer("p", &p)
            self = .norm(p: p)
        }
    }
}
