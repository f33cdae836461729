import SkiffCore
import SkiffGraph

/// Small graphs, and the comparison of two.
enum GraphSamples {
    /// A residual block with open batch, an overridable weight, metadata, an unknown operator behind it and an
    /// output that is left out.
    static func residual() throws -> Graph {
        var builder = GraphBuilder(
            name: "net ü",
            metadata: GraphMetadata(
                sourceFormat: "ONNX", producer: "maker 1.0", entries: [.init("opset", "13"), .init("opset", ""), .init("k", "v\n")]))
        let x = try builder.addInput("x", Fact(.float32, [.symbolic("N"), 2, 4, 4]))
        let kernel = try builder.addWeight(
            "w", Tensor(floats: (0..<36).map { Float($0) / 7 }, shape: [2, 2, 3, 3]), isOverridable: true)
        let empty = try builder.addWeight("empty", Tensor(floats: [], shape: [0, 3]))
        let bias = try builder.addWeight("b", Tensor(floats: [0.5, -0.25], shape: [2]))
        let convolution = Operator.convolution(
            Convolution(
                window: Window(strides: [1, 1], dilations: [1, 1], padding: .explicit(before: [1, 1], after: [1, 1])),
                groups: 1, layout: .channelsFirst, kernelOrder: .outputInputSpatial))
        let y = try builder.addNode("conv1", sourceOperator: "Conv", convolution, inputs: [x, kernel, bias], output: "y")
        let r = try builder.addNode("", sourceOperator: "Relu", .unary(Unary(.relu)), inputs: [y], output: "r")
        let z = try builder.addNode("conv2", sourceOperator: "Conv", convolution, inputs: [r, kernel, nil], output: "z")
        let s = try builder.addNode("add", sourceOperator: "Add", .binary(Binary(.add)), inputs: [z, x], output: "s")
        let left = builder.unnamedValue()
        let last = builder.value(named: "u")
        try builder.addNode(
            "odd", sourceOperator: "Odd", .unknown(UnknownOperator(name: "Odd", domain: "d")), inputs: [s, empty],
            outputs: [left, last])
        builder.declare(last, Fact(.float16, [.symbolic("N"), .unknown, 7]))
        builder.addOutput("result", s)
        builder.addOutput("u", last)
        return try builder.build()
    }

    /// Weights and one input that is the output.
    static func weights(_ tensors: [(String, Tensor)]) throws -> Graph {
        var builder = GraphBuilder(name: "weights")
        let x = try builder.addInput("x", Fact(.float32, [1]))
        for (name, tensor) in tensors { try builder.addWeight(name, tensor) }
        builder.addOutput("x", x)
        return try builder.build()
    }

    /// What differs between two graphs apart from where weights lie; `nil` where nothing does.
    static func difference(_ left: Graph, _ right: Graph) throws -> String? {
        if left.name != right.name { return "name" }
        if left.metadata != right.metadata { return "metadata" }
        if left.inputs != right.inputs { return "inputs" }
        if left.outputs != right.outputs { return "outputs" }
        guard left.values.count == right.values.count, left.nodes.count == right.nodes.count else { return "counts" }
        for (a, b) in zip(left.nodes, right.nodes) {
            guard a.name == b.name, a.sourceOperator == b.sourceOperator, a.operator == b.operator, a.inputs == b.inputs,
                a.outputs == b.outputs
            else { return "node \(a.name)" }
        }
        for (a, b) in zip(left.values, right.values) {
            guard a.name == b.name, a.fact == b.fact else { return "value \(a.name): \(String(describing: a.fact)) \(String(describing: b.fact))" }
            switch (a.source, b.source) {
            case (.input, .input): break
            case (.node(let a1, let a2), .node(let b1, let b2)) where a1 == b1 && a2 == b2: break
            case (.weight(let s, let c), .weight(let t, let d)):
                guard c == d, s.elementType == t.elementType, s.shape == t.shape else { return "weight \(a.name)" }
                guard try littleEndianBytes(s) == littleEndianBytes(t) else { return "bytes of \(a.name)" }
            default: return "source of \(a.name)"
            }
        }
        return nil
    }

    static func littleEndianBytes(_ tensor: Tensor) throws -> [UInt8] {
        let bytes = tensor.withUnsafeBytes { Array($0) }
        guard tensor.byteOrder == .big, let width = tensor.elementType.byteWidth else { return bytes }
        let word = tensor.elementType == .complex64 || tensor.elementType == .complex128 ? width / 2 : width
        return stride(from: 0, to: bytes.count, by: word).flatMap { bytes[$0..<$0 + word].reversed() }
    }
}
