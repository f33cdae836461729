internal import SkiffCore

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

extension Softmax {
    public func infer(_ inputs: [Fact?], outputCount: Int) throws(GraphError) -> [Fact] {
        let input = try Operands(inputs, ["input"], required: 1, outputCount: outputCount).required(0)
        try input.require(.floatingPoint)
        if let rank = input.shape?.count, !flattensFromAxis || axis != rank {
            _ = try normalizedAxis(axis, rank: rank)
        }
        return [Fact(input.elementType, input.shape)]
    }
}
