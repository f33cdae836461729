import Skiff

/// A ResNet-50 (He, Zhang, Ren, Sun, "Deep Residual Learning for Image Recognition", 2016; the stride in the 3×3
/// convolution, as torchvision has it) with drawn weights that behave like trained ones: kernels scaled as He's
/// initialisation, and stored moments that are those of its own maps, so that activations neither die nor explode.
struct DrawnResNet {
    /// Channels of the stem; 64 is ResNet-50.
    var width = 64
    var stages = [3, 4, 6, 3]
    var classes = 1000
    var extent = 64

    func graph() throws -> Graph {
        // Moments of a batch that no trial is run on.
        let trial = try build(nil)
        let images = try SeededInput(seed: 4711).tensor(
            forInput: 0, elementType: .float32, shape: [8, 3, extent, extent])
        var wanted: Set<ValueID> = []
        for id in trial.nodeIDs {
            guard case .convolution = trial[id].operator else { continue }
            wanted.formUnion(trial[id].outputs)
        }
        let maps = try Evaluator(trial).run(["image": images], precision: .float, observing: .values(wanted))
        var moments: [String: Moments] = [:]
        for (id, map) in maps where wanted.contains(id) { moments[trial[id].name] = try Moments(of: map) }
        return try build(moments)
    }

    /// Mean and variance of each channel of a map (N, C, H, W).
    struct Moments {
        var mean: [Float]
        var variance: [Float]

        init(of map: Tensor) throws {
            let elements = try map.floats()
            let channels = map.shape[1]
            let area = map.shape[2] * map.shape[3]
            var sums = [Double](repeating: 0, count: channels)
            var squares = sums
            for index in elements.indices {
                let value = Double(elements[index])
                sums[index / area % channels] += value
                squares[index / area % channels] += value * value
            }
            let count = Double(map.shape[0] * area)
            mean = sums.map { Float($0 / count) }
            variance = zip(sums, squares).map { Float(max($1 / count - $0 * $0 / count / count, 1e-4)) }
        }
    }

    /// The network with moments by the name of the map they belong to; with those of the batch where `nil`.
    private func build(_ moments: [String: Moments]?) throws -> Graph {
        var maker = Maker(moments: moments)
        let shape: SymbolicShape = [.symbolic("N"), 3, .fixed(extent), .fixed(extent)]
        let image = try maker.builder.addInput("image", Fact(.float32, shape))
        var map = try maker.convolution("conv1", image, (3, width), kernel: 7, stride: 2)
        map = try maker.normalized("bn1", map, width)
        map = try maker.relu("relu", map)
        let pool = Pooling(
            kind: .maximum, kernel: [3, 3],
            window: Window(strides: [2, 2], dilations: [1, 1], padding: .explicit(before: [1, 1], after: [1, 1])),
            layout: .channelsFirst)
        map = try maker.node("maxpool", "MaxPool", .pooling(pool), [map])
        var channels = width
        for (stage, blocks) in stages.enumerated() {
            for block in 0..<blocks {
                map = try maker.bottleneck(
                    "layer\(stage + 1).\(block)", map, channels, width << stage,
                    stride: stage > 0 && block == 0 ? 2 : 1)
                channels = 4 * (width << stage)
            }
        }
        map = try maker.node(
            "avgpool", "GlobalAveragePool",
            .globalPooling(GlobalPooling(kind: .average, layout: .channelsFirst, keepsDimensions: true)), [map])
        map = try maker.node("flatten", "Flatten", .flatten(Flatten(axis: 1)), [map])
        map = try maker.classifier("fc", map, channels, classes)
        maker.builder.addOutput("fc", map)
        return try maker.builder.build()
    }

    private struct Maker {
        var builder = GraphBuilder(name: "resnet50")
        var moments: [String: Moments]?
        var draws = Draws(50)

        init(moments: [String: Moments]?) { self.moments = moments }

        /// Names of the values that nodes give.
        private var names: [ValueID: String] = [:]

        mutating func node(
            _ name: String, _ source: String, _ operator: Operator, _ inputs: [ValueID?]
        ) throws -> ValueID {
            let id = try builder.addNode(name, sourceOperator: source, `operator`, inputs: inputs, output: name)
            names[id] = name
            return id
        }

