internal import SkiffCore

/// The input in another shape. Inputs: 0 x; 1 the shape (integers), optional.
///
/// ``shape`` holds the extents where the source has them as an attribute. One −1 is what is left; 0 copies the
/// input's extent unless ``allowsZero``. ``keepsBatch``: the extents are those behind axis 0 (Keras).
/// Source: ONNX Reshape 1 to 25; Keras Reshape.
public struct Reshape: OperatorAttributes {
    public var shape: [Int]?
    public var allowsZero: Bool
    public var keepsBatch: Bool
    public init(shape: [Int]?, allowsZero: Bool, keepsBatch: Bool = false) {
        self.shape = shape
        self.allowsZero = allowsZero
        self.keepsBatch = keepsBatch
    }
}

/// (d₀·…, …·dₙ): the axes before ``axis`` as one, those from it on as another. Source: ONNX Flatten.
/// Keras Flatten is axis 1; for channels-first data Keras moves channels last first, imported as a Transpose.
public struct Flatten: OperatorAttributes {
    public var axis: Int
    public init(axis: Int) { self.axis = axis }
}

/// The input without axes of extent one. Inputs: 0 x; 1 axes, optional. Without axes, all of extent one go.
/// Source: ONNX Squeeze 1, 11, 13 to 25.
public struct Squeeze: OperatorAttributes {
    public var axes: [Int]?
    public init(axes: [Int]?) { self.axes = axes }
}

/// The input with axes of extent one put in. Inputs: 0 x; 1 axes, optional where the attribute has them.
/// Source: ONNX Unsqueeze 1, 11, 13 to 25.
public struct Unsqueeze: OperatorAttributes {
    public var axes: [Int]?
    public init(axes: [Int]?) { self.axes = axes }
}

extension Reshape {
    public func infer(_ inputs: [Fact?], outputCount: Int) throws(GraphError) -> [Fact] {
        let inputs = try Operands(inputs, ["input", "shape"], required: 1, outputCount: outputCount)
        let input = try inputs.required(0)
        var target = shape.map { SymbolicShape($0) }
        if let operand = inputs[1] {
            target = try operand.integerList()
        } else if target == nil {
            throw GraphError(.missingInput("shape"))
        }
        guard let target else { return [Fact(input.elementType, nil)] }
        guard target.count <= Limits.rank else {
            throw GraphError(.limit(name: "rank", declared: target.count, allowed: Limits.rank))
        }
        let result = try resolved(target, from: input.shape)
        return [Fact(input.elementType, result).holding(input.fact.contents)]
    }

    /// The shape that `target` means for an input of `shape`.
    private func resolved(_ target: SymbolicShape, from shape: SymbolicShape?) throws(GraphError) -> SymbolicShape {
        if keepsBatch, let shape, shape.isEmpty {
            throw GraphError(.rank(input: "input", expected: "at least 1", found: 0))
        }
        var result = keepsBatch ? [shape?.first ?? .unknown] + target : target
        // Open extents that are copied stand on both sides and cancel, and so does the batch.
        var copied: Set<Int> = keepsBatch ? [0] : []
        var inferredAxis: Int?
        for axis in result.indices where !copied.contains(axis) {
            guard let extent = result[axis].fixedValue else { continue }
            if extent < -1 { throw refused("extents of at least -1", target) }
            if extent == -1 {
                guard inferredAxis == nil else { throw refused("at most one -1", target) }
                inferredAxis = axis
            } else if extent == 0, !allowsZero {
                if let shape, axis >= shape.count {
                    throw refused("zeros only for axes of \(shape.shapeText)", target)
                }
                result[axis] = shape?[axis] ?? .unknown
                if result[axis].fixedValue == nil { copied.insert(axis) }
            }
        }
        if allowsZero, inferredAxis != nil, result.contains(0) { throw refused("no -1 beside a zero", target) }
        if let inferredAxis { result[inferredAxis] = .unknown }
        guard let shape else { return result }
        let rest = shape.indices.filter { !copied.contains($0) }.map { shape[$0] }
        // An element computed at run time stands for whatever extent is left, as -1 does, when it is the only one.
        let open = result.indices.filter { result[$0] == .unknown && !copied.contains($0) }
        let solved = open.count == 1 ? open[0] : nil
        let others = result.indices.filter { !copied.contains($0) && $0 != solved }.map { result[$0] }
        let found = try remainder(of: rest, over: others, input: shape, target: target, isInferred: solved != nil)
        if let solved { result[solved] = found }
        return result
    }

