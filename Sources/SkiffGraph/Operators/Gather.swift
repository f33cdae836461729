internal import SkiffCore

/// Slices of the input picked by index along an axis. Inputs: 0 x; 1 indices. Source: ONNX Gather.
public struct Gather: OperatorAttributes {
    public var axis: Int
    public init(axis: Int) { self.axis = axis }
}

/// Elements picked by index along an axis. Inputs: 0 x; 1 indices of x's rank. Source: ONNX GatherElements.
public struct GatherElements: OperatorAttributes {
    public var axis: Int
    public init(axis: Int) { self.axis = axis }
}

extension Gather {
    public func infer(_ inputs: [Fact?], outputCount: Int) throws(GraphError) -> [Fact] {
        let inputs = try Operands(inputs, ["input", "indices"], required: 2, outputCount: outputCount)
        let input = try inputs.required(0)
        let indices = try inputs.required(1)
        try indices.require(.integer)
        guard let shape = try input.shape(atLeast: 1) else { return [Fact(input.elementType, nil)] }
        let axis = try normalizedAxis(axis, rank: shape.count)
        let positions = try indices.fact.checkedIndices(of: shape[axis])
        guard let picked = indices.shape else { return [Fact(input.elementType, nil)] }
        let output = Fact(input.elementType, shape[..<axis] + picked + shape[(axis + 1)...])
        guard shape.count == 1, let positions else { return [output] }
        return [output.holding(input.fact.contents?.picking(positions))]
    }
}

extension GatherElements {
    public func infer(_ inputs: [Fact?], outputCount: Int) throws(GraphError) -> [Fact] {
        let inputs = try Operands(inputs, ["input", "indices"], required: 2, outputCount: outputCount)
        let input = try inputs.required(0)
        let indices = try inputs.required(1)
        try indices.require(.integer)
        guard let shape = try input.shape(atLeast: 1) else { return [Fact(input.elementType, indices.shape)] }
        let axis = try normalizedAxis(axis, rank: shape.count)
        guard let picked = try indices.shape(rank: shape.count) else {
            return [Fact(input.elementType, SymbolicShape(repeating: .unknown, count: shape.count))]
        }
        for other in shape.indices where other != axis {
            guard let most = shape[other].fixedValue, let found = picked[other].fixedValue, found > most else {
                continue
            }
            throw GraphError(
                .extent(input: "indices", expected: "at most \(most) along axis \(other)", found: "\(found)"))
        }
        _ = try indices.fact.checkedIndices(of: shape[axis])
        return [Fact(input.elementType, picked)]
    }
}

extension Fact {
    /// The elements as indices from the start of an axis of `extent`, where both are known.
    /// - Throws: ``GraphError`` `extent` for an index outside the axis.
    fileprivate func checkedIndices(of extent: Dimension) throws(GraphError) -> [Int]? {
        guard let extent = extent.fixedValue, let indices = integers else { return nil }
        for index in indices where index < -extent || index >= extent {
            throw GraphError(
                .extent(
                    input: "indices", expected: extent > 0 ? "\(-extent) to \(extent - 1)" : "none", found: "\(index)"))
        }
        return indices.map { $0 < 0 ? $0 + extent : $0 }
    }
}

/// Slices of the input picked by tuples of indices.
///
/// Inputs: 0 x; 1 indices (…, k), whose last axis holds the indices along k axes of x behind the batch axes. Output:
/// the other axes of the indices, then the axes of x behind the indexed ones. Source: ONNX GatherND 11, 12, 13.
public struct GatherND: OperatorAttributes {
    /// Leading axes that x and the indices share.
    public var batchDimensions: Int
    public init(batchDimensions: Int) { self.batchDimensions = batchDimensions }
}

extension GatherND {
    public func infer(_ inputs: [Fact?], outputCount: Int) throws(GraphError) -> [Fact] {
        let inputs = try Operands(inputs, ["input", "indices"], required: 2, outputCount: outputCount)
        let input = try inputs.required(0)
        let indices = try inputs.required(1)
        try indices.require(.integer)
        guard let shape = try input.shape(atLeast: 1), let tuples = try indices.shape(atLeast: 1) else {
            return [Fact(input.elementType, nil)]
        }
        let most = min(shape.count, tuples.count) - 1
        guard (0...most).contains(batchDimensions) else {
            throw GraphError(
                .attribute(name: "batch dimensions", expected: "0 to \(most)", found: "\(batchDimensions)"))
        }
        var result = Array(tuples.dropLast())
        for axis in 0..<batchDimensions {
            result[axis] = try unifyExtent(shape[axis], tuples[axis], input: "indices", axis: "along axis \(axis)")
        }
        guard let depth = try tuples.tupleLength(indexing: shape.count - batchDimensions) else {
            return [Fact(input.elementType, nil)]
        }
        return [Fact(input.elementType, result + shape[(batchDimensions + depth)...])]
    }
}

extension SymbolicShape {
    /// The last extent of indices that are tuples over some of `rank` axes; `nil` where it is open.
    /// - Throws: ``GraphError`` `extent` outside 1 to `rank`.
    func tupleLength(indexing rank: Int) throws(GraphError) -> Int? {
        guard let length = last?.fixedValue else { return nil }
        guard length >= 1, length <= rank else {
            throw GraphError(
                .extent(input: "indices", expected: "1 to \(rank) along the last axis", found: "\(length)"))
        }
        return length
    }
}
