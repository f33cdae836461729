import Skiff
@testable import SkiffVerify
import SkiffTestSupport

/// Mistakes of every kind that is tried, each in a network of the fixtures.
enum Mistakes {
    private static let torch = ("torch-basic/model.onnx", "torch-basic/io.npz")
    private static let bottleneck = ("keras3-bottleneck/model.h5", "keras3-bottleneck/io.npz")
    private static let preact = ("keras2-preact/model.h5", "keras2-preact/io.npz")
    private static let mobile = ("mobile-like/model.h5", "mobile-like/io.npz")
    private static let line = ("conv1d-dilated/model.h5", "conv1d-dilated/io.npz")
    private static let lineTorch = ("conv1d-dilated-torch/model.onnx", "conv1d-dilated-torch/io.npz")

    private static func make(
        _ name: String, _ files: (String, String), at output: String, hidden: Set<String> = [], _ kind: Explanation.Kind,
        _ expected: String, _ candidate: @escaping @Sendable (Graph) throws -> Graph
    ) -> Mistake {
        Mistake(
            name: name, model: files.0, io: files.1, output: output, hidden: hidden, kind: kind, expected: expected,
            candidate: candidate)
    }

    private static func other(
        _ name: String, _ files: (String, String), at output: String, hidden: Set<String> = [], _ kind: Explanation.Kind,
        _ expected: String, _ reference: @escaping @Sendable (Graph) throws -> Edit
    ) -> Mistake {
        Mistake(
            name: name, model: files.0, io: files.1, output: output, hidden: hidden, kind: kind, expected: expected,
            reference: reference)
    }

    static let all: [Mistake] = [windows, normalizations, kernels, activations, arrangements, weights, precisions].flatMap { $0 }

    private static let strided = "/layer2/layer2.0/conv1/Conv_output_0"
    private static let first = "/layer1/layer1.0/conv1/Conv_output_0"
    private static let norm = "/layer1/layer1.0/bn1/BatchNormalization_output_0"

    static let windows: [Mistake] = [
        make("padding on the other side", torch, at: strided, .padding, "(1,1,1,1)") {
            try $0.changing(strided) { $0.with { $0.padding = .explicit(before: [0, 0], after: [1, 1]) } }
        },
        make("padding SAME_LOWER", torch, at: strided, .padding, "(1,1,1,1)") {
            try $0.changing(strided) { $0.with { $0.padding = .explicit(before: [2, 0], after: [0, 2]) } }
        },
        make("padding behind a normalization and an activation", torch, at: "/layer2/layer2.0/relu/Relu_output_0",
             hidden: [strided, "/layer2/layer2.0/bn1/BatchNormalization_output_0"], .padding, "(1,1,1,1)") {
            try $0.changing(strided) { $0.with { $0.padding = .sameUpper } }
        },
        make("a padding layer's side", preact, at: "conv2_block2_2_conv", hidden: ["conv2_block2_2_pad"], .padding, "") {
            try $0.changing("conv2_block2_2_pad") {
                guard case .pad(var pad) = $0, let pads = pad.pads else { return nil }
                pad.pads = pads.enumerated().map { $0 < 4 ? 0 : $1 * 2 }
                return .pad(pad)
            }
        },
        make("causal padding", line, at: "block0_conv1", .padding, "") {
            try $0.changing("block0_conv1") { $0.with { window in
                window.padding = .explicit(before: [0], after: [2 * window.dilations[0]])
            } }
        },
        make("a dilation", line, at: "block1_conv1", .dilation, "") {
            try $0.changing("block1_conv1") { $0.with { window in
                window.dilations = [window.dilations[0] + 1]
                window.padding = .sameUpper
            } }
        },
        make("the stride at another convolution", bottleneck, at: "conv3_block1_2_conv",
             hidden: ["conv3_block1_1_conv", "conv3_block1_1_bn", "conv3_block1_1_relu"], .strideSite, "(2,2) here") {
            let (one, other) = (try $0.node(giving: "conv3_block1_1_conv"), try $0.node(giving: "conv3_block1_2_conv"))
            return try $0.replacing([:], [
                one: $0[one].operator.with { $0.strides = [1, 1] }.present(),
                other: $0[other].operator.with { $0.strides = [2, 2] }.present(),
            ])
        },
        make("count_include_pad", lineTorch, at: "/7/AveragePool_output_0", .countIncludePadding, "0") {
            try $0.changing("/7/AveragePool_output_0") {
                guard case .pooling(var pooling) = $0 else { return nil }
                pooling.kind = .average(countsPadding: true)
                return .pooling(pooling)
            }
        },
        make("what a pool pads with", preact, at: "pool1_pool", hidden: ["pool1_pad"], .poolPaddingValue, "0") {
            try $0.changing("pool1_pad") {
                guard case .pad(var pad) = $0 else { return nil }
                pad.value = -.infinity
                return .pad(pad)
            }
        },
        make("global maximum", torch, at: "/avgpool/GlobalAveragePool_output_0", .operation, "average") {
            try $0.changing("/avgpool/GlobalAveragePool_output_0") {
                guard case .globalPooling(var pooling) = $0 else { return nil }
                pooling.kind = .maximum
                return .globalPooling(pooling)
            }
        },
    ]

