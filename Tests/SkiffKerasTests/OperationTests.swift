import SkiffCore
import SkiffGraph
import Testing

@testable import SkiffKeras

@Suite("Functions and conversions in Keras models")
struct OperationTests {
    /// A model of one input and of layers that are given by their configuration; the last layer is the output.
    private func read(
        _ input: String, dtype: String = "float32", major: Int = 2, _ layers: String, output: String
    ) throws -> Graph {
        let config = """
            {"class_name": "Functional", "config": {"name": "m", "input_layers": [["x", 0, 0]],
              "output_layers": [["\(output)", 0, 0]], "layers": [
              {"class_name": "InputLayer", "name": "x", "inbound_nodes": [],
               "config": {"batch_input_shape": \(input), "dtype": "\(dtype)", "name": "x"}}, \(layers)]}}
            """
        let model = try ModelParser(major: major).model(JSONValue(parsing: config))
        let stored = try LegacyWeights(
            root: HDF5Group(attributes: ["layer_names": .texts([])]), path: "/model_weights", major: major
        ).stored(for: model)
        var importer = ModelImporter(
            builder: GraphBuilder(), stored: stored, payloads: HDF5Payloads(storage: Storage([]), base: 0))
        for value in try importer.add(model, inputs: [], scope: ModelScope()) {
            importer.builder.addOutput("y", value)
        }
        return try importer.builder.build()
    }

    private func shape(_ graph: Graph) -> SymbolicShape? { graph[graph.outputs[0].value].fact?.shape }

    private func layer(_ className: String, _ config: String = "", call: String = "") -> String {
        """
        {"class_name": "\(className)", "name": "f", "config": {"name": "f", "trainable": true\(config)},
         "inbound_nodes": [["x", 0, 0, {\(call)}]]}
        """
    }

    @Test("an index cuts, picks and adds axes as Python's does", arguments: [
        ("[{\"class_name\": \"__ellipsis__\"}, {\"start\": null, \"stop\": null, \"step\": -1}]", [-1, 16, 12, 4]),
        ("[{\"start\": null, \"stop\": null, \"step\": null}, -1]", [-1, 12, 4]),
        ("[{\"class_name\": \"__ellipsis__\"}, 0]", [-1, 16, 12]),
        ("[{\"start\": null, \"stop\": null, \"step\": null}, {\"start\": 3, \"stop\": -2, \"step\": 2}]",
         [-1, 6, 12, 4]),
        ("[{\"start\": null, \"stop\": null, \"step\": null}, {\"start\": 5, \"stop\": 2, \"step\": -1}, null]",
         [-1, 3, 1, 12, 4]),
        ("[{\"class_name\": \"__ellipsis__\"}, null]", [-1, 16, 12, 4, 1]),
        ("[{\"start\": null, \"stop\": null, \"step\": null}]", [-1, 16, 12, 4]),
    ])
    func index(spec: String, expected: [Int]) throws {
        let graph = try read(
            "[null, 16, 12, 4]",
            layer("SlicingOpLambda", ", \"function\": \"__operators__.getitem\"", call: "\"slice_spec\": \(spec)"),
            output: "f")
        #expect(shape(graph)?.map { $0.fixedValue ?? -1 } == expected)
        #expect(!graph.nodes.contains { if case .unknown = $0.operator { true } else { false } })
    }

    @Test("a reversed axis is read from its end to its start")
    func reversed() throws {
        let index = try SlicingIndex(JSONValue(parsing: """
            [{"class_name": "__ellipsis__"}, {"class_name": "__slice__", "config":
              {"start": null, "stop": null, "step": -1}}]
            """))
        #expect(index.axes == [-1])
        #expect(index.starts == [-1])
        #expect(index.ends == [-Int(Int32.max)])
        #expect(index.steps == [-1])
    }

    @Test("an index that nothing constant says leaves the layer unknown", arguments: [
        "[{\"start\": \"n\", \"stop\": null, \"step\": null}]", "[{\"start\": null, \"stop\": null, \"step\": 0}]",
        "[{\"class_name\": \"__ellipsis__\"}, {\"class_name\": \"__ellipsis__\"}]", "[9223372036854775807]", "[true]",
    ])
    func refused(spec: String) throws {
        let graph = try read(
            "[null, 16, 12, 4]",
            layer("SlicingOpLambda", ", \"function\": \"__operators__.getitem\"", call: "\"slice_spec\": \(spec)"),
            output: "f")
        #expect(graph.nodes.contains { if case .unknown = $0.operator { true } else { false } })
    }

