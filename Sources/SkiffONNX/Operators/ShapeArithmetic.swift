internal import SkiffCore
internal import SkiffGraph

/// ONNX Shape 15 to 25: a range of axes.
@Sendable func readShape15(_ node: NodeImport) throws(ONNXError) -> Operator {
    .shapeOf(ShapeOf(start: try node.attributes.integer("start") ?? 0, end: try node.attributes.integer("end")))
}

/// ONNX ConstantOfShape 9 to 25: zero of float where the value is left out.
@Sendable func readConstantOfShape(_ node: NodeImport) throws(ONNXError) -> Operator {
    guard let message = try node.attributes.tensor("value") else {
        return .constantOfShape(ConstantOfShape(elementType: .float32, value: 0))
    }
    let tensor = try node.graph.read(message)
    guard tensor.elementCount == 1 else {
        throw ONNXError(.attribute(name: "value", expected: "one element", found: "\(tensor.elementCount) elements"))
    }
    guard tensor.elementType.isFloatingPoint || tensor.elementType.isInteger || tensor.elementType == .bool else {
        throw node.inexpressible("a value of \(tensor.elementType.rawValue)")
    }
    let value = try located { () throws(CoreError) in try tensor.doubles() }
    guard let value = value.first, value.magnitude <= 0x1p53 || tensor.elementType.isFloatingPoint else {
        throw node.inexpressible("a whole number past 2^53")
    }
    return .constantOfShape(ConstantOfShape(elementType: tensor.elementType, value: value))
}

/// ONNX Range 11, 27 (`stash_type`, of which float is read).
@Sendable func readRange(_ node: NodeImport) throws(ONNXError) -> Operator {
    let type = try node.attributes.integer("stash_type") ?? 1
    guard type == 1 else { throw node.inexpressible("stash_type is \(type), known is 1") }
    return .range(RangeOfNumbers())
}

/// ONNX OneHot 9, 11.
@Sendable func readOneHot(_ node: NodeImport) throws(ONNXError) -> Operator {
    .oneHot(OneHot(axis: try node.attributes.integer("axis") ?? -1))
}

/// ONNX EyeLike 9, 22.
@Sendable func readEyeLike(_ node: NodeImport) throws(ONNXError) -> Operator {
    var type: ElementType?
    if let number = try node.attributes.integer("dtype") {
        type = ElementType(onnx: Int32(clamping: number))
        guard let type, type.isFloatingPoint || type.isInteger || type == .bool else {
            throw node.inexpressible("a matrix of element type \(number)")
        }
    }
    return .identityMatrix(IdentityMatrix(elementType: type, diagonal: try node.attributes.integer("k") ?? 0))
}
