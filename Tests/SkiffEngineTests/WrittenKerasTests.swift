import SkiffCore
import SkiffEngine
import SkiffGraph
import SkiffONNX
import SkiffTestSupport
import Testing

/// What Keras has and ONNX says otherwise: each is written for several operator sets, read again and run beside the graph.
@Suite struct WrittenKerasTests {
    private static let opsets: [Int?] = [nil, 9, 10, 11, 12, 13, 17, 18, 20, 21, 24, 28]

    /// A graph on input x, made by `nodes`, and its outputs compared with those of what is written of it.
    private func check(
        _ shape: SymbolicShape, run: Shape, least: Int = 9, transposes: Int? = nil, seed: UInt64 = 1,
        _ nodes: (inout Network) throws -> ValueID
    ) throws {
        var network = try Network(shape)
        let last = try nodes(&network)
        network.builder.addOutput("y", last)
        let graph = try network.builder.build()
        var noise = Noise(seed)
        let x = try Tensor(floats: noise.floats(run.reduce(1, *)).map { $0 * 4 }, shape: run)
        let expected = try outputs(graph, x)
        for opset in Self.opsets {
            let written: Graph
            do {
                written = try withTemporaryFolder { folder in
                    try ONNXWriter.write(graph, to: folder + "/model.onnx", opset: opset)
                    return try ONNXReader.read(storage: Storage(mapping: folder + "/model.onnx"), folder: folder)
                }
            } catch let error as ONNXError {
                #expect((opset ?? 99) < least, "opset \(opset ?? 0): \(error)")
                #expect(error.message.contains("needs opset \(least)"), "\(error)")
                #expect(error.place.node != nil)
                continue
            }
            #expect(opset ?? 99 >= least, "opset \(opset ?? 0) is written")
            #expect(written.unknownNodes.isEmpty)
            let found = try outputs(written, x)
            #expect(isClose(found, expected, 2e-6 * (1 + (expected.map(abs).max() ?? 0))), "opset \(opset ?? 0)")
            if let transposes {
                #expect(written.nodes.count { $0.sourceOperator == "Transpose" } == transposes, "opset \(opset ?? 0)")
            }
        }
    }

    private func outputs(_ graph: Graph, _ x: Tensor) throws -> [Double] {
        let output = try #require(graph.outputs.first)
        #expect(output.name == "y")
        let values = try Evaluator(graph, threads: 1).run(["x": x], precision: .double)
        return try #require(values[output.value]).doubles()
    }

    /// A graph while it is made; nodes are called by their number.
    private struct Network {
        var builder = GraphBuilder(name: "network", metadata: GraphMetadata(sourceFormat: "Keras HDF5"))
        var x: ValueID
        private var noise = Noise(7)
        private var count = 0

        init(_ shape: SymbolicShape) throws {
            x = builder.value(named: "x")
            try builder.addInput("x", Fact(.float32, shape))
        }

        mutating func node(_ operator: Operator, _ inputs: ValueID?...) throws -> ValueID {
            count += 1
            return try builder.addNode(
                "n\(count)", sourceOperator: "\(`operator`.kind)", `operator`, inputs: inputs, output: "v\(count)")
        }

        mutating func weight(_ shape: Shape, above least: Float? = nil) throws -> ValueID {
            count += 1
            let values = noise.floats(shape.reduce(1, *)).map { value in least.map { $0 + abs(value) } ?? value }
            return try builder.addWeight("w\(count)", Tensor(floats: values, shape: shape))
        }

        mutating func numbers(_ values: [Int64]) throws -> ValueID {
            count += 1
            return try builder.addWeight("w\(count)", Tensor(integers: values, shape: [values.count]))
        }

        mutating func convolution(
            _ input: ValueID, _ kernel: Shape, strides: [Int] = [1, 1], dilations: [Int] = [1, 1],
            padding: Padding = .sameUpper, order: KernelOrder = .spatialInputOutput, groups: Int = 1
        ) throws -> ValueID {
            let window = Window(strides: strides, dilations: dilations, padding: padding)
            return try node(
                .convolution(Convolution(window: window, groups: groups, layout: .channelsLast, kernelOrder: order)),
                input, weight(kernel), weight([order == .spatialChannelMultiplier ? kernel[2] * kernel[3] : kernel[3]]))
        }
    }

