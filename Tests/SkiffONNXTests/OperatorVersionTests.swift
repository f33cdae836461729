import SkiffCore
import SkiffGraph
import Testing
@testable import SkiffONNX

@Suite("ONNX: operators by version")
struct OperatorVersionTests {
    private func operation(
        _ type: String, _ opset: Int64, shape: [Int64?]? = [2, 3, 8, 8], weights: [(String, [Int64])] = [],
        outputs: [String] = ["y"], _ attributes: [(String, TestAttribute)] = []
    ) throws -> Operator? {
        let graph = try graphOf(type, opset: opset, shape: shape, weights: weights, outputs: outputs, attributes)
        return graph.nodes.last?.operator
    }

    private func reason(_ operation: Operator?) -> String? {
        if case .unknown(let unknown) = operation { unknown.reason } else { nil }
    }

    @Test("Softmax is one axis from 13 on, and all axes behind it before")
    func softmax() throws {
        #expect(try operation("Softmax", 12) == .softmax(Softmax(axis: 1, flattensFromAxis: true)))
        #expect(try operation("Softmax", 13) == .softmax(Softmax(axis: -1)))
        #expect(try operation("LogSoftmax", 11, [("axis", .integer(2))]) == .softmax(Softmax(.logSoftmax, axis: 2, flattensFromAxis: true)))
    }

    @Test("BatchNormalization trains where its version says so")
    func batchNormalization() throws {
        let weights: [(String, [Int64])] = [("s", [3]), ("b", [3]), ("m", [3]), ("v", [3])]
        let plain = Operator.batchNormalization(BatchNormalization(epsilon: 1e-5, axis: 1))
        let training = Operator.batchNormalization(BatchNormalization(epsilon: 1e-5, axis: 1, isTraining: true))
        #expect(try operation("BatchNormalization", 15, weights: weights) == plain)
        #expect(try operation("BatchNormalization", 15, weights: weights, outputs: ["y", "m2", "v2"], [("training_mode", .integer(1))]) == training)
        #expect(try operation("BatchNormalization", 9, weights: weights, outputs: ["y", "m2", "v2"]) == training)
        #expect(try operation("BatchNormalization", 7, weights: weights, [("spatial", .integer(1)), ("momentum", .real(0.9))]) == plain)
        #expect(try operation("BatchNormalization", 6, weights: weights, [("is_test", .integer(1))]) == plain)
        // MXNet's habit: spatial 0 beside moments by channel.
        #expect(try operation("BatchNormalization", 8, weights: weights, [("spatial", .integer(0))]) == plain)
        let byPosition: [(String, [Int64])] = ["s", "b", "m", "v"].map { ($0, [3, 8, 8]) }
        #expect(reason(try operation("BatchNormalization", 8, weights: byPosition, [("spatial", .integer(0))])) == "spatial 0 keeps moments for every position")
        #expect(try operation("BatchNormalization", 5, weights: weights, [("is_test", .integer(1)), ("consumed_inputs", .integers([0, 0, 0, 1, 1]))]) == plain)
        #expect(reason(try operation("BatchNormalization", 9, weights: weights, [("spatial", .integer(1))])) == "BatchNormalization-9 has no attribute spatial")
    }