        mutating func weight(_ name: String, _ shape: Shape, _ draw: (inout Draws) -> Float) throws -> ValueID {
            let count = shape.reduce(1, *)
            var elements: [Float] = []
            elements.reserveCapacity(count)
            for _ in 0..<count { elements.append(draw(&draws)) }
            return try builder.addWeight(name, Tensor(floats: elements, shape: shape))
        }

        mutating func convolution(
            _ name: String, _ map: ValueID, _ channels: (Int, Int), kernel: Int, stride: Int
        ) throws -> ValueID {
            let scale = (2 / Float(channels.0 * kernel * kernel)).squareRoot()
            let weight = try weight("\(name).weight", [channels.1, channels.0, kernel, kernel]) { $0.normal() * scale }
            let pad = [kernel / 2, kernel / 2]
            let window = Window(
                strides: [stride, stride], dilations: [1, 1], padding: .explicit(before: pad, after: pad))
            let attributes = Convolution(
                window: window, groups: 1, layout: .channelsFirst, kernelOrder: .outputInputSpatial)
            return try node(name, "Conv", .convolution(attributes), [map, weight])
        }

        mutating func normalized(_ name: String, _ map: ValueID, _ channels: Int, gain: Float = 1) throws -> ValueID {
            let scale = try weight("\(name).weight", [channels]) { gain * (0.5 + $0.uniform()) }
            let offset = try weight("\(name).bias", [channels]) { 0.3 * $0.normal() }
            let known = moments?[names[map] ?? ""]
            let mean = try builder.addWeight(
                "\(name).running_mean",
                Tensor(floats: known?.mean ?? [Float](repeating: 0, count: channels), shape: [channels]))
            let variance = try builder.addWeight(
                "\(name).running_var",
                Tensor(floats: known?.variance ?? [Float](repeating: 1, count: channels), shape: [channels]))
            let attributes = BatchNormalization(epsilon: 1e-5, axis: 1, isTraining: moments == nil)
            return try node(
                name, "BatchNormalization", .batchNormalization(attributes), [map, scale, offset, mean, variance])
        }

        mutating func relu(_ name: String, _ map: ValueID) throws -> ValueID {
            try node(name, "Relu", .unary(Unary(.relu)), [map])
        }

        mutating func unit(
            _ name: String, _ number: String, _ map: ValueID, _ channels: (Int, Int), kernel: Int, stride: Int,
            gain: Float = 1
        ) throws -> ValueID {
            let convolved = try convolution(
                "\(name).\(number == "downsample" ? "downsample.0" : "conv\(number)")", map, channels, kernel: kernel,
                stride: stride)
            return try normalized(
                "\(name).\(number == "downsample" ? "downsample.1" : "bn\(number)")", convolved, channels.1, gain: gain)
        }

        mutating func bottleneck(
            _ name: String, _ map: ValueID, _ inputs: Int, _ width: Int, stride: Int
        ) throws -> ValueID {
            var branch = try unit(name, "1", map, (inputs, width), kernel: 1, stride: 1)
            branch = try relu("\(name).relu1", branch)
            branch = try unit(name, "2", branch, (width, width), kernel: 3, stride: stride)
            branch = try relu("\(name).relu2", branch)
            branch = try unit(name, "3", branch, (width, 4 * width), kernel: 1, stride: 1, gain: 0.5)
            var shortcut = map
            if inputs != 4 * width || stride != 1 {
                shortcut = try unit(name, "downsample", map, (inputs, 4 * width), kernel: 1, stride: stride)
            }
            let sum = try node("\(name).add", "Add", .binary(Binary(.add)), [branch, shortcut])
            return try relu("\(name).relu3", sum)
        }

        mutating func classifier(_ name: String, _ map: ValueID, _ inputs: Int, _ classes: Int) throws -> ValueID {
            let scale = (1 / Float(inputs)).squareRoot()
            let weight = try weight("\(name).weight", [classes, inputs]) { $0.normal() * scale }
            let bias = try self.weight("\(name).bias", [classes]) { 0.1 * $0.normal() }
            let gemm = Gemm(alpha: 1, beta: 1, transposesA: false, transposesB: true)
            return try node(name, "Gemm", .gemm(gemm), [map, weight, bias])
        }
    }
}