    private static let unaries: [(Unary.Kind, Int)] = [
        (.relu, 9), (.generalReLU(maximum: 2, negativeSlope: 0, threshold: 0), 9),
        (.generalReLU(maximum: nil, negativeSlope: 0.1, threshold: 0), 9),
        (.generalReLU(maximum: 2, negativeSlope: 0.1, threshold: 0), 9),
        (.generalReLU(maximum: 2, negativeSlope: -0.9, threshold: 0), 9),
        (.generalReLU(maximum: 1.5, negativeSlope: 0.1, threshold: 0.5), 9),
        (.generalReLU(maximum: nil, negativeSlope: 0, threshold: 0.5), 9),
        (.generalReLU(maximum: -1, negativeSlope: 0.25, threshold: -2), 9),
        (.generalReLU(maximum: -1, negativeSlope: 0, threshold: 0), 9),
        (.leakyReLU(alpha: 0.3), 9), (.thresholdedReLU(alpha: 0.7), 9), (.elu(alpha: 1.5), 9),
        (.selu(alpha: 1.6732632, gamma: 1.050701), 9), (.celu(alpha: 1), 9), (.celu(alpha: 0.5), 9), (.sigmoid, 9),
        (.tanh, 9), (.softplus, 9), (.softsign, 9), (.hardSigmoid(alpha: 0.2, beta: 0.5), 9),
        (.hardSigmoid(alpha: 1 / 6, beta: 0.5), 9), (.hardSwish, 9), (.swish(alpha: 1), 9), (.swish(alpha: 1.5), 9),
        (.mish, 9), (.gelu(approximate: false), 9), (.gelu(approximate: true), 9), (.shrink(bias: 0.5, lambda: 0.5), 9),
        (.shrink(bias: 0, lambda: 0.5), 9), (.exponential, 9), (.round, 11), (.floor, 9), (.error, 9), (.absolute, 9),
        (.negative, 9), (.sine, 9), (.areaSine, 9), (.sign, 9),
    ]

    @Test(arguments: unaries.indices)
    func `activations are ONNX's own or what they are defined by`(index: Int) throws {
        let (kind, least) = Self.unaries[index]
        try check([.symbolic("batch"), 5, 7], run: [2, 5, 7], least: least) { network in
            try network.node(.unary(Unary(kind)), network.x)
        }
        // Between convolutions of channels-last maps there is no Transpose.
        try check([.symbolic("batch"), 5, 4, 3], run: [1, 5, 4, 3], least: least, transposes: 2) { network in
            let map = try network.convolution(network.x, [3, 3, 3, 4])
            return try network.convolution(network.node(.unary(Unary(kind)), map), [1, 1, 4, 2])
        }
    }

    private static let paddings: [Padding] = [
        .valid, .sameUpper, .sameLower, .explicit(before: [2, 0], after: [1, 2]),
    ]

    @Test(arguments: paddings, [[1, 1], [2, 3], [3, 2]])
    func `convolutions of every kernel order, padding and stride`(padding: Padding, strides: [Int]) throws {
        for extents in [[8, 7], [9, 10]] {
            for isOpen in [false, true] {
                let shape: SymbolicShape = isOpen
                    ? [.symbolic("batch"), .unknown, .unknown, 4] : [.symbolic("batch"), .fixed(extents[0]), .fixed(extents[1]), 4]
                let run = [2] + extents + [4]
                try check(shape, run: run, transposes: 2) { network in
                    try network.convolution(network.x, [3, 2, 4, 6], strides: strides, padding: padding)
                }
                try check(shape, run: run, transposes: 2) { network in
                    try network.convolution(network.x, [3, 3, 2, 6], strides: strides, padding: padding, groups: 2)
                }
                try check(shape, run: run, transposes: 2) { network in
                    try network.convolution(
                        network.x, [3, 2, 4, 3], strides: strides, padding: padding, order: .spatialChannelMultiplier,
                        groups: 4)
                }
                for kind in [Pooling.Kind.maximum, .average(countsPadding: false)] {
                    if case .explicit = padding { continue }
                    let pooling = Pooling(
                        kind: kind, kernel: [3, 2], window: Window(strides: strides, dilations: [1, 1], padding: padding),
                        layout: .channelsLast)
                    try check(shape, run: run, transposes: 2) { network in
                        try network.node(.pooling(pooling), network.x)
                    }
                }
            }
        }
    }

