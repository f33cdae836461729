import SkiffCore
import SkiffGraph
import SkiffTestSupport
import Testing

@testable import SkiffKeras

@Suite("Keras fixtures")
struct FixtureTests {
    static let recorded: [(model: String, recording: String)] = [
        ("conv1d-dilated/model.h5", "conv1d-dilated/io.npz"), ("conv1d-dilated/model.keras", "conv1d-dilated/io.npz"),
        ("keras2-nested/model.h5", "keras2-nested/io.npz"), ("keras2-preact/model.h5", "keras2-preact/io.npz"),
        ("keras3-bottleneck/model.h5", "keras3-bottleneck/io.npz"),
        ("keras3-bottleneck/model.keras", "keras3-bottleneck/io.npz"),
        ("mobile-like/model.h5", "mobile-like/io.npz"), ("mobile-like/model.keras", "mobile-like/io.npz"),
        ("keras3-formats/model.h5", "keras3-formats/io.npz"), ("keras3-formats/model.keras", "keras3-formats/io.npz"),
        ("keras3-formats/features.h5", "keras3-formats/io-features.npz"),
        ("keras3-formats/features.keras", "keras3-formats/io-features.npz"),
        ("keras3-formats/bfloat16.keras", "keras3-formats/io-bfloat16.npz"),
        ("lambda-refused/model.h5", "lambda-refused/io.npz"), ("lambda-refused/model.keras", "lambda-refused/io.npz"),
        ("custom-refused/model.h5", "custom-refused/io.npz"), ("custom-refused/model.keras", "custom-refused/io.npz"),
    ]

    @Test("every value Keras recorded is in the graph, under its name and in its shape", arguments: recorded)
    func values(model: String, recording: String) throws {
        let graph = try KerasReader.read(storage: Fixtures.storage(model))
        let recording = try NPZ(Fixtures.storage(recording))
        var binding: [ValueID: Fact] = [:]
        var identifiers: [String: ValueID] = [:]
        for id in graph.valueIDs { identifiers[graph[id].name] = id }
        for id in graph.inputs {
            let tensor = try #require(recording["input:" + graph[id].name])
            binding[id] = Fact(graph[id].fact?.elementType ?? .float32, shape: tensor.shape)
        }
        let facts = try graph.inferFacts(binding: binding)
        var compared = 0
        for entry in recording.entries {
            if entry.name.hasPrefix("value:") {
                let name = String(entry.name.dropFirst(6))
                let id = try #require(identifiers[name], "\(name) is missing")
                // Behind a layer that is not known only its noted shape is, with an open batch.
                guard graph.unknownNodes.isEmpty else { continue }
                #expect(facts[id.index]?.shape?.fixedShape == entry.tensor.shape, "\(name)")
                compared += 1
            } else if entry.name.hasPrefix("output:") {
                #expect(graph.outputs.map(\.name).contains(String(entry.name.dropFirst(7))), "\(entry.name)")
            }
        }
        #expect(compared > 0 || !graph.unknownNodes.isEmpty)
    }

    @Test("the same network from HDF5 and from an archive has the same weights", arguments: [
        "conv1d-dilated", "keras3-bottleneck", "mobile-like", "keras3-formats", "custom-refused",
    ])
    func formats(name: String) throws {
        let first = try KerasReader.read(storage: Fixtures.storage(name + "/model.h5"))
        let second = try KerasReader.read(storage: Fixtures.storage(name + "/model.keras"))
        #expect(first.nodes.map(\.name) == second.nodes.map(\.name))
        #expect(first.weights.count == second.weights.count)
        var tensors: [String: Tensor] = [:]
        for id in second.weights { tensors[second[id].name] = second[id].tensor }
        for id in first.weights where !first[id].name.contains("weight_") && name != "custom-refused" {
            let tensor = try #require(first[id].tensor)
            let other = try #require(tensors[first[id].name], "\(first[id].name)")
            #expect(try tensor.doubles() == other.doubles(), "\(first[id].name)")
        }
    }

    @Test("weights lie in the file itself, also inside an archive", arguments: [
        "keras2-preact/model.h5", "keras3-bottleneck/model.keras",
    ])
    func mapped(name: String) throws {
        let storage = try Fixtures.storage(name)
        let graph = try KerasReader.read(storage: storage)
        #expect(!graph.weights.isEmpty)
        #expect(graph.weights.allSatisfy { graph[$0].tensor?.storage === storage })
    }

    @Test("calls of one layer share its weights; the second call has its position behind its name")
    func sharing() throws {
        let graph = try KerasReader.read(storage: Fixtures.storage("keras2-nested/model.h5"))
        let kernels = graph.nodes.filter { $0.name.contains("shared_conv") }.map { $0.inputs[1] }
        #expect(kernels.count == 4)
        #expect(Set(kernels).count == 1)
        #expect(graph.nodes.map(\.name).contains("tower:1/shared_conv:1"))
    }

    @Test("a Lambda and a custom layer are carried as unknown, with their weights and the reason", arguments: [
        ("lambda-refused/model.h5", "Lambda", "never decoded"), ("lambda-refused/model.keras", "Lambda", "never decoded"),
        ("lambda-refused/model-named.keras", "Lambda", "never decoded"),
        ("custom-refused/model.h5", "Scale", "not one of Keras"), ("custom-refused/model.keras", "Scale", "not one of Keras"),
    ])
    func unknown(name: String, className: String, why: String) throws {
        let graph = try KerasReader.read(storage: Fixtures.storage(name))
        let id = try #require(graph.unknownNodes.first)
        #expect(graph[id].sourceOperator.contains(className))
        guard case .unknown(let operation) = graph[id].operator else { return }
        #expect(operation.reason?.contains(why) == true)
        #expect(className == "Lambda" || graph[id].inputs.count > 1)
        #expect(graph.outputs.first.flatMap { graph[$0.value].fact?.shape } == [.symbolic("batch"), 10])
    }

    @Test("weights without an architecture are named as that", arguments: [
        "keras2-nested/model-weights.h5", "keras2-nested/model.weights.h5", "keras3-formats/model.weights.h5",
        "keras3-formats/sharded_00000.weights.h5",
    ])
    func weightsOnly(name: String) throws {
        let storage = try Fixtures.storage(name)
        let error = #expect(throws: KerasError.self) { try KerasReader.read(storage: storage) }
        guard case .weightsOnly? = error?.reason else {
            Issue.record("\(error?.description ?? "")")
            return
        }
        #expect(error?.hint != nil)
        #expect(error?.place.file == storage.path)
    }

    @Test("other files are named as what they are", arguments: [
        ("digits/digits-heldout.npz", "NumPy"), ("torch-basic/model.onnx", "neither"), ("hdf5-cases/layouts.h5", "HDF5 file"),
        ("hdf5-cases/userblock.h5", "byte 512"),
    ])
    func others(name: String, what: String) throws {
        let error = #expect(throws: KerasError.self) { try KerasReader.read(storage: Fixtures.storage(name)) }
        #expect(error?.message.contains(what) == true, "\(error?.description ?? "")")
    }

    @Test("open extents are named, the batch of all inputs alike; metadata says who wrote the file")
    func facts() throws {
        let graph = try KerasReader.read(storage: Fixtures.storage("keras3-bottleneck/model.h5"))
        #expect(graph[graph.inputs[0]].fact?.shape == [.symbolic("batch"), 10, 8, 1])
        #expect(graph.metadata.sourceFormat == "Keras HDF5")
        #expect(graph.metadata.producer.hasPrefix("keras 3."))
        #expect(graph.metadata["backend"] == "torch")
    }
}
