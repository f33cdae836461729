internal import SkiffCore

/// How an element that is scattered meets the one that stands there. Source: attribute `reduction` of ONNX.
public enum ScatterReduction: String, Hashable, Sendable, CaseIterable {
    /// It takes the other's place; of several the last one stays.
    case none
    case add, multiply, maximum, minimum
}

/// The input with slices replaced at tuples of indices.
///
/// Inputs: 0 x; 1 indices (…, k), whose last axis holds indices along the first k axes of x; 2 updates, of the other
/// axes of the indices, then the axes of x behind the first k. Source: ONNX ScatterND 11, 13, 16, 18.
public struct ScatterND: OperatorAttributes {
    public var reduction: ScatterReduction
    public init(reduction: ScatterReduction = .none) { self.reduction = reduction }
}

/// The input with elements replaced at indices along an axis. Inputs: 0 x; 1 indices; 2 updates, of the indices'
/// shape. Source: ONNX ScatterElements 11, 13, 16, 18; Scatter 9.
public struct ScatterElements: OperatorAttributes {
    /// Negative counts from the end.
    public var axis: Int
    public var reduction: ScatterReduction
    public init(axis: Int, reduction: ScatterReduction = .none) {
        self.axis = axis
        self.reduction = reduction
    }
}

extension ScatterND {
    public func infer(_ inputs: [Fact?], outputCount: Int) throws(GraphError) -> [Fact] {
        let inputs = try Operands(inputs, ["input", "indices", "updates"], required: 3, outputCount: outputCount)
        let (input, indices) = (try inputs.required(0), try inputs.required(1))
        let updates = try inputs.required(2)
        try indices.require(.integer)
        try updates.require(sameTypeAs: input)
        if reduction != .none { try input.require(.number) }
        let output = Fact(input.elementType, input.shape)
        guard let shape = try input.shape(atLeast: 1), let tuples = try indices.shape(atLeast: 1),
            let depth = try tuples.tupleLength(indexing: shape.count)
        else { return [output] }
        let expected = tuples.dropLast() + shape[depth...]
        guard let found = try updates.shape(rank: expected.count) else { return [output] }
        for (axis, (want, have)) in zip(expected, found).enumerated() {
            _ = try unifyExtent(want, have, input: "updates", axis: "along axis \(axis)")
        }
        return [output]
    }
}

extension ScatterElements {
    public func infer(_ inputs: [Fact?], outputCount: Int) throws(GraphError) -> [Fact] {
        let inputs = try Operands(inputs, ["input", "indices", "updates"], required: 3, outputCount: outputCount)
        let (input, indices) = (try inputs.required(0), try inputs.required(1))
        let updates = try inputs.required(2)
        try indices.require(.integer)
        try updates.require(sameTypeAs: input)
        if reduction != .none { try input.require(.number) }
        let output = Fact(input.elementType, input.shape)
        guard let shape = try input.shape(atLeast: 1) else { return [output] }
        let axis = try normalizedAxis(axis, rank: shape.count)
        guard let picked = try indices.shape(rank: shape.count), let found = try updates.shape(rank: shape.count) else {
            return [output]
        }
        for position in shape.indices {
            _ = try unifyExtent(picked[position], found[position], input: "updates", axis: "along axis \(position)")
            guard position != axis, let most = shape[position].fixedValue, let some = picked[position].fixedValue,
                some > most
            else { continue }
            throw GraphError(
                .extent(input: "indices", expected: "at most \(most) along axis \(position)", found: "\(some)"))
        }
        return [output]
    }
}