    @Test func `transposed convolutions, of one to three spatial axes`() throws {
        for axes in 1...3 {
            let shape: Shape = [2] + [5, 4, 3].prefix(axes) + [4]
            let convolution = ConvolutionTranspose(
                window: Window(
                    strides: Array(repeating: 2, count: axes), dilations: Array(repeating: 1, count: axes),
                    padding: .explicit(before: Array(repeating: 0, count: axes), after: Array(repeating: 1, count: axes))),
                outputPadding: Array(repeating: 0, count: axes), outputShape: nil, groups: 1, layout: .channelsLast,
                kernelOrder: .spatialOutputInput)
            try check([.symbolic("batch")] + SymbolicShape(Array(shape.dropFirst())), run: shape, transposes: 2) { network in
                let kernel = try network.weight(Array(repeating: 3, count: axes) + [5, 4])
                return try network.node(.convolutionTranspose(convolution), network.x, kernel, network.weight([5]))
            }
        }
    }

    @Test func `a residual block keeps its maps channels-first, from one Transpose to the classifier`() throws {
        try check([.symbolic("batch"), 9, 8, 3], run: [2, 9, 8, 3], transposes: 1) { network in
            let stem = try network.convolution(network.x, [3, 3, 3, 8], strides: [2, 2])
            func normalized(_ map: ValueID, scale: Bool) throws -> ValueID {
                let operation = BatchNormalization(epsilon: 1.001e-5, axis: -1)
                return try network.node(
                    .batchNormalization(operation), map, scale ? network.weight([8]) : nil, network.weight([8]),
                    network.weight([8]), network.weight([8], above: 0.5))
            }
            let padded = try network.node(.pad(Pad(mode: .constant, pads: [0, 1, 2, 0, 0, 1, 0, 0], value: -0.5)), stem)
            let first = try normalized(network.convolution(padded, [3, 3, 8, 8], padding: .valid), scale: false)
            let slope = try network.weight([1, 1, 8])
            let second = try network.node(.parametricReLU(ParametricReLU()), first, slope)
            let third = try normalized(network.convolution(second, [3, 3, 8, 8]), scale: true)
            let sum = try network.node(.variadic(Variadic(.mean)), stem, third, stem)
            let scaled = try network.node(.binary(Binary(.multiply)), sum, network.weight([8]))
            // Squeeze and excite.
            let pooled = try network.node(.globalPooling(GlobalPooling(kind: .average, layout: .channelsLast, keepsDimensions: false)), scaled)
            let row = try network.node(.reshape(Reshape(shape: [1, 1, 8], allowsZero: true, keepsBatch: true)), pooled)
            let gate = try network.node(.unary(Unary(.sigmoid)), network.convolution(row, [1, 1, 8, 8]))
            let gated = try network.node(.binary(Binary(.multiply)), scaled, gate)
            let joined = try network.node(.concatenation(Concatenation(axis: -1)), gated, stem)
            let mean = try network.node(.reduction(Reduction(.mean, axes: [1, 2], keepsDimensions: false)), joined)
            return try network.node(.dense(Dense()), mean, network.weight([16, 5]), network.weight([5]))
        }
    }

