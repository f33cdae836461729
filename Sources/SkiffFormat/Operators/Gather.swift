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

extension GatherND: StoredAttributes {
    static var blank: GatherND { GatherND(batchDimensions: 0) }

    mutating func code(_ coder: inout AttributeCoder) throws(FormatError) {
        try coder.integer("batchDimensions", &batchDimensions)
    }
}
