internal import SkiffGraph

extension Gather: StoredAttributes {
    static var blank: Gather { Gather(axis: 0) }

    mutating func code(_ coder: inout AttributeCoder) throws(FormatError) {
        try coder.integer("axis", &axis)
    }
}

extension GatherElements: StoredAttributes {
    static var blank: GatherElements { GatherElements(axis: 0) }

    mutating func code(_ coder: inout AttributeCoder) throws(FormatError) {
        try coder.integer("axis", &axis)
    }
}
