internal import SkiffCore

/// A fully connected layer over the last axis: y = x · w + b.
///
/// Inputs: 0 (…, I); 1 the kernel (I, O); 2 the bias (O), optional. Output (…, O). Source: Keras Dense.
public struct Dense: OperatorAttributes {
    public init() {}
}

/// y = alpha · A′ · B′ + beta · C, where ′ transposes on demand.
///
/// Inputs: 0 A (M, K) or (K, M); 1 B (K, N) or (N, K); 2 C, optional, broadcast to (M, N).
/// Source: ONNX Gemm 1 to 13.
public struct Gemm: OperatorAttributes {
    public var alpha: Float
    public var beta: Float
    public var transposesA: Bool
    public var transposesB: Bool

    public init(alpha: Float, beta: Float, transposesA: Bool, transposesB: Bool) {
        self.alpha = alpha
        self.beta = beta
        self.transposesA = transposesA
        self.transposesB = transposesB
    }
}

/// Matrix product of the last two axes, the axes before them broadcast; a vector counts as a row on the left and
/// as a column on the right. Inputs: 0 and 1. Source: ONNX MatMul 1, 9, 13 (`numpy.matmul`).
public struct MatrixMultiplication: OperatorAttributes {
    public init() {}
}

extension Dense {
    public func infer(_ inputs: [Fact?], outputCount: Int) throws(GraphError) -> [Fact] {
        let inputs = try Operands(inputs, ["input", "kernel", "bias"], required: 2, outputCount: outputCount)
        let input = try inputs.required(0)
        try input.require(.floatingPoint)
        try inputs.requireSameTypes()
        let kernel = try inputs.required(1).shape(rank: 2)
        var units = kernel?[1] ?? .unknown
        if let bias = try inputs[2]?.shape(rank: 1) {
            units = try unifyExtent(units, bias[0], input: "bias", axis: "units")
        }
        guard let shape = try input.shape(atLeast: 1) else { return [Fact(input.elementType, nil)] }
        if let kernel {
            _ = try unifyExtent(shape[shape.count - 1], kernel[0], input: "kernel", axis: "input units")
        }
        return [Fact(input.elementType, shape.dropLast() + [units])]
    }

    public func multiplyAdds(inputs: [Fact?], outputs: [Fact]) -> Int? {
        productCost(left: inputs.first??.shape, contracted: { $0.last }, outputs)
    }
}

extension Gemm {
    public func infer(_ inputs: [Fact?], outputCount: Int) throws(GraphError) -> [Fact] {
        let inputs = try Operands(inputs, ["A", "B", "C"], required: 2, outputCount: outputCount)
        let left = try inputs.required(0)
        try left.require(.number)
        try inputs.requireSameTypes()
        let rowsAndInner = try left.shape(rank: 2)
        let innerAndColumns = try inputs.required(1).shape(rank: 2)
        let rows = rowsAndInner?[transposesA ? 1 : 0] ?? .unknown
        let columns = innerAndColumns?[transposesB ? 0 : 1] ?? .unknown
        if let rowsAndInner, let innerAndColumns {
            _ = try unifyExtent(
                rowsAndInner[transposesA ? 0 : 1], innerAndColumns[transposesB ? 1 : 0], input: "B",
                axis: transposesB ? "columns" : "rows")
        }
        if let addend = inputs[2] { try requireBroadcast(addend, to: [rows, columns]) }
        return [Fact(left.elementType, [rows, columns])]
    }

    public func multiplyAdds(inputs: [Fact?], outputs: [Fact]) -> Int? {
        productCost(left: inputs.first??.shape, contracted: { transposesA ? $0.first : $0.last }, outputs)
    }
}

extension MatrixMultiplication {
    public func infer(_ inputs: [Fact?], outputCount: Int) throws(GraphError) -> [Fact] {
        let inputs = try Operands(inputs, ["A", "B"], required: 2, outputCount: outputCount)
        let left = try inputs.required(0)
        try left.require(.number)
        try inputs.requireSameTypes()
        guard let a = try left.shape(atLeast: 1), let b = try inputs.required(1).shape(atLeast: 1) else {
            return [Fact(left.elementType, nil)]
        }
        _ = try unifyExtent(a[a.count - 1], b[max(b.count - 2, 0)], input: "B", axis: "rows")
        var result = try broadcast(Array(a.dropLast(2)), Array(b.dropLast(2)))
        if a.count > 1 { result?.append(a[a.count - 2]) }
        if b.count > 1 { result?.append(b[b.count - 1]) }
        return [Fact(left.elementType, result)]
    }

    public func multiplyAdds(inputs: [Fact?], outputs: [Fact]) -> Int? {
        productCost(left: inputs.first??.shape, contracted: { $0.last }, outputs)
    }
}

/// Output elements × the extent that is summed over; `nil` where either is open or the product leaves `Int`.
private func productCost(
    left: SymbolicShape?, contracted: (SymbolicShape) -> Dimension?, _ outputs: [Fact]
) -> Int? {
    guard let left, let inner = contracted(left)?.fixedValue,
        let elements = outputs.first?.shape?.fixedShape?.checkedElementCount
    else { return nil }
    let (product, overflow) = elements.multipliedReportingOverflow(by: inner)
    return overflow ? nil : product
}
