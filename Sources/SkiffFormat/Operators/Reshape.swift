internal import SkiffGraph

extension Reshape: StoredAttributes {
    static var blank: Reshape { Reshape(shape: nil, allowsZero: false) }

    mutating func code(_ coder: inout AttributeCoder) throws(FormatError) {
        try coder.optionalIntegers("shape", &shape)
        try coder.flag("allowsZero", &allowsZero)
        try coder.flag("keepsBatch", &keepsBatch)
    }
}

extension Flatten: StoredAttributes {
    static var blank: Flatten { Flatten(axis: 1) }

    mutating func code(_ coder: inout AttributeCoder) throws(FormatError) {
        try coder.integer("axis", &axis)
    }
}

extension Squeeze: StoredAttributes {
    static var blank: Squeeze { Squeeze(axes: nil) }

    mutating func code(_ coder: inout AttributeCoder) throws(FormatError) {
        try coder.optionalIntegers("axes", &axes)
    }
}

extension Unsqueeze: StoredAttributes {
    static var blank: Unsqueeze { Unsqueeze(axes: nil) }

    mutating func code(_ coder: inout AttributeCoder) throws(FormatError) {
        try coder.optionalIntegers("axes", &axes)
    }
}
