import SkiffCore
import SkiffGraph
import SkiffInspect

/// Draws networks a few words a layer. Names say nothing, so that nothing can be found by them.
struct Sketch {
    var builder = GraphBuilder(name: "sketch")
    let layout: Layout
    private var count = 0

    /// What all weights of sketches lie in: nothing reads their elements.
    private static let zeros = Storage([UInt8](repeating: 0, count: 64 << 20))

    init(layout: Layout = .channelsFirst) { self.layout = layout }

    mutating func fresh() -> String {
        count += 1
        return "v\(count)"
    }

    /// An input of (batch, channels, extents…) in the sketch's layout.
    mutating func input(channels: Int, extents: [Int] = [32, 32]) throws -> ValueID {
        let spatial = extents.map { Dimension.fixed($0) }
        let shape: SymbolicShape =
            layout == .channelsFirst
            ? [.symbolic("N"), .fixed(channels)] + spatial : [.symbolic("N")] + spatial + [.fixed(channels)]
        return try builder.addInput(fresh(), Fact(.float32, shape))
    }

    mutating func weight(_ shape: Shape) throws -> ValueID {
        let bytes = 4 * shape.reduce(1, *)
        return try builder.addWeight(
            fresh(), Tensor(elementType: .float32, shape: shape, storage: Self.zeros, byteRange: 0..<bytes))
    }

    mutating func integers(_ values: [Int64]) throws -> ValueID {
        try builder.addWeight(fresh(), Tensor(integers: values, shape: [values.count]))
    }

    mutating func node(_ operator: Operator, _ source: String, _ inputs: [ValueID?]) throws -> ValueID {
        try builder.addNode("", sourceOperator: source, `operator`, inputs: inputs, output: fresh())
    }

    mutating func convolution(
        _ x: ValueID, _ from: Int, _ to: Int, kernel: [Int] = [3, 3], stride: Int = 1, dilation: Int = 1,
        groups: Int = 1
    ) throws -> ValueID {
        let rank = kernel.count
        let window = Window(
            strides: Array(repeating: stride, count: rank), dilations: Array(repeating: dilation, count: rank),
            padding: .sameUpper)
        let order: KernelOrder = layout == .channelsFirst ? .outputInputSpatial : .spatialInputOutput
        let shape = layout == .channelsFirst ? [to, from / groups] + kernel : kernel + [from / groups, to]
        let convolution = Convolution(window: window, groups: groups, layout: layout, kernelOrder: order)
        return try node(.convolution(convolution), "Conv", [x, weight(shape), nil])
    }

    mutating func pointwise(_ x: ValueID, _ from: Int, _ to: Int, stride: Int = 1) throws -> ValueID {
        try convolution(x, from, to, kernel: [1, 1], stride: stride)
    }

    mutating func normalization(_ x: ValueID, _ channels: Int) throws -> ValueID {
        let axis = layout == .channelsFirst ? 1 : -1
        return try node(
            .batchNormalization(BatchNormalization(epsilon: 1e-5, axis: axis)), "BatchNormalization",
            [x, weight([channels]), weight([channels]), weight([channels]), weight([channels])])
    }

    mutating func relu(_ x: ValueID) throws -> ValueID { try node(.unary(Unary(.relu)), "Relu", [x]) }

    mutating func identity(_ x: ValueID) throws -> ValueID { try node(.identity(Identity()), "Identity", [x]) }

    mutating func add(_ values: ValueID...) throws -> ValueID {
        values.count == 2
            ? try node(.binary(Binary(.add)), "Add", values) : try node(.variadic(Variadic(.sum)), "Sum", values)
    }

    mutating func multiply(_ left: ValueID, _ right: ValueID) throws -> ValueID {
        try node(.binary(Binary(.multiply)), "Mul", [left, right])
    }

    mutating func concatenation(_ values: ValueID...) throws -> ValueID {
        let axis = layout == .channelsFirst ? 1 : -1
        return try node(.concatenation(Concatenation(axis: axis)), "Concat", values)
    }

    mutating func pool(_ x: ValueID, _ kind: Pooling.Kind = .maximum, size: Int = 2, stride: Int = 2) throws -> ValueID {
        let window = Window(strides: [stride, stride], dilations: [1, 1], padding: .valid)
        return try node(
            .pooling(Pooling(kind: kind, kernel: [size, size], window: window, layout: layout)), "MaxPool", [x])
    }

