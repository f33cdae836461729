internal import SkiffCore
internal import SkiffGraph

/// ONNX Dropout 1, 6: trains unless `is_test`.
@Sendable func readDropout6(_ node: NodeImport) throws(ONNXError) -> Operator {
    node.attributes.ignore("ratio")
    guard try node.attributes.integer("is_test") ?? 0 != 0 else {
        throw node.inexpressible("Dropout-\(node.opset) without is_test drops at random")
    }
    if node.readsOutputs(from: 1) { throw node.inexpressible("the mask is not bool before Dropout-10") }
    return .identity(Identity())
}

/// ONNX Dropout 7, 10: the input itself. The mask is bool from version 10 on.
@Sendable func readDropout7(_ node: NodeImport) throws(ONNXError) -> Operator {
    node.attributes.ignore("ratio")
    if node.opset < 10, node.readsOutputs(from: 1) { throw node.inexpressible("the mask is not bool before Dropout-10") }
    return .identity(Identity())
}

/// ONNX Dropout 12, 13, 22: `ratio` and `training_mode` are inputs.
@Sendable func readDropout12(_ node: NodeImport) throws(ONNXError) -> Operator {
    node.attributes.ignore("seed")
    if node.input(2) != nil {
        let mode = try node.weight(2).map { (tensor) throws(ONNXError) in
            try located { () throws(CoreError) in try tensor.doubles() }
        }
        guard let mode, mode.allSatisfy({ $0 == 0 }) else {
            throw node.inexpressible("training_mode is true or not known, so elements may be dropped at random")
        }
    }
    node.inputs = [node.input(0)]
    return .identity(Identity())
}

/// A Cast between types that Skiff converts.
private func cast(to elementType: ElementType?, _ node: NodeImport) throws(ONNXError) -> Operator {
    guard let elementType else { throw node.inexpressible("the type to convert to is not known") }
    guard elementType.isFloatingPoint || elementType.isInteger || elementType == .bool else {
        throw node.inexpressible("conversion to \(elementType.rawValue)")
    }
    if let source = node.elementType(0), !(source.isFloatingPoint || source.isInteger || source == .bool) {
        throw node.inexpressible("conversion from \(source.rawValue)")
    }
    // What becomes of numbers that 8-bit reals cannot hold, to which nothing is converted here.
    node.attributes.ignore("saturate", "round_mode")
    return .cast(Cast(to: elementType))
}

/// ONNX Cast 1: the type by its name in `TensorProto.DataType`.
@Sendable func readCast1(_ node: NodeImport) throws(ONNXError) -> Operator {
    let types: [String: ElementType] = [
        "FLOAT": .float32, "UINT8": .uint8, "INT8": .int8, "UINT16": .uint16, "INT16": .int16, "INT32": .int32,
        "INT64": .int64, "BOOL": .bool, "FLOAT16": .float16, "DOUBLE": .float64, "UINT32": .uint32, "UINT64": .uint64,
    ]
    return try cast(to: node.attributes.choice("to", default: "", types), node)
}

/// ONNX Cast 6, 9, 13, 19 to 28.
@Sendable func readCast(_ node: NodeImport) throws(ONNXError) -> Operator {
    guard let number = try node.attributes.integer("to") else { throw ONNXError(.missing("attribute to")) }
    guard let elementType = ElementType(onnx: Int32(clamping: number)) else {
        throw ONNXError(.attribute(name: "to", expected: "an element type, 1 to 28", found: String(number)))
    }
    return try cast(to: elementType, node)
}

/// ONNX CastLike 15 to 28: the type is that of input 1.
@Sendable func readCastLike(_ node: NodeImport) throws(ONNXError) -> Operator {
    let result = try cast(to: node.elementType(1), node)
    node.inputs = [node.input(0)]
    return result
}

/// ONNX Concat 1: axis 1 where none is given.
@Sendable func readConcatenation1(_ node: NodeImport) throws(ONNXError) -> Operator {
    .concatenation(Concatenation(axis: try node.attributes.integer("axis") ?? 1))
}

