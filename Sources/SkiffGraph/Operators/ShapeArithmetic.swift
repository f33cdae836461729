public import SkiffCore

/// The input's extents from ``start`` to ``end``, as int64. Source: ONNX Shape 1, 13, 15 to 25.
public struct ShapeOf: OperatorAttributes {
    public var start: Int
    /// Past the last axis where `nil`.
    public var end: Int?
    public init(start: Int = 0, end: Int? = nil) {
        self.start = start
        self.end = end
    }
}

/// The input's number of elements, an int64 scalar. Source: ONNX Size.
public struct SizeOf: OperatorAttributes {
    public init() {}
}

/// One value in a shape that is input 0. Source: ONNX ConstantOfShape 9 to 25.
public struct ConstantOfShape: OperatorAttributes {
    public var elementType: ElementType
    /// The value as a Double; whole numbers to 2⁵³ are exact, bool is 0 or 1.
    public var value: Double
    public init(elementType: ElementType, value: Double) {
        self.elementType = elementType
        self.value = value
    }
}

/// start, start + step, … below (or above) limit. Inputs: 0 start; 1 limit; 2 step; scalars. Source: ONNX Range.
public struct RangeOfNumbers: OperatorAttributes {
    public init() {}
}

extension ShapeOf {
    public func infer(_ inputs: [Fact?], outputCount: Int) throws(GraphError) -> [Fact] {
        let input = try Operands(inputs, ["input"], required: 1, outputCount: outputCount).required(0)
        guard let shape = input.shape else { return [Fact(.int64, [.unknown])] }
        let first = clamped(start, rank: shape.count)
        let last = clamped(end ?? shape.count, rank: shape.count)
        let extents = Array(shape[first..<max(first, last)])
        return [Fact(.int64, [.fixed(extents.count)]).holding(.integers(extents))]
    }

    private func clamped(_ axis: Int, rank: Int) -> Int {
        min(max(axis < 0 ? axis + rank : axis, 0), rank)
    }
}

extension SizeOf {
    public func infer(_ inputs: [Fact?], outputCount: Int) throws(GraphError) -> [Fact] {
        let input = try Operands(inputs, ["input"], required: 1, outputCount: outputCount).required(0)
        return [Fact(.int64, []).holding(.integers([input.shape?.elementCount ?? .unknown]))]
    }
}

extension ConstantOfShape {
    public func infer(_ inputs: [Fact?], outputCount: Int) throws(GraphError) -> [Fact] {
        let shape = try Operands(inputs, ["shape"], required: 1, outputCount: outputCount).required(0).extents()
        var contents: Fact.Contents?
        if let count = shape?.fixedShape?.checkedElementCount, count <= Fact.Contents.foldingLimit {
            contents =
                elementType.isFloatingPoint
                ? .reals(Array(repeating: value, count: count))
                : .integers(Array(repeating: Int(exactly: value).map { .fixed($0) } ?? .unknown, count: count))
        }
        return [Fact(elementType, shape).holding(contents)]
    }
}

extension RangeOfNumbers {
    public func infer(_ inputs: [Fact?], outputCount: Int) throws(GraphError) -> [Fact] {
        let inputs = try Operands(inputs, ["start", "limit", "step"], required: 3, outputCount: outputCount)
        let start = try inputs.required(0)
        try start.require(.number)
        try inputs.requireSameTypes()
        for operand in inputs.all { try operand.requireOneElement() }
        let bounds = inputs.all.map { $0.fact.integerElements?.first ?? .unknown }
        if start.elementType.isFloatingPoint { return [Fact(start.elementType, [try realCount(inputs)])] }
        if bounds[2] == 0 { throw zeroStep }
        guard let known = bounds.fixedShape else {
            let count: Dimension = bounds[0] == 0 && bounds[2] == 1 ? bounds[1] : .unknown
            return [Fact(start.elementType, [count])]
        }
        let (distance, overflow) = known[1].subtractingReportingOverflow(known[0])
        guard !overflow else { throw GraphError(.overflow("range")) }
        let isEmpty = distance == 0 || (distance < 0) != (known[2] < 0)
        let steps = isEmpty ? 0 : (distance.magnitude - 1) / known[2].magnitude + 1
        guard let count = Int(exactly: steps) else { throw GraphError(.overflow("range")) }
        var contents: Fact.Contents?
        if count <= Fact.Contents.foldingLimit {
            contents = .integers((0..<count).map { .fixed(known[0] &+ $0 &* known[2]) })
        }
        return [Fact(start.elementType, [.fixed(count)]).holding(contents)]
    }

    private var zeroStep: GraphError {
        GraphError(.attribute(name: "step", expected: "a number other than 0", found: "0"))
    }

    private func realCount(_ inputs: Operands) throws(GraphError) -> Dimension {
        let bounds = inputs.all.compactMap { $0.fact.reals?.first }
        guard bounds.count == 3 else { return .unknown }
        guard bounds[2] != 0 else { throw zeroStep }
        // ONNX Runtime takes the difference in the element type and the quotient in double.
        let distance = inputs.all[0].elementType.rounded(bounds[1] - bounds[0])
        let steps = (distance / bounds[2]).rounded(.up)
        guard let count = Int(exactly: max(steps, 0)) else { throw GraphError(.overflow("range")) }
        return .fixed(count)
    }
}
