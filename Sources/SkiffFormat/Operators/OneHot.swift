internal import SkiffCore
internal import SkiffGraph

extension OneHot: StoredAttributes {
    static var blank: OneHot { OneHot(axis: 0) }

    mutating func code(_ coder: inout AttributeCoder) throws(FormatError) {
        try coder.integer("axis", &axis)
    }
}

extension IdentityMatrix: StoredAttributes {
    static var blank: IdentityMatrix { IdentityMatrix(elementType: nil, diagonal: 0) }

    mutating func code(_ coder: inout AttributeCoder) throws(FormatError) {
        try coder.optional(
            "elementType", &elementType,
            { coder, type throws(FormatError) in try coder.choice("elementType", &type) }, blank: .float32)
        try coder.integer("diagonal", &diagonal)
    }
}
