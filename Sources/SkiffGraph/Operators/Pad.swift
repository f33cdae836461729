internal import SkiffCore

/// The input with elements added around it, or taken away where a number is negative.
///
/// Inputs: 0 x; 1 pads (integers, all begins then all ends), optional; 2 the constant (scalar), optional; 3 axes,
/// optional. ``pads`` holds them where the source has them as attributes: one begin and end per axis of x.
/// Source: ONNX Pad 1, 2, 11 to 25; Keras ZeroPadding.
public struct Pad: OperatorAttributes {
    public enum Mode: String, Hashable, Sendable, CaseIterable { case constant, reflect, edge, wrap }

    public var mode: Mode
    public var pads: [Int]?
    /// The constant where input 2 is left out.
    public var value: Float

    public init(mode: Mode, pads: [Int]?, value: Float = 0) {
        self.mode = mode
        self.pads = pads
        self.value = value
    }
}

/// The input without margins of its spatial axes. Source: Keras Cropping1D, 2D, 3D.
public struct Cropping: OperatorAttributes {
    /// Elements taken from the start of each spatial axis.
    public var before: [Int]
    public var after: [Int]
    public var layout: Layout
    public init(before: [Int], after: [Int], layout: Layout) {
        self.before = before
        self.after = after
        self.layout = layout
    }
}

extension Pad {
    public func infer(_ inputs: [Fact?], outputCount: Int) throws(GraphError) -> [Fact] {
        let inputs = try Operands(inputs, ["input", "pads", "constant", "axes"], required: 1, outputCount: outputCount)
        let input = try inputs.required(0)
        if inputs[1] == nil, pads == nil { throw GraphError(.missingInput("pads")) }
        if let constant = inputs[2] {
            try constant.require(sameTypeAs: input)
            try constant.requireOneElement()
        }
        let given = try inputs.integerList(1, orAttribute: pads)
        let axes = try inputs[3].map { operand throws(GraphError) in try operand.integerList() }
        guard var shape = input.shape else { return [Fact(input.elementType, nil)] }
        let open = Fact(input.elementType, SymbolicShape(repeating: .unknown, count: shape.count))
        if case .some(nil) = axes { return [open] }
        guard let given else { return [open] }
        guard let axes = (axes ?? SymbolicShape(Array(shape.indices)))?.fixedShape else { return [open] }
        let padded = try normalizedAxes(axes, rank: shape.count)
        guard given.count == 2 * padded.count else {
            throw GraphError(
                .attribute(name: "pads", expected: "\(2 * padded.count) numbers", found: "\(given.count)"))
        }
        for (index, axis) in padded.enumerated() {
            shape[axis] = try extent(shape[axis], given[index], given[padded.count + index], axis: axis)
        }
        return [Fact(input.elementType, shape)]
    }

    private func extent(
        _ input: Dimension, _ before: Dimension, _ after: Dimension, axis: Int
    ) throws(GraphError) -> Dimension {
        guard let before = before.fixedValue, let after = after.fixedValue else { return .unknown }
        if before == 0, after == 0 { return input }
        let growth = try checkedSum(before, after, "pads")
        guard let extent = input.fixedValue else { return growth == 0 ? input : .unknown }
        let kept = try checkedSum(checkedSum(extent, min(before, 0), "pads"), min(after, 0), "pads")
        // Of a constant, what is taken away may be padding of the other side.
        guard kept >= 0 || mode == .constant else { throw GraphError(.emptyOutput(axis: axis, found: kept)) }
        let most = max(before, after)
        switch mode {
        case .constant: break
        case .edge, .wrap:
            guard most <= 0 || kept > 0 else { throw unpaddable(most, "none of an axis without elements") }
        case .reflect:
            guard most <= 0 || most < kept else { throw unpaddable(most, "less than the \(kept) elements it reflects") }
        }
        return .fixed(try checkedSum(extent, growth, "padded extent"))
    }

    private func unpaddable(_ found: Int, _ expected: String) -> GraphError {
        GraphError(.attribute(name: "pads", expected: expected, found: "\(found)"))
    }
}

extension Cropping {
    public func infer(_ inputs: [Fact?], outputCount: Int) throws(GraphError) -> [Fact] {
        let map = try Operands(inputs, ["input"], required: 1, outputCount: outputCount).required(0)
        try requireList(before, count: before.count, minimum: 0, name: "cropping before")
        try requireList(after, count: before.count, minimum: 0, name: "cropping after")
        guard var shape = try map.shape(rank: before.count + 2) else { return [Fact(map.elementType, nil)] }
        for axis in before.indices {
            let position = layout.firstSpatialAxis + axis
            let cropped = try checkedSum(before[axis], after[axis], "cropping")
            let rest = shape[position] - .fixed(cropped)
            if cropped > 0, let extent = rest.fixedValue, extent < 1 {
                throw GraphError(.emptyOutput(axis: position, found: extent))
            }
            shape[position] = cropped == 0 ? shape[position] : rest
        }
        return [Fact(map.elementType, shape)]
    }
}