    static let normalizations: [Mistake] = [
        make("epsilon of Keras", torch, at: norm, .epsilon, "1e-5") { try $0.changing(norm) { $0.with(epsilon: 1e-3) } },
        make("epsilon of another layer type", torch, at: "/layer1/layer1.0/relu/Relu_output_0", hidden: [norm, first],
             .epsilon, "1e-5") { try $0.changing(norm) { $0.with(epsilon: 1e-2) } },
        make("epsilon of PyTorch", mobile, at: "stem_bn", .epsilon, "0.001") {
            try $0.changing("stem_bn") { $0.with(epsilon: 1e-5) }
        },
        other("an epsilon that nobody has", torch, at: norm, .epsilon, "0.0037") {
            Edit(operators: [$0.nodeIDs[0]: try $0.operator(0).with(epsilon: 0.0037).present()])
        },
        make("moments of the batch", torch, at: norm, .batchStatistics, "stored") {
            try $0.changing(norm) {
                guard case .batchNormalization(var normalization) = $0 else { return nil }
                normalization.isTraining = true
                return .batchNormalization(normalization)
            }
        },
        other("stored moments for those of the batch", torch, at: norm, .batchStatistics, "of the batch") {
            guard case .batchNormalization(var normalization) = $0.operator(0) else { return Edit() }
            normalization.isTraining = true
            return Edit(operators: [$0.nodeIDs[0]: .batchNormalization(normalization)])
        },
        make("gamma and beta exchanged", torch, at: norm, .swappedWeights, "beta, gamma") { try exchanged($0, norm, 1, 2) },
        make("mean and variance exchanged", torch, at: norm, .swappedWeights, "variance, mean") { graph in
            // A mean is negative as well, and a variance is not.
            let positive = try graph.changing(norm, operand: 3) { tensor in
                try Tensor(floats: tensor.floats().map { abs($0) + 0.1 }, shape: tensor.shape)
            }
            return positive
        }.asReference { graph in
            Edit(tensors: [graph.nodeIDs[0]: try exchangedTensors(graph, 3, 4)])
        },
        other("no beta", torch, at: norm, .missingOffset, "missing") { Edit(removed: [$0.nodeIDs[0]: [2]]) },
        other("no gamma", torch, at: norm, .missingScale, "missing") { Edit(removed: [$0.nodeIDs[0]: [1]]) },
        other("no normalization", torch, at: norm, .missingLayer, "missing") {
            Edit(operators: [$0.nodeIDs[0]: .identity(Identity())], removed: [$0.nodeIDs[0]: [1, 2, 3, 4]])
        },
    ]

