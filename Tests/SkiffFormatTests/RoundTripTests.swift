import SkiffCore
@testable import SkiffFormat
import SkiffGraph
import SkiffTestSupport
import Synchronization
import Testing

/// A graph's file as bytes.
func written(
    _ graph: Graph, provenance: Provenance = Provenance(), options: SkiffWriter.Options = SkiffWriter.Options()
) throws -> [UInt8] {
    try withTemporaryFolder { folder in
        let summary = try SkiffWriter.write(graph, to: folder + "/g.skiff", provenance: provenance, options: options)
        let file = try Storage(mapping: folder + "/g.skiff")
        #expect(summary.bytes == file.byteCount)
        #expect(summary.tensors.map(\.name) == graph.weights.map { graph[$0].name })
        return try file.bytes(in: 0..<file.byteCount)
    }
}

@Suite struct RoundTripTests {
    @Test func `a graph comes back as it was`() throws {
        let graph = try GraphSamples.residual()
        let reader = try SkiffReader(storage: Storage(try written(graph)))
        #expect(try GraphSamples.difference(graph, reader.graph) == nil)
        try reader.verifyPayloads()
        for id in reader.graph.valueIDs { try reader.verifyPayload(of: id) }
    }

    @Test func `the same graph gives the same bytes, and what is read is written again the same`() throws {
        let graph = try GraphSamples.residual()
        let bytes = try written(graph)
        #expect(try written(GraphSamples.residual()) == bytes)
        #expect(try written(SkiffReader.read(storage: Storage(bytes))) == bytes)
    }

    @Test func `provenance comes back, and says what was proved`() throws {
        let provenance = Provenance(tool: "skiff 1", measurements: [GraphMetadata.Entry("budget", "0.001")])
        let graph = try GraphSamples.residual()
        let reader = try SkiffReader(storage: Storage(try written(graph, provenance: provenance)))
        var expected = provenance
        expected.metadata = graph.metadata
        expected.parity = "every weight, read back, has the digest of the source's"
        #expect(reader.provenance == expected)
        var options = SkiffWriter.Options()
        options.provesPayloads = false
        let unproved = try SkiffReader(storage: Storage(try written(graph, provenance: provenance, options: options)))
        #expect(unproved.provenance.parity == nil)
    }

    @Test(arguments: ElementType.allCases.filter { $0 != .string })
    func `every element type of every rank comes back`(type: ElementType) throws {
        var tensors: [(String, Tensor)] = []
        for rank in 0...8 {
            let shape = Shape(repeating: 1, count: max(0, rank - 2)) + (rank > 1 ? [2] : []) + (rank > 0 ? [3] : [])
            let count = try checkedTensorBytes(shape: shape, elementType: type)
            tensors.append(("rank \(rank)", try Tensor(elementType: type, shape: shape, bytes: (0..<count).map { UInt8($0 + rank) })))
            let empty = shape + [0]
            tensors.append(("empty \(rank)", try Tensor(elementType: type, shape: empty, bytes: [])))
        }
        let graph = try GraphSamples.weights(tensors)
        let reader = try SkiffReader(storage: Storage(try written(graph)))
        #expect(try GraphSamples.difference(graph, reader.graph) == nil)
        try reader.verifyPayloads()
        for payload in reader.payloads { #expect(payload.range.lowerBound % 64 == 0) }
        var options = SkiffWriter.Options()
        options.encodings = EncodingPlan(.lossless)
        let coded = try SkiffReader(storage: Storage(try written(graph, options: options)))
        #expect(try GraphSamples.difference(graph, coded.graph) == nil)
        try coded.verifyPayloads()
        for (raw, lossless) in zip(reader.payloads, coded.payloads) { #expect(raw.digest == lossless.digest) }
    }

    @Test(arguments: [ElementType.float32, .float64, .float16, .int8, .uint64, .complex64, .complex128])
    func `big-endian weights become little-endian`(type: ElementType) throws {
        let bytes = (0..<32).map { UInt8($0) }
        let tensor = try Tensor(
            elementType: type, shape: [32 / (type.byteWidth ?? 1)], storage: Storage(bytes), byteRange: 0..<32, byteOrder: .big)
        let graph = try GraphSamples.weights([("w", tensor)])
        let read = try SkiffReader.read(storage: Storage(try written(graph)))
        #expect(read.values.compactMap(\.tensor).first?.byteOrder == .little)
        #expect(try GraphSamples.difference(graph, read) == nil)
    }

    @Test(arguments: [ByteOrder.little, .big])
    func `a weight of several pieces comes back, its checksum right`(order: ByteOrder) throws {
        let count = (9 << 20) + 24
        let bytes = [UInt8](unsafeUninitializedCapacity: count) { buffer, initialized in
            for index in 0..<count { buffer[index] = UInt8(truncatingIfNeeded: index &* 0x9E37_79B1 >> 16) }
            initialized = count
        }
        let tensor = try Tensor(
            elementType: .float64, shape: [count / 8], storage: Storage(bytes), byteRange: 0..<count, byteOrder: order)
        let graph = try GraphSamples.weights([("small", try Tensor(floats: [1], shape: [])), ("w", tensor)])
        let reader = try SkiffReader(storage: Storage(try written(graph)))
        try reader.verifyPayloads()
        #expect(try GraphSamples.difference(graph, reader.graph) == nil)
    }

    @Test func `weights stay in the mapped file`() throws {
        try withTemporaryFolder { folder in
            try SkiffWriter.write(GraphSamples.residual(), to: folder + "/a.skiff")
            let storage = try Storage(mapping: folder + "/a.skiff")
            let graph = try SkiffReader.read(storage: storage)
            for tensor in graph.values.compactMap(\.tensor) { #expect(tensor.storage === storage) }
            // Onto itself: the mapped original stays whole until the new file has its name.
            try SkiffWriter.write(graph, to: folder + "/a.skiff")
            let again = try SkiffReader(storage: Storage(mapping: folder + "/a.skiff"))
            #expect(try GraphSamples.difference(graph, again.graph) == nil)
            try again.verifyPayloads()
        }
    }

    @Test func `a graph without weights has a file that ends with its header`() throws {
        let graph = try GraphSamples.weights([])
        let bytes = try written(graph)
        let reader = try SkiffReader(storage: Storage(bytes))
        #expect(try GraphSamples.difference(graph, reader.graph) == nil)
        try reader.verifyPayloads()
    }

    @Test func `what the format cannot carry is refused, and no file is left`() throws {
        var builder = GraphBuilder(name: "a\0b")
        builder.addOutput("x", try builder.addInput("x", Fact(.float32, [1])))
        let graph = try builder.build()
        try withTemporaryFolder { folder in
            #expect(throws: FormatError.self) { try SkiffWriter.write(graph, to: folder + "/x") }
            #expect(names(inFolder: folder) == [])
        }
    }

    @Test(arguments: [Encoding.raw, .lossless])
    func `progress reaches the end`(encoding: Encoding) throws {
        let graph = try GraphSamples.residual()
        var options = SkiffWriter.Options()
        options.encodings = EncodingPlan(encoding)
        // Copied, and read back.
        let total = 2 * (36 * 4 + 8)
        try withTemporaryFolder { folder in
            let seen = Mutex<[Int]>([])
            try SkiffWriter.write(graph, to: folder + "/x", options: options) { done, all in
                seen.withLock { $0.append(done) }
                #expect(all == total)
            }
            #expect(seen.withLock { $0 }.last == total)
        }
    }
}
