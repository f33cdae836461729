internal import SkiffGraph

extension Concatenation: StoredAttributes {
    static var blank: Concatenation { Concatenation(axis: 0) }

    mutating func code(_ coder: inout AttributeCoder) throws(FormatError) {
        try coder.integer("axis", &axis)
    }
}

extension Split: StoredAttributes {
    static var blank: Split { Split(axis: 0, sizes: nil) }

    mutating func code(_ coder: inout AttributeCoder) throws(FormatError) {
        try coder.integer("axis", &axis)
        try coder.optionalIntegers("sizes", &sizes)
    }
}