    @Test func `behind a flattened map the rows of a dense kernel are written in the map's order`() throws {
        for flattens in [Operator.flatten(Flatten(axis: 1)), .reshape(Reshape(shape: [-1], allowsZero: true, keepsBatch: true))] {
            try check([.symbolic("batch"), 5, 4, 3], run: [2, 5, 4, 3], transposes: 1) { network in
                let map = try network.convolution(network.x, [3, 3, 3, 6])
                let row = try network.node(.identity(Identity()), network.node(flattens, map))
                return try network.node(.dense(Dense()), row, network.weight([5 * 4 * 6, 7]), network.weight([7]))
            }
            // Where something else reads the row, the channels are brought back.
            try check([.symbolic("batch"), 5, 4, 3], run: [2, 5, 4, 3], transposes: 2) { network in
                let row = try network.node(flattens, network.convolution(network.x, [3, 3, 3, 6]))
                let dense = try network.node(.dense(Dense()), row, network.weight([5 * 4 * 6, 7]))
                let sum = try network.node(.reduction(Reduction(.sum, axes: [1], keepsDimensions: true)), row)
                return try network.node(.binary(Binary(.add)), dense, sum)
            }
        }
    }

    @Test func `fully connected layers of every rank`() throws {
        for shape in [[3, 6], [3, 4, 6], [3, 2, 4, 6], [2, 2, 2, 4, 6]] as [Shape] {
            for hasBias in [false, true] {
                let open: SymbolicShape = [.symbolic("batch")] + SymbolicShape(Array(shape.dropFirst()))
                try check(open, run: shape, transposes: 0) { network in
                    try network.node(.dense(Dense()), network.x, network.weight([6, 5]), hasBias ? network.weight([5]) : nil)
                }
            }
        }
        // ConvNeXt: a fully connected layer on a map is a convolution of single positions.
        try check([.symbolic("batch"), 6, 5, 3], run: [2, 6, 5, 3], transposes: 2) { network in
            let map = try network.convolution(network.x, [3, 3, 3, 6])
            let normal = try network.node(
                .layerNormalization(LayerNormalization(epsilon: 1e-6, firstAxis: -1)), map, network.weight([6]), network.weight([6]))
            let wide = try network.node(.dense(Dense()), normal, network.weight([6, 12]), network.weight([12]))
            let active = try network.node(.unary(Unary(.gelu(approximate: false))), wide)
            let narrow = try network.node(.dense(Dense()), active, network.weight([12, 6]), network.weight([6]))
            let sum = try network.node(.binary(Binary(.add)), map, narrow)
            return try network.convolution(sum, [1, 1, 6, 2])
        }
    }

    @Test func `normalizations over the last axes, and by groups of the last`() throws {
        for (scale, offset) in [(true, true), (true, false), (false, true), (false, false)] {
            try check([.symbolic("batch"), 5, 4, 6], run: [2, 5, 4, 6]) { network in
                let affine = try (scale ? network.weight([4, 6]) : nil, offset ? network.weight([4, 6]) : nil)
                return try network.node(
                    .layerNormalization(LayerNormalization(epsilon: 1e-3, firstAxis: -2)), network.x, affine.0, affine.1)
            }
            try check([.symbolic("batch"), 5, 4, 6], run: [2, 5, 4, 6], transposes: 2) { network in
                let affine = try (scale ? network.weight([6]) : nil, offset ? network.weight([6]) : nil)
                return try network.node(
                    .groupNormalization(GroupNormalization(groups: 3, epsilon: 1e-3, axis: -1, affinePerGroup: false)),
                    network.x, affine.0, affine.1)
            }
        }
        try check([.symbolic("batch"), 6, 5], run: [2, 6, 5], transposes: 0) { network in
            try network.node(
                .groupNormalization(GroupNormalization(groups: 2, epsilon: 1e-3, axis: 1, affinePerGroup: false)),
                network.x, network.weight([6]), network.weight([6]))
        }
        for axis in [1, 2, 3, -1] {
            try check([.symbolic("batch"), 6, 6, 6], run: [2, 6, 6, 6]) { network in
                try network.node(
                    .batchNormalization(BatchNormalization(epsilon: 1e-3, axis: axis)), network.x, nil, nil,
                    network.weight([6]), network.weight([6], above: 0.1))
            }
        }
    }

