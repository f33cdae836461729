internal import SkiffCore
internal import SkiffGraph

extension ShapeOf: StoredAttributes {
    static var blank: ShapeOf { ShapeOf() }

    mutating func code(_ coder: inout AttributeCoder) throws(FormatError) {
        try coder.integer("start", &start)
        try coder.optionalInteger("end", &end)
    }
}

extension SizeOf: StoredAttributes {
    static var blank: SizeOf { SizeOf() }
    mutating func code(_ coder: inout AttributeCoder) {}
}

extension ConstantOfShape: StoredAttributes {
    static var blank: ConstantOfShape { ConstantOfShape(elementType: .float32, value: 0) }

    mutating func code(_ coder: inout AttributeCoder) throws(FormatError) {
        try coder.choice("elementType", &elementType)
        try coder.number("value", &value)
    }
}

extension RangeOfNumbers: StoredAttributes {
    static var blank: RangeOfNumbers { RangeOfNumbers() }
    mutating func code(_ coder: inout AttributeCoder) {}
}
