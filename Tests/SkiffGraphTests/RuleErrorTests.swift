import SkiffCore
import SkiffGraph
import Testing

/// One refusal: operator, inputs, and the message.
struct Refusal: CustomStringConvertible, Sendable {
    let operation: Operator
    let inputs: [Fact?]
    let outputCount: Int
    let message: String
    var description: String { message }

    init(_ operation: Operator, _ inputs: Fact?..., outputs: Int = 1, says message: String) {
        self.operation = operation
        self.inputs = inputs
        outputCount = outputs
        self.message = message
    }
}

private let map = Fact.map(1, 4, 8, 8)
private let kernel = Fact.map(6, 4, 3, 3)
private let unit = Window.explicit([1, 1], [0, 0])

private func transposed(
    _ window: Window = unit, outputPadding: [Int] = [0, 0], outputShape: [Int]? = nil, groups: Int = 1
) -> Operator {
    .convolutionTranspose(
        ConvolutionTranspose(
            window: window, outputPadding: outputPadding, outputShape: outputShape, groups: groups,
            layout: .channelsFirst,
            kernelOrder: .inputOutputSpatial))
}

private func pool(_ kernel: [Int], _ window: Window = unit, kind: Pooling.Kind = .maximum) -> Operator {
    .pooling(Pooling(kind: kind, kernel: kernel, window: window, layout: .channelsFirst))
}

private func reshape(_ shape: [Int], allowsZero: Bool = false) -> Operator {
    .reshape(Reshape(shape: shape, allowsZero: allowsZero))
}

@Suite("Refusals")
struct RuleErrorTests {
    static let windows: [Refusal] = [
        Refusal(.convolution(unit), map, says: "takes 2 to 3 inputs, found 1"),
        Refusal(.convolution(unit), map, nil, says: "input weight is left out"),
        Refusal(.convolution(unit), map, kernel, outputs: 2, says: "takes 1 outputs, found 2"),
        Refusal(
            .convolution(unit), Fact(.int32, [1, 4, 8, 8]), kernel,
            says: "input is int32, expected a floating-point type"),
        Refusal(
            .convolution(unit), map, Fact(.float16, [6, 4, 3, 3]), says: "weight is float16, expected float32 as input"),
        Refusal(.convolution(unit), map, kernel, .map(5), says: "bias has 5 channels, expected 6"),
        Refusal(.convolution(unit), map, kernel, .map(6, 1), says: "bias has rank 2, expected 1"),
        Refusal(
            .convolution(unit), .map(1, 64, 8, 8), kernel,
            says: "weight has 4 input channels, expected 64 as the input has"),
        Refusal(.convolution(unit), .map(1, 4, 8), kernel, says: "input has rank 3, expected 4"),
        Refusal(.convolution(unit), map, .map(6, 4), says: "weight has rank 2, expected at least 3"),
        Refusal(
            .convolution(unit), map, .map(6, 4, 0, 3),
            says: "weight has [0, 3], expected at least 1 along each kernel axis"),
        Refusal(.convolution(unit), .map(1, 4, 2, 8), kernel, says: "output axis 2 would have -1 elements"),
        Refusal(.convolution(unit, groups: 0), map, kernel, says: "attribute groups is 0, expected at least 1"),
        Refusal(
            .convolution(unit, groups: 4), map, .map(6, 1, 3, 3),
            says: "weight has 6 output channels, expected a multiple of 4 groups"),
        Refusal(
            .convolution(.explicit([0, 1], [0, 0])), map, kernel,
            says: "attribute strides is [0, 1], expected numbers of at least 1"),
        Refusal(.convolution(.explicit([1], [0])), map, kernel, says: "attribute strides is [1], expected 2 numbers"),
        Refusal(
            .convolution(.explicit([1, 1], [0, 0], dilations: [0, 1])), map, kernel,
            says: "attribute dilations is [0, 1], expected numbers of at least 1"),
        Refusal(
            .convolution(.explicit([1, 1], [0, -1])), map, kernel,
            says: "attribute pads before is [0, -1], expected numbers of at least 0"),
        Refusal(
            .convolution(.explicit([1, 1], [0, 0], dilations: [1 << 62, 1])), map, kernel,
            says: "dilated kernel leaves 64 bits"),
        Refusal(.convolution(.explicit([1, 1], [Int.max, 0])), map, kernel, says: "padding leaves 64 bits"),
        Refusal(
            transposed(outputPadding: [0]), map, .map(4, 6, 3, 3),
            says: "attribute output padding is [0], expected 2 numbers"),
        Refusal(
            transposed(outputShape: [40, 8]), map, .map(4, 6, 3, 3),
            says: "attribute output shape is 40, expected at most 10 along spatial axis 0"),
        Refusal(
            transposed(.explicit([1, 1], [5, 0])), map, .map(4, 6, 3, 3), says: "output axis 2 would have 0 elements"),
        Refusal(
            transposed(groups: 3), map, .map(4, 2, 3, 3),
            says: "weight has 4 input channels, expected a multiple of 3 groups"),
        Refusal(pool([2]), map, says: "attribute strides is [1, 1], expected 1 numbers"),
        Refusal(pool([0, 2]), map, says: "attribute kernel is [0, 2], expected numbers of at least 1"),
        Refusal(
            pool([2, 2], .explicit([1, 1], [2, 0])), map,
            says: "attribute pads is 2, expected less than the window of 2"),
        Refusal(pool([2, 2], kind: .norm(p: 0)), map, says: "attribute p is 0, expected at least 1"),
        Refusal(
            .globalPooling(GlobalPooling(kind: .average, layout: .channelsFirst, keepsDimensions: true)), .map(1, 4),
            says: "input has rank 2, expected at least 3"),
    ]

