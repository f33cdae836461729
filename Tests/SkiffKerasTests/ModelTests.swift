import SkiffCore
import SkiffGraph
import Testing

@testable import SkiffKeras

@Suite("Keras models by hand")
struct ModelTests {
    private func dataset(_ path: String, _ shape: Shape, from first: Float = 0) -> HDF5Member {
        let count = shape.reduce(1, *)
        let bytes = (0..<count).map { first + Float($0) }.littleEndianBytes { $0.bitPattern.littleEndian }
        return .dataset(HDF5Dataset(
            path: path, elementType: .float32, byteOrder: .little, shape: shape, payload: .bytes(bytes)))
    }

    private func layer(_ weights: [(String, Shape)]) -> HDF5Member {
        .group(HDF5Group(
            attributes: ["weight_names": .texts(weights.map(\.0))],
            members: Dictionary(
                weights.enumerated().map { ($1.0, dataset($1.0, $1.1, from: Float($0) * 1000)) },
                uniquingKeysWith: { first, _ in first })))
    }

    private func read(_ config: String, _ weights: HDF5Group, version: String = "2.2.4") throws -> Graph {
        let major = Int(version.prefix { $0 != "." }) ?? 1
        let model = try ModelParser(major: major).model(JSONValue(parsing: config))
        let stored = try LegacyWeights(root: weights, path: "/model_weights", major: major).stored(for: model)
        var importer = ModelImporter(
            builder: GraphBuilder(), stored: stored, payloads: HDF5Payloads(storage: Storage([]), base: 0))
        let values = try importer.add(model, inputs: [], scope: ModelScope())
        for (index, value) in values.enumerated() { importer.builder.addOutput("output_\(index)", value) }
        return try importer.builder.build()
    }

    private let dense = """
        {"class_name": "Sequential", "config": [{"class_name": "Dense", "config": {"name": "d", "units": 3,
          "activation": "hard_sigmoid", "batch_input_shape": [null, 2]}}]}
        """

    @Test("a Sequential model as a bare list gets an input; a fused activation is a node of its own")
    func sequential() throws {
        let weights = HDF5Group(
            attributes: ["layer_names": .texts(["d"])], members: ["d": layer([("k", [2, 3]), ("b", [3])])])
        let graph = try read(dense, weights)
        #expect(graph.inputs.map { graph[$0].name } == ["d_input"])
        #expect(graph.nodes.map(\.name) == ["d", "d/activation"])
        #expect(graph[graph.nodes[0].outputs[0]].name == "d/pre_activation")
        #expect(graph[graph.nodes[1].outputs[0]].name == "d")
        #expect(graph.nodes[1].operator == .unary(Unary(.hardSigmoid(alpha: 0.2, beta: 0.5))))
        let newer = try read(dense, weights, version: "3.1")
        #expect(newer.nodes[1].operator == .unary(Unary(.hardSigmoid(alpha: 1 / 6, beta: 0.5))))
    }

    @Test("names of layers that are cut into several attributes are joined")
    func chunkedNames() throws {
        let weights = HDF5Group(
            attributes: ["layer_names0": .texts(["other"]), "layer_names1": .texts(["d"])],
            members: ["d": layer([("k", [2, 3]), ("b", [3])]), "other": layer([])])
        #expect(try read(dense, weights).weights.count == 2)
    }

    @Test("a renamed layer is an error that lists both names")
    func renamed() throws {
        let weights = HDF5Group(
            attributes: ["layer_names": .texts(["e"])], members: ["e": layer([("k", [2, 3]), ("b", [3])])])
        let error = #expect(throws: KerasError.self) { try read(dense, weights) }
        #expect(error?.reason == .layersDiffer(onlyInConfiguration: ["d"], onlyInWeights: ["e"]))
    }

    @Test("a missing weight and a wrong shape are errors with the layer in their place")
    func wrongWeights() throws {
        let few = HDF5Group(attributes: ["layer_names": .texts(["d"])], members: ["d": layer([("k", [2, 3])])])
        let error = #expect(throws: KerasError.self) { try read(dense, few) }
        #expect(error?.reason == .weightCount(expected: ["kernel", "bias"], found: ["k"]))
        #expect(error?.place.node == "d")
        let wide = HDF5Group(
            attributes: ["layer_names": .texts(["d"])], members: ["d": layer([("k", [2, 4]), ("b", [3])])])
        let shape = #expect(throws: KerasError.self) { try read(dense, wide) }
        #expect(shape?.reason == .weightShape(expected: "[?, 3]", found: "[2, 4]"))
    }

    @Test("weight names that lead out of their group are refused", arguments: ["../d/k", "/k", "x//k"])
    func hostileNames(name: String) throws {
        let group = HDF5Group(attributes: ["weight_names": .texts([name, "b"])], members: ["b": dataset("b", [3])])
        let weights = HDF5Group(attributes: ["layer_names": .texts(["d"])], members: ["d": .group(group)])
        let error = #expect(throws: KerasError.self) { try read(dense, weights) }
        #expect(error?.place.tensor == name)
    }

