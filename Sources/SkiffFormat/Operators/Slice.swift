internal import SkiffGraph

extension Slice: StoredAttributes {
    static var blank: Slice { Slice() }
    mutating func code(_ coder: inout AttributeCoder) {}
}
