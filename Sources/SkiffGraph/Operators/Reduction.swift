internal import SkiffCore

/// One number of all elements along axes.
///
/// Inputs: 0 x; 1 axes (integers), optional, where the source gives them as an input. Without axes from either
/// place all axes are reduced, or none where ``emptyAxesMeanNone``. Source: ONNX Reduce*.
public struct Reduction: OperatorAttributes {
    public enum Kind: String, Hashable, Sendable, CaseIterable {
        case sum, mean, maximum, minimum, product
        case sumOfSquares, norm1, norm2, logarithmOfSum, logarithmOfSumOfExponentials
    }

    public var kind: Kind
    /// Axes given as an attribute; negative count from the end.
    public var axes: [Int]?
    public var keepsDimensions: Bool
    public var emptyAxesMeanNone: Bool

    public init(_ kind: Kind, axes: [Int]?, keepsDimensions: Bool, emptyAxesMeanNone: Bool = false) {
        self.kind = kind
        self.axes = axes
        self.keepsDimensions = keepsDimensions
        self.emptyAxesMeanNone = emptyAxesMeanNone
    }
}

/// The index (int64) of the largest or smallest element along an axis. Source: ONNX ArgMax, ArgMin.
public struct ArgumentReduction: OperatorAttributes {
    public enum Kind: String, Hashable, Sendable, CaseIterable { case maximum, minimum }

    public var kind: Kind
    public var axis: Int
    public var keepsDimensions: Bool
    /// Of equal elements the last wins instead of the first.
    public var selectsLast: Bool

    public init(_ kind: Kind, axis: Int, keepsDimensions: Bool, selectsLast: Bool) {
        self.kind = kind
        self.axis = axis
        self.keepsDimensions = keepsDimensions
        self.selectsLast = selectsLast
    }
}

/// Running sums along an axis. Inputs: 0 x; 1 the axis (scalar integer). Source: ONNX CumSum 11, 14.
public struct CumulativeSum: OperatorAttributes {
    public var isExclusive: Bool
    public var isReversed: Bool
    public init(isExclusive: Bool, isReversed: Bool) {
        self.isExclusive = isExclusive
        self.isReversed = isReversed
    }
}

extension Reduction {
    public func infer(_ inputs: [Fact?], outputCount: Int) throws(GraphError) -> [Fact] {
        let inputs = try Operands(inputs, ["input", "axes"], required: 1, outputCount: outputCount)
        let input = try inputs.required(0)
        try input.require(acceptsBool ? .numberOrBool : .number)
        let given = try inputs.integerList(1, orAttribute: axes)
        guard let shape = input.shape else { return [Fact(input.elementType, nil)] }
        let isOpen = inputs[1] != nil && given == nil
        guard !isOpen, let axes = (given ?? []).fixedShape else {
            let count = keepsDimensions ? shape.count : given.map { shape.count - $0.count } ?? -1
            return [Fact(input.elementType, count < 0 ? nil : SymbolicShape(repeating: .unknown, count: count))]
        }
        if axes.isEmpty, emptyAxesMeanNone { return [Fact(input.elementType, shape)] }
        let reduced =
            axes.isEmpty ? Array(shape.indices) : try normalizedAxes(axes, rank: shape.count, allowsRepeats: true)
        let result = reducedShape(shape, reduced, keepsDimensions: keepsDimensions)
        return [Fact(input.elementType, result).holding(reduced.count == shape.count ? folded(input.fact) : nil)]
    }

    /// ONNX ReduceMin and ReduceMax 20 take bool.
    private var acceptsBool: Bool { kind == .minimum || kind == .maximum }

    private func folded(_ input: Fact) -> Fact.Contents? {
        guard let elements = input.integerElements else { return nil }
        switch kind {
        case .sum: return .integers([elements.reduce(0, +)])
        case .product: return .integers([elements.reduce(1, *)])
        case .maximum: return elements.fixedShape?.max().map { .integers([.fixed($0)]) }
        case .minimum: return elements.fixedShape?.min().map { .integers([.fixed($0)]) }
        default: return nil
        }
    }
}

extension ArgumentReduction {
    public func infer(_ inputs: [Fact?], outputCount: Int) throws(GraphError) -> [Fact] {
        let input = try Operands(inputs, ["input"], required: 1, outputCount: outputCount).required(0)
        try input.require(.number)
        guard let shape = try input.shape(atLeast: 1) else { return [Fact(.int64, nil)] }
        let axis = try normalizedAxis(axis, rank: shape.count)
        guard shape[axis] != 0 else {
            throw GraphError(.extent(input: "input", expected: "at least 1 along axis \(axis)", found: "0"))
        }
        return [Fact(.int64, reducedShape(shape, [axis], keepsDimensions: keepsDimensions))]
    }
}

/// `shape` with the axes of `reduced` of extent one, or gone.
private func reducedShape(_ shape: SymbolicShape, _ reduced: [Int], keepsDimensions: Bool) -> SymbolicShape {
    var result: [Dimension?] = shape
    for axis in reduced { result[axis] = keepsDimensions ? 1 : nil }
    return result.compactMap { $0 }
}

extension CumulativeSum {
    public func infer(_ inputs: [Fact?], outputCount: Int) throws(GraphError) -> [Fact] {
        let inputs = try Operands(inputs, ["input", "axis"], required: 2, outputCount: outputCount)
        let input = try inputs.required(0)
        let axis = try inputs.required(1)
        try input.require(.number)
        try axis.require(.integer)
        try axis.requireOneElement()
        if let axis = axis.fact.integers?.first, let rank = input.shape?.count {
            _ = try normalizedAxis(axis, rank: rank)
        }
        return [Fact(input.elementType, input.shape)]
    }
}
