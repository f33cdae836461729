internal import SkiffGraph

extension ScatterND: StoredAttributes {
    static var blank: ScatterND { ScatterND() }

    mutating func code(_ coder: inout AttributeCoder) throws(FormatError) {
        try coder.choice("reduction", &reduction)
    }
}

extension ScatterElements: StoredAttributes {
    static var blank: ScatterElements { ScatterElements(axis: 0) }

    mutating func code(_ coder: inout AttributeCoder) throws(FormatError) {
        try coder.integer("axis", &axis)
        try coder.choice("reduction", &reduction)
    }
}