    static let products: [Refusal] = [
        Refusal(.dense(Dense()), .map("N", 5), .map(4, 3), says: "kernel has 4 input units, expected 5"),
        Refusal(.dense(Dense()), .map("N", 4), .map(4, 3), .map(2), says: "bias has 2 units, expected 3"),
        Refusal(
            .gemm(Gemm(alpha: 1, beta: 1, transposesA: false, transposesB: true)), .map(2, 4), .map(3, 5),
            says: "B has 5 columns, expected 4"),
        Refusal(
            .gemm(Gemm(alpha: 1, beta: 1, transposesA: false, transposesB: false)), .map(2, 4), .map(4, 3), .map(2),
            says: "C has [2], expected a shape that broadcasts to [2, 3]"),
        Refusal(
            .matrixMultiplication(MatrixMultiplication()), .map(2, 4), .map(3, 5), says: "B has 3 rows, expected 4"),
        Refusal(
            .matrixMultiplication(MatrixMultiplication()), .map(2, 2, 4), .map(3, 4, 5),
            says: "shapes [2] and [3] do not broadcast"),
        Refusal(
            .batchNormalization(BatchNormalization(epsilon: 0, axis: 1)), map, .map(4), .map(4), .map(4), .map(5),
            says: "variance has 5 channels, expected 4"),
        Refusal(
            .batchNormalization(BatchNormalization(epsilon: 0, axis: 4)), map, nil, nil, .map(4), .map(4),
            says: "attribute axis is 4, expected -4 to 3"),
        Refusal(.batchNormalization(BatchNormalization(epsilon: 0, axis: 1)), map, says: "input mean is left out"),
        Refusal(
            .groupNormalization(GroupNormalization(groups: 3, epsilon: 0, axis: 1, affinePerGroup: false)), map,
            says: "input has 4 channels, expected a multiple of 3 groups"),
        Refusal(
            .layerNormalization(LayerNormalization(epsilon: 0, firstAxis: -1)), map, .map(7),
            says: "scale has [7], expected a shape that broadcasts to [1, 4, 8, 8]"),
        Refusal(
            .localResponseNormalization(LocalResponseNormalization(size: 0, alpha: 0, beta: 0, bias: 0)), map,
            says: "attribute size is 0, expected at least 1"),
    ]

