#if canImport(Glibc)
internal import Glibc
#elseif canImport(Musl)
internal import Musl
#else
internal import Darwin
#endif

/// The first thing in which two graphs are not the same, in words.
public struct GraphDifference: Hashable, Sendable, CustomStringConvertible {
    public var place: Place
    public var text: String

    public var description: String { place.text.isEmpty ? text : "\(place.text): \(text)" }
}

extension Graph {
    /// The first thing in which `other` is not this graph: structure, names, attributes, metadata, or a bit of a
    /// weight; `nil` where there is none, and then both compute the same whatever they are given.
    public func firstDifference(from other: Graph) -> GraphDifference? {
        func differs(_ text: String, _ place: Place = Place()) -> GraphDifference {
            GraphDifference(place: place, text: text)
        }
        if name != other.name { return differs("the graph is named \"\(escaped(other.name))\", not \"\(escaped(name))\"") }
        if metadata != other.metadata { return differs("metadata is not the same") }
        if inputs != other.inputs { return differs("inputs are not the same") }
        if outputs != other.outputs { return differs("outputs are not the same") }
        if nodes.count != other.nodes.count { return differs("has \(other.nodes.count) nodes, not \(nodes.count)") }
        if values.count != other.values.count { return differs("has \(other.values.count) values, not \(values.count)") }
        for (index, (a, b)) in zip(nodes, other.nodes).enumerated() where !a.isSame(as: b) {
            return differs("the node is not the same", place(of: NodeID(index)))
        }
        for (a, b) in zip(values, other.values) {
            if let text = a.firstDifference(from: b) { return differs(text, Place(tensor: a.name)) }
        }
        return nil
    }
}

extension Node {
    fileprivate func isSame(as other: Node) -> Bool {
        name == other.name && sourceOperator == other.sourceOperator && `operator` == other.operator
            && inputs == other.inputs && outputs == other.outputs
    }
}

extension Value {
    fileprivate func firstDifference(from other: Value) -> String? {
        if name != other.name { return "is named \"\(escaped(other.name))\"" }
        switch (source, other.source) {
        case (.input, .input): break
        case (.node(let a, let i), .node(let b, let j)) where a == b && i == j: break
        case (.weight(let a, let x), .weight(let b, let y)) where x == y:
            if let text = a.firstDifference(from: b) { return text }
        default: return "comes from elsewhere"
        }
        return fact == other.fact ? nil : "what is known of its shape is not the same"
    }
}

extension Tensor {
    fileprivate func firstDifference(from other: Tensor) -> String? {
        if elementType != other.elementType {
            return "elements are \(other.elementType.rawValue), not \(elementType.rawValue)"
        }
        if shape != other.shape { return "shape is \(other.shape.shapeText), not \(shape.shapeText)" }
        let isSame = withUnsafeBytes { a in
            other.withUnsafeBytes { b in
                byteOrder == other.byteOrder ? sameBytes(a, b) : equalSwapped(a, b, width: elementType.byteWidth ?? 1)
            }
        }
        return isSame ? nil : "elements are not the same"
    }

    /// Whether both hold the same words in opposite byte orders.
    private func equalSwapped(_ a: UnsafeRawBufferPointer, _ b: UnsafeRawBufferPointer, width: Int) -> Bool {
        guard a.count == b.count, width > 0 else { return false }
        return a.indices.allSatisfy { a[$0] == b[$0 / width * width + (width - 1 - $0 % width)] }
    }
}

private func sameBytes(_ a: UnsafeRawBufferPointer, _ b: UnsafeRawBufferPointer) -> Bool {
    guard a.count == b.count else { return false }
    guard let first = a.baseAddress, let second = b.baseAddress else { return a.isEmpty }
    return first == second || memcmp(first, second, a.count) == 0
}