    static let kernels: [Mistake] = [
        make("kernel axes H and W", torch, at: first, .kernelAxes, "(W,H)") {
            try $0.changing(first, operand: 1) { try $0.permuted([0, 1, 3, 2]) }
        },
        make("kernel axes I and O", torch, at: first, .kernelAxes, "(I,O)") {
            try $0.changing(first, operand: 1) { try $0.permuted([1, 0, 2, 3]) }
        },
        make("a kernel's bytes in the order of another framework", bottleneck, at: "conv2_block1_2_conv", .kernelAxes, "") {
            try $0.changing("conv2_block1_2_conv", operand: 1) { tensor in
                // (H,W,I,O) stored as (O,I,H,W).
                try tensor.permuted([3, 2, 0, 1]).reshaped(tensor.shape)
            }
        },
        make("a true convolution", torch, at: first, .kernelFlip, "turned by 180°") {
            try $0.changing(first, operand: 1) { try $0.reversed(along: [2, 3]).present() }
        },
        make("a kernel turned along one axis", torch, at: first, .kernelFlip, "turned along W") {
            try $0.changing(first, operand: 1) { try $0.reversed(along: [3]).present() }
        },
        other("channels of groups", mobile, at: "grouped", hidden: [], .groupOrder, "4 groups side by side") { graph in
            let id = try graph.nodeIDs.first { if case .convolution = graph[$0].operator { true } else { false } }.present()
            return Edit(behind: [id: [try gathered(3, KernelExperiments.shuffled(24, 4)).present()]])
        },
        make("a matrix read as its transpose", torch, at: "logits", .transposedWeight, "read as its transpose") {
            try $0.changing("logits", operand: 1) { try $0.permuted([1, 0]).reshaped($0.shape) }
        },
    ]

    static let activations: [Mistake] = [
        make("no activation", torch, at: "/relu/Relu_output_0", .activation, "ReLU") {
            try $0.changing("/relu/Relu_output_0") { _ in .identity(Identity()) }
        },
        make("a leaky activation", torch, at: "/relu/Relu_output_0", .activation, "ReLU") {
            try $0.changing("/relu/Relu_output_0") { _ in .unary(Unary(.leakyReLU(alpha: 0.1))) }
        },
        make("a slope", line, at: "block0_leaky", .activation, "LeakyReLU") {
            try $0.changing("block0_leaky") { _ in .unary(Unary(.relu)) }
        },
        make("ELU", line, at: "block0_elu1", .activation, "ELU") {
            try $0.changing("block0_elu1") { _ in .unary(Unary(.swish(alpha: 1))) }
        },
        make("the hard sigmoid of Keras 2", mobile, at: "grouped", .activation, "hard sigmoid of slope 1/6") {
            try $0.changing("grouped") { _ in .unary(Unary(.hardSigmoid(alpha: 0.2, beta: 0.5))) }
        },
        make("no softmax", bottleneck, at: "predictions", .softmax, "softmax") {
            try $0.changing("predictions") { _ in .identity(Identity()) }
        },
        make("a sigmoid for the softmax", bottleneck, at: "predictions", .softmax, "softmax") {
            try $0.changing("predictions") { _ in .unary(Unary(.sigmoid)) }
        },
        other("an activation that is missing here", torch, at: first, .activation, "ReLU") {
            Edit(behind: [$0.nodeIDs[0]: [Edit.Inserted(operator: .unary(Unary(.relu)))]])
        },
        other("GELU by tanh", torch, at: "/relu/Relu_output_0", .activation, "GELU by tanh") {
            Edit(operators: [$0.nodeIDs[0]: .unary(Unary(.gelu(approximate: true)))])
        },
    ]