    static let elementwise: [Refusal] = [
        Refusal(.binary(Binary(.add)), .map(2, 3), .map(4), says: "shapes [2, 3] and [4] do not broadcast"),
        Refusal(.binary(Binary(.add)), .map(2), .list(1, 2), says: "B is int64, expected float32 as A"),
        Refusal(.binary(Binary(.and)), .map(2), .map(2), says: "A is float32, expected bool"),
        Refusal(.unary(Unary(.not)), .map(2), says: "input is float32, expected bool"),
        Refusal(.unary(Unary(.sigmoid)), .list(2), says: "input is int64, expected a floating-point type"),
        Refusal(.unary(Unary(.relu)), .map(2), .map(2), says: "takes 1 inputs, found 2"),
        Refusal(
            .parametricReLU(ParametricReLU()), .map(2, 3), .map(2),
            says: "slope has [2], expected a shape that broadcasts to [2, 3]"),
        Refusal(.clip(Clip()), .map(2), .map(3), says: "minimum has an axis of 3, expected one element"),
        Refusal(.select(Select()), .map(2), .map(2), .map(2), says: "condition is float32, expected bool"),
        Refusal(.variadic(Variadic(.sum)), says: "takes 1 inputs, found 0"),
        Refusal(.softmax(Softmax(axis: 2)), .map(2, 3), says: "attribute axis is 2, expected -2 to 1"),
        Refusal(
            .reduction(Reduction(.sum, axes: [5], keepsDimensions: true)), .map(2, 3),
            says: "attribute axes is 5, expected -2 to 1"),
        Refusal(
            .argumentReduction(ArgumentReduction(.maximum, axis: 0, keepsDimensions: true, selectsLast: false)),
            .map(0, 3),
            says: "input has 0, expected at least 1 along axis 0"),
        Refusal(
            .cumulativeSum(CumulativeSum(isExclusive: false, isReversed: false)), .map(2), .scalar(1),
            says: "attribute axis is 1, expected -1 to 0"),
    ]

