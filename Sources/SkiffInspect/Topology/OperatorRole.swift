internal import SkiffCore
internal import SkiffGraph

/// What an operator does on a path, as far as residual blocks are concerned.
package enum OperatorRole: Hashable {
    case convolution
    /// Dense, Gemm, MatMul.
    case matrix
    case normalization
    case activation
    /// Passes its input on: same elements, perhaps in another order, type or frame of zeros.
    case transparent
    case pool
    /// One number per channel.
    case globalPool
    /// An elementwise sum or difference; a bias where only one side is data.
    case sum
    /// An elementwise product or quotient; a scale where only one side is data.
    case product
    case slice
    case pad
    /// Takes a part of the channels or positions.
    case part
    case concatenation
    case upsampling
    case other
}

extension Operator {
    var readsShapesOnly: Bool {
        switch self {
        case .shapeOf, .sizeOf: true
        default: false
        }
    }

    package var role: OperatorRole {
        switch self {
        case .convolution, .convolutionTranspose: .convolution
        case .dense, .gemm, .matrixMultiplication, .einsum: .matrix
        case .batchNormalization, .instanceNormalization, .layerNormalization, .groupNormalization,
            .localResponseNormalization:
            .normalization
        case .pooling: .pool
        case .globalPooling: .globalPool
        case .reduction(let reduction): reduction.kind == .mean || reduction.kind == .maximum ? .globalPool : .other
        case .unary(let unary): unary.kind.isActivation ? .activation : .other
        case .parametricReLU, .clip: .activation
        case .binary(let binary): binary.kind.role
        case .variadic(let variadic): variadic.kind.role
        case .identity, .cast, .quantize, .dequantize, .cropping, .reshape, .flatten, .squeeze, .unsqueeze, .transpose:
            .transparent
        case .slice: .slice
        case .pad: .pad
        case .split, .gather, .gatherElements, .gatherND: .part
        case .concatenation: .concatenation
        case .resize, .upsampling, .depthToSpace: .upsampling
        case .select, .argumentReduction, .topK, .softmax, .cumulativeSum, .expand, .tile, .spaceToDepth, .shapeOf,
            .sizeOf, .constantOfShape, .range, .scatterND, .scatterElements, .oneHot, .identityMatrix, .gridSample,
            .unknown:
            .other
        }
    }
}

extension Binary.Kind {
    fileprivate var role: OperatorRole {
        switch self {
        case .add, .subtract: .sum
        case .multiply, .divide: .product
        default: .other
        }
    }
}

extension Variadic.Kind {
    fileprivate var role: OperatorRole {
        switch self {
        case .sum: .sum
        case .product: .product
        case .maximum, .minimum: .activation
        case .mean: .other
        }
    }
}

extension Unary.Kind {
    fileprivate var isActivation: Bool {
        switch self {
        case .relu, .generalReLU, .leakyReLU, .thresholdedReLU, .elu, .selu, .celu, .sigmoid, .tanh, .softplus,
            .softsign, .hardSigmoid, .hardSwish, .swish, .mish, .gelu:
            true
        default: false
        }
    }
}

extension Operator {
    /// Whether it adds its inputs, with no sign turned.
    var isAddition: Bool {
        switch self {
        case .binary(let binary): binary.kind == .add
        case .variadic(let variadic): variadic.kind == .sum
        default: false
        }
    }
}

extension UnknownOperator {
    /// Whether it is a layer that keras.applications adds by: InceptionResNetV2's, in Keras 2 and 3.
    var joinsValues: Bool { name == "CustomScaleLayer" || name == "Lambda" }
}