    @Test("a list that a function adds is a weight of its shape", arguments: [
        ("[1.0, 2.0, 3.0]", [3]), ("[[[[1.0, 2.0, 3.0]]]]", [1, 1, 1, 3]),
        ("{\"class_name\": \"__tensor__\", \"config\": {\"value\": [4.0], \"dtype\": \"float32\"}}", [1]), ("2", []),
    ])
    func constants(value: String, expected: [Int]) throws {
        let call = layer("TFOpLambda", ", \"function\": \"math.add\"", call: "\"y\": \(value)")
        let graph = try read("[null, 8, 8, 3]", call, output: "f")
        #expect(graph.weights.map { graph[$0].tensor?.shape } == [expected])
        #expect(graph.nodes.map(\.operator) == [.binary(Binary(.add))])
    }

    @Test("resizing, padding, cropping and blocks give the shapes that Keras gives", arguments: [
        ("Resizing", ", \"height\": 5, \"width\": 9, \"interpolation\": \"nearest\"", "", [-1, 5, 9, 4]),
        ("CenterCrop", ", \"height\": 5, \"width\": 6", "", [-1, 5, 6, 4]),
        ("TFOpLambda", ", \"function\": \"image.resize\"", "\"size\": [32, 40]", [-1, 32, 40, 4]),
        ("TFOpLambda", ", \"function\": \"compat.v1.pad\"",
         "\"paddings\": [[0, 0], [3, 2], [1, 1], [0, 4]], \"mode\": \"CONSTANT\"", [-1, 21, 14, 8]),
        ("TFOpLambda", ", \"function\": \"nn.depth_to_space\"", "\"block_size\": 2", [-1, 32, 24, 1]),
        ("TFOpLambda", ", \"function\": \"nn.space_to_depth\"", "\"block_size\": 2", [-1, 8, 6, 16]),
        ("TFOpLambda", ", \"function\": \"linalg.matmul\"", "\"b\": [\"x\", 0, 0], \"transpose_b\": true",
         [-1, 16, 12, 12]),
    ])
    func arrangements(className: String, config: String, call: String, expected: [Int]) throws {
        let graph = try read("[null, 16, 12, 4]", layer(className, config, call: call), output: "f")
        #expect(shape(graph)?.map { $0.fixedValue ?? -1 } == expected)
    }

    @Test("a random crop is run where it takes all", arguments: [(16, 12, false), (15, 12, true)])
    func randomCrop(height: Int, width: Int, isUnknown: Bool) throws {
        let crop = layer("RandomCrop", ", \"height\": \(height), \"width\": \(width)")
        let graph = try read("[null, 16, 12, 4]", crop, output: "f")
        #expect(graph.nodes.contains { if case .unknown = $0.operator { true } else { false } } == isUnknown)
    }

    @Test("inputs are converted to the type that a layer computes in, numbers are of that type", arguments: [
        ("\"float64\"", ElementType.float64), ("{\"config\": {\"name\": \"float16\"}}", .float16),
        ("\"mixed_float16\"", .float32), ("\"float32\"", .float32),
    ])
    func policies(policy: String, expected: ElementType) throws {
        let graph = try read(
            "[null, 4]", layer("Rescaling", ", \"scale\": 0.5, \"dtype\": \(policy)"), output: "f")
        #expect(graph[graph.outputs[0].value].fact?.elementType == expected)
        #expect(graph.nodes.contains { $0.operator == .cast(Cast(to: expected)) } == (expected != .float32))
    }

    @Test("a gate of lower rank gets its axes behind the batch")
    func widened() throws {
        let gate = """
            {"class_name": "GlobalAveragePooling2D", "name": "g", "config": {"name": "g"},
             "inbound_nodes": [[["x", 0, 0, {}]]]},
            {"class_name": "Multiply", "name": "f", "config": {"name": "f"},
             "inbound_nodes": [[["x", 0, 0, {}], ["g", 0, 0, {}]]]}
            """
        let graph = try read("[null, 16, 12, 4]", gate, output: "f")
        #expect(graph.nodes.contains { $0.operator == .unsqueeze(Unsqueeze(axes: [1, 2])) })
        #expect(shape(graph)?.map { $0.fixedValue ?? -1 } == [-1, 16, 12, 4])
    }

    @Test("the scaled addition of InceptionResNetV2 is read by both its names, no other registered class", arguments: [
        ("CustomScaleLayer", true), ("Custom>CustomScaleLayer", true), ("Mine>CustomScaleLayer", false),
    ])
    func scaledAddition(className: String, isKnown: Bool) throws {
        let layer = """
            {"class_name": "\(className)", "name": "f", "config": {"name": "f", "scale": 0.17},
             "inbound_nodes": [[["x", 0, 0, {}], ["x", 0, 0, {}]]]}
            """
        let graph = try read("[null, 16, 12, 4]", layer, output: "f")
        #expect((graph.nodes.last?.operator == .binary(Binary(.add))) == isKnown)
    }
}
