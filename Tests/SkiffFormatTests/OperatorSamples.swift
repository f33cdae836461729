import SkiffCore
import SkiffGraph

/// One operator or more of every kind, with no attribute at the value that reading begins with.
enum OperatorSamples {
    private static let window = Window(
        strides: [2, 3], dilations: [4, 5], padding: .explicit(before: [1, 2], after: [3, -4]))

    static let all: [Operator] = windows + normalizations + elementwise + arrangements + reductions + [
        .dense(Dense()), .gemm(Gemm(alpha: 0.1, beta: -.infinity, transposesA: true, transposesB: true)),
        .matrixMultiplication(MatrixMultiplication()),
        .resize(
            Resize(
                mode: .nearest(.roundPreferCeil), coordinates: .tfHalfPixelForNearest, extrapolationValue: 0x1p-149,
                antialias: true, axes: [], aspectRatio: .notSmaller)),
        .resize(
            Resize(
                mode: .cubic(coefficient: -0.75), coordinates: .alignCorners, excludesOutside: true, axes: [2, 3])),
        .resize(Resize(mode: .linear, coordinates: .asymmetric)),
        .resize(Resize(mode: .linear, coordinates: .halfPixel, antialias: true, excludesOutside: true)),
        .upsampling(Upsampling(factors: [2, 3], interpolation: .bilinear, layout: .channelsLast)),
        .shapeOf(ShapeOf(start: 1, end: -1)), .shapeOf(ShapeOf(start: .min)), .sizeOf(SizeOf()),
        .constantOfShape(ConstantOfShape(elementType: .bfloat16, value: 0.1)), .range(RangeOfNumbers()),
        .gatherND(GatherND(batchDimensions: 1)), .scatterND(ScatterND(reduction: .add)),
        .scatterElements(ScatterElements(axis: -1, reduction: .maximum)), .oneHot(OneHot(axis: 1)),
        .identityMatrix(IdentityMatrix(elementType: .int32, diagonal: -1)),
        .identityMatrix(IdentityMatrix(elementType: nil, diagonal: 2)), .einsum(Einsum(equation: "ij->ji")),
        .gridSample(GridSample(mode: .cubic, outside: .reflection, alignsCorners: true)),
        .quantize(Quantize(elementType: .int16, axis: -1, blockSize: 32)), .dequantize(Dequantize(axis: 2, blockSize: 3)),
        .unknown(UnknownOperator(name: "Lambda", domain: "")),
        .unknown(
            UnknownOperator(
                name: "Fancy", domain: "com.example", reason: "nobody knows", attributes: [
                    .init("reason", .integer(.min)), .init("", .real(-0.0)), .init("t", .text("ü\"\n")),
                    .init("t", .integers([])), .init("r", .reals([1, .infinity])), .init("e", .reals([])),
                    .init("s", .texts(["", "a"])), .init("n", .texts([])), .init("g", .opaque("graph")),
                    .init("i", .integers([.max, -1])),
                ])),
    ]

    private static let windows: [Operator] = [
        .convolution(
            Convolution(window: window, groups: 3, layout: .channelsLast, kernelOrder: .spatialChannelMultiplier)),
        .convolution(
            Convolution(
                window: Window(strides: [], dilations: [], padding: .valid), groups: 1, layout: .channelsFirst,
                kernelOrder: .outputInputSpatial)),
        .convolution(
            Convolution(
                window: Window(strides: [1], dilations: [1], padding: .sameLower), groups: .max, layout: .channelsFirst,
                kernelOrder: .spatialInputOutput)),
        .convolutionTranspose(
            ConvolutionTranspose(
                window: window, outputPadding: [1, 0], outputShape: [7, 8], groups: 2, layout: .channelsLast,
                kernelOrder: .spatialOutputInput)),
        .pooling(
            Pooling(
                kind: .average(countsPadding: true), kernel: [3, 4], window: window, ceilMode: true,
                layout: .channelsLast, indicesAreColumnMajor: true)),
        .pooling(Pooling(kind: .norm(p: 2), kernel: [1], window: window, layout: .channelsFirst)),
        .pooling(
            Pooling(
                kind: .maximum, kernel: [2], window: Window(strides: [1], dilations: [1], padding: .sameUpper),
                layout: .channelsFirst)),
        .globalPooling(GlobalPooling(kind: .norm(p: 3), layout: .channelsLast, keepsDimensions: false)),
        .globalPooling(GlobalPooling(kind: .average, layout: .channelsFirst, keepsDimensions: true)),
        .globalPooling(GlobalPooling(kind: .maximum, layout: .channelsFirst, keepsDimensions: true)),
    ]

