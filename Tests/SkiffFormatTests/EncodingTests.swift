import SkiffCore
@testable import SkiffFormat
import SkiffGraph
import SkiffTestSupport
import Testing

/// How weights are stored, and what is known of them.
@Suite struct EncodingTests {
    /// One convolution of a channels-last map of three channels.
    private func convolution(_ kernel: Tensor) throws -> Graph {
        var builder = GraphBuilder(name: "one")
        let x = try builder.addInput("x", Fact(.float32, [1, 9, 9, 3]))
        let w = try builder.addWeight("w", kernel)
        let window = Window(strides: [1, 1], dilations: [1, 1], padding: .valid)
        let convolution = Convolution(
            window: window, groups: 1, layout: .channelsLast, kernelOrder: .spatialInputOutput)
        builder.addOutput(
            "y", try builder.addNode("conv", sourceOperator: "Conv", .convolution(convolution), inputs: [x, w], output: "y"))
        return try builder.build()
    }

    private func kernel(_ shape: Shape, seed: Int = 1) throws -> Tensor {
        try Tensor(
            floats: (0..<shape.reduce(1, *)).map { index in
                Float(Int32(truncatingIfNeeded: (index + seed) &* 0x9E37_79B1)) / 0x1p33
            }, shape: shape)
    }

    private func read(_ graph: Graph, _ plan: EncodingPlan) throws -> SkiffReader {
        var options = SkiffWriter.Options()
        options.encodings = plan
        let reader = try SkiffReader(storage: Storage(try written(graph, options: options)))
        try reader.verifyPayloads()
        return reader
    }

    private func digest(_ graph: Graph, _ plan: EncodingPlan = EncodingPlan()) throws -> [UInt8] {
        try #require(try read(graph, plan).payloads.first).digest
    }

    @Test func `the same kernel has one digest in every order of its axes and every lossless encoding`() throws {
        let own = try kernel([4, 3, 3, 3])
        var builder = GraphBuilder(name: "first")
        let x = try builder.addInput("x", Fact(.float32, [1, 3, 9, 9]))
        let w = try builder.addWeight("w", own)
        let first = Convolution(
            window: Window(strides: [1, 1], dilations: [1, 1], padding: .valid), groups: 1, layout: .channelsFirst,
            kernelOrder: .outputInputSpatial)
        builder.addOutput(
            "y", try builder.addNode("conv", sourceOperator: "Conv", .convolution(first), inputs: [x, w], output: "y"))
        let channelsFirst = try builder.build()
        let channelsLast = try convolution(own.permuted([2, 3, 1, 0]))
        let expected = try digest(channelsFirst)
        #expect(try digest(channelsLast) == expected)
        #expect(try digest(channelsLast, EncodingPlan(.lossless)) == expected)
        // Another element, two exchanged, another order that is none of this kernel's.
        #expect(try digest(convolution(kernel([3, 3, 3, 4]))) != expected)
        #expect(try digest(convolution(own.permuted([3, 2, 1, 0]))) != expected)
        let rounded = try digest(channelsFirst, EncodingPlan(.bfloat16))
        #expect(rounded != expected)
        #expect(try digest(channelsLast, EncodingPlan(.bfloat16)) == rounded)
    }

    @Test func `a digest is the sum of its parts, cut anywhere`() throws {
        let tensor = try kernel([5, 4, 3, 7])
        let index = CanonicalIndex(.float32, shape: tensor.shape, canonicalAxes: [3, 2, 0, 1])
        var whole = CanonicalDigest()
        tensor.withUnsafeBytes { whole.add($0, first: 0, of: index) }
        for cut in 0...tensor.elementCount {
            var parts = CanonicalDigest()
            tensor.withUnsafeBytes { bytes in
                parts.add(UnsafeRawBufferPointer(rebasing: bytes[(cut * 4)...]), first: cut, of: index)
                parts.add(UnsafeRawBufferPointer(rebasing: bytes[..<(cut * 4)]), first: 0, of: index)
            }
            #expect(parts == whole)
        }
    }