    /// What is left of the input's elements when the output's other extents are taken from them.
    /// - Throws: ``GraphError`` where it certainly is not a whole number, or not 1 where nothing is inferred.
    private func remainder(
        of rest: SymbolicShape, over others: SymbolicShape, input: SymbolicShape, target: SymbolicShape,
        isInferred: Bool
    ) throws(GraphError) -> Dimension {
        let (have, want) = (ExtentProduct(rest), ExtentProduct(others))
        guard !have.hasUnknown, !want.hasUnknown, let elements = have.fixed.fixedValue,
            let taken = want.fixed.fixedValue
        else { return .unknown }
        let open = have.cancelling(want)
        guard open.right.isEmpty else { return .unknown }
        guard open.left.isEmpty else {
            return open.left.count == 1 && elements == taken && taken != 0 ? open.left[0] : .unknown
        }
        if isInferred, taken == 0, elements == 0, !target.contains(-1) { return .unknown }
        let fits = isInferred ? taken != 0 && elements % taken == 0 : taken == elements
        guard fits else {
            throw GraphError(
                .extent(
                    input: "input", expected: "the elements of \(target.shapeText)", found: "shape \(input.shapeText)"))
        }
        return isInferred ? .fixed(elements / taken) : 1
    }

    private func refused(_ expected: String, _ target: SymbolicShape) -> GraphError {
        GraphError(.attribute(name: "shape", expected: expected, found: target.shapeText))
    }
}

extension Flatten {
    public func infer(_ inputs: [Fact?], outputCount: Int) throws(GraphError) -> [Fact] {
        let input = try Operands(inputs, ["input"], required: 1, outputCount: outputCount).required(0)
        guard let shape = input.shape else { return [Fact(input.elementType, [.unknown, .unknown])] }
        guard axis >= -shape.count, axis <= shape.count else {
            throw GraphError(.attribute(name: "axis", expected: "\(-shape.count) to \(shape.count)", found: "\(axis)"))
        }
        let first = axis < 0 ? axis + shape.count : axis
        let result = [shape.prefix(first).elementCount, shape.dropFirst(first).elementCount]
        return [Fact(input.elementType, result).holding(input.fact.contents)]
    }
}

extension Squeeze {
    public func infer(_ inputs: [Fact?], outputCount: Int) throws(GraphError) -> [Fact] {
        let inputs = try Operands(inputs, ["input", "axes"], required: 1, outputCount: outputCount)
        let input = try inputs.required(0)
        let given = try inputs.integerList(1, orAttribute: axes)
        guard let shape = input.shape else { return [Fact(input.elementType, nil)] }
        guard let given, !given.isEmpty else {
            let isOpen = given == nil && inputs[1] != nil || shape.contains { $0.fixedValue == nil }
            let kept = isOpen ? nil : shape.filter { $0 != 1 }
            return [Fact(input.elementType, kept).holding(input.fact.contents)]
        }
        guard let axes = given.fixedShape else {
            let count = shape.count - given.count
            return [Fact(input.elementType, count < 0 ? nil : SymbolicShape(repeating: .unknown, count: count))]
        }
        let removed = try normalizedAxes(axes, rank: shape.count, allowsRepeats: true)
        for axis in removed {
            _ = try unifyExtent(1, shape[axis], input: "input", axis: "elements along squeezed axis \(axis)")
        }
        let kept = shape.indices.filter { !removed.contains($0) }.map { shape[$0] }
        return [Fact(input.elementType, kept).holding(input.fact.contents)]
    }
}

extension Unsqueeze {
    public func infer(_ inputs: [Fact?], outputCount: Int) throws(GraphError) -> [Fact] {
        let inputs = try Operands(inputs, ["input", "axes"], required: 1, outputCount: outputCount)
        let input = try inputs.required(0)
        if inputs[1] == nil, axes == nil { throw GraphError(.missingInput("axes")) }
        let given = try inputs.integerList(1, orAttribute: axes)
        guard let shape = input.shape, let given else { return [Fact(input.elementType, nil)] }
        let rank = shape.count + given.count
        guard rank <= Limits.rank else {
            throw GraphError(.limit(name: "rank", declared: rank, allowed: Limits.rank))
        }
        guard let axes = given.fixedShape else {
            return [Fact(input.elementType, SymbolicShape(repeating: .unknown, count: rank))]
        }
        var result = SymbolicShape(repeating: .unknown, count: rank)
        for axis in try normalizedAxes(axes, rank: rank) { result[axis] = 1 }
        var remaining = shape[...]
        for axis in result.indices where result[axis] == .unknown { result[axis] = remaining.removeFirst() }
        return [Fact(input.elementType, result).holding(input.fact.contents)]
    }
}
