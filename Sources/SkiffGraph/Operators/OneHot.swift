public import SkiffCore

/// Whole numbers as lines that are on in one place.
///
/// Inputs: 0 indices, numbers; 1 length of a line, one number; 2 what stands elsewhere and what stands there, a list of
/// two. An index may count from the end; a line whose index lies outside is off throughout. Source: ONNX OneHot 9, 11.
public struct OneHot: OperatorAttributes {
    /// The axis of the output that lines lie along; negative counts from its end.
    public var axis: Int
    public init(axis: Int) { self.axis = axis }
}

/// Ones on a diagonal and zeros elsewhere, in the shape of input 0, which is a matrix. Source: ONNX EyeLike 9, 22.
public struct IdentityMatrix: OperatorAttributes {
    /// The input's where `nil`.
    public var elementType: ElementType?
    /// 0 is the main diagonal; positive numbers are above it.
    public var diagonal: Int
    public init(elementType: ElementType?, diagonal: Int) {
        self.elementType = elementType
        self.diagonal = diagonal
    }
}

extension OneHot {
    public func infer(_ inputs: [Fact?], outputCount: Int) throws(GraphError) -> [Fact] {
        let inputs = try Operands(inputs, ["indices", "depth", "values"], required: 3, outputCount: outputCount)
        let (indices, depth, values) = (try inputs.required(0), try inputs.required(1), try inputs.required(2))
        try indices.require(.number)
        try depth.require(.number)
        try depth.requireOneElement()
        try values.require(.numberOrBool)
        if let pair = try values.shape(rank: 1)?.first?.fixedValue, pair != 2 {
            throw GraphError(.extent(input: "values", expected: "2 numbers", found: "\(pair)"))
        }
        guard let shape = indices.shape else { return [Fact(values.elementType, nil)] }
        let axis = try normalizedAxis(axis, rank: shape.count + 1)
        let extent = try length(depth)
        return [Fact(values.elementType, shape[..<axis] + [extent] + shape[axis...])]
    }

    private func length(_ depth: Operand) throws(GraphError) -> Dimension {
        if case .integers(let list) = depth.fact.contents, let length = list.first {
            if let fixed = length.fixedValue, fixed < 0 { throw refusal("\(fixed)") }
            return length
        }
        guard let length = depth.fact.reals?.first else { return .unknown }
        guard let fixed = Int(exactly: length.rounded(.towardZero)), fixed >= 0 else { throw refusal("\(length)") }
        return .fixed(fixed)
    }

    private func refusal(_ found: String) -> GraphError {
        GraphError(.attribute(name: "depth", expected: "at least 0", found: found))
    }
}

extension IdentityMatrix {
    public func infer(_ inputs: [Fact?], outputCount: Int) throws(GraphError) -> [Fact] {
        let input = try Operands(inputs, ["input"], required: 1, outputCount: outputCount).required(0)
        let type = elementType ?? input.elementType
        guard TypeClass.numberOrBool.contains(type) else {
            throw GraphError(
                .elementType(input: "input", expected: TypeClass.numberOrBool.text, found: type))
        }
        return [Fact(type, try input.shape(rank: 2))]
    }
}