    static let arrangement: [Refusal] = [
        Refusal(reshape([4, -1]), .map(2, 3), says: "input has shape [2, 3], expected the elements of [4, -1]"),
        Refusal(reshape([5]), .map(2, 3), says: "input has shape [2, 3], expected the elements of [5]"),
        Refusal(reshape([-1, -1]), .map(2, 3), says: "attribute shape is [-1, -1], expected at most one -1"),
        Refusal(reshape([-2]), .map(2, 3), says: "attribute shape is [-2], expected extents of at least -1"),
        Refusal(
            reshape([1, 1, 0]), .map(2, 3), says: "attribute shape is [1, 1, 0], expected zeros only for axes of [2, 3]"
        ),
        Refusal(
            reshape([0, -1], allowsZero: true), .map(0, 3),
            says: "attribute shape is [0, -1], expected no -1 beside a zero"),
        Refusal(.reshape(Reshape(shape: nil, allowsZero: false)), .map(2), says: "input shape is left out"),
        Refusal(
            .reshape(Reshape(shape: nil, allowsZero: false)), .map(2), Fact(.float32, [1]),
            says: "shape is float32, expected a whole-number type"),
        Refusal(.flatten(Flatten(axis: 3)), .map(2, 3), says: "attribute axis is 3, expected -2 to 2"),
        Refusal(
            .squeeze(Squeeze(axes: [0])), .map(2, 3), says: "input has 2 elements along squeezed axis 0, expected 1"),
        Refusal(
            .unsqueeze(Unsqueeze(axes: [0, -3])), .map(2), says: "attribute axes is [0, -3], expected distinct axes"),
        Refusal(
            .transpose(Transpose(permutation: [0, 0])), .map(2, 3),
            says: "attribute permutation is [0, 0], expected distinct axes"),
        Refusal(
            .transpose(Transpose(permutation: [0])), .map(2, 3),
            says: "attribute permutation is [0], expected the axes 0 to 1"),
        Refusal(
            .concatenation(Concatenation(axis: 0)), .map(2, 3), .map(2, 4),
            says: "input 1 has 4 elements along axis 1, expected 3"),
        Refusal(.concatenation(Concatenation(axis: 2)), .map(2, 3), says: "attribute axis is 2, expected -2 to 1"),
        Refusal(
            .split(Split(axis: 0, sizes: [1, 2])), .map(4), outputs: 2,
            says: "attribute split is a sum of 3, expected sizes that sum to 4"),
        Refusal(
            .split(Split(axis: 0, sizes: [4])), .map(4), outputs: 2,
            says: "attribute split is [4], expected 2 sizes of at least 0, one per output"),
        Refusal(
            .slice(Slice()), .map(4), .list(0), .list(2), .list(0), .list(0),
            says: "attribute steps is 0, expected a number other than 0"),
        Refusal(.slice(Slice()), .map(4), .list(0, 0), .list(2), says: "ends has 1, expected 2 numbers as starts"),
        Refusal(
            .slice(Slice()), .map(4), .list(0, 0), .list(2, 2), .list(0, 0),
            says: "attribute axes is [0, 0], expected distinct axes"),
        Refusal(.topK(TopK(k: nil, axis: 0)), .map(4), says: "input k is left out"),
        Refusal(.topK(TopK(k: 1, axis: 0)), .map(4), outputs: 3, says: "takes 1 to 2 outputs, found 3"),
        Refusal(.topK(TopK(k: 1, axis: 0)), Fact(.bool, [4]), says: "input is bool, expected a number type"),
        Refusal(.topK(TopK(k: 1, axis: 0)), .map(), says: "input has rank 0, expected at least 1"),
        Refusal(.topK(TopK(k: 1, axis: 1)), .map(4), says: "attribute axis is 1, expected -1 to 0"),
        Refusal(.topK(TopK(k: -1, axis: 0)), .map(4), says: "attribute k is -1, expected at least 0"),
        Refusal(.topK(TopK(k: 5, axis: 0)), .map(4), says: "attribute k is 5, expected at most 4, as axis 0 has"),
        Refusal(.topK(TopK(k: nil, axis: 0)), .map(4), .map(1), says: "k is float32, expected a whole-number type"),
        Refusal(.topK(TopK(k: nil, axis: 0)), .map(4), .scalar(1), says: "k has rank 0, expected 1"),
        Refusal(.topK(TopK(k: nil, axis: 0)), .map(4), .list(1, 2), says: "attribute k is 2, expected one number"),
        Refusal(.gather(Gather(axis: 0)), .map(4), .list(4), says: "indices has 4, expected -4 to 3"),
        Refusal(.gatherElements(GatherElements(axis: 0)), .map(4, 2), .list(0), says: "indices has rank 1, expected 2"),
        Refusal(
            .gatherND(GatherND(batchDimensions: 2)), .map(4, 2), .list(0),
            says: "attribute batch dimensions is 2, expected 0 to 0"),
        Refusal(
            .gatherND(GatherND(batchDimensions: 0)), .map(4), .list(0, 1),
            says: "indices has 2, expected 1 to 1 along the last axis"),
        Refusal(
            .scatterND(ScatterND()), .map(4, 3), .list(0), .map(2), says: "updates has 2 along axis 0, expected 3"),
        Refusal(
            .scatterElements(ScatterElements(axis: 0)), .map(4), .list(0), .map(2),
            says: "updates has 2 along axis 0, expected 1"),
        Refusal(
            .oneHot(OneHot(axis: 0)), .list(0), .scalar(-1), .reals([0, 1]),
            says: "attribute depth is -1, expected at least 0"),
        Refusal(.oneHot(OneHot(axis: 0)), .list(0), .scalar(2), .reals([1]), says: "values has 1, expected 2 numbers"),
        Refusal(
            .identityMatrix(IdentityMatrix(elementType: nil, diagonal: 0)), .map(4),
            says: "input has rank 1, expected 2"),
        Refusal(
            .einsum(Einsum(equation: "ij,jk")), .map(2, 2), says: "attribute equation is ij,jk, expected 1 operands"),
        Refusal(
            .einsum(Einsum(equation: "i1->i")), .map(2, 2),
            says: "attribute equation is i1, expected letters and one ellipsis"),
        Refusal(
            .einsum(Einsum(equation: "ij->k")), .map(2, 2),
            says: "attribute equation is ij->k, expected distinct letters of the operands behind the arrow"),
        Refusal(.einsum(Einsum(equation: "ij,jk")), .map(2, 2), .map(3, 2), says: "shapes [2] and [3] do not broadcast"),
        Refusal(
            .gridSample(GridSample(mode: .linear, outside: .zeros, alignsCorners: true)), map, .map(1, 2, 2, 3),
            says: "grid has 3 along the last axis, expected 2"),
        Refusal(
            .quantize(Quantize(axis: 1)), map, .map(3), says: "scale has 3 along axis 1, expected 4"),
        Refusal(
            .dequantize(Dequantize(axis: 0, blockSize: 2)), .list(1, 2, 3), .map(3),
            says: "scale has 3 along axis 0, expected 2"),
        Refusal(.dequantize(Dequantize()), map, .scalar(1), says: "input is float32, expected a whole-number type"),
        Refusal(.pad(Pad(mode: .constant, pads: [1])), .map(4), says: "attribute pads is 1, expected 2 numbers"),
        Refusal(.pad(Pad(mode: .constant, pads: [-3, -2])), .map(4), says: "output axis 0 would have -1 elements"),
        Refusal(
            .pad(Pad(mode: .reflect, pads: [4, 0])), .map(4),
            says: "attribute pads is 4, expected less than the 4 elements it reflects"),
        Refusal(
            .cropping(Cropping(before: [2], after: [2], layout: .channelsLast)), .map(1, 4, 3),
            says: "output axis 1 would have 0 elements"),
        Refusal(.expand(Expand()), .map(3), .list(2), says: "shapes [3] and [2] do not broadcast"),
        Refusal(.expand(Expand()), .map(3), .list(-1), says: "attribute shape is -1, expected extents of at least 0"),
        Refusal(
            .tile(Tile(repeats: [1])), .map(3, 2), says: "attribute repeats is [1], expected 2 numbers of at least 0"),
        Refusal(.tile(Tile(repeats: [1 << 62])), .map(8), says: "tiled extent leaves 64 bits"),
        Refusal(.tile(Tile(repeats: [1 << 39])), .map(8), says: "extent is 4398046511104, allowed are 1099511627776"),
        Refusal(
            .depthToSpace(DepthToSpace(blockSize: 3, mode: .depthColumnRow)), map,
            says: "input has 4, expected a multiple of 9 along axis 1"),
        Refusal(.spaceToDepth(SpaceToDepth(blockSize: 0)), map, says: "attribute block size is 0, expected at least 1"),
        Refusal(
            .range(RangeOfNumbers()), .scalar(0), .scalar(1), .scalar(0),
            says: "attribute step is 0, expected a number other than 0"),
        Refusal(
            .constantOfShape(ConstantOfShape(elementType: .float32, value: 0)), .list(-1),
            says: "attribute shape is -1, expected extents of at least 0"),
        Refusal(
            .upsampling(Upsampling(factors: [0], interpolation: .nearest, layout: .channelsLast)), .map(1, 4, 3),
            says: "attribute factors is [0], expected numbers of at least 1"),
        Refusal(.resize(Resize(mode: .linear, coordinates: .halfPixel)), map, says: "input scales is left out"),
        Refusal(
            .resize(Resize(mode: .linear, coordinates: .halfPixel)), map, nil, .reals([1, 1, 0, 1]),
            says: "attribute scales is 0.0, expected numbers above 0"),
        Refusal(
            .resize(Resize(mode: .linear, coordinates: .halfPixel)), map, nil, nil, .list(1, 4),
            says: "sizes has 2, expected 4 numbers"),
        Refusal(
            .resize(Resize(mode: .linear, coordinates: .halfPixel, axes: [4])), map, nil, nil, .list(1),
            says: "attribute axes is 4, expected -4 to 3"),
        Refusal(
            .identity(Identity()), Fact(.int64, shape: [3], contents: .integers([1])),
            says: "contents has 1, expected 3 elements for [3]"),
        Refusal(.identity(Identity()), Fact(.float32, shape: [-1]), says: "output axis 0 would have -1 elements"),
    ]