    private static let normalizations: [Operator] = [
        .batchNormalization(BatchNormalization(epsilon: 1.001e-5, axis: -1, isTraining: true, momentum: 0.9)),
        .batchNormalization(BatchNormalization(epsilon: 1e-5, axis: 1)),
        .instanceNormalization(InstanceNormalization(epsilon: 1e-5)),
        .layerNormalization(LayerNormalization(epsilon: 1e-3, firstAxis: 2)),
        .groupNormalization(GroupNormalization(groups: 4, epsilon: 1e-6, axis: 3, affinePerGroup: true)),
        .localResponseNormalization(LocalResponseNormalization(size: 5, alpha: 1e-4, beta: 0.75, bias: 2)),
        .softmax(Softmax(.hardmax, axis: -1, flattensFromAxis: true)),
    ]

    static let unaries: [Unary.Kind] = [
        .relu, .generalReLU(maximum: 6, negativeSlope: 0.1, threshold: 0.5),
        .generalReLU(maximum: nil, negativeSlope: 0.1, threshold: 0.5), .leakyReLU(alpha: 0.3),
        .thresholdedReLU(alpha: 1), .elu(alpha: 2), .selu(alpha: 1.67, gamma: 1.05), .celu(alpha: 3), .sigmoid, .tanh,
        .softplus, .softsign, .hardSigmoid(alpha: 0.2, beta: 0.5), .hardSwish, .swish(alpha: 1), .mish,
        .gelu(approximate: true), .shrink(bias: 1, lambda: 2), .absolute, .negative, .reciprocal, .squareRoot,
        .exponential, .logarithm, .error, .sign, .floor, .ceiling, .round, .sine, .cosine, .tangent, .arcSine,
        .arcCosine, .arcTangent, .hyperbolicSine, .hyperbolicCosine, .areaSine, .areaCosine, .areaTangent, .not, .isNaN,
        .isInfinite(detectsPositive: true, detectsNegative: false), .bitwiseNot,
    ]

    private static let elementwise: [Operator] =
        unaries.map { .unary(Unary($0)) } + Binary.Kind.allCases.map { .binary(Binary($0)) }
        + Variadic.Kind.allCases.map { .variadic(Variadic($0)) }
        + [.parametricReLU(ParametricReLU()), .clip(Clip()), .select(Select())]

    private static let reductions: [Operator] =
        Reduction.Kind.allCases.map {
            .reduction(Reduction($0, axes: [-1, 0], keepsDimensions: true, emptyAxesMeanNone: true))
        } + [
            .argumentReduction(ArgumentReduction(.minimum, axis: 2, keepsDimensions: true, selectsLast: true)),
            .cumulativeSum(CumulativeSum(isExclusive: true, isReversed: true)),
            .topK(TopK(k: 3, axis: -1, takesSmallest: true)), .topK(TopK(k: nil, axis: 1)),
        ]

    private static let arrangements: [Operator] = [
        .identity(Identity()), .cast(Cast(to: .complex128)), .concatenation(Concatenation(axis: -3)),
        .split(Split(axis: 1, sizes: [3, 4])), .split(Split(axis: 1, sizes: nil)), .slice(Slice()),
        .gather(Gather(axis: 2)), .gatherElements(GatherElements(axis: 3)),
        .pad(Pad(mode: .reflect, pads: [1, 2], value: -1)), .pad(Pad(mode: .constant, pads: nil)),
        .cropping(Cropping(before: [1], after: [2], layout: .channelsLast)),
        .reshape(Reshape(shape: [-1, 0], allowsZero: true, keepsBatch: true)), .flatten(Flatten(axis: 2)),
        .squeeze(Squeeze(axes: [])), .squeeze(Squeeze(axes: nil)), .unsqueeze(Unsqueeze(axes: [0])),
        .transpose(Transpose(permutation: [1, 0])), .transpose(Transpose(permutation: nil)), .expand(Expand()),
        .tile(Tile(repeats: [2])), .depthToSpace(DepthToSpace(blockSize: 2, mode: .columnRowDepth)),
        .spaceToDepth(SpaceToDepth(blockSize: 3)),
    ]
}
