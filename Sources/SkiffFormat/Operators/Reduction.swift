internal import SkiffGraph

extension Reduction: StoredAttributes {
    static var blank: Reduction { Reduction(.sum, axes: nil, keepsDimensions: false) }

    mutating func code(_ coder: inout AttributeCoder) throws(FormatError) {
        try coder.choice("kind", &kind)
        try coder.optionalIntegers("axes", &axes)
        try coder.flag("keepsDimensions", &keepsDimensions)
        try coder.flag("emptyAxesMeanNone", &emptyAxesMeanNone)
    }
}

extension ArgumentReduction: StoredAttributes {
    static var blank: ArgumentReduction { ArgumentReduction(.maximum, axis: 0, keepsDimensions: false, selectsLast: false) }

    mutating func code(_ coder: inout AttributeCoder) throws(FormatError) {
        try coder.choice("kind", &kind)
        try coder.integer("axis", &axis)
        try coder.flag("keepsDimensions", &keepsDimensions)
        try coder.flag("selectsLast", &selectsLast)
    }
}

extension Softmax: StoredAttributes {
    static var blank: Softmax { Softmax(axis: 0) }

    mutating func code(_ coder: inout AttributeCoder) throws(FormatError) {
        try coder.choice("kind", &kind)
        try coder.integer("axis", &axis)
        try coder.flag("flattensFromAxis", &flattensFromAxis)
    }
}

extension CumulativeSum: StoredAttributes {
    static var blank: CumulativeSum { CumulativeSum(isExclusive: false, isReversed: false) }

    mutating func code(_ coder: inout AttributeCoder) throws(FormatError) {
        try coder.flag("isExclusive", &isExclusive)
        try coder.flag("isReversed", &isReversed)
    }
}
