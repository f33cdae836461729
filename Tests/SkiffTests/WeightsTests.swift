import Skiff
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