    @Test func `enlarging, cropping, cutting, padding and softmax on channels-last maps`() throws {
        let operators: [(Operator, Int)] = [
            (.upsampling(Upsampling(factors: [2, 3], interpolation: .nearest, layout: .channelsLast)), 9),
            (.upsampling(Upsampling(factors: [2, 3], interpolation: .bilinear, layout: .channelsLast)), 11),
            (.cropping(Cropping(before: [1, 0], after: [0, 2], layout: .channelsLast)), 9),
            (.cropping(Cropping(before: [0, 0], after: [0, 0], layout: .channelsLast)), 9),
            (.pad(Pad(mode: .reflect, pads: [0, 2, 1, 0, 0, 1, 2, 0])), 9),
            (.softmax(Softmax(.softmax, axis: -1)), 9), (.softmax(Softmax(.logSoftmax, axis: 1)), 9),
            (.reduction(Reduction(.maximum, axes: [3], keepsDimensions: true)), 9),
            (.reduction(Reduction(.sum, axes: [-1], keepsDimensions: false)), 9),
            (.reduction(Reduction(.mean, axes: [1], keepsDimensions: false)), 9),
            (.globalPooling(GlobalPooling(kind: .maximum, layout: .channelsLast, keepsDimensions: true)), 9),
            (.transpose(Transpose(permutation: [0, 3, 1, 2])), 9), (.transpose(Transpose(permutation: [0, 2, 1, 3])), 9),
            (.split(Split(axis: -1, sizes: [2, 4])), 9), (.unsqueeze(Unsqueeze(axes: [1])), 9),
            (.reshape(Reshape(shape: [6, -1], allowsZero: true, keepsBatch: true)), 9),
            (.flatten(Flatten(axis: 1)), 9), (.argumentReduction(ArgumentReduction(.maximum, axis: -1, keepsDimensions: false, selectsLast: false)), 9),
            (.cast(Cast(to: .float64)), 9), (.shapeOf(ShapeOf()), 9), (.sizeOf(SizeOf()), 9),
            (.clip(Clip()), 9), (.variadic(Variadic(.product)), 9),
        ]
        for (operation, least) in operators {
            try check([.symbolic("batch"), 6, 5, 3], run: [2, 6, 5, 3], least: least) { network in
                let map = try network.convolution(network.x, [3, 3, 3, 6])
                if case .split = operation {
                    let parts = [network.builder.value(named: "left"), network.builder.value(named: "right")]
                    try network.builder.addNode("cut", sourceOperator: "Split", operation, inputs: [map], outputs: parts)
                    return try network.node(.binary(Binary(.add)), network.node(.reduction(Reduction(.mean, axes: [3], keepsDimensions: true)), parts[0]), parts[1])
                }
                let result = try network.node(operation, map)
                return try network.node(.identity(Identity()), result)
            }
        }
    }

    @Test(arguments: [([8, 6], [16, 12]), ([8, 6], [5, 4]), ([3, 7], [10, 5]), ([6, 6], [4, 9]), ([5, 5], [5, 10])])
    func `resizing to a given size takes the elements that TensorFlow takes`(from: [Int], to: [Int]) throws {
        for mode in [Resize.Mode.linear, .nearest(.floor)] {
            let resize = Resize(
                mode: mode, coordinates: mode == .linear ? .halfPixel : .tensorFlowNearest, axes: [1, 2])
            try check([.symbolic("batch"), .fixed(from[0]), .fixed(from[1]), 3], run: [2, from[0], from[1], 3], least: 11) { network in
                let map = try network.convolution(network.x, [1, 1, 3, 4])
                return try network.node(.resize(resize), map, nil, nil, network.numbers(to.map { Int64($0) }))
            }
            try check([.symbolic("batch"), .fixed(from[0]), .fixed(from[1]), 3], run: [2, from[0], from[1], 3], least: 11, transposes: 0) { network in
                try network.node(.resize(resize), network.x, nil, nil, network.numbers(to.map { Int64($0) }))
            }
        }
    }

    @Test func `indexing a channels-last map`() throws {
        try check([.symbolic("batch"), 6, 5, 3], run: [2, 6, 5, 3], least: 10, transposes: 2) { network in
            let map = try network.convolution(network.x, [3, 3, 3, 6])
            let numbers = try [[1, 0], [5, 6], [1, -1], [2, 1]].map { try network.numbers($0) }
            let cut = try network.node(.slice(Slice()), map, numbers[0], numbers[1], numbers[2], numbers[3])
            return try network.convolution(cut, [1, 1, 6, 2])
        }
    }

}
