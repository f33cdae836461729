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

/// Exponentials along an axis, scaled to sum one; or their logarithms; or one at the first maximum (`hardmax`).
///
/// ``flattensFromAxis`` is the rule of ONNX before opset 13: the axes from `axis` on are taken as one.
/// Source: ONNX Softmax, LogSoftmax, Hardmax 1, 11, 13; Keras softmax.
public struct Softmax: OperatorAttributes {
    public enum Kind: String, Hashable, Sendable, CaseIterable { case softmax, logSoftmax, hardmax }

    public var kind: Kind
    public var axis: Int
    public var flattensFromAxis: Bool

    public init(_ kind: Kind = .softmax, axis: Int, flattensFromAxis: Bool = false) {
        self.kind = kind
        self.axis = axis
        self.flattensFromAxis = flattensFromAxis
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

extension Softmax {
    public func infer(_ inputs: [Fact?], outputCount: Int) throws(GraphError) -> [Fact] {
        let input = try Operands(inputs, ["input"], required: 1, outputCount: outputCount).required(0)
        try input.require(.floatingPoint)
        if let rank = input.shape?.count { _ = try normalizedAxis(axis, rank: rank) }
        return [Fact(input.elementType, input.shape)]
    }
}
