internal import SkiffCore

/// The `k` largest or smallest elements along an axis, best first, and where they stand. Equal elements come in the
/// order of the input; NaN counts as larger than every number.
///
/// Inputs: 0 x; 1 `k`, a list of one number, optional where the attribute is there. Outputs: 0 elements, of x's type;
/// 1 their positions along the axis, int64, optional. Source: ONNX TopK 1, 10, 11, 24.
public struct TopK: OperatorAttributes {
    /// Elements to take of each line along the axis; `nil` where input 1 says it.
    public var k: Int?
    /// Negative counts from the end.
    public var axis: Int
    /// Whether the smallest are taken and not the largest.
    public var takesSmallest: Bool

    public init(k: Int?, axis: Int, takesSmallest: Bool = false) {
        self.k = k
        self.axis = axis
        self.takesSmallest = takesSmallest
    }
}

extension TopK {
    public func infer(_ inputs: [Fact?], outputCount: Int) throws(GraphError) -> [Fact] {
        let inputs = try Operands(inputs, ["input", "k"], required: 1, outputCount: outputCount, outputs: 1...2)
        let input = try inputs.required(0)
        try input.require(.number)
        let count = try count(inputs)
        var shape = try input.shape(atLeast: 1)
        if let axis = try shape.map({ (shape) throws(GraphError) in try normalizedAxis(axis, rank: shape.count) }) {
            if let k = count.fixedValue, let extent = shape?[axis].fixedValue, k > extent {
                throw GraphError(
                    .attribute(name: "k", expected: "at most \(extent), as axis \(axis) has", found: "\(k)"))
            }
            shape?[axis] = count
        }
        return [Fact(input.elementType, shape), Fact(.int64, shape)]
    }

    private func count(_ inputs: Operands) throws(GraphError) -> Dimension {
        if inputs[1] == nil, k == nil { throw GraphError(.missingInput("k")) }
        let list = try inputs.integerList(1, orAttribute: k.map { [$0] }) ?? [.unknown]
        guard list.count == 1, let count = list.first else {
            throw GraphError(.attribute(name: "k", expected: "one number", found: "\(list.count)"))
        }
        if let k = count.fixedValue, k < 0 {
            throw GraphError(.attribute(name: "k", expected: "at least 0", found: "\(k)"))
        }
        return count
    }
}
