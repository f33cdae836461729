import SkiffCore
import SkiffEngine
import SkiffGraph
import Testing

/// Every case of ``Operator`` is run once in every precision: what is missing is named.
@Suite struct CompletenessTests {
    static let window = Window(strides: [1], dilations: [1], padding: .valid)

    /// An operator of each kind, with inputs that it takes.
    static func samples() throws -> [(Operator, [Tensor?])] {
        let map = try reals([1, 2, 3, 4, 5, 6, 7, 8], [1, 4, 2])
        let plane = try reals([1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16], [1, 4, 2, 2])
        let (pair, matrix) = (try reals([1, 2]), try reals([1, 2, 3, 4], [2, 2]))
        let four = try reals([1, 2, 3, 4])
        return [
            (.convolution(Convolution(window: window, groups: 1, layout: .channelsFirst, kernelOrder: .outputInputSpatial)),
                [map, try reals([1, 2, 3, 4], [1, 4, 1])]),
            (.convolutionTranspose(ConvolutionTranspose(
                window: window, outputPadding: [0], outputShape: nil, groups: 1, layout: .channelsFirst,
                kernelOrder: .inputOutputSpatial)), [map, try reals([1, 2, 3, 4], [4, 1, 1])]),
            (.dense(Dense()), [matrix, matrix, pair]),
            (.gemm(Gemm(alpha: 1, beta: 1, transposesA: false, transposesB: false)), [matrix, matrix, pair]),
            (.matrixMultiplication(MatrixMultiplication()), [matrix, matrix]),
            (.batchNormalization(BatchNormalization(epsilon: 1, axis: 1)), [map, four, four, four, four]),
            (.instanceNormalization(InstanceNormalization(epsilon: 1)), [map, four, four]),
            (.layerNormalization(LayerNormalization(epsilon: 1, firstAxis: -1)), [map, pair, pair]),
            (.groupNormalization(GroupNormalization(groups: 2, epsilon: 1, axis: 1, affinePerGroup: false)), [map, four, four]),
            (.localResponseNormalization(LocalResponseNormalization(size: 3, alpha: 1, beta: 0.5, bias: 1)), [plane]),
            (.pooling(Pooling(kind: .maximum, kernel: [2], window: window, layout: .channelsFirst)), [map]),
            (.globalPooling(GlobalPooling(kind: .average, layout: .channelsFirst, keepsDimensions: true)), [map]),
            (.unary(Unary(.tanh)), [map]), (.parametricReLU(ParametricReLU()), [map, pair]),
            (.clip(Clip()), [map, nil, try reals([3], [])]), (.binary(Binary(.multiply)), [map, pair]),
            (.variadic(Variadic(.mean)), [map, pair, map]),
            (.select(Select()), [try flags([true, false]), pair, map]),
            (.reduction(Reduction(.sum, axes: [1], keepsDimensions: true)), [map]),
            (.argumentReduction(ArgumentReduction(.minimum, axis: 1, keepsDimensions: true, selectsLast: false)), [map]),
            (.topK(TopK(k: nil, axis: 1)), [map, try wholes([2])]), (.softmax(Softmax(axis: 1)), [map]),
            (.cumulativeSum(CumulativeSum(isExclusive: false, isReversed: true)), [map, try wholes([1], [])]),
            (.identity(Identity()), [map]), (.cast(Cast(to: .int32)), [map]),
            (.concatenation(Concatenation(axis: 0)), [map, map]), (.split(Split(axis: 1, sizes: [4])), [map]),
            (.slice(Slice()), [map, try wholes([1]), try wholes([3]), try wholes([1])]),
            (.gather(Gather(axis: 1)), [map, try wholes([3])]),
            (.gatherElements(GatherElements(axis: 1)), [map, try wholes([3], [1, 1, 1])]),
            (.pad(Pad(mode: .edge, pads: [0, 0, 1, 0, 0, 1])), [map]),
            (.cropping(Cropping(before: [1], after: [0], layout: .channelsFirst)), [map]),
            (.resize(Resize(mode: .linear, coordinates: .halfPixel)), [map, nil, try reals([1, 1, 2])]),
            (.upsampling(Upsampling(factors: [2], interpolation: .nearest, layout: .channelsFirst)), [map]),
            (.reshape(Reshape(shape: [-1], allowsZero: false)), [map]), (.flatten(Flatten(axis: 1)), [map]),
            (.squeeze(Squeeze(axes: [0])), [map]), (.unsqueeze(Unsqueeze(axes: [0])), [map]),
            (.transpose(Transpose(permutation: nil)), [map]), (.expand(Expand()), [pair, try wholes([3, 2])]),
            (.tile(Tile(repeats: [1, 1, 2])), [map]),
            (.depthToSpace(DepthToSpace(blockSize: 2, mode: .columnRowDepth)), [plane]),
            (.spaceToDepth(SpaceToDepth(blockSize: 2)), [plane]), (.shapeOf(ShapeOf()), [map]), (.sizeOf(SizeOf()), [map]),
            (.constantOfShape(ConstantOfShape(elementType: .float32, value: 2)), [try wholes([2, 3])]),
            (.range(RangeOfNumbers()), [try reals([1], []), try reals([4], []), try reals([1], [])]),
            (.gatherND(GatherND(batchDimensions: 0)), [map, try wholes([0, 3], [1, 2])]),
            (.scatterND(ScatterND()), [map, try wholes([0, 3], [1, 2]), try reals([1, 2], [1, 2])]),
            (.scatterElements(ScatterElements(axis: 1)), [map, try wholes([3], [1, 1, 1]), try reals([1], [1, 1, 1])]),
            (.oneHot(OneHot(axis: -1)), [try wholes([0, 2]), try wholes([3], []), pair]),
            (.identityMatrix(IdentityMatrix(elementType: nil, diagonal: 0)), [matrix]),
            (.einsum(Einsum(equation: "ij,jk->ik")), [matrix, matrix]),
            (.gridSample(GridSample(mode: .linear, outside: .zeros, alignsCorners: false)),
                [plane, try reals([0, 0], [1, 1, 1, 2])]),
            (.quantize(Quantize()), [map, try reals([0.5], [])]),
            (.dequantize(Dequantize()), [try wholes([1, 2]), try reals([0.5], [])]),
            (.unknown(UnknownOperator(name: "Custom", domain: "")), [map]),
        ]
    }

    @Test func `there is a sample of every kind of operator`() throws {
        let missing = Set(Operator.Kind.allCases).subtracting(try Self.samples().map(\.0.kind))
        #expect(missing.isEmpty, "no sample of \(missing.map(\.rawValue).sorted())")
    }

    @Test(arguments: Precision.allCases)
    func `every kind of operator runs, an unknown one is refused`(_ precision: Precision) throws {
        for (sample, inputs) in try Self.samples() {
            if sample.kind == .unknown {
                #expect(throws: EngineError.self) { try Evaluator.apply(sample, to: inputs, precision: precision) }
                continue
            }
            let outputs = try Evaluator.apply(sample, to: inputs, precision: precision)
            #expect(outputs.count == 1, "\(sample.kind)")
            guard let output = outputs.first, output.elementType.isFloatingPoint else { continue }
            #expect(output.elementType == (precision == .double ? .float64 : .float32), "\(sample.kind)")
            #expect(try output.doubles().allSatisfy(\.isFinite), "\(sample.kind)")
        }
    }
}