    static let arrangements: [Mistake] = [
        make("order of a concatenation", mobile, at: "concatenate", .operandOrder, "") { graph in
            try Edit(orders: [graph.node(giving: "concatenate"): [2, 0, 1]]).applied(to: graph)
        },
        make("order of a difference", mobile, at: "subtract", .operandOrder, "(1,0)") { graph in
            try Edit(orders: [graph.node(giving: "subtract"): [1, 0]]).applied(to: graph)
        },
        make("resampling", mobile, at: "enlarge_again", .resampling, "") {
            try $0.changing("enlarge_again") {
                guard case .upsampling(var upsampling) = $0 else { return nil }
                upsampling.interpolation = upsampling.interpolation == .nearest ? .bilinear : .nearest
                return .upsampling(upsampling)
            }
        },
        make("order of flattening", line, at: "digit", .flattenOrder, "axes exchanged") {
            try $0.changing("digit/logits", orProducerOf: "digit") { try $0.reshaped([8, 24, 10]).permuted([1, 0, 2]).reshaped([192, 10]) }
        },
        other("scale of the input", torch, at: "/conv1/Conv_output_0", .preprocessing, "/ 255") { _ in
            let factor = try Tensor(floats: [1 / 255], shape: [1])
            return Edit(ahead: [0: [Edit.Inserted(operator: .binary(Binary(.multiply)), operands: [factor])]])
        },
        other("a factor of a branch", torch, at: "/layer1/layer1.0/Add_output_0", .operandScale, "0.17") {
            let factor = try Tensor(floats: [0.17], shape: [1])
            return Edit(
                orders: [$0.nodeIDs[0]: [1, 0]],
                before: [$0.nodeIDs[0]: [Edit.Inserted(operator: .binary(Binary(.multiply)), operands: [factor])]])
        },
        other("a shortcut that is missing", torch, at: "/layer1/layer1.0/Add_output_0", .missingLayer, "missing") {
            Edit(operators: [$0.nodeIDs[0]: .identity(Identity())], removed: [$0.nodeIDs[0]: [1]])
        },
    ]

    static let weights: [Mistake] = [
        make("one weight", torch, at: first, .changedWeight, "") { try $0.changing(first, operand: 1) { try $0.changing(77) { $0 * 1.01 } } },
        make("one weight of a matrix", torch, at: "logits", .changedWeight, "") {
            try $0.changing("logits", operand: 1) { try $0.changing(39) { $0 + 0.01 } }
        },
        make("one bias", torch, at: "logits", .changedWeight, "") {
            try $0.changing("logits", operand: 2) { try $0.changing(3) { $0 + 0.01 } }
        },
        make("one gamma", torch, at: norm, .changedWeight, "") { try $0.changing(norm, operand: 1) { try $0.changing(5) { $0 * 1.01 } } },
        make("one output channel", torch, at: first, .changedWeight, "") {
            try $0.changing(first, operand: 1) { tensor in
                try Tensor(floats: tensor.floats().enumerated().map { $0 / 72 == 2 ? $1 * 1.02 : $1 }, shape: tensor.shape)
            }
        },
        make("one weight behind a normalization and an activation", torch, at: "/layer1/layer1.0/relu/Relu_output_0",
             hidden: [first, norm], .changedWeight, "") {
            try $0.changing(first, operand: 1) { try $0.changing(77) { $0 * 1.05 } }
        },
        make("two output channels exchanged", torch, at: first, .swappedWeights, "") {
            try $0.changing(first, operand: 1) { tensor in
                let numbers = try tensor.floats()
                let from = [0, 4, 2, 3, 1, 5, 6, 7]
                return try Tensor(
                    floats: numbers.indices.map { numbers[from[$0 / 72] * 72 + $0 % 72] }, shape: tensor.shape)
            }
        },
        make("a weight that is not a number", torch, at: first, .changedWeight, "") {
            try $0.changing(first, operand: 1) { try $0.changing(77) { _ in .nan } }
        },
        make("one mean", torch, at: norm, .changedWeight, "mean") {
            try $0.changing(norm, operand: 3) { try $0.changing(2) { $0 + 0.01 } }
        },
        make("tensors of two layers exchanged", torch, at: first, .swappedWeights, "") { graph in
            let second = "/layer1/layer1.0/conv2/Conv_output_0"
            let (one, other) = (try graph.weight(first, 1), try graph.weight(second, 1))
            return try graph.changing(first, operand: 1) { _ in other }.changing(second, operand: 1) { _ in one }
        },
        make("a normalization of another layer", torch, at: norm, .swappedWeights, "") { graph in
            let second = "/layer1/layer1.0/bn2/BatchNormalization_output_0"
            var changed = graph
            for operand in 1...4 {
                let (one, other) = (try graph.weight(norm, operand), try graph.weight(second, operand))
                changed = try changed.changing(norm, operand: operand) { _ in other }.changing(second, operand: operand) { _ in one }
            }
            return changed
        },
    ]

