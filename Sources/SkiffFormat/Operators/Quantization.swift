internal import SkiffCore
internal import SkiffGraph

extension Quantize: StoredAttributes {
    static var blank: Quantize { Quantize() }

    mutating func code(_ coder: inout AttributeCoder) throws(FormatError) {
        try coder.choice("elementType", &elementType)
        try coder.integer("axis", &axis)
        try coder.integer("blockSize", &blockSize)
    }
}

extension Dequantize: StoredAttributes {
    static var blank: Dequantize { Dequantize() }

    mutating func code(_ coder: inout AttributeCoder) throws(FormatError) {
        try coder.integer("axis", &axis)
        try coder.integer("blockSize", &blockSize)
    }
}