/// ONNX Concat 4, 11, 13.
@Sendable func readConcatenation(_ node: NodeImport) throws(ONNXError) -> Operator {
    guard let axis = try node.attributes.integer("axis") else { throw ONNXError(.missing("attribute axis")) }
    return .concatenation(Concatenation(axis: axis))
}

/// ONNX Split 1 (extents may be input 1), 2, 11: extents as an attribute.
@Sendable func readSplit2(_ node: NodeImport) throws(ONNXError) -> Operator {
    let sizes = try node.attributes.integers("split")
    if let sizes, sizes.count != node.outputs.count {
        throw ONNXError(.attribute(name: "split", expected: "\(node.outputs.count) extents", found: sizes.shapeText))
    }
    return .split(Split(axis: try node.attributes.integer("axis") ?? 0, sizes: sizes))
}

/// ONNX Split 13: extents as input 1.
@Sendable func readSplit13(_ node: NodeImport) throws(ONNXError) -> Operator {
    .split(Split(axis: try node.attributes.integer("axis") ?? 0, sizes: nil))
}

/// ONNX Split 18: extents as input 1, or `num_outputs` equal parts.
@Sendable func readSplit18(_ node: NodeImport) throws(ONNXError) -> Operator {
    if let count = try node.attributes.integer("num_outputs"), count != node.outputs.count {
        throw ONNXError(.attribute(name: "num_outputs", expected: String(node.outputs.count), found: String(count)))
    }
    return try readSplit13(node)
}

/// ONNX Slice 1: starts, ends and axes as attributes.
@Sendable func readSlice1(_ node: NodeImport) throws(ONNXError) -> Operator {
    guard let starts = try node.attributes.integers("starts"), let ends = try node.attributes.integers("ends") else {
        throw ONNXError(.missing("starts or ends"))
    }
    let axes = try node.attributes.integers("axes")
    node.inputs = [
        node.input(0), try node.weight("starts", integers: starts), try node.weight("ends", integers: ends),
    ]
    if let axes { node.inputs.append(try node.weight("axes", integers: axes)) }
    return .slice(Slice())
}

/// ONNX Gather 1, 11, 13.
@Sendable func readGather(_ node: NodeImport) throws(ONNXError) -> Operator {
    .gather(Gather(axis: try node.attributes.integer("axis") ?? 0))
}

/// ONNX GatherElements 11, 13.
@Sendable func readGatherElements(_ node: NodeImport) throws(ONNXError) -> Operator {
    .gatherElements(GatherElements(axis: try node.attributes.integer("axis") ?? 0))
}

/// How a Pad fills. `wrap` is there from version 19 on; PyTorch's exporter writes it into version 18.
private func mode(_ node: NodeImport) throws(ONNXError) -> Pad.Mode {
    try node.attributes.choice(
        "mode", default: "constant",
        ["constant": Pad.Mode.constant, "reflect": .reflect, "edge": .edge, "wrap": .wrap])
}

/// ONNX Pad 1: pads are called `paddings`.
@Sendable func readPad1(_ node: NodeImport) throws(ONNXError) -> Operator {
    guard let pads = try node.attributes.integers("paddings") else { throw ONNXError(.missing("attribute paddings")) }
    return .pad(Pad(mode: try mode(node), pads: pads, value: try node.attributes.real("value", default: 0)))
}

/// ONNX Pad 2: pads and value as attributes.
@Sendable func readPad2(_ node: NodeImport) throws(ONNXError) -> Operator {
    guard let pads = try node.attributes.integers("pads") else { throw ONNXError(.missing("attribute pads")) }
    return .pad(Pad(mode: try mode(node), pads: pads, value: try node.attributes.real("value", default: 0)))
}

/// ONNX Pad 11 to 25: pads, value and (18) axes as inputs.
@Sendable func readPad11(_ node: NodeImport) throws(ONNXError) -> Operator {
    .pad(Pad(mode: try mode(node), pads: nil))
}

