import SkiffCore
import SkiffGraph
import SkiffSafetensors
import SkiffTestSupport
import Testing

/// Files of the reference implementation (Fixtures/make/safetensors_files.py).
@Suite struct ReaderTests {
    static func file(_ name: String) throws -> SafetensorsFile {
        try SafetensorsFile(storage: Fixtures.storage("safetensors/" + name))
    }

    @Test func `every element type is read with the values that PyTorch had`() throws {
        let file = try Self.file("types.safetensors")
        let expected = try NPZ(Fixtures.storage("safetensors/types.npz"))
        #expect(file.tensors.count == 23)
        #expect(Set(file.tensors.map(\.tensor.elementType)).count == 19)
        #expect(file.metadata.map(\.key) == ["format"])
        #expect(file.metadata.map(\.value) == ["pt"])
        var compared = 0
        for (name, tensor) in file.tensors {
            let key = String(name.map { $0 == "/" ? "." : $0 })
            guard let values = expected[key], let found = try? tensor.doubles() else { continue }
            let recorded = try values.doubles()
            #expect(tensor.shape == values.shape, "\(name)")
            #expect(found == recorded, "\(name)")
            compared += 1
        }
        // All but complex64, the five types of eight bits that are not decoded, and the odd name.
        #expect(compared == 16)
    }

    @Test func `scalars, empty tensors, odd names and packed elements are read`() throws {
        let tensors = try Self.file("types.safetensors").tensors
        #expect(tensors.first { $0.name == "scalar" }?.tensor.shape == [])
        #expect(tensors.first { $0.name == "empty" }?.tensor.shape == [0, 3])
        #expect(tensors.first { $0.name == "empty.half" }?.tensor.elementType == .bfloat16)
        let odd = try #require(tensors.first { $0.name.hasPrefix("odd") })
        #expect(odd.name == "odd \u{1}\u{8}\t\n\u{C}\r\"\\/\u{7F} é \u{202E} 😀")
        #expect(try odd.tensor.integers() == [-1, 7])
        let packed = try #require(try Self.file("packed.safetensors").tensors.first?.tensor)
        #expect(packed.elementType == .float4e2m1)
        #expect(packed.shape == [3, 2])
        #expect(packed.byteRange.count == 3)
    }

    @Test func `a state dictionary is grouped into layers`() throws {
        let weights = try SafetensorsReader.weights(storage: Fixtures.storage("safetensors/block.safetensors"))
        #expect(!weights.isInModelOrder)
        #expect(weights.metadata.sourceFormat == "safetensors")
        #expect(weights.metadata["format"] == "pt")
        #expect(
            Set(weights.layers.map(\.name)) == [
                "layer1.0.conv1", "layer1.0.bn1", "layer1.0.conv2", "layer1.0.bn2", "layer1.0.downsample.0",
                "layer1.0.downsample.1",
            ])
        let norm = try #require(weights.layers.first { $0.name == "layer1.0.bn1" })
        #expect(
            norm.variables.map(\.role) == ["num_batches_tracked", "bias", "running_mean", "running_var", "weight"])
        #expect(norm.variables.first?.name == "layer1.0.bn1.num_batches_tracked")
    }

    @Test func `shards give what the whole file gives`() throws {
        let index = try Fixtures.storage("safetensors/sharded/model.safetensors.index.json")
        #expect(SafetensorsReader.recognizesIndex(index))
        let sharded = try SafetensorsReader.weights(
            indexStorage: index, folder: Fixtures.path("safetensors/sharded"))
        let whole = try Self.file("block.safetensors")
        let variables = sharded.layers.flatMap(\.variables)
        #expect(variables.count == whole.tensors.count)
        #expect(Set(variables.map { $0.tensor.storage.path }).count > 1)
        for (name, tensor) in whole.tensors {
            let other = try #require(variables.first { $0.name == name }).tensor
            #expect(tensor.firstDifferingElement(from: other) == nil)
        }
    }

    @Test(arguments: ["types.safetensors", "block.safetensors"])
    func `what is read and written again is the same file`(name: String) throws {
        let file = try Self.file(name)
        try withTemporaryFolder { folder in
            try SafetensorsWriter.write(
                file.tensors.reversed(), metadata: file.metadata.map { ($0.key, $0.value) }, to: folder + "/copy")
            let copy = try Storage(mapping: folder + "/copy")
            #expect(try copy.bytes(in: 0..<copy.byteCount) == Fixtures.bytes("safetensors/" + name))
        }
    }

    @Test(arguments: ["types.safetensors", "block.safetensors"])
    func `a file cut at any byte is refused, and says how much there should be`(name: String) throws {
        let bytes = try Fixtures.bytes("safetensors/" + name)
        for length in 0..<bytes.count {
            let error = #expect(throws: SafetensorsError.self) {
                try SafetensorsFile(storage: Storage(Array(bytes.prefix(length))))
            }
            guard case .cutOff(let expected, let found)? = error?.reason else {
                Issue.record("\(length) bytes: \(error?.message ?? "read")")
                return
            }
            #expect(found == length)
            #expect(expected > length && expected <= bytes.count)
        }
    }

    @Test func `other formats are not taken for it, and it is known by ten bytes`() throws {
        let others = [
            "torch-basic/model.onnx", "keras3-bottleneck/model.h5", "keras3-bottleneck/model.keras",
            "numpy/types.npz", "numpy/cube.npy", "manifest.json",
        ]
        for name in others {
            let storage = try Fixtures.storage(name)
            let head = try storage.bytes(in: 0..<64)
            #expect(!SafetensorsReader.recognizes(head), "\(name)")
            #expect(!SafetensorsReader.recognizesIndex(storage), "\(name)")
        }
        for name in ["types", "block", "packed"] {
            let head = try Fixtures.bytes("safetensors/\(name).safetensors").prefix(10)
            #expect(SafetensorsReader.recognizes(Array(head)))
        }
    }
}

@Suite struct NameTests {
    private static let cases: [(name: String, layer: String, role: String)] = [
        ("layer1.0.conv1.weight", "layer1.0.conv1", "weight"),
        ("conv1_conv/kernel", "conv1_conv", "kernel"),
        ("conv1/bn.1/gamma:0", "conv1/bn.1", "gamma"),
        ("weight", "weight", ""),
        ("", "", ""),
        ("a.", "a", ""),
        (".weight", "", "weight"),
        ("a/:0", "a", ":0"),
        ("a/b:x", "a", "b:x"),
        ("schön.gewicht", "schön", "gewicht"),
    ]

    @Test(arguments: 0..<10)
    func `names split at their last slash, or else dot`(index: Int) throws {
        let (name, layer, role) = Self.cases[index]
        let tensor = try Tensor(floats: [1], shape: [])
        let weights = WeightSet(tensors: [(name, tensor)], isInModelOrder: true, metadata: GraphMetadata())
        #expect(weights.layers.map(\.name) == [layer])
        #expect(weights.layers[0].variables.map(\.role) == [role])
        #expect(weights.layers[0].variables.map(\.name) == [name])
    }

    @Test func `layers stand where their first tensor stands`() throws {
        let tensor = try Tensor(floats: [1], shape: [])
        let names = ["b.weight", "a.weight", "b.bias", "c"]
        let weights = WeightSet(
            tensors: names.map { ($0, tensor) }, isInModelOrder: true, metadata: GraphMetadata())
        #expect(weights.layers.map(\.name) == ["b", "a", "c"])
        #expect(weights.layers.map(\.variables.count) == [2, 1, 1])
    }
}
