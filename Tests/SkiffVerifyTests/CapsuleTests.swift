import SkiffCore
import SkiffEngine
import SkiffGraph
import SkiffTestSupport
@testable import SkiffVerify
import Testing

@Suite struct CapsuleTests {
    /// Everything that a network computes from made-up input.
    private func recording(_ network: DrawnNetwork, seed: UInt64 = 0) throws -> (Graph, Recording) {
        let graph = try network.graph()
        let inputs = try MadeUpInputs(for: graph, seed: seed, batch: 2)
        let values = try Evaluator(graph).run(inputs.tensors, precision: .float, observing: .all)
        var recording = Recording(
            name: "drawn", inputs: inputs.inputs.map { .init($0.name, $0.tensor) }, outputs: [])
        let isOutput = Set(graph.outputs.map(\.value))
        for output in graph.outputs { recording.outputs.append(.init(output.name, try #require(values[output.value]))) }
        for id in graph.valueIDs where graph.producer(of: id) != nil && !isOutput.contains(id) {
            recording.values.append(.init(graph[id].name, try #require(values[id])))
        }
        return (graph, recording)
    }

    private func capsule(_ network: DrawnNetwork, seeds: [UInt64] = [0]) throws -> Capsule {
        let (graph, recording) = try recording(network)
        return try Capsule(of: recording, for: graph, producer: "test", seeds: seeds)
    }

    @Test func `what is written is what is read, and the same capsule gives the same bytes`() throws {
        try withTemporaryFolder { folder in
            for seeds in [[0], []] as [[UInt64]] {
                let capsule = try capsule(DrawnNetwork(), seeds: seeds)
                #expect(capsule.values.count == 7)
                let path = folder + "/a.capsule"
                try capsule.write(to: path)
                try capsule.write(to: folder + "/b.capsule")
                let storage = try Storage(mapping: path)
                let other = try Storage(mapping: folder + "/b.capsule")
                #expect(try storage.bytes(in: 0..<storage.byteCount) == other.bytes(in: 0..<other.byteCount))
                #expect(Capsule.recognizes(storage))
                let read = try Capsule(storage)
                #expect(read.source == "drawn")
                #expect(read.values.map(\.name) == capsule.values.map(\.name))
                #expect(read.values.map(\.sketch) == capsule.values.map(\.sketch))
                #expect(read.values.map(\.role) == capsule.values.map(\.role))
                #expect(read.values.map(\.shape) == capsule.values.map(\.shape))
                let input = try #require(read.inputs.first)
                let made = try SeededInput(seed: 0).tensor(forInput: 0, elementType: .float32, shape: input.shape)
                #expect(try input.tensor().floats() == made.floats())
                if case .seeded = input.source { #expect(!seeds.isEmpty) } else { #expect(seeds.isEmpty) }
            }
        }
    }

    @Test func `the other layout of a network has the same capsule, but for rounding`() throws {
        let (first, last) = (DrawnNetwork(), DrawnNetwork(layout: .channelsLast))
        let (graph, recording) = try recording(first)
        let capsule = try Capsule(of: recording, for: graph, producer: "test")
        let other = try last.graph()
        let input = try #require(recording.inputs.first).tensor.permuted([0, 2, 3, 1])
        let values = try Evaluator(other).run([other[other.inputs[0]].name: input], precision: .float, observing: .all)
        let trace = LayoutTrace(other)
        for value in capsule.values {
            let id = try #require(other.valueIDs.first { other[$0].name == value.name } ?? other.outputs.first?.value)
            let tensor = try #require(values[id])
            let sketch = try Sketch(of: tensor, axes: trace.canonicalAxes(of: id, rank: tensor.shape.count))
            let distance = try #require(sketch.distance(from: value.sketch))
            #expect(distance.rms < 1e-5 * value.sketch.rms, "\(value.name)")
        }
    }

    @Test func `a damaged capsule is refused or read, and nothing else`() throws {
        try withTemporaryFolder { folder in
            let path = folder + "/a.capsule"
            try capsule(DrawnNetwork(), seeds: []).write(to: path)
            let storage = try Storage(mapping: path)
            let bytes = try storage.bytes(in: 0..<storage.byteCount)
            let sound = try Capsule(storage)
            var refused = 0
            for draw in 0..<400 as Range<UInt64> {
                var changed = bytes
                let place = SeededInput.mix(draw)
                if draw % 4 == 0 {
                    changed.removeLast(Int(place % UInt64(bytes.count)) + 1)
                } else {
                    // The last bytes are the archive's directory, the first the text's.
                    let range = draw % 4 == 1 ? UInt64(bytes.count) : 900
                    let offset = draw % 4 == 2 ? 0 : UInt64(bytes.count) - range
                    changed[Int(offset + place % range)] ^= UInt8(1 + place >> 40 % 255)
                }
                // Some bytes of an archive's directory mean nothing, such as times.
                guard let read = try? Capsule(Storage(changed)) else {
                    refused += 1
                    continue
                }
                #expect(read.values.map(\.sketch) == sound.values.map(\.sketch), "draw \(draw)")
                #expect(read.values.map(\.name) == sound.values.map(\.name), "draw \(draw)")
            }
            #expect(refused > 300)
        }
    }

    /// The members of a sound capsule with `change` made in its text or its tables.
    private func changed(
        _ folder: String, _ change: (inout JSONObject, inout [(name: String, tensor: Tensor)]) throws -> Void
    ) throws -> Storage {
        try capsule(DrawnNetwork()).write(to: folder + "/a.capsule")
        let archive = try NPZ(Storage(mapping: folder + "/a.capsule"))
        var members = archive.entries.map { (name: $0.name, tensor: $0.tensor) }
        let text = members.removeFirst().tensor
        let json = try JSONValue(parsing: text.storage, in: text.byteRange)
        var object = try #require(json.objectValue)
        try change(&object, &members)
        let written = JSONValue.object(object).utf8()
        members.insert(
            ("skiff.capsule", try Tensor(elementType: .uint8, shape: [written.count], bytes: written)), at: 0)
        try NPZ.write(members, to: folder + "/b.capsule")
        return try Storage(mapping: folder + "/b.capsule")
    }

    private typealias Change = @Sendable (inout JSONObject, inout [(name: String, tensor: Tensor)]) throws -> Void

    private static let rules: [(String, Change)] = [
        ("schema is", { text, _ in text["schema"] = "skiff.capsule/2" }),
        ("has no text", { text, members in members.insert(members[0], at: 0) }),
        ("expected float64", { text, _ in text["values"] = [] }),
        ("expected float64", { _, members in members.removeAll { $0.name == "projections" } }),
        ("has no shape", { text, _ in text["inputs"] = [["name": "x", "elementType": "float32", "shape": [-1]]] }),
        ("has no element type", { text, _ in text["inputs"] = [["name": "x", "elementType": "float", "shape": [1]]] }),
        ("neither a seed", { text, _ in text["inputs"] = [["name": "x", "elementType": "float32", "shape": [1]]] }),
        ("seed or position", { text, _ in
            text["inputs"] = [["name": "x", "elementType": "float32", "shape": [1], "seed": "-1", "position": 0]]
        }),
        ("no order of", { text, _ in
            text["inputs"] = [["name": "x", "elementType": "float32", "shape": [1, 2], "seed": "0", "position": 0,
                "axes": [0, 0]]]
        }),
        ("extent is", { text, _ in
            text["inputs"] = [["name": "x", "elementType": "float32", "shape": [9_000_000_000_000_000_000], "seed": "0",
                "position": 0]]
        }),
        ("moments or counts", { _, members in
            let index = try #require(members.firstIndex { $0.name == "nonfinite" })
            let count = members[index].tensor.elementCount
            members[index].tensor = try Tensor(
                integers: Array(repeating: 1 << 40, count: count), shape: members[index].tensor.shape)
        }),
        ("role is neither", { text, _ in
            let values = try #require(text["values"]?.arrayValue)
            text["values"] = .array(values.map { value in
                var entry = value.objectValue ?? JSONObject()
                entry["role"] = "input"
                return .object(entry)
            })
        }),
    ]

    @Test(arguments: 0..<12)
    func `rules of the format are held`(rule: Int) throws {
        let (message, change) = Self.rules[rule]
        guard rule != 1 else {
            #expect(throws: VerifyError.self) { try Capsule(Storage(Array("PK".utf8))) }
            return
        }
        try withTemporaryFolder { folder in
            let storage = try changed(folder, change)
            let error = #expect(throws: VerifyError.self) { try Capsule(storage) }
            #expect(error?.message.contains(message) == true, "\(error?.message ?? "nothing")")
        }
    }
}
