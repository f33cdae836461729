public import SkiffCore

/// The input itself. Further outputs (ONNX Dropout's mask) are bool, all true.
/// Source: ONNX Identity, Dropout; Keras Dropout and its kin at inference.
public struct Identity: OperatorAttributes {
    public init() {}
}

/// Elements converted to another type; reals to integers towards zero. Source: ONNX Cast, CastLike.
public struct Cast: OperatorAttributes {
    public var elementType: ElementType
    public init(to elementType: ElementType) { self.elementType = elementType }
}

/// The input with its axes in another order: output axis i is input axis permutation[i]; reversed where `nil`.
/// Source: ONNX Transpose; Keras Permute.
public struct Transpose: OperatorAttributes {
    public var permutation: [Int]?
    public init(permutation: [Int]?) { self.permutation = permutation }
}

/// The input repeated along axes of extent one, by NumPy's broadcast of both shapes.
/// Inputs: 0 x; 1 the shape. Source: ONNX Expand.
public struct Expand: OperatorAttributes {
    public init() {}
}

/// The input repeated along every axis. Inputs: 0 x; 1 repeats, one per axis, optional. ``repeats`` holds them
/// where the source has an attribute. Source: ONNX Tile 6, 13; Keras RepeatVector.
public struct Tile: OperatorAttributes {
    public var repeats: [Int]?
    public init(repeats: [Int]?) { self.repeats = repeats }
}

extension Identity {
    /// Inputs 1 and 2, Dropout's ratio and training mode, are not read.
    public func infer(_ inputs: [Fact?], outputCount: Int) throws(GraphError) -> [Fact] {
        let names = ["input", "ratio", "training mode"]
        let input = try Operands(inputs, names, required: 1, outputCount: outputCount, outputs: 1...2).required(0)
        return [input.fact, Fact(.bool, input.shape)]
    }
}

extension Cast {
    public func infer(_ inputs: [Fact?], outputCount: Int) throws(GraphError) -> [Fact] {
        let input = try Operands(inputs, ["input"], required: 1, outputCount: outputCount).required(0)
        return [Fact(elementType, input.shape).holding(folded(input.fact))]
    }

    private func folded(_ input: Fact) -> Fact.Contents? {
        if let reals = input.realElements {
            if elementType.isFloatingPoint { return .reals(reals) }
            if elementType == .bool { return .integers(reals.map { $0 == 0 ? 0 : 1 }) }
            return .integers(reals.map { Int(exactly: $0.rounded(.towardZero)).map { .fixed($0) } ?? .unknown })
        }
        guard let integers = input.integerElements else { return nil }
        if elementType.isFloatingPoint { return integers.fixedShape.map { .reals($0.map { Double($0) }) } }
        guard elementType == .bool else { return .integers(integers) }
        return .integers(integers.map { value in value.fixedValue.map { $0 == 0 ? 0 : 1 } ?? .unknown })
    }
}

extension Transpose {
    public func infer(_ inputs: [Fact?], outputCount: Int) throws(GraphError) -> [Fact] {
        let input = try Operands(inputs, ["input"], required: 1, outputCount: outputCount).required(0)
        guard let shape = input.shape else {
            guard let permutation else { return [Fact(input.elementType, nil)] }
            _ = try axes(rank: permutation.count)
            return [Fact(input.elementType, SymbolicShape(repeating: .unknown, count: permutation.count))]
        }
        let axes = try axes(rank: shape.count)
        let result = axes.map { shape[$0] }
        var contents: Fact.Contents?
        if let known = input.fact.contents, let extents = shape.fixedShape, let target = result.fixedShape {
            let strides = extents.rowMajorStrides
            contents = flatPositions(shape: target, strides: axes.map { strides[$0] }).flatMap { known.picking($0) }
        }
        return [Fact(input.elementType, result).holding(contents)]
    }

    private func axes(rank: Int) throws(GraphError) -> [Int] {
        guard let permutation else { return (0..<rank).reversed() }
        guard permutation.count == rank, permutation.allSatisfy({ $0 >= 0 }) else {
            throw GraphError(
                .attribute(name: "permutation", expected: "the axes 0 to \(rank - 1)", found: listText(permutation)))
        }
        return try normalizedAxes(permutation, rank: rank, name: "permutation")
    }
}

extension Expand {
    public func infer(_ inputs: [Fact?], outputCount: Int) throws(GraphError) -> [Fact] {
        let inputs = try Operands(inputs, ["input", "shape"], required: 2, outputCount: outputCount)
        let input = try inputs.required(0)
        guard let target = try inputs.required(1).extents() else { return [Fact(input.elementType, nil)] }
        let shape = try broadcast(input.shape, target)
        let contents = broadcastPositions(from: input.shape, to: shape).flatMap { input.fact.contents?.picking($0) }
        return [Fact(input.elementType, shape).holding(contents)]
    }
}

extension Tile {
    public func infer(_ inputs: [Fact?], outputCount: Int) throws(GraphError) -> [Fact] {
        let inputs = try Operands(inputs, ["input", "repeats"], required: 1, outputCount: outputCount)
        let input = try inputs.required(0)
        if inputs[1] == nil, repeats == nil { throw GraphError(.missingInput("repeats")) }
        let given = try inputs.integerList(1, orAttribute: repeats)
        guard let shape = input.shape else { return [Fact(input.elementType, nil)] }
        guard let given else {
            return [Fact(input.elementType, SymbolicShape(repeating: .unknown, count: shape.count))]
        }
        guard given.count == shape.count, given.allSatisfy({ ($0.fixedValue ?? 0) >= 0 }) else {
            throw GraphError(
                .attribute(name: "repeats", expected: "\(shape.count) numbers of at least 0", found: given.shapeText))
        }
        return [Fact(input.elementType, try productShape(shape, given, "tiled extent"))]
    }
}

/// Extents multiplied axis by axis.
/// - Throws: ``GraphError`` `overflow`.
func productShape(_ shape: SymbolicShape, _ factors: SymbolicShape, _ what: String) throws(GraphError) -> SymbolicShape
{
    var result = shape
    for (axis, factor) in zip(shape.indices, factors) {
        if let extent = shape[axis].fixedValue, let factor = factor.fixedValue {
            result[axis] = .fixed(try checkedProduct(extent, factor, what))
        } else {
            result[axis] = shape[axis] * factor
        }
    }
    return result
}