/// ONNX Reshape 1: the shape as an attribute.
@Sendable func readReshape1(_ node: NodeImport) throws(ONNXError) -> Operator {
    guard let shape = try node.attributes.integers("shape") else { throw ONNXError(.missing("attribute shape")) }
    return .reshape(Reshape(shape: shape, allowsZero: false))
}

/// ONNX Tile 1: one axis is repeated, whose number and count are inputs.
@Sendable func readTile1(_ node: NodeImport) throws(ONNXError) -> Operator {
    func number(_ index: Int) throws(ONNXError) -> Int? {
        guard let tensor = node.weight(index), tensor.elementCount == 1 else { return nil }
        return try located { () throws(CoreError) in try tensor.doubles() }.first.flatMap { Int(exactly: $0) }
    }
    guard let count = try number(1), let axis = try number(2), let rank = node.rank(0) else {
        throw node.inexpressible("Tile-1 needs tiles, axis and rank, which are not known before the graph runs")
    }
    guard axis >= 0, axis < rank, count >= 0 else {
        throw ONNXError(.attribute(name: "axis", expected: "0 to \(rank - 1)", found: String(axis)))
    }
    var repeats = [Int](repeating: 1, count: rank)
    repeats[axis] = count
    node.inputs = [node.input(0)]
    return .tile(Tile(repeats: repeats))
}

/// ONNX Reshape 5, 13: the shape as input 1.
@Sendable func readReshape5(_ node: NodeImport) throws(ONNXError) -> Operator {
    .reshape(Reshape(shape: nil, allowsZero: false))
}

/// ONNX Reshape 14 to 25: `allowzero`.
@Sendable func readReshape14(_ node: NodeImport) throws(ONNXError) -> Operator {
    .reshape(Reshape(shape: nil, allowsZero: try node.attributes.flag("allowzero", default: false)))
}

/// ONNX Flatten 1 to 25.
@Sendable func readFlatten(_ node: NodeImport) throws(ONNXError) -> Operator {
    .flatten(Flatten(axis: try node.attributes.integer("axis") ?? 1))
}

/// ONNX Squeeze 1, 11: axes as an attribute.
@Sendable func readSqueeze1(_ node: NodeImport) throws(ONNXError) -> Operator {
    .squeeze(Squeeze(axes: try node.attributes.integers("axes")))
}

/// ONNX Unsqueeze 1, 11: axes as an attribute.
@Sendable func readUnsqueeze1(_ node: NodeImport) throws(ONNXError) -> Operator {
    guard let axes = try node.attributes.integers("axes") else { throw ONNXError(.missing("attribute axes")) }
    return .unsqueeze(Unsqueeze(axes: axes))
}

/// ONNX Transpose 1 to 25.
@Sendable func readTranspose(_ node: NodeImport) throws(ONNXError) -> Operator {
    .transpose(Transpose(permutation: try node.attributes.integers("perm")))
}

private func blockSize(_ node: NodeImport) throws(ONNXError) -> Int {
    guard let size = try node.attributes.integer("blocksize") else { throw ONNXError(.missing("attribute blocksize")) }
    guard (1...1 << 20).contains(size) else {
        throw ONNXError(.attribute(name: "blocksize", expected: "1 to 1048576", found: String(size)))
    }
    return size
}

/// ONNX DepthToSpace 1, 11 (`mode`), 13.
@Sendable func readDepthToSpace(_ node: NodeImport) throws(ONNXError) -> Operator {
    let mode = try node.attributes.choice(
        "mode", default: "DCR", ["DCR": DepthToSpace.Mode.depthColumnRow, "CRD": .columnRowDepth])
    return .depthToSpace(DepthToSpace(blockSize: try blockSize(node), mode: mode))
}

/// ONNX SpaceToDepth 1, 13, 28 (`mode`, of which the first order is read).
@Sendable func readSpaceToDepth(_ node: NodeImport) throws(ONNXError) -> Operator {
    _ = try node.attributes.choice("mode", default: "DCR", ["DCR": true])
    return .spaceToDepth(SpaceToDepth(blockSize: try blockSize(node)))
}
