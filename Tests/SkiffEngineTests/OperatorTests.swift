import SkiffCore
import SkiffEngine
import SkiffGraph
import Testing

/// Operators against numbers worked out by hand.
@Suite struct OperatorTests {
    static func pool(
        _ kind: Pooling.Kind, _ kernel: [Int], _ strides: [Int], _ padding: Padding = .valid, ceil: Bool = false,
        layout: Layout = .channelsFirst, columnMajor: Bool = false
    ) -> Operator {
        .pooling(Pooling(
            kind: kind, kernel: kernel, window: Window(strides: strides, dilations: strides.map { _ in 1 }, padding: padding),
            ceilMode: ceil, layout: layout, indicesAreColumnMajor: columnMajor))
    }

    @Test func `padding never wins a maximum, and NaN does`() throws {
        let pads = Padding.explicit(before: [1], after: [1])
        #expect(try Self.pool(.maximum, [3], [2], pads).doubles(reals([-5, -4, -3, -2], [1, 1, 4])) == [-4, -2])
        let y = try Self.pool(.maximum, [2], [1]).doubles(reals([1, .nan, 3, 4], [1, 1, 4]))
        #expect(isClose(y, [.nan, .nan, 4]))
    }

    @Test func `an average counts padding or not, and never what lies behind it`() throws {
        let x = try reals([1, 2, 3, 4], [1, 1, 4])
        let pads = Padding.explicit(before: [1], after: [1])
        #expect(try Self.pool(.average(countsPadding: false), [3], [2], pads).doubles(x) == [1.5, 3])
        #expect(isClose(try Self.pool(.average(countsPadding: true), [3], [2], pads).doubles(x), [1, 3]))
        // The second window of three reads 3 and 4 and starts at 2: with ceil mode it leaves the input.
        #expect(try Self.pool(.average(countsPadding: true), [3], [2], .explicit(before: [0], after: [0]), ceil: true)
            .doubles(x) == [2, 3.5])
    }

    /// What TensorFlow 2.21 takes for column 49 of 99, in the middle of 50: its Float product is just below 25.
    @Test func `TensorFlow's nearest element is found in Float`() throws {
        let x = try reals((0..<50).map(Double.init), [1, 50, 1, 1])
        func column(_ coordinates: Resize.Coordinates) throws -> Double {
            let resize = Resize(mode: .nearest(.floor), coordinates: coordinates, axes: [1])
            let y = try Evaluator.apply(.resize(resize), to: [x, nil, nil, wholes([99])])
            return try #require(y.first).doubles()[49]
        }
        #expect(try column(.tensorFlowNearest) == 24)
        #expect(try column(.tfHalfPixelForNearest) == 25)
    }

    @Test func `indices of maxima count rows or columns first`() throws {
        let x = try reals([1, 5, 2, 8, 3, 4], [1, 1, 2, 3])
        let rows = try Evaluator.apply(Self.pool(.maximum, [2, 2], [1, 1]), to: [x], outputCount: 2)
        #expect(try rows[0].doubles() == [8, 5])
        #expect(try rows[1].integers() == [3, 1])
        let columns = try Evaluator.apply(Self.pool(.maximum, [2, 2], [1, 1], columnMajor: true), to: [x], outputCount: 2)
        #expect(try columns[1].integers() == [1, 2])
    }

    @Test func `pools read channels last`() throws {
        let x = try reals([1, 10, 2, 20, 3, 30, 4, 40], [1, 4, 2])
        #expect(try Self.pool(.maximum, [2], [2], layout: .channelsLast).doubles(x) == [2, 20, 4, 40])
        let global = Operator.globalPooling(GlobalPooling(kind: .average, layout: .channelsLast, keepsDimensions: false))
        #expect(try global.doubles(x) == [2.5, 25])
    }

    @Test func `batch normalization uses stored moments, with or without scale`() throws {
        let normalization = Operator.batchNormalization(BatchNormalization(epsilon: 1, axis: -1))
        let x = try reals([1, 2, 3, 4], [2, 2])
        let (mean, variance) = (try reals([1, 2]), try reals([3, 8]))
        #expect(try normalization.doubles(x, nil, nil, mean, variance) == [0, 0, 1, 2.0 / 3])
        #expect(try normalization.doubles(x, reals([2, 3]), reals([1, -1]), mean, variance) == [1, -1, 3, 1])
    }

    @Test func `products follow their definitions`() throws {
        let (a, b) = (try reals([1, 2, 3, 4, 5, 6], [2, 3]), try reals([1, 0, 2, 1, 0, 3], [3, 2]))
        #expect(try Operator.matrixMultiplication(MatrixMultiplication()).doubles(a, b) == [5, 11, 14, 23])
        #expect(try Operator.dense(Dense()).doubles(a, b, reals([1, -1])) == [6, 10, 15, 22])
        let gemm = Operator.gemm(Gemm(alpha: 2, beta: 0.5, transposesA: true, transposesB: true))
        #expect(try gemm.doubles(reals([1, 4, 2, 5, 3, 6], [3, 2]), reals([1, 2, 0, 0, 1, 3], [2, 3]), reals([2], [1]))
            == [11, 23, 29, 47])
    }

    @Test func `whole numbers divide towards zero and wrap in their type`() throws {
        let (x, y) = (try wholes([7, -7, 7, -7]), try wholes([2, 2, -2, -2]))
        func integers(_ kind: Binary.Kind) throws -> [Int64] {
            try Evaluator.apply(.binary(Binary(kind)), to: [x, y])[0].integers()
        }
        #expect(try integers(.divide) == [3, -3, -3, 3])
        #expect(try integers(.modulo) == [1, 1, -1, -1])
        #expect(try integers(.remainder) == [1, -1, 1, -1])
        let bytes = try Tensor(elementType: .uint8, shape: [2], bytes: [200, 3])
        #expect(try Evaluator.apply(.binary(Binary(.add)), to: [bytes, bytes])[0].integers() == [144, 6])
        #expect(throws: EngineError.self) {
            try Evaluator.apply(.binary(Binary(.divide)), to: [x, wholes([0])])
        }
    }

    static let functions: [(Unary.Kind, [Double], [Double])] = [
        (.relu, [-1.0, 0, 2], [0.0, 0, 2]),
        (.generalReLU(maximum: 6, negativeSlope: 0.5, threshold: 1), [0, 3, 9], [-0.5, 3, 6]),
        (.leakyReLU(alpha: 0.25), [-4, 4], [-1, 4]),
        (.thresholdedReLU(alpha: 1), [0.5, 1, 2], [0, 0, 2]),
        (.hardSigmoid(alpha: 0.25, beta: 0.5), [-3, 0, 1, 3], [0, 0.5, 0.75, 1]),
        (.hardSwish, [-4, 3, 6], [0, 3, 6]),
        (.shrink(bias: 1, lambda: 2), [-3, 1, 3], [-2, 0, 2]),
        (.softsign, [-1, 3], [-0.5, 0.75]),
        (.round, [0.5, 1.5, -2.5], [0, 2, -2]),
        (.sign, [-2, 0, 5], [-1, 0, 1]),
        (.sigmoid, [0], [0.5]),
        (.elu(alpha: 2), [-1, 3], [-1.2642411176571153, 3]),
        (.gelu(approximate: false), [1, -1], [0.8413447460685429, -0.15865525393145707]),
        (.error, [0.5], [0.5204998778130465]),
        (.mish, [0], [0]),
        (.softplus, [0, 1000], [0.6931471805599453, 1000]),
    ]

    @Test(arguments: functions)
    func `functions of one element give what their formula says`(
        _ kind: Unary.Kind, _ x: [Double], _ y: [Double]
    ) throws {
        #expect(isClose(try Operator.unary(Unary(kind)).doubles(reals(x)), y, 1e-12))
        #expect(isClose(try Operator.unary(Unary(kind)).doubles(reals(x), precision: .float), y, 1e-6))
    }

    @Test func `maxima and clips carry NaN through`() throws {
        let maximum = Operator.variadic(Variadic(.maximum))
        #expect(isClose(try maximum.doubles(reals([1, .nan, 3]), reals([2, 2, .nan])), [2, .nan, .nan]))
        #expect(isClose(try Operator.clip(Clip()).doubles(reals([-1, .nan, 9]), reals([0], []), reals([6], [])), [0, .nan, 6]))
    }

    @Test func `softmax does not overflow, and takes axes as one before opset 13`() throws {
        let x = try reals([1000, 1000, 0, 1000], [1, 2, 2])
        #expect(try Operator.softmax(Softmax(axis: -1)).doubles(x) == [0.5, 0.5, 0, 1])
        let flat = try Operator.softmax(Softmax(axis: 1, flattensFromAxis: true)).doubles(x)
        #expect(isClose(flat, [1.0 / 3, 1.0 / 3, 0, 1.0 / 3]))
    }

    @Test func `reductions take axes from either place`() throws {
        let x = try reals([1, 2, 3, 4, 5, 6], [2, 3])
        #expect(try Operator.reduction(Reduction(.mean, axes: [0], keepsDimensions: true)).doubles(x) == [2.5, 3.5, 4.5])
        let given = Operator.reduction(Reduction(.sum, axes: nil, keepsDimensions: false))
        #expect(try given.doubles(x, wholes([-1])) == [6, 15])
        #expect(try given.doubles(x) == [21])
        #expect(isClose(
            try Operator.reduction(Reduction(.logarithmOfSumOfExponentials, axes: nil, keepsDimensions: false))
                .doubles(reals([1000, 1000])), [1000.6931471805599]))
        let last = Operator.argumentReduction(ArgumentReduction(.maximum, axis: 0, keepsDimensions: false, selectsLast: true))
        #expect(try last.doubles(reals([3, 1, 3])) == [2])
    }

    /// Numbers of ONNX Runtime 1.31; that NaN is the largest is ours, since the definition leaves it open.
    @Test func `the best come first, equal ones as they stand`() throws {
        let x = try reals([1, 3, 3, 0, 2, -5, 2, 2, 3, 3, 9, 0], [3, 4])
        func top(_ top: TopK, _ input: Tensor, _ k: Tensor? = nil) throws -> [[Double]] {
            try Evaluator.apply(.topK(top), to: [input, k], outputCount: 2).map { try $0.doubles() }
        }
        #expect(try top(TopK(k: nil, axis: 0), x, wholes([2]))
            == [[3, 3, 9, 2, 2, 3, 3, 0], [2, 0, 2, 1, 1, 2, 0, 0]])
        #expect(try top(TopK(k: 2, axis: -1), x) == [[3, 3, 2, 2, 9, 3], [1, 2, 0, 2, 2, 0]])
        #expect(try top(TopK(k: 2, axis: 0, takesSmallest: true), x)
            == [[1, -5, 2, 0, 2, 3, 3, 0], [0, 1, 1, 0, 1, 0, 0, 2]])
        #expect(try top(TopK(k: 0, axis: 0), x) == [[], []])
        let holed = try reals([1, .nan, -.infinity, .infinity])
        #expect(try top(TopK(k: 4, axis: 0), holed)[1] == [1, 3, 0, 2])
        #expect(try top(TopK(k: 4, axis: 0, takesSmallest: true), holed)[1] == [2, 0, 3, 1])
        #expect(throws: EngineError.self) { try top(TopK(k: nil, axis: 0), x, wholes([4])) }
    }

    static let padded: [(Pad.Mode, [Double])] = [
        (.constant, [9.0, 9, 1, 2, 3, 9]), (.reflect, [3, 2, 1, 2, 3, 2]), (.edge, [1, 1, 1, 2, 3, 3]),
        (.wrap, [2, 3, 1, 2, 3, 1]),
    ]

    @Test(arguments: padded)
    func `pads are filled by mode`(_ mode: Pad.Mode, _ expected: [Double]) throws {
        #expect(try Operator.pad(Pad(mode: mode, pads: [2, 1], value: 9)).doubles(reals([1, 2, 3])) == expected)
    }

    @Test func `elements are moved where they belong`() throws {
        let x = try reals([1, 2, 3, 4, 5, 6], [2, 3])
        #expect(try Operator.transpose(Transpose(permutation: [1, 0])).doubles(x) == [1, 4, 2, 5, 3, 6])
        #expect(try Operator.slice(Slice()).doubles(x, wholes([-1]), wholes([Int64.min]), wholes([1]), wholes([-2]))
            == [3, 1, 6, 4])
        #expect(try Operator.gather(Gather(axis: 1)).doubles(x, wholes([-1, 0])) == [3, 1, 6, 4])
        #expect(try Operator.gatherElements(GatherElements(axis: 0)).doubles(x, wholes([1, 0, -1], [1, 3])) == [4, 2, 6])
        #expect(try Operator.tile(Tile(repeats: [1, 2])).doubles(x) == [1, 2, 3, 1, 2, 3, 4, 5, 6, 4, 5, 6])
        #expect(try Operator.concatenation(Concatenation(axis: -1)).doubles(x, reals([7, 8], [2, 1])) == [1, 2, 3, 7, 4, 5, 6, 8])
        let parts = try Evaluator.apply(.split(Split(axis: 1, sizes: [1, 2])), to: [x], outputCount: 2)
        #expect(try parts.map { try $0.doubles() } == [[1, 4], [2, 3, 5, 6]])
        #expect(try Operator.upsampling(Upsampling(factors: [2], interpolation: .nearest, layout: .channelsLast))
            .doubles(reals([1, 10, 2, 20], [1, 2, 2])) == [1, 10, 1, 10, 2, 20, 2, 20])
        let space = try reals((0..<8).map(Double.init), [1, 2, 2, 2])
        let deep = try Evaluator.apply(.spaceToDepth(SpaceToDepth(blockSize: 2)), to: [space])[0]
        #expect(try Operator.depthToSpace(DepthToSpace(blockSize: 2, mode: .depthColumnRow)).doubles(deep)
            == (0..<8).map(Double.init))
    }

    @Test func `a bilinear upsampling samples at half pixels`() throws {
        let up = Operator.upsampling(Upsampling(factors: [2], interpolation: .bilinear, layout: .channelsLast))
        #expect(try up.doubles(reals([0, 4], [1, 2, 1])) == [0, 1, 3, 4])
    }

    @Test func `an index outside its axis is an error that says so`() throws {
        #expect { try Operator.gather(Gather(axis: 0)).doubles(reals([1, 2]), wholes([2])) } throws: { error in
            "\(error)".contains("2")
        }
    }
}