    static let precisions: [Mistake] = [
        other("weights in float16", torch, at: first, .weightPrecision, "float16") { try rounded($0, PrecisionExperiments.half) },
        other("weights in bfloat16", torch, at: first, .weightPrecision, "bfloat16") { try rounded($0, PrecisionExperiments.bfloat) },
        other("weights in int8", torch, at: first, .weightPrecision, "int8, one scale") { graph in
            let tensor = try graph.storedWeight(graph.nodes[0].inputs[1].present()).present().tensor
            let numbers = try tensor.floats()
            let scale = (numbers.map { abs($0) }.max() ?? 1) / 127
            let steps = numbers.map { ($0 / scale).rounded(.toNearestOrEven) * scale }
            return Edit(tensors: [graph.nodeIDs[0]: [1: try Tensor(floats: steps, shape: tensor.shape)]])
        },
        other("arithmetic in bfloat16", torch, at: "/layer2/layer2.0/conv1/Conv_output_0", .computePrecision, "bfloat16") { graph in
            try rounded(graph, PrecisionExperiments.bfloat).merged(
                Edit(behind: [graph.nodeIDs[0]: casts()], before: [graph.nodeIDs[0]: casts()]))
        },
        other("a sum in bfloat16", torch, at: "/layer1/layer1.0/Add_output_0", .computePrecision, "bfloat16") {
            Edit(behind: [$0.nodeIDs[0]: casts()])
        },
    ]

    private static func casts() -> [Edit.Inserted] {
        [Edit.Inserted(operator: .cast(Cast(to: .bfloat16))), Edit.Inserted(operator: .cast(Cast(to: .float32)))]
    }

    private static func rounded(_ graph: Graph, _ round: (Float) -> Float) throws -> Edit {
        let tensor = try graph.storedWeight(graph.nodes[0].inputs[1].present()).present().tensor
        return Edit(tensors: [graph.nodeIDs[0]: [1: try Tensor(floats: tensor.floats().map(round), shape: tensor.shape)]])
    }

    private static func exchanged(_ graph: Graph, _ name: String, _ one: Int, _ other: Int) throws -> Graph {
        let (first, second) = (try graph.weight(name, one), try graph.weight(name, other))
        return try graph.changing(name, operand: one) { _ in second }.changing(name, operand: other) { _ in first }
    }

    private static func exchangedTensors(_ graph: Graph, _ one: Int, _ other: Int) throws -> [Int: Tensor] {
        let inputs = graph.nodes[0].inputs
        return [
            one: try graph.storedWeight(inputs[other].present()).present().tensor,
            other: try graph.storedWeight(inputs[one].present()).present().tensor,
        ]
    }
}

struct Missing: Error {}

extension Optional {
    func present() throws -> Wrapped {
        guard let self else { throw Missing() }
        return self
    }
}

extension Graph {
    func `operator`(_ index: Int) -> Operator { nodes[index].operator }

    /// As ``changing(_:operand:_:)`` at the kernel of the dense layer that a value is made by, before its activation.
    func changing(_ name: String, orProducerOf other: String, _ change: (Tensor) throws -> Tensor) throws -> Graph {
        var id = try node(giving: other)
        if case .dense = self[id].operator {} else { id = try producer(of: self[id].inputs[0].present()).present() }
        let tensor = try storedWeight(self[id].inputs[1].present()).present().tensor
        return try replacing(inputs: [id: [1: change(tensor)]])
    }
}

extension Mistake {
    /// The candidate is changed for the mistake's sake, and the reference from it.
    func asReference(_ reference: @escaping @Sendable (Graph) throws -> Edit) -> Mistake {
        var other = self
        other.reference = reference
        return other
    }
}

extension Operator {
    /// With another window.
    func with(_ change: (inout Window) -> Void) -> Operator? {
        switch self {
        case .convolution(var convolution):
            change(&convolution.window)
            return .convolution(convolution)
        case .pooling(var pooling):
            change(&pooling.window)
            return .pooling(pooling)
        default: return nil
        }
    }
}
