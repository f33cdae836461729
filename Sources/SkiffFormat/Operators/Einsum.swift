internal import SkiffGraph

extension Einsum: StoredAttributes {
    static var blank: Einsum { Einsum(equation: "") }

    mutating func code(_ coder: inout AttributeCoder) throws(FormatError) {
        try coder.text("equation", &equation)
    }
}
