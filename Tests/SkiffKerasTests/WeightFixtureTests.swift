import SkiffCore
import SkiffGraph
import SkiffTestSupport
import Testing

@testable import SkiffKeras

/// Files of weights as each generation of Keras wrote them.
@Suite("Keras weights of every generation")
struct WeightFixtureTests {
    private let folder = Fixtures.path("weights")

    @Test("the fixtures are there")
    func count() {
        #expect(Fixtures.weights.count >= 8)
        #expect(!Fixtures.wholeWeights.isEmpty)
    }

    @Test("weights alone are recognised and listed whole, layer by layer", arguments: Fixtures.weights)
    func listing(fixture: WeightFixture) throws {
        let storage = try Storage(mapping: fixture.path)
        #expect(KerasReader.recognizesWeights(storage))
        let set = try KerasReader.weights(storage: storage, folder: folder)
        #expect(set.isInModelOrder)
        let isResNet50 = fixture.architecture.hasPrefix("resnet50")
        let kernels = set.layers.filter { $0.variables[0].tensor.shape.count == 4 }
        #expect(kernels.count == (isResNet50 ? 53 : 21))
        let normalizations = set.layers.filter { $0.variables.count == 4 }
        #expect(normalizations.count == (isResNet50 ? 53 : 19))
        let dense = set.layers.filter { $0.variables[0].tensor.shape.count == 2 }
        #expect(dense.count == (fixture.architecture.hasSuffix("notop") ? 0 : 1))
        #expect(Set(set.layers.map(\.name)).count == set.layers.count)
        if fixture.file.hasPrefix("keras1") { #expect(set.metadata["backend"] == fixture.backend) }
    }

    @Test("with the architecture beside them they are a model", arguments: Fixtures.weights.filter {
        $0.configuration != nil
    })
    func configuration(fixture: WeightFixture) throws {
        let text = try Fixtures.bytes("weights/" + (fixture.configuration ?? ""))
        let weights = try Storage(mapping: fixture.path)
        let graph = try KerasReader.read(configuration: text, weights: weights, folder: folder)
        #expect(graph.unknownNodes.isEmpty)
        let set = try KerasReader.weights(storage: weights, folder: folder)
        let elements = set.layers.flatMap(\.variables).reduce(0) { $0 + $1.tensor.elementCount }
        #expect(graph.weights.reduce(0) { $0 + (graph[$1].tensor?.elementCount ?? 0) } == elements)
    }

    @Test("weights that miss a tensor are refused by the layer's name, and by what they have")
    func missing() throws {
        let fixture = try #require(Fixtures.weights.first { $0.file == "keras3.9.weights.h5" })
        let storage = try Storage(mapping: fixture.path)
        let text = try Fixtures.bytes("weights/" + (fixture.configuration ?? ""))
        var files = try WeightFiles(storage, in: 0..<storage.byteCount, parts: .folder(folder))
        guard case .group(var layers)? = files.root.members["layers"] else {
            Issue.record("no layers")
            return
        }
        let removed = layers.members.removeValue(forKey: "conv2d_7")
        guard let gone = removed, case .group(let group) = gone, let name = group.group("vars")?.attributes["name"]?.text else {
            Issue.record("no name")
            return
        }
        layers.members["conv2d_99"] = gone
        files.root.members["layers"] = .group(layers)
        let model = try ModelParser(major: 3).model(JSONValue(parsing: text))
        // Under another place the name still tells.
        #expect(try files.stored(for: model, major: 3)[name]?.count == 2)
        layers.members.removeValue(forKey: "conv2d_99")
        files.root.members["layers"] = .group(layers)
        let error = #expect(throws: KerasError.self) { try files.stored(for: model, major: 3) }
        guard case .layersDiffer(let configured, _)? = error?.reason else {
            Issue.record("\(error?.description ?? "")")
            return
        }
        #expect(configured.count == 1)
        #expect(configured.first?.hasPrefix(name) == true)
    }

    @Test("archives whose weights are NumPy's pickles are read, and hold what the same network's HDF5 holds", arguments:
        Fixtures.wholeWeights)
    func pickles(fixture: WeightFixture) throws {
        let storage = try Storage(mapping: fixture.path)
        let graph = try KerasReader.read(storage: storage)
        #expect(graph.unknownNodes.isEmpty)
        #expect(graph.weights.allSatisfy { graph[$0].tensor?.storage === storage })
        let stem = fixture.file.hasPrefix("keras2") ? "keras2.13-chunked.h5" : "keras3.9.weights.h5"
        let other = try KerasReader.weights(storage: Fixtures.storage("weights/" + stem), folder: folder)
        let expected = Set(try other.layers.flatMap(\.variables).map { try $0.tensor.doubles() })
        #expect(Set(try graph.weights.compactMap { try graph[$0].tensor?.doubles() }) == expected)
    }

    @Test("a pickle that is cut short or takes what is not there is refused")
    func brokenPickles() throws {
        let broken: [[UInt8]] = [
            [], [0x80], [0x80, 4, 0x52, 0x2E], [0x80, 4, 0x74, 0x2E], [0x80, 4, 0x68, 3, 0x2E], [0x80, 4, 0x63, 0x61],
            [0x80, 4, 0x8E, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF], [0x80, 4, 0x2E], [0x80, 4, 0x28, 0x30, 0x2E],
        ]
        for bytes in broken {
            let storage = Storage(bytes)
            #expect(throws: CoreError.self) { try PickleTree(storage, in: 0..<bytes.count) }
        }
    }

    @Test("a list that is put into itself does not end the program")
    func cycle() throws {
        // ] memoized, recalled and appended to itself.
        let storage = Storage([0x80, 4, 0x5D, 0x94, 0x68, 0, 0x61, 0x2E])
        let tree = try PickleTree(storage, in: 0..<storage.byteCount)
        #expect(tree.reachable(from: tree.root).count == 1)
    }
}