    mutating func globalPool(_ x: ValueID) throws -> ValueID {
        try node(
            .globalPooling(GlobalPooling(kind: .average, layout: layout, keepsDimensions: true)), "GlobalAveragePool", [x])
    }

    mutating func upsampled(_ x: ValueID) throws -> ValueID {
        try node(
            .upsampling(Upsampling(factors: [2, 2], interpolation: .nearest, layout: layout)), "UpSampling2D", [x])
    }

    /// Convolution, normalization and, where asked for, activation.
    mutating func unit(
        _ x: ValueID, _ from: Int, _ to: Int, kernel: [Int] = [3, 3], stride: Int = 1, groups: Int = 1,
        activates: Bool = true
    ) throws -> ValueID {
        let convolved = try convolution(x, from, to, kernel: kernel, stride: stride, groups: groups)
        let normalized = try normalization(convolved, to)
        return activates ? try relu(normalized) : normalized
    }

    mutating func basicBlock(_ x: ValueID, _ from: Int, _ to: Int, stride: Int = 1) throws -> ValueID {
        let first = try unit(x, from, to, stride: stride)
        let branch = try unit(first, to, to, activates: false)
        let shortcut = from == to && stride == 1 ? x : try unit(x, from, to, kernel: [1, 1], stride: stride, activates: false)
        return try relu(add(branch, shortcut))
    }

    /// A bottleneck with its stride in convolution `strideSite` (1 or 2).
    mutating func bottleneck(
        _ x: ValueID, _ from: Int, _ inner: Int, _ to: Int, stride: Int = 1, strideSite: Int = 1, groups: Int = 1
    ) throws -> ValueID {
        let first = try unit(x, from, inner, kernel: [1, 1], stride: strideSite == 1 ? stride : 1)
        let second = try unit(first, inner, inner, stride: strideSite == 2 ? stride : 1, groups: groups)
        let branch = try unit(second, inner, to, kernel: [1, 1], activates: false)
        let shortcut = from == to && stride == 1 ? x : try unit(x, from, to, kernel: [1, 1], stride: stride, activates: false)
        return try relu(add(branch, shortcut))
    }

    /// Normalization and activation before each convolution, the sum bare.
    mutating func preActivationBlock(_ x: ValueID, _ channels: Int, dilation: Int = 1) throws -> ValueID {
        let first = try convolution(relu(normalization(x, channels)), channels, channels)
        let second = try convolution(relu(normalization(first, channels)), channels, channels, dilation: dilation)
        return try add(x, second)
    }

    /// A ResNet of bottlenecks, with the stem and the classifier of the published ones.
    static func bottleneckNetwork(
        stages: [Int], inner: Int = 64, outer: Int = 256, strideSite: Int = 1, groups: Int = 1, poolsInStem: Bool = true,
        convolutionBefore extra: Int? = nil
    ) throws -> Graph {
        var sketch = Sketch()
        let image = try sketch.input(channels: 3, extents: [64, 64])
        var x = try sketch.unit(image, 3, 64, kernel: [7, 7], stride: 2)
        if poolsInStem { x = try sketch.pool(x) }
        var channels = 64
        for (stage, blocks) in stages.enumerated() {
            for block in 0..<blocks {
                if extra == stage, block == 1 { x = try sketch.unit(x, channels, channels, kernel: [5, 5]) }
                x = try sketch.bottleneck(
                    x, channels, inner << stage, outer << stage, stride: stage > 0 && block == 0 ? 2 : 1,
                    strideSite: strideSite, groups: groups)
                channels = outer << stage
            }
        }
        return try sketch.finished(sketch.globalPool(x))
    }

    /// A ResNet of basic blocks whose channels double from stage to stage.
    static func basicNetwork(stages: [Int], channels first: Int) throws -> Graph {
        var sketch = Sketch()
        var x = try sketch.unit(sketch.input(channels: 3), 3, first)
        var channels = first
        for (stage, blocks) in stages.enumerated() {
            for block in 0..<blocks {
                x = try sketch.basicBlock(x, channels, first << stage, stride: stage > 0 && block == 0 ? 2 : 1)
                channels = first << stage
            }
        }
        return try sketch.finished(sketch.globalPool(x))
    }

    mutating func finished(_ outputs: ValueID...) throws -> Graph {
        for (index, output) in outputs.enumerated() { builder.addOutput("output_\(index)", output) }
        let finished = builder
        return try finished.build()
    }
}

extension Inspection {
    init(sketch graph: Graph) { self.init(of: graph, format: "sketch") }
}
