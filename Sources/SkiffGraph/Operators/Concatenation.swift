internal import SkiffCore

/// Inputs one behind the other along an axis. Source: ONNX Concat; Keras Concatenate.
public struct Concatenation: OperatorAttributes {
    /// Negative counts from the end.
    public var axis: Int
    public init(axis: Int) { self.axis = axis }
}

/// The input cut along an axis into as many parts as there are outputs.
///
/// Inputs: 0 x; 1 the parts' extents (integers), optional. Without ``sizes`` and input 1 the parts are equal,
/// the last one smaller where they do not fit. Source: ONNX Split 1, 2, 11, 13, 18.
public struct Split: OperatorAttributes {
    public var axis: Int
    /// Extents of the parts where the source gives them as an attribute.
    public var sizes: [Int]?
    public init(axis: Int, sizes: [Int]?) {
        self.axis = axis
        self.sizes = sizes
    }
}

extension Concatenation {
    public func infer(_ inputs: [Fact?], outputCount: Int) throws(GraphError) -> [Fact] {
        let names = inputs.indices.map { "input \($0)" }
        let operands = try Operands(inputs, names, required: max(inputs.count, 1), outputCount: outputCount)
        let first = try operands.required(0)
        try operands.requireSameTypes()
        guard let rank = operands.all.lazy.compactMap({ $0.shape?.count }).first else {
            return [Fact(first.elementType, nil)]
        }
        let axis = try normalizedAxis(axis, rank: rank)
        var result = SymbolicShape(repeating: .unknown, count: rank)
        result[axis] = 0
        for operand in operands.all {
            guard let shape = try operand.shape(rank: rank) else { result[axis] = .unknown; continue }
            for position in shape.indices where position != axis {
                result[position] = try unifyExtent(
                    result[position], shape[position], input: operand.name, axis: "elements along axis \(position)")
            }
            result[axis] = result[axis] + shape[axis]
        }
        return [Fact(first.elementType, result).holding(axis == 0 && rank == 1 ? joined(operands) : nil)]
    }

    /// The inputs' elements one behind the other; the unknown ones among whole numbers stay unknown.
    private func joined(_ operands: Operands) -> Fact.Contents? {
        var integers: [Dimension] = []
        var reals: [Double] = []
        for operand in operands.all {
            if let elements = operand.fact.realElements {
                reals += elements
            } else if let elements = operand.fact.integerElements {
                integers += elements
            } else {
                return nil
            }
            if integers.count + reals.count > Fact.Contents.foldingLimit { return nil }
        }
        return reals.isEmpty ? .integers(integers) : .reals(reals)
    }
}
