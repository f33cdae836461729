public import SkiffCore

/// A part of the input, with steps. Inputs: 0 x; 1 starts; 2 ends; 3 axes, optional; 4 steps, optional.
/// Where the source has attributes (ONNX Slice 1) they are imported as weights. Source: ONNX Slice 10, 11, 13.
public struct Slice: OperatorAttributes {
    public init() {}
}

extension Slice {
    public func infer(_ inputs: [Fact?], outputCount: Int) throws(GraphError) -> [Fact] {
        let names = ["input", "starts", "ends", "axes", "steps"]
        let inputs = try Operands(inputs, names, required: 3, outputCount: outputCount)
        let input = try inputs.required(0)
        let starts = try inputs.required(1).integerList()
        let ends = try inputs.required(2).integerList()
        let axes = try inputs[3].map { operand throws(GraphError) in try operand.integerList() }
        let steps = try inputs[4].map { operand throws(GraphError) in try operand.integerList() }
        guard let shape = input.shape else { return [Fact(input.elementType, nil)] }
        let open = Fact(input.elementType, SymbolicShape(repeating: .unknown, count: shape.count))
        guard let starts, let ends else { return [open] }
        let count = starts.count
        try requireCount(ends.count, count, "ends")
        if case .some(nil) = axes { return [open] }
        guard let axes = (axes ?? SymbolicShape(Array(0..<count)))?.fixedShape else { return [open] }
        try requireCount(axes.count, count, "axes")
        let sliced = try normalizedAxes(axes, rank: shape.count)
        let unknownSteps = SymbolicShape(repeating: .unknown, count: count)
        let strides = steps.map { $0 ?? unknownSteps } ?? SymbolicShape(repeating: 1, count: count)
        try requireCount(strides.count, count, "steps")
        var ranges = shape.map { SlicedRange(all: $0) }
        for (index, axis) in sliced.enumerated() {
            ranges[axis] = try SlicedRange(
                start: starts[index], end: ends[index], step: strides[index], of: shape[axis])
        }
        let output = Fact(input.elementType, ranges.map(\.extent))
        return [output.holding(picked(input, ranges))]
    }

    private func picked(_ input: Operand, _ ranges: [SlicedRange]) -> Fact.Contents? {
        guard let contents = input.fact.contents, let shape = input.shape?.fixedShape,
            let target = ranges.map(\.extent).fixedShape
        else { return nil }
        var offset = 0
        var strides = shape.rowMajorStrides
        for (axis, range) in ranges.enumerated() {
            offset = offset &+ range.first &* strides[axis]
            strides[axis] = strides[axis] &* range.step
        }
        return flatPositions(shape: target, offset: offset, strides: strides).flatMap { contents.picking($0) }
    }

    private func requireCount(_ found: Int, _ expected: Int, _ name: String) throws(GraphError) {
        guard found == expected else {
            throw GraphError(.extent(input: name, expected: "\(expected) numbers as starts", found: "\(found)"))
        }
    }
}

/// The elements that a slice takes of one axis.
public struct SlicedRange: Hashable, Sendable {
    /// How many; `unknown` where the bounds or the axis are open.
    public let extent: Dimension
    /// The first one's index, and the distance to the next. Meaningful where ``extent`` is fixed and above zero.
    public let first: Int
    public let step: Int

    init(all extent: Dimension) { (self.extent, first, step) = (extent, 0, 1) }

    /// Bounds past the axis are clamped to it, negative ones count from its end. An end of 2³¹ − 1 or 2⁶³ − 1 is
    /// open in both directions, as ONNX Runtime reads it.
    /// - Throws: ``GraphError`` `attribute` for a step of zero.
    public init(start: Dimension, end: Dimension, step: Dimension, of axis: Dimension) throws(GraphError) {
        if step == 0 { throw GraphError(.attribute(name: "steps", expected: "a number other than 0", found: "0")) }
        if Self.takesAll(start: start, end: end, step: step, of: axis) {
            (extent, first, self.step) = (axis, step == 1 ? 0 : (axis.fixedValue ?? 1) - 1, step.fixedValue ?? 1)
            return
        }
        guard let start = start.fixedValue, let end = end.fixedValue, let step = step.fixedValue,
            let length = axis.fixedValue, length > 0
        else {
            (extent, first, self.step) = (axis == 0 ? 0 : .unknown, 0, 1)
            return
        }
        let from = Self.clamped(start, length, step > 0 ? 0...length : 0...length - 1)
        let isOpenEnd = end == Int(Int32.max) || end == Int.max
        let to = step < 0 && isOpenEnd ? -1 : Self.clamped(end, length, step > 0 ? 0...length : -1...length - 1)
        let distance = step > 0 ? to - from : from - to
        // A step longer than the axis takes one element, whatever its length; the magnitude of Int.min has no Int.
        let stride = Int(min(step.magnitude, UInt(length) + 1))
        extent = .fixed(distance <= 0 ? 0 : (distance - 1) / stride + 1)
        first = from
        self.step = step > 0 ? stride : -stride
    }

    private static func clamped(_ bound: Int, _ length: Int, _ limits: ClosedRange<Int>) -> Int {
        let counted = bound < 0 ? bound &+ length : bound
        return min(max(counted, limits.lowerBound), limits.upperBound)
    }

    /// Whether every element is taken whatever the extent: bounds that exporters write for an open end.
    private static func takesAll(start: Dimension, end: Dimension, step: Dimension, of axis: Dimension) -> Bool {
        let farthest = Int(Int32.max)
        let end = end == axis && axis != .unknown && step == 1 ? farthest : end.fixedValue ?? 0
        switch step {
        case 1: return start == 0 && end >= farthest
        case -1: return start == -1 && (end <= -farthest || end == farthest || end == Int.max)
        default: return false
        }
    }
}
