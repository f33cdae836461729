import SkiffCore
import SkiffGraph

/// A small residual network with every ingredient that conversions get wrong, drawn in either layout from the
/// same numbers: convolution, BatchNormalization, ReLU, a projection, an addition, global pooling, a classifier.
struct DrawnNetwork {
    var layout = Layout.channelsFirst
    var epsilon: Float = 1e-3
    var hasBias = true
    /// Multiplies the first element of the second convolution's weight.
    var weightFactor: Float = 1
    /// Reads the second kernel with its spatial axes exchanged.
    var swapsKernelAxes = false
    var inputName = "image"
    var outputName = "scores"
    var inputShape: SymbolicShape?

    private static let channels = 6
    private static let classes = 5

    func graph() throws -> Graph {
        var builder = GraphBuilder(name: "drawn")
        let open: SymbolicShape =
            layout == .channelsFirst
            ? [.symbolic("N"), 3, .symbolic("H"), .symbolic("W")] : [.symbolic("N"), .symbolic("H"), .symbolic("W"), 3]
        let input = try builder.addInput(inputName, Fact(.float32, inputShape ?? open))
        let stem = try convolution(&builder, "stem", input, inputs: 3, seed: 1)
        let normalized = try normalization(&builder, "stem_bn", stem, seed: 2)
        let active = try builder.addNode(
            "stem_relu", sourceOperator: "Relu", .unary(Unary(.relu)), inputs: [normalized], output: "stem_relu")
        let branch = try convolution(
            &builder, "branch", active, inputs: Self.channels, seed: 3, factor: weightFactor, swaps: swapsKernelAxes)
        let sum = try builder.addNode(
            "add", sourceOperator: "Add", .binary(Binary(.add)), inputs: [active, branch], output: "add")
        let pooled = try builder.addNode(
            "pool", sourceOperator: "GlobalAveragePool",
            .globalPooling(GlobalPooling(kind: .average, layout: layout, keepsDimensions: false)), inputs: [sum],
            output: "pool")
        let weight = try builder.addWeight(
            "head_w", Tensor(floats: Self.numbers(Self.channels * Self.classes, seed: 9), shape: [Self.channels, Self.classes]))
        let scores = try builder.addNode(
            "head", sourceOperator: "Dense", .dense(Dense()), inputs: [pooled, weight], output: "head")
        builder.addOutput(outputName, scores)
        return try builder.build()
    }

    private func convolution(
        _ builder: inout GraphBuilder, _ name: String, _ input: ValueID, inputs: Int, seed: Int, factor: Float = 1,
        swaps: Bool = false
    ) throws -> ValueID {
        let outputs = Self.channels
        // Drawn as (O, I, 3, 3).
        var numbers = Self.numbers(outputs * inputs * 9, seed: seed)
        numbers[0] *= factor
        if swaps {
            numbers = numbers.indices.map { numbers[$0 / 9 * 9 + ($0 % 3) * 3 + $0 % 9 / 3] }
        }
        var shape = [outputs, inputs, 3, 3]
        if layout == .channelsLast {
            shape = [3, 3, inputs, outputs]
            numbers = (0..<numbers.count).map { position in
                let o = position % outputs
                let i = position / outputs % inputs
                let tap = position / outputs / inputs
                return numbers[(o * inputs + i) * 9 + tap]
            }
        }
        let weight = try builder.addWeight(name + "_w", Tensor(floats: numbers, shape: shape))
        let bias = hasBias
            ? try builder.addWeight(name + "_b", Tensor(floats: Self.numbers(outputs, seed: seed + 100), shape: [outputs]))
            : nil
        let padding = Padding.explicit(before: [1, 1], after: [1, 1])
        let attributes = Convolution(
            window: Window(strides: [1, 1], dilations: [1, 1], padding: padding), groups: 1, layout: layout,
            kernelOrder: layout == .channelsFirst ? .outputInputSpatial : .spatialInputOutput)
        return try builder.addNode(
            name, sourceOperator: "Conv", .convolution(attributes), inputs: [input, weight, bias], output: name)
    }

    private func normalization(
        _ builder: inout GraphBuilder, _ name: String, _ input: ValueID, seed: Int
    ) throws -> ValueID {
        var inputs: [ValueID?] = [input]
        for (position, part) in ["scale", "offset", "mean", "variance"].enumerated() {
            let numbers = Self.numbers(Self.channels, seed: seed * 10 + position).map { part == "variance" ? abs($0) + 0.1 : $0 }
            inputs.append(try builder.addWeight("\(name)_\(part)", Tensor(floats: numbers, shape: [Self.channels])))
        }
        let axis = layout == .channelsFirst ? 1 : -1
        return try builder.addNode(
            name, sourceOperator: "BatchNormalization",
            .batchNormalization(BatchNormalization(epsilon: epsilon, axis: axis)), inputs: inputs, output: name)
    }

    /// Numbers within ±0.5 that look drawn by lot and never change.
    private static func numbers(_ count: Int, seed: Int) -> [Float] {
        (0..<count).map { position in
            var word = UInt64(seed) &* 0x9E37_79B9_7F4A_7C15 &+ UInt64(position) &* 0xBF58_476D_1CE4_E5B9
            word ^= word >> 29
            word = word &* 0x94D0_49BB_1331_11EB
            return Float(word >> 40) * 0x1p-24 - 0.5
        }
    }
}
