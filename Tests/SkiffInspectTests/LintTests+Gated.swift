import SkiffCore
import SkiffGraph

extension LintTests {
    /// A residual block with a gate between the last layer of its branch and the addition.
    ///
    /// - Parameter scale: of the branch's normalization; `nil` leaves it out and makes the kernel zero.
    static func gated(_ scale: Float?) throws -> Graph {
        var builder = GraphBuilder(name: "gated")
        let input = try builder.addInput("x", Fact(.float32, [.symbolic("N"), 4, 8, 8]))
        func convolved(_ name: String, _ value: ValueID) throws -> ValueID {
            let isZero = scale == nil && name == "conv"
            let numbers = (0..<16).map { isZero ? 0 : Float(($0 * 37 + 11) % 101) / 101 - 0.5 }
            let kernel = try builder.addWeight("w-\(name)", Tensor(floats: numbers, shape: [4, 4, 1, 1]))
            let window = Window(strides: [1, 1], dilations: [1, 1], padding: .valid)
            let attributes = Convolution(window: window, groups: 1, layout: .channelsFirst, kernelOrder: .outputInputSpatial)
            return try builder.addNode(name, sourceOperator: "Conv", .convolution(attributes), inputs: [value, kernel], output: name)
        }
        let start = try builder.addNode("relu", sourceOperator: "Relu", .unary(Unary(.relu)), inputs: [convolved("stem", input)], output: "relu")
        var data = try convolved("conv", start)
        if let scale {
            let moments = try [("s", scale), ("o", 0.5), ("m", 0.1), ("v", 2)].map { name, number in
                try builder.addWeight(name, Tensor(floats: [Float](repeating: number, count: 4), shape: [4]))
            }
            let norm = BatchNormalization(epsilon: 1e-5, axis: 1, isTraining: false)
            data = try builder.addNode(
                "bn", sourceOperator: "BatchNormalization", .batchNormalization(norm), inputs: [data] + moments, output: "bn")
        }
        let pooled = try builder.addNode(
            "pool", sourceOperator: "GlobalAveragePool", .globalPooling(GlobalPooling(kind: .average, layout: .channelsFirst, keepsDimensions: true)),
            inputs: [data], output: "pool")
        let gate = try builder.addNode(
            "sigmoid", sourceOperator: "Sigmoid", .unary(Unary(.sigmoid)), inputs: [convolved("squeeze", pooled)], output: "sigmoid")
        let gated = try builder.addNode("mul", sourceOperator: "Mul", .binary(Binary(.multiply)), inputs: [data, gate], output: "mul")
        let sum = try builder.addNode("add", sourceOperator: "Add", .binary(Binary(.add)), inputs: [gated, start], output: "add")
        builder.addOutput("out", sum)
        return try builder.build()
    }
}