    @Test("Attributes that became inputs are read from both places")
    func movedAttributes() throws {
        #expect(try operation("Squeeze", 11, shape: [1, 3], [("axes", .integers([0]))]) == .squeeze(Squeeze(axes: [0])))
        #expect(reason(try operation("Squeeze", 13, shape: [1, 3], [("axes", .integers([0]))])) == "Squeeze-13 has no attribute axes")
        #expect(try operation("ReduceMean", 17, [("axes", .integers([2, 3]))]) == .reduction(Reduction(.mean, axes: [2, 3], keepsDimensions: true)))
        #expect(try operation("ReduceMean", 18) == .reduction(Reduction(.mean, axes: nil, keepsDimensions: true)))
        #expect(try operation("ReduceSum", 13, [("noop_with_empty_axes", .integer(1))]) == .reduction(Reduction(.sum, axes: nil, keepsDimensions: true, emptyAxesMeanNone: true)))
        #expect(try operation("Pad", 10, [("pads", .integers([0, 0, 1, 1, 0, 0, 2, 2])), ("value", .real(5))]) == .pad(Pad(mode: .constant, pads: [0, 0, 1, 1, 0, 0, 2, 2], value: 5)))
        #expect(try operation("Split", 11, outputs: ["y", "z"], [("axis", .integer(2)), ("split", .integers([3, 5]))]) == .split(Split(axis: 2, sizes: [3, 5])))
    }

    @Test("TopK takes k as an attribute before 10, and the smallest from 11 on")
    func topK() throws {
        #expect(try operation("TopK", 9, outputs: ["y", "i"], [("k", .integer(3))]) == .topK(TopK(k: 3, axis: -1)))
        #expect(failure { () throws(ONNXError) in try graphOf("TopK", opset: 9) }?.message.contains("attribute k") == true)
        func top(_ opset: Int64, _ attributes: (String, TestAttribute)...) throws -> Operator? {
            try read(model(opset: opset) { graph in
                graph.value(11, "x", [2, 5])
                graph.value(11, "k", [1], type: 7)
                graph.node("TopK", ["x", "k"], ["y", "i"], attributes)
                graph.value(12, "y", nil)
            }).nodes.last?.operator
        }
        let smallest = ("largest", TestAttribute.integer(0))
        #expect(try top(10, ("axis", .integer(0))) == .topK(TopK(k: nil, axis: 0)))
        #expect(reason(try top(10, smallest)) == "TopK-10 has no attribute largest")
        #expect(try top(11, smallest, ("sorted", .integer(0))) == .topK(TopK(k: nil, axis: -1, takesSmallest: true)))
        #expect(try top(24) == .topK(TopK(k: nil, axis: -1)))
        #expect(reason(try top(24, ("k", .integer(1)))) == "TopK-24 has no attribute k")
    }

    @Test("Bounds and ranges that were attributes become weights")
    func derivedWeights() throws {
        let clip = try graphOf("Clip", opset: 6, [("min", .real(0)), ("max", .real(6))])
        #expect(clip.nodes[0].operator == .clip(Clip()))
        #expect(try clip.nodes[0].inputs.dropFirst().map { try $0.flatMap { clip[$0].tensor }?.floats() } == [[0], [6]])
        let slice = try graphOf("Slice", opset: 9, [("starts", .integers([1])), ("ends", .integers([3])), ("axes", .integers([2]))])
        #expect(slice.nodes[0].inputs.count == 4)
        #expect(slice[slice.outputs[0].value].fact?.shape == [2, 3, 2, 8])
        let upsample = try graphOf("Upsample", opset: 7, [("scales", .reals([1, 1, 2, 2]))])
        #expect(upsample.nodes[0].operator == .resize(Resize(mode: .nearest(.floor), coordinates: .asymmetric)))
        #expect(upsample[upsample.outputs[0].value].fact?.shape == [2, 3, 16, 16])
    }

    @Test("Before version 7 input 1 lies along the axes from `axis` on")
    func alignedBroadcast() throws {
        let graph = try graphOf("Add", opset: 6, weights: [("b", [3])], [("broadcast", .integer(1)), ("axis", .integer(1))])
        #expect(graph.nodes.map(\.operator) == [.unsqueeze(Unsqueeze(axes: [1, 2])), .binary(Binary(.add))])
        #expect(graph[graph.outputs[0].value].fact?.shape == [2, 3, 8, 8])
        #expect(try operation("Add", 7, weights: [("b", [8])]) == .binary(Binary(.add)))
        let slope = try graphOf("PRelu", opset: 6, weights: [("b", [3])])
        #expect(slope.nodes.map(\.operator) == [.unsqueeze(Unsqueeze(axes: [1, 2])), .parametricReLU(ParametricReLU())])
    }