    @Test("a frozen layer of a nested model has its weights behind all trained ones")
    func frozen() throws {
        let config = """
            {"class_name": "Sequential", "config": {"name": "s", "layers": [
              {"class_name": "InputLayer", "config": {"name": "i", "batch_input_shape": [null, 2]}},
              {"class_name": "Sequential", "config": {"name": "inner", "layers": [
                {"class_name": "Dense", "config": {"name": "a", "units": 2, "trainable": false, "use_bias": false}},
                {"class_name": "BatchNormalization", "config": {"name": "n", "axis": [1]}},
                {"class_name": "Dense", "config": {"name": "b", "units": 2, "use_bias": false}}]}}]}}
            """
        let weights = HDF5Group(
            attributes: ["layer_names": .texts(["i", "inner"])],
            members: ["i": layer([]), "inner": layer([
                ("gamma", [2]), ("beta", [2]), ("b", [2, 2]), ("a", [2, 2]), ("mean", [2]), ("variance", [2]),
            ])])
        let graph = try read(config, weights)
        func first(_ name: String) throws -> Float? {
            try graph.valueIDs.first { graph[$0].name == name }.flatMap { try graph[$0].tensor?.floats().first }
        }
        #expect(try first("inner/n/gamma") == 0)
        #expect(try first("inner/b/kernel") == 2000)
        #expect(try first("inner/a/kernel") == 3000)
        #expect(try first("inner/n/moving_variance") == 5000)
    }

    @Test("a convolution of Keras 1 is read under its old names")
    func keras1() throws {
        let config = """
            {"class_name": "Sequential", "config": [{"class_name": "Convolution2D", "config": {"name": "c",
              "nb_filter": 4, "nb_row": 3, "nb_col": 2, "subsample": [2, 2], "border_mode": "same", "dim_ordering": "tf",
              "activation": "relu", "bias": true, "batch_input_shape": [null, 8, 8, 1]}}]}
            """
        let weights = HDF5Group(
            attributes: ["layer_names": .texts(["c"])],
            members: ["c": layer([("c_W", [3, 2, 1, 4]), ("c_b", [4])])])
        let graph = try read(config, weights, version: "1")
        #expect(graph[graph.outputs[0].value].fact?.shape == [.symbolic("batch"), 4, 4, 4])
    }

    @Test("functions between layers take tensors and numbers in either order")
    func functions() throws {
        let config = """
            {"class_name": "Functional", "config": {"name": "m", "layers": [
              {"class_name": "InputLayer", "name": "i", "config": {"name": "i", "batch_input_shape": [null, 2]}, "inbound_nodes": []},
              {"class_name": "TFOpLambda", "name": "f", "config": {"name": "f", "function": "math.subtract"},
                "inbound_nodes": [["_CONSTANT_VALUE", -1, 2.0, {"y": ["i", 0, 0], "name": null}]]},
              {"class_name": "TFOpLambda", "name": "g", "config": {"name": "g", "function": "__operators__.add"},
                "inbound_nodes": [["f", 0, 0, {"y": ["i", 0, 0], "name": null}]]}],
              "input_layers": [["i", 0, 0]], "output_layers": [["g", 0, 0]]}}
            """
        let graph = try read(config, HDF5Group(attributes: ["layer_names": .texts([])]))
        let subtract = graph.nodes[0]
        #expect(subtract.operator == .binary(Binary(.subtract)))
        #expect(try subtract.inputs[0].flatMap { try graph[$0].tensor?.floats() } == [2])
        #expect(subtract.inputs[1] == graph.inputs[0])
        #expect(graph.nodes[1].inputs == [subtract.outputs[0], graph.inputs[0]])
    }

    @Test("references to calls that do not exist, cycles and doubled names are refused")
    func brokenReferences() throws {
        func model(_ call: String, _ name: String = "b") -> String {
            """
            {"class_name": "Functional", "config": {"name": "m", "layers": [
              {"class_name": "InputLayer", "name": "i", "config": {"name": "i", "batch_input_shape": [null, 2]}, "inbound_nodes": []},
              {"class_name": "Dropout", "name": "a", "config": {"name": "a"}, "inbound_nodes": [[[\(call), {}]]]},
              {"class_name": "Dropout", "name": "\(name)", "config": {"name": "b"}, "inbound_nodes": [[["a", 0, 0, {}]]]}],
              "input_layers": [["i", 0, 0]], "output_layers": [["\(name)", 0, 0]]}}
            """
        }
        let none = HDF5Group(attributes: ["layer_names": .texts([])])
        #expect(try read(model("\"i\", 0, 0"), none).nodes.count == 2)
        for call in ["\"i\", 1, 0", "\"x\", 0, 0", "\"i\", 0, 1", "\"b\", 0, 0"] {
            #expect(throws: KerasError.self, "\(call)") { try read(model(call), none) }
        }
        #expect(throws: KerasError.self) { try read(model("\"i\", 0, 0", "a"), none) }
    }

    @Test("class names become Keras' snake case", arguments: [
        ("Conv2D", "conv2d"), ("BatchNormalization", "batch_normalization"), ("ReLU", "re_lu"), ("PReLU", "p_re_lu"),
        ("Conv2DTranspose", "conv2d_transpose"), ("GlobalAveragePooling2D", "global_average_pooling2d"),
        ("UpSampling2D", "up_sampling2d"), ("InputLayer", "input_layer"), ("ZeroPadding1D", "zero_padding1d"),
        ("DepthwiseConv2D", "depthwise_conv2d"), ("ELU", "elu"), ("Relu6", "relu6"),
    ])
    func snake(name: String, expected: String) { #expect(snakeCase(name) == expected) }
}
