internal import SkiffGraph

extension TopK: StoredAttributes {
    static var blank: TopK { TopK(k: nil, axis: 0) }

    mutating func code(_ coder: inout AttributeCoder) throws(FormatError) {
        try coder.optionalInteger("k", &k)
        try coder.integer("axis", &axis)
        try coder.flag("takesSmallest", &takesSmallest)
    }
}