    @Test("Windows take their rank from their lists, else from weight or input")
    func windows() throws {
        let expected = Window(strides: [1, 1], dilations: [1, 1], padding: .explicit(before: [0, 0], after: [0, 0]))
        #expect(try operation("Conv", 22, shape: nil, weights: [("w", [4, 3, 1, 1])]) == .convolution(
            Convolution(window: expected, groups: 1, layout: .channelsFirst, kernelOrder: .outputInputSpatial)))
        #expect(try operation("MaxPool", 12, [("kernel_shape", .integers([3, 3])), ("auto_pad", .text("SAME_LOWER")), ("strides", .integers([2, 2]))]) == .pooling(
            Pooling(kind: .maximum, kernel: [3, 3], window: Window(strides: [2, 2], dilations: [1, 1], padding: .sameLower), layout: .channelsFirst)))
        #expect(try operation("AveragePool", 10, [("kernel_shape", .integers([2, 2])), ("ceil_mode", .integer(1)), ("count_include_pad", .integer(1))]) == .pooling(
            Pooling(kind: .average(countsPadding: true), kernel: [2, 2], window: expected, ceilMode: true, layout: .channelsFirst)))
        let broken: [(String, [Int64], String)] = [
            ("strides", [0, 1], "attribute strides is [0, 1], expected 2 numbers of at least 1"),
            ("dilations", [0, 0], "attribute dilations is [0, 0], expected 2 numbers of at least 1"),
            ("pads", [0, 0, -1, 0], "attribute pads is [0, 0, -1, 0], expected 4 numbers of at least 0"),
            ("kernel_shape", [3, 3], "attribute kernel_shape is [3, 3], expected [1, 1] as in the weight"),
        ]
        for (name, value, message) in broken {
            #expect(failure { () throws(ONNXError) in
                try graphOf("Conv", opset: 17, weights: [("w", [4, 3, 1, 1])], [("group", .integer(1)), (name, .integers(value))])
            }?.message == message)
        }
    }

    @Test("Dropout is the identity at inference, and carried where it may drop")
    func dropout() throws {
        #expect(try operation("Dropout", 7, outputs: ["y", "mask"], [("ratio", .real(0.5))]) == .identity(Identity()))
        #expect(try operation("Dropout", 22) == .identity(Identity()))
        #expect(reason(try operation("Dropout", 6)) == "Dropout-6 without is_test drops at random")
        #expect(reason(try operation("Dropout", 12, weights: [("ratio", []), ("mode", [])]))?.hasPrefix("training_mode is true") == true)
    }

    @Test("Resize 10 rounds down where it enlarges and up where it shrinks")
    func resize() throws {
        #expect(try operation("Resize", 11, weights: [("roi", [0]), ("scales", [4])]) == .resize(Resize(mode: .nearest(.roundPreferFloor), coordinates: .halfPixel)))
        let graph = try graphOf("Resize", opset: 11, weights: [("roi", [0]), ("scales", [4])])
        #expect(graph.nodes[0].inputs.map { $0 == nil } == [false, false, false])
        let cropped = try graphOf(
            "Resize", opset: 11, weights: [("roi", [0]), ("scales", [4])],
            [("coordinate_transformation_mode", .text("tf_crop_and_resize"))])
        #expect(cropped.nodes[0].inputs.map { $0 == nil } == [false, true, false])
        #expect(try operation("Resize", 10, weights: [("scales", [4])]) == .resize(Resize(mode: .nearest(.floor), coordinates: .asymmetric)))
    }

    @Test("The first versions: attributes that became inputs, axes with other defaults, an unused list")
    func firstVersions() throws {
        let consumed = ("consumed_inputs", TestAttribute.integers([0]))
        #expect(try operation("Relu", 1, [consumed]) == .unary(Unary(.relu)))
        #expect(reason(try operation("Relu", 6, [consumed])) == "Relu-6 has no attribute consumed_inputs")
        #expect(try operation("Reshape", 4, [("shape", .integers([0, -1])), consumed]) == .reshape(Reshape(shape: [0, -1], allowsZero: false)))
        #expect(try operation("Concat", 3) == .concatenation(Concatenation(axis: 1)))
        #expect(try operation("Pad", 1, [("paddings", .integers([0, 0, 1, 1, 0, 0, 1, 1]))]) == .pad(Pad(mode: .constant, pads: [0, 0, 1, 1, 0, 0, 1, 1])))
        #expect(try operation("Cast", 5, [("to", .text("INT32"))]) == .cast(Cast(to: .int32)))
        #expect(try operation("LpPool", 1, [("p", .real(3)), ("kernel_shape", .integers([2, 2]))]) == .pooling(
            Pooling(kind: .norm(p: 3), kernel: [2, 2], window: Window(strides: [1, 1], dilations: [1, 1], padding: .explicit(before: [0, 0], after: [0, 0])), layout: .channelsFirst)))
        let upsample = try graphOf("Upsample", opset: 6, [("height_scale", .real(2)), ("width_scale", .real(3))])
        #expect(upsample[upsample.outputs[0].value].fact?.shape == [2, 3, 16, 24])
        #expect(reason(try operation("Erf", 5)) == "Erf-5 is not read, only Erf-9 and later")
        #expect(reason(try operation("ConvInteger", 10))?.hasPrefix("ConvInteger computes with quantized numbers") == true)
    }

    @Test("What ONNX Runtime fused or quantized is read as the operators that it is")
    func runtimeOperators() throws {
        func operators(_ type: String, _ inputs: [String], _ attributes: (String, TestAttribute)...) throws -> [String] {
            let graph = try read(model(domains: [("com.microsoft", 1)]) { graph in
                graph.value(11, "x", [1, 3, 8, 8])
                graph.value(11, "z", [1, 4, 8, 8])
                graph.floats("w", [4, 3, 1, 1], Array(repeating: 1, count: 12))
                graph.floats("b", [4], [0, 0, 0, 0])
                graph.node(type, inputs, ["y"], name: "n", domain: "com.microsoft", attributes)
                graph.value(12, "y", [1, 4, 8, 8])
            })
            #expect(graph[graph.outputs[0].value].fact?.shape == [1, 4, 8, 8])
            return graph.nodes.map { $0.operator.kind.rawValue }
        }
        let relu = ("activation", TestAttribute.text("Relu"))
        #expect(try operators("FusedConv", ["x", "w", "b"], relu) == ["convolution", "unary"])
        #expect(try operators("FusedConv", ["x", "w", "b", "z"], relu) == ["convolution", "binary", "unary"])
        #expect(try operators("FusedConv", ["x", "w", "", "z"]) == ["convolution", "binary"])
        let clip = ("activation", TestAttribute.text("Clip"))
        #expect(try operators("FusedConv", ["x", "w"], clip, ("activation_params", .reals([0, 6]))) == ["convolution", "clip"])
        #expect(try operators("FusedConv", ["x", "w"], ("activation", .text("Softplus"))) == ["unknown"])
        #expect(try operators("QuickGelu", ["z"]) == ["unary"])
    }

    @Test("Every line of the table is reachable, and no name and version stands twice")
    func table() {
        var seen: Set<String> = []
        for entry in OperatorTable.entries {
            #expect(seen.insert("\(entry.name)-\(entry.since)").inserted)
            #expect((1...28).contains(entry.since))
            #expect(OperatorTable.entry(entry.name, opset: entry.since)?.since == entry.since)
        }
        #expect(OperatorTable.entry("TopK", opset: 5)?.since == 1)
        #expect(OperatorTable.entry("Erf", opset: 5) == nil)
    }
}