    @Test func `all instruction sets give one digest`() throws {
        for type in [ElementType.uint8, .float16, .float32, .float64] {
            let width = try #require(type.byteWidth)
            let bytes = (0..<width * 7 * 9 * 5).map { UInt8(truncatingIfNeeded: $0 &* 0x9E37_79B1 >> 7) }
            let index = CanonicalIndex(type, shape: [7, 9, 5], canonicalAxes: [2, 0, 1])
            let digests = ["portable", "avx2", "avx512"].compactMap { BlockCodec.Kernels.named($0) }.map { kernels in
                var digest = CanonicalDigest()
                bytes.withUnsafeBytes { digest.add($0, first: 0, of: index, kernels: kernels) }
                return digest
            }
            #expect(Set(digests).count == 1)
        }
    }

    @Test func `equal weights are stored once, and read as two`() throws {
        let (one, other) = (try kernel([64, 8, 3, 3]), try kernel([64, 8, 3, 3], seed: 2))
        let same = try kernel([64, 8, 3, 3])
        for encoding in [Encoding.raw, .lossless] {
            let graph = try GraphSamples.weights([("a", one), ("b", other), ("c", same), ("d", one)])
            let reader = try read(graph, EncodingPlan(encoding))
            #expect(try GraphSamples.difference(graph, reader.graph) == nil)
            let ranges = reader.payloads.map(\.range)
            #expect(ranges[2] == ranges[0] && ranges[3] == ranges[0] && ranges[1] != ranges[0])
            #expect(reader.storage.byteCount < 3 * one.byteRange.count)
            // The file that is written of it is the same.
            var options = SkiffWriter.Options()
            options.encodings = EncodingPlan(encoding)
            #expect(try written(graph, options: options) == written(reader.graph, options: options))
        }
    }

    @Test func `float16 and bfloat16 hold the nearest values, int8 steps of its channel's largest`() throws {
        let weights = try kernel([3, 3, 3, 4])
        let graph = try convolution(weights)
        let own = try weights.floats()
        for (encoding, rounded) in [
            (Encoding.float16, own.map { floatFromHalf(halfFromFloat($0)) }),
            (.bfloat16, own.map { Float(bitPattern: UInt32(bfloatFromFloat($0)) << 16) }),
        ] {
            let reader = try read(graph, EncodingPlan(encoding))
            #expect(try reader.graph.values.compactMap(\.tensor).first?.floats() == rounded)
        }
        let reader = try read(graph, EncodingPlan(.int8))
        #expect(reader.payloads.first?.form.channels == 4)
        let steps = try #require(try reader.graph.values.compactMap(\.tensor).first?.floats())
        for channel in 0..<4 {
            let positions = stride(from: channel, to: own.count, by: 4)
            let largest = positions.map { abs(own[$0]) }.max() ?? 0
            for position in positions {
                #expect(abs(own[position] - steps[position]) <= largest / 254 * 1.0001)
                #expect(abs(steps[position] / (largest / 127)).rounded() <= 127)
            }
        }
    }

    @Test func `what cannot be rounded is stored lossless, and said`() throws {
        var own = try kernel([3, 3, 3, 4]).floats()
        own[5] = 70_000
        let large = try convolution(Tensor(floats: own, shape: [3, 3, 3, 4]))
        own[5] = .nan
        let broken = try convolution(Tensor(floats: own, shape: [3, 3, 3, 4]))
        for (graph, encoding, isKept) in [
            (large, Encoding.float16, true), (large, .bfloat16, false), (broken, .int8, true), (broken, .float16, false),
        ] {
            try withTemporaryFolder { folder in
                var options = SkiffWriter.Options()
                options.encodings = EncodingPlan(encoding)
                let summary = try SkiffWriter.write(graph, to: folder + "/x", options: options)
                #expect((summary.tensors.first?.note != nil) == isKept, "\(encoding)")
                #expect(summary.tensors.first?.encoding == (isKept ? .lossless : encoding))
            }
        }
    }

