internal import SkiffGraph

extension Binary: StoredAttributes {
    static var blank: Binary { Binary(.add) }

    mutating func code(_ coder: inout AttributeCoder) throws(FormatError) {
        try coder.choice("kind", &kind)
    }
}

extension Variadic: StoredAttributes {
    static var blank: Variadic { Variadic(.sum) }

    mutating func code(_ coder: inout AttributeCoder) throws(FormatError) {
        try coder.choice("kind", &kind)
    }
}

extension Select: StoredAttributes {
    static var blank: Select { Select() }
    mutating func code(_ coder: inout AttributeCoder) {}
}
