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
            guard let shape = try operand.shape(rank: rank) else {
                result[axis] = .unknown
                continue
            }
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

extension Split {
    public func infer(_ inputs: [Fact?], outputCount: Int) throws(GraphError) -> [Fact] {
        let inputs = try Operands(
            inputs, ["input", "split"], required: 1, outputCount: outputCount, outputs: 1...Limits.nodes)
        let input = try inputs.required(0)
        let given: SymbolicShape?
        if let operand = inputs[1] {
            given = try operand.splitSizes(count: outputCount)
        } else {
            given = sizes.map { SymbolicShape($0) }
        }
        if let given, given.count != outputCount || given.contains(where: { ($0.fixedValue ?? 0) < 0 }) {
            throw GraphError(
                .attribute(
                    name: "split", expected: "\(outputCount) sizes of at least 0, one per output",
                    found: given.count <= Limits.rank ? given.shapeText : "\(given.count) numbers"))
        }
        guard let shape = input.shape else {
            return Array(repeating: Fact(input.elementType, nil), count: outputCount)
        }
        let axis = try normalizedAxis(axis, rank: shape.count)
        let parts = if let given { given } else { try equalParts(of: shape[axis], count: outputCount) }
        try requireSum(parts, of: shape[axis])
        return facts(of: input, parts: parts, axis: axis, shape: shape)
    }

    private func facts(of input: Operand, parts: SymbolicShape, axis: Int, shape: SymbolicShape) -> [Fact] {
        var start = 0
        return parts.map { part in
            var result = shape
            result[axis] = part
            let fact = Fact(input.elementType, result)
            guard shape.count == 1, let contents = input.fact.contents, contents.count <= Fact.Contents.foldingLimit,
                let count = part.fixedValue, count <= contents.count - start
            else { return fact }
            defer { start += count }
            return fact.holding(contents.picking(Array(start..<start + count)))
        }
    }

    private func equalParts(of open: Dimension, count: Int) throws(GraphError) -> SymbolicShape {
        guard let extent = open.fixedValue else {
            return count == 1 ? [open] : SymbolicShape(repeating: .unknown, count: count)
        }
        let part = extent / count + (extent % count == 0 ? 0 : 1)
        let last = extent - part * (count - 1)
        guard last > 0 || extent == 0 else {
            throw GraphError(
                .extent(input: "input", expected: "parts for \(count) outputs", found: "\(extent) elements"))
        }
        return SymbolicShape(repeating: .fixed(part), count: count - 1) + [.fixed(last)]
    }

    private func requireSum(_ parts: SymbolicShape, of extent: Dimension) throws(GraphError) {
        guard let sizes = parts.fixedShape, let extent = extent.fixedValue else { return }
        var sum = 0
        for size in sizes { sum = try checkedSum(sum, size, "split") }
        guard sum == extent else {
            throw GraphError(
                .attribute(name: "split", expected: "sizes that sum to \(extent)", found: "a sum of \(sum)"))
        }
    }
}

extension Operand {
    /// The sizes of `count` parts; unknown ones `unknown`.
    fileprivate func splitSizes(count: Int) throws(GraphError) -> SymbolicShape? {
        let list = try integerList()
        return list ?? SymbolicShape(repeating: .unknown, count: count)
    }
}
