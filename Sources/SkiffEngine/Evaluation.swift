internal import SkiffGraph

/// The evaluator's half of an operator's stripe.
protocol EvaluableOperator: OperatorAttributes {
    /// The elements of every output, in the shapes that the operator's own rule gave.
    func evaluate<A: Arithmetic>(_ step: Step<A>) throws(EngineError) -> [Buffer<A.Stored>]
}

/// Runs whatever operator this is. A `switch` and no table: each call is specialised for its arithmetic.
func evaluate<A: Arithmetic>(_ operator: Operator, _ step: Step<A>) throws(EngineError) -> [Buffer<A.Stored>] {
    switch `operator` {
    case .convolution(let attributes): try attributes.evaluate(step)
    case .convolutionTranspose(let attributes): try attributes.evaluate(step)
    case .dense(let attributes): try attributes.evaluate(step)
    case .gemm(let attributes): try attributes.evaluate(step)
    case .matrixMultiplication(let attributes): try attributes.evaluate(step)
    case .einsum(let attributes): try attributes.evaluate(step)
    case .batchNormalization(let attributes): try attributes.evaluate(step)
    case .instanceNormalization(let attributes): try attributes.evaluate(step)
    case .layerNormalization(let attributes): try attributes.evaluate(step)
    case .groupNormalization(let attributes): try attributes.evaluate(step)
    case .localResponseNormalization(let attributes): try attributes.evaluate(step)
    case .pooling(let attributes): try attributes.evaluate(step)
    case .globalPooling(let attributes): try attributes.evaluate(step)
    case .unary(let attributes): try attributes.evaluate(step)
    case .parametricReLU(let attributes): try attributes.evaluate(step)
    case .clip(let attributes): try attributes.evaluate(step)
    case .binary(let attributes): try attributes.evaluate(step)
    case .variadic(let attributes): try attributes.evaluate(step)
    case .select(let attributes): try attributes.evaluate(step)
    case .reduction(let attributes): try attributes.evaluate(step)
    case .argumentReduction(let attributes): try attributes.evaluate(step)
    case .topK(let attributes): try attributes.evaluate(step)
    case .softmax(let attributes): try attributes.evaluate(step)
    case .cumulativeSum(let attributes): try attributes.evaluate(step)
    case .identity(let attributes): try attributes.evaluate(step)
    case .cast(let attributes): try attributes.evaluate(step)
    case .quantize(let attributes): try attributes.evaluate(step)
    case .dequantize(let attributes): try attributes.evaluate(step)
    case .concatenation(let attributes): try attributes.evaluate(step)
    case .split(let attributes): try attributes.evaluate(step)
    case .slice(let attributes): try attributes.evaluate(step)
    case .gather(let attributes): try attributes.evaluate(step)
    case .gatherElements(let attributes): try attributes.evaluate(step)
    case .gatherND(let attributes): try attributes.evaluate(step)
    case .scatterND(let attributes): try attributes.evaluate(step)
    case .scatterElements(let attributes): try attributes.evaluate(step)
    case .pad(let attributes): try attributes.evaluate(step)
    case .cropping(let attributes): try attributes.evaluate(step)
    case .resize(let attributes): try attributes.evaluate(step)
    case .gridSample(let attributes): try attributes.evaluate(step)
    case .upsampling(let attributes): try attributes.evaluate(step)
    case .reshape(let attributes): try attributes.evaluate(step)
    case .flatten(let attributes): try attributes.evaluate(step)
    case .squeeze(let attributes): try attributes.evaluate(step)
    case .unsqueeze(let attributes): try attributes.evaluate(step)
    case .transpose(let attributes): try attributes.evaluate(step)
    case .expand(let attributes): try attributes.evaluate(step)
    case .tile(let attributes): try attributes.evaluate(step)
    case .depthToSpace(let attributes): try attributes.evaluate(step)
    case .spaceToDepth(let attributes): try attributes.evaluate(step)
    case .shapeOf(let attributes): try attributes.evaluate(step)
    case .sizeOf(let attributes): try attributes.evaluate(step)
    case .constantOfShape(let attributes): try attributes.evaluate(step)
    case .range(let attributes): try attributes.evaluate(step)
    case .oneHot(let attributes): try attributes.evaluate(step)
    case .identityMatrix(let attributes): try attributes.evaluate(step)
    case .unknown(let attributes): throw EngineError(.notRunnable(attributes.name))
    }
}

extension Operator {
    /// Why this operator cannot be run whatever its inputs are; `nil` where it can.
    var refusal: String? {
        switch self {
        case .unknown(let unknown): unknown.reason ?? "operator \(unknown.name) is not one of Skiff's"
        default: nil
        }
    }
}