    @Test(
        "Inputs that do not fit are refused by name, with what was found and expected",
        arguments: windows + products + elementwise + arrangement)
    func refuses(refusal: Refusal) {
        do {
            let outputs = try refusal.operation.infer(refusal.inputs, outputCount: refusal.outputCount)
            Issue.record("accepted: \(outputs)")
        } catch {
            #expect(error.message == refusal.message)
        }
    }
}

@Suite("Element types, further outputs, costs")
struct OutputFactTests {
    private func types(_ operation: Operator, _ inputs: Fact?..., outputs: Int = 1) throws -> [ElementType] {
        try operation.infer(inputs, outputCount: outputs).map(\.elementType)
    }

    @Test("Outputs carry their element types")
    func elementTypes() throws {
        #expect(try types(.shapeOf(ShapeOf()), map) == [.int64])
        #expect(try types(.binary(Binary(.less)), map, map) == [.bool])
        #expect(try types(.cast(Cast(to: .float16)), map) == [.float16])
        #expect(try types(.unary(Unary(.isNaN)), map) == [.bool])
        #expect(try types(.identity(Identity()), map, outputs: 2) == [.float32, .bool])
        #expect(try types(pool([2, 2]), map, outputs: 2) == [.float32, .int64])
        #expect(
            try types(.layerNormalization(LayerNormalization(epsilon: 0, firstAxis: 1)), map, outputs: 3).count == 3)
        let largest = ArgumentReduction(.maximum, axis: 1, keepsDimensions: false, selectsLast: false)
        #expect(try types(.argumentReduction(largest), map) == [.int64])
        let half = Fact(.float16, [1, 4, 8, 8])
        let normalization = Operator.batchNormalization(BatchNormalization(epsilon: 0, axis: 1))
        #expect(try types(normalization, half, .map(4), .map(4), .map(4), .map(4)) == [.float16])
    }

    @Test("Layer normalization's moments have extent one along the normalized axes")
    func moments() throws {
        let normalization = LayerNormalization(epsilon: 0, firstAxis: 2)
        #expect(try normalization.infer([map], outputCount: 3)[1].shape == [1, 4, 1, 1])
    }

    @Test("Multiply-adds are counted as products that are summed; nil where extents are open")
    func multiplyAdds() throws {
        func cost(_ operation: Operator, _ inputs: Fact?...) throws -> Int? {
            operation.multiplyAdds(inputs: inputs, outputs: try operation.infer(inputs, outputCount: 1))
        }
        // The first convolution of ResNet-50: 112² · 64 outputs of 7² · 3 products.
        let stem = Operator.convolution(.explicit([2, 2], [3, 3]))
        #expect(try cost(stem, .map(1, 3, 224, 224), .map(64, 3, 7, 7)) == 118_013_952)
        #expect(try cost(stem, .map("N", 3, 224, 224), .map(64, 3, 7, 7)) == nil)
        let depthwise = Convolution(
            window: unit, groups: 4, layout: .channelsLast, kernelOrder: .spatialChannelMultiplier)
        #expect(try cost(.convolution(depthwise), .map(1, 8, 8, 4), .map(3, 3, 4, 2)) == 6 * 6 * 8 * 9)
        #expect(try cost(.dense(Dense()), .map(2, 2048), .map(2048, 1000)) == 2 * 2048 * 1000)
        let gemm = Gemm(alpha: 1, beta: 1, transposesA: true, transposesB: false)
        #expect(try cost(.gemm(gemm), .map(5, 2), .map(5, 3)) == 30)
        #expect(try cost(.matrixMultiplication(MatrixMultiplication()), .map(7, 2, 5), .map(5, 3)) == 7 * 30)
        #expect(try cost(transposed(), .map(1, 4, 8, 8), .map(4, 6, 3, 3)) == 8 * 8 * 4 * 6 * 9)
        #expect(try cost(.unary(Unary(.relu)), map) == 0)
    }

    @Test("Padding is resolved as the shapes are: the odd element after, or before")
    func resolvedPadding() {
        let upper = Window(strides: [2], dilations: [1], padding: .sameUpper)
        let lower = Window(strides: [2], dilations: [1], padding: .sameLower)
        #expect(upper.resolvedPadding(axis: 0, extent: 8, kernel: 3) == (0, 1))
        #expect(lower.resolvedPadding(axis: 0, extent: 8, kernel: 3) == (1, 0))
        #expect(upper.resolvedPadding(axis: 0, extent: 7, kernel: 3) == (1, 1))
        #expect(upper.resolvedPadding(axis: 0, extent: 8, kernel: 1) == (0, 0))
        let transposed = ConvolutionTranspose(
            window: upper, outputPadding: [0], outputShape: nil, groups: 1, layout: .channelsLast,
            kernelOrder: .spatialOutputInput)
        #expect(transposed.resolvedPadding(axis: 0, extent: 4, kernel: 3) == (0, 1))
        #expect(transposed.resolvedPadding(axis: 0, extent: 4, kernel: 1) == (0, -1))
    }
}