    @Test func `only weights that are contracted are rounded, and each tensor as it is named`() throws {
        let graph = try GraphSamples.residual()
        let reader = try read(graph, EncodingPlan(.int8))
        #expect(reader.payloads.map(\.form.encoding) == [.int8, .lossless, .lossless])
        let named = try read(graph, EncodingPlan(.raw, byTensor: ["w": .bfloat16]))
        #expect(named.payloads.map(\.form.encoding) == [.bfloat16, .raw, .raw])
    }

    @Test func `deferred weights are decoded in part, and once as a whole`() throws {
        let tensor = try kernel([300, 700])
        let reader = try read(GraphSamples.weights([("w", tensor)]), EncodingPlan(.lossless))
        let read = try #require(reader.graph.values.compactMap(\.tensor).first)
        #expect(read.storage.isDeferred)
        let own = try tensor.withUnsafeBytes { Array($0) }
        for range in [0..<4, 4..<8, 262_140..<262_148, 262_144..<524_288, 1000..<own.count, 0..<own.count, 8..<8] {
            var copy = [UInt8](repeating: 0, count: range.count)
            try copy.withUnsafeMutableBytes { try read.storage.read(range, into: $0) }
            #expect(copy == Array(own[range]))
        }
        #expect(read.storage.isDeferred)
        try read.storage.load()
        #expect(!read.storage.isDeferred)
        #expect(read.withUnsafeBytes { Array($0) } == own)
    }

    @Test func `the origin of a weight is kept, and its file named with its checksum`() throws {
        try withTemporaryFolder { folder in
            let bytes: [UInt8] = [9, 9, 9, 9, 0, 0, 0x80, 0x3F, 0, 0, 0, 0xC0]
            try atomicWrite(to: folder + "/source.bin") { writer throws(CoreError) in try writer.write(bytes) }
            let source = try Storage(mapping: folder + "/source.bin")
            var tensor = try Tensor(elementType: .float32, shape: [2], storage: source, byteRange: 4..<12)
            tensor.origin = TensorOrigin(member: "/a/b")
            let graph = try GraphSamples.weights([("w", tensor)])
            try SkiffWriter.write(graph, to: folder + "/one.skiff", sources: [source])
            let one = try SkiffReader(storage: Storage(mapping: folder + "/one.skiff"))
            let noted = try #require(one.graph.values.compactMap(\.tensor).first?.origin)
            #expect(noted == TensorOrigin(file: 0, member: "/a/b", byteOffset: 4))
            var checksum = Checksum()
            checksum.update(bytes)
            let expected = GraphMetadata.Source(name: "source.bin", byteCount: 12, checksum: checksum.finished())
            #expect(one.provenance.metadata.sources == [expected])
            // Without proof the checksum is left out, and the origins hold.
            var options = SkiffWriter.Options()
            options.provesPayloads = false
            try SkiffWriter.write(graph, to: folder + "/quick.skiff", sources: [source], options: options)
            let quick = try SkiffReader(storage: Storage(mapping: folder + "/quick.skiff"))
            try quick.verifyPayloads()
            #expect(quick.provenance.metadata.sources == [.init(name: "source.bin", byteCount: 12, checksum: nil)])
            #expect(quick.graph.values.compactMap(\.tensor).first?.origin == noted)
            // Written again, from the native file: still the first source.
            try SkiffWriter.write(one.graph, to: folder + "/two.skiff", sources: [one.storage])
            let two = try SkiffReader(storage: Storage(mapping: folder + "/two.skiff"))
            #expect(two.graph.values.compactMap(\.tensor).first?.origin == noted)
            #expect(two.provenance.metadata.sources == [expected])
        }
    }
}
