public import SkiffCore

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
