internal import SkiffCore
internal import SkiffGraph

extension Identity: StoredAttributes {
    static var blank: Identity { Identity() }
    mutating func code(_ coder: inout AttributeCoder) {}
}

extension Cast: StoredAttributes {
    static var blank: Cast { Cast(to: .float32) }

    mutating func code(_ coder: inout AttributeCoder) throws(FormatError) {
        try coder.choice("elementType", &elementType)
    }
}

extension Transpose: StoredAttributes {
    static var blank: Transpose { Transpose(permutation: nil) }

    mutating func code(_ coder: inout AttributeCoder) throws(FormatError) {
        try coder.optionalIntegers("permutation", &permutation)
    }
}

extension Expand: StoredAttributes {
    static var blank: Expand { Expand() }
    mutating func code(_ coder: inout AttributeCoder) {}
}

extension Tile: StoredAttributes {
    static var blank: Tile { Tile(repeats: nil) }

    mutating func code(_ coder: inout AttributeCoder) throws(FormatError) {
        try coder.optionalIntegers("repeats", &repeats)
    }
}
