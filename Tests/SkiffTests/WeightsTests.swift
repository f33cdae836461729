import Skiff
import SkiffFormat
import SkiffTestSupport
import Testing

/// Files of weights that frameworks wrote, against what the frameworks compute with them.
@Suite struct WeightsTests {
    struct Case: CustomTestStringConvertible, Sendable {
        var name: String
        var file: String
        var architecture: String
        var blocks: Int
        var testDescription: String { file }
    }

    static let cases: [Case] = {
        guard let bytes = try? Fixtures.bytes("weights-torch/cases.json"), let list = try? JSONValue(parsing: bytes).arrayValue
        else { return [] }
        return list.compactMap { entry in
            guard let name = entry["name"]?.stringValue, let file = entry["file"]?.stringValue,
                let architecture = entry["architecture"]?.stringValue, let blocks = entry["blocks"]?.intValue
            else { return nil }
            return Case(name: name, file: file, architecture: architecture, blocks: blocks)
        }
    }()

    @Test func `all cases are there`() { #expect(Self.cases.count >= 8) }

    private func recorded(_ name: String) throws -> Tensor {
        guard case .archive(let members) = try ArrayFile(contentsOf: Fixtures.path("weights-torch/io.npz")) else {
            throw CoreError(.malformed("io.npz"))
        }
        return try #require(members.first { $0.name == name }).tensor
    }

    @Test(arguments: cases)
    func `weights are recognised, run as the framework runs them, and keep what was assumed`(file: Case) throws {
        let model = try Model(contentsOf: Fixtures.path("weights-torch/" + file.file))
        #expect(model.graph.metadata["architecture"] == file.architecture)
        #expect(model.inspection().blocks.count == file.blocks)
        #expect(model.assumptions.count >= 6)
        let outputs = try model.run(["input": recorded("x_" + file.name)])
        let found = try #require(outputs.values.first).doubles()
        let expected = try recorded("y_" + file.name).doubles()
        let range = (expected.max() ?? 0) - (expected.min() ?? 0)
        let worst = zip(found, expected).map { abs($0 - $1) }.max() ?? .infinity
        #expect(found.count == expected.count)
        #expect(worst <= 1e-5 * range, "\(worst / range) of the range")
        try withTemporaryFolder { folder in
            try model.write(to: folder + "/m.skiff")
            let written = try Model(contentsOf: folder + "/m.skiff")
            #expect(written.assumptions == model.assumptions)
            #expect(written.graph.firstDifference(from: model.graph) == nil)
        }
    }

    /// Files of each Keras generation's layouts, without their configurations.
    @Test(arguments: [
        ("keras1-tf.h5", "keras1-tf", "keras-cifar/resnet20"), ("keras1-th.h5", "keras1-th", "keras-old-theano/resnet50"),
        ("keras2.12.weights.h5", "keras2.12", "keras-cifar/resnet20"),
        ("keras2.13-chunked.h5", "keras2.13-chunked", "keras-cifar/resnet20"),
        ("keras2.2-notop.h5", "keras2.2-notop", "keras-old-padded/resnet50"),
        ("keras3.0.weights.h5", "keras3.0", "keras/resnet50"), ("keras3.9.weights.h5", "keras3.9", "keras-cifar/resnet20"),
        ("sharded.weights.json", "sharded", "keras-cifar/resnet20"),
    ])
    func `weights of every Keras generation are recognised and run as Keras ran them`(
        file: String, io: String, architecture: String
    ) throws {
        let model = try Model(contentsOf: Fixtures.path("weights/" + file))
        #expect(model.graph.metadata["architecture"] == architecture)
        guard case .archive(let members) = try ArrayFile(contentsOf: Fixtures.path("weights/\(io)-io.npz")) else {
            throw CoreError(.malformed(io))
        }
        let x = try #require(members.first { $0.name == "x" }).tensor
        let expected = try #require(members.first { $0.name == "y" }).tensor.doubles()
        let found = try #require(try model.run(["input": x]).values.first).doubles()
        let range = (expected.max() ?? 0) - (expected.min() ?? 0)
        // These networks are so narrow that their own rounding comes to 6e-5 of the range.
        #expect(found.count == expected.count)
        #expect(zip(found, expected).allSatisfy { abs($0 - $1) <= 1e-4 * range })
    }

    @Test func `an architecture can be named, or taken from another model`() throws {
        let path = Fixtures.path("weights-torch/strided-first.safetensors")
        let named = try Model(contentsOf: path, architecture: .named("torchvision"))
        #expect(named.graph.metadata["architecture"] == "torchvision/resnet14")
        let other = Fixtures.path("weights-torch/strided-spatial.safetensors")
        let taken = try Model(contentsOf: path, architecture: .model(other))
        #expect(taken.graph.nodes.count == named.graph.nodes.count)
        let x = try recorded("x_strided-first")
        let (a, b) = (try named.run(["input": x]), try taken.run(["input": x]))
        #expect(try #require(a.values.first).doubles() == #require(b.values.first).doubles())
        #expect(throws: SkiffError.self) { try Model(contentsOf: path, architecture: .named("keras")) }
        #expect(throws: SkiffError.self) {
            try Model(contentsOf: path, architecture: .model(Fixtures.path("weights-torch/basic.safetensors")))
        }
        #expect(throws: SkiffError.self) {
            try Model(contentsOf: Fixtures.path("torch-basic/model.onnx"), architecture: .named("torchvision"))
        }
    }

    /// Untrained donors: exporters store their equal tensors once, and every layer has to get its own.
    @Test func `an architecture is taken from ONNX models whose weights are shared`() throws {
        let path = Fixtures.path("weights-torch/basic.safetensors")
        let model = try Model(contentsOf: path)
        let x = try recorded("x_basic")
        let expected = try #require(try model.run(["input": x]).values.first).doubles()
        var builder = GraphBuilder()
        var shared: [Shape: ValueID] = [:]
        var values: [ValueID: ValueID] = [:]
        let graph = model.graph
        for input in graph.inputs { values[input] = try builder.addInput(graph[input].name, graph[input].fact) }
        for id in graph.weights {
            let tensor = try #require(graph[id].tensor)
            let zeros = try Tensor(floats: [Float](repeating: 0, count: tensor.elementCount), shape: tensor.shape)
            if shared[tensor.shape] == nil { shared[tensor.shape] = try builder.addWeight(graph[id].name, zeros) }
            values[id] = shared[tensor.shape]
        }
        for node in graph.nodes {
            let outputs = node.outputs.map { builder.value(named: graph[$0].name) }
            for (id, new) in zip(node.outputs, outputs) { values[id] = new }
            try builder.addNode(
                node.name, sourceOperator: node.sourceOperator, node.operator, inputs: node.inputs.map { $0.flatMap { values[$0] } },
                outputs: outputs)
        }
        for output in graph.outputs { builder.addOutput(output.name, try #require(values[output.value])) }
        let donor = try builder.build()
        try withTemporaryFolder { folder in
            try SkiffWriter.write(donor, to: folder + "/donor.skiff")
            let taken = try Model(contentsOf: path, architecture: .model(folder + "/donor.skiff"))
            let found = try #require(try taken.run(["input": x]).values.first).doubles()
            #expect(found == expected)
        }
    }

    @Test func `the stored statistics tell where a trained network is strided`() throws {
        for name in ["strided-first", "strided-spatial"] {
            let model = try Model(contentsOf: Fixtures.path("weights-torch/\(name).safetensors"))
            #expect(model.architectureNotes.contains { $0.contains("statistics decide") }, "\(model.architectureNotes)")
        }
    }

    @Test func `names carry a network to another framework and back, with the same outputs`() throws {
        let model = try Model(
            contentsOf: Fixtures.path("weights-torch/strided-first.safetensors"), architecture: .named("torch-v1"))
        let x = try recorded("x_strided-first")
        let expected = try #require(try model.run(["input": x]).values.first).doubles()
        try withTemporaryFolder { folder in
            for scheme in ["keras", "keras-old", "huggingface", "torchvision"] {
                let path = folder + "/\(scheme).safetensors"
                let map = try model.names(in: scheme)
                try model.write(map, to: path)
                #expect(try model.firstDifference(of: map, fromWritten: path) == nil)
                let other = try Model(contentsOf: path)
                let again = folder + "/again.safetensors"
                try other.write(other.names(in: "torchvision"), to: again)
                let returned = try Model(contentsOf: again, architecture: .named("torch-v1"))
                let found = try #require(try returned.run(["input": x]).values.first).doubles()
                let range = (expected.max() ?? 0) - (expected.min() ?? 0)
                #expect(zip(found, expected).allSatisfy { abs($0 - $1) <= 1e-5 * range })
            }
        }
    }

    @Test func `tensors of an unknown network are listed`() throws {
        let listing = try WeightListing(contentsOf: Fixtures.path("safetensors/block.safetensors"))
        #expect(listing.text(width: 100).contains("tensors"))
        #expect(listing.json()["schema"]?.stringValue == "skiff.weights/1")
        let error = #expect(throws: SkiffError.self) { try Model(contentsOf: Fixtures.path("safetensors/block.safetensors")) }
        #expect(try #require(error).isOfArchitecture)
    }
}
