import SkiffCore
@testable import SkiffFormat
import SkiffGraph
import Testing

/// The rules of Docs/Format.md that payloads and what is known of them have to keep.
@Suite struct PayloadRuleTests {
    let bytes: [UInt8]
    let whole: Forgery

    init() throws {
        bytes = try written(GraphSamples.residual())
        whole = try Forgery(bytes)
    }

    private func refusal(_ change: (inout HeaderRecord) -> Void) throws -> FormatError? { try whole.refusal(change) }

    private func position(_ name: String) throws -> Int { try #require(whole.position(name)) }

    /// The same network, its weights in blocks.
    private func encoded(_ encoding: Encoding) throws -> [UInt8] {
        var options = SkiffWriter.Options()
        options.encodings = EncodingPlan(encoding)
        return try written(GraphSamples.residual(), options: options)
    }

    @Test(arguments: Encoding.allCases)
    func `F20 every flipped bit of a payload is refused, naming the tensor`(encoding: Encoding) throws {
        let bytes = try encoded(encoding)
        let reader = try SkiffReader(storage: Storage(bytes))
        for payload in reader.payloads {
            for index in payload.range {
                for bit in 0..<8 {
                    var flipped = bytes
                    flipped[index] ^= 1 << bit
                    let error = SkiffFormatTests.refusal(flipped)
                    #expect(error?.reason == .payloadChecksum)
                    #expect(error?.place.tensor == payload.name)
                }
            }
        }
        for count in bytes.indices { #expect(SkiffFormatTests.refusal(Array(bytes[..<count])) != nil) }
    }

    @Test func `F20 checksums of empty payloads and of other lengths are refused`() throws {
        let empty = try position("empty")
        #expect(try refusal { $0.values[empty].tensor?.checksum[0] ^= 1 }?.place.tensor == "empty")
        #expect(try refusal { $0.values[empty].tensor?.checksum.removeLast() }?.reason == .payloadChecksum)
        var damaged = bytes
        let last = try #require(try SkiffReader(storage: Storage(bytes)).payloads.last)
        damaged[last.range.upperBound - 1] ^= 1
        let unverified = try SkiffReader(storage: Storage(damaged))
        #expect(throws: FormatError.self) { try unverified.verifyPayload(of: try #require(unverified.weights.last)) }
    }

    @Test(arguments: [Encoding.lossless, .float16, .int8])
    func `F21 elements that do not have their digest are refused, though the payload has its checksum`(
        encoding: Encoding
    ) throws {
        var forgery = try Forgery(encoded(encoding))
        let index = try #require(forgery.header.values.firstIndex { $0.name == "w" })
        forgery.header.values[index].tensor?.digest[3] ^= 4
        let error = SkiffFormatTests.refusal(try forgery.bytes())
        guard case .digest = error?.reason else {
            Issue.record("\(String(describing: error))")
            return
        }
        #expect(error?.place.tensor == "w")
        forgery.header.values[index].tensor?.digest.removeLast()
        guard case .digest = SkiffFormatTests.refusal(try forgery.bytes())?.reason else {
            Issue.record("a digest of 15 bytes is taken")
            return
        }
    }

    @Test func `F21 a payload whose blocks are none is refused, and never lent as numbers`() throws {
        let whole = try Forgery(encoded(.lossless))
        let index = try #require(whole.header.values.firstIndex { $0.name == "w" })
        let record = try #require(whole.header.values[index].tensor)
        for byte in Int(record.offset) - 64..<Int(record.offset + record.byteCount) - 64 {
            var forgery = whole
            forgery.payloads[byte] ^= 0x55
            let payload = forgery.payloads[Int(record.offset) - 64..<Int(record.offset + record.byteCount) - 64]
            var checksum = Checksum()
            checksum.update(Array(payload))
            forgery.header.values[index].tensor?.checksum = checksum.finished()
            guard case .digest = SkiffFormatTests.refusal(try forgery.bytes())?.reason else {
                Issue.record("byte \(byte)")
                continue
            }
            let graph = try SkiffReader.read(storage: Storage(forgery.bytes()))
            let tensor = try #require(graph.values.first { $0.name == "w" }?.tensor)
            do throws(CoreError) {
                try tensor.storage.load()
            } catch {
                #expect(tensor.withUnsafeBytes { $0.allSatisfy { $0 == 0xFF } })
            }
        }
    }

    @Test func `F22 canonical axes that are no order, and origins in sources that are not there, are refused`() throws {
        let index = try position("w")
        func isRefused(_ change: (inout TensorRecord) -> Void) throws -> Bool {
            let error = try refusal { header in
                guard var tensor = header.values[index].tensor else { return }
                change(&tensor)
                header.values[index].tensor = tensor
            }
            guard case .origin = error?.reason else { return false }
            return error?.place.tensor == "w"
        }
        #expect(try isRefused { $0.canonicalAxes = [0] })
        #expect(try isRefused { $0.canonicalAxes = [0, 1, 2, 2] })
        #expect(try isRefused { $0.canonicalAxes = [0, 1, 2, 3] })
        #expect(try isRefused { $0.canonicalAxes = [0, 1, 2, .max] })
        #expect(try isRefused { $0.origin = OriginRecord(source: 0, transforms: []) })
        let error = try refusal {
            $0.provenance.metadata.sources = [GraphMetadata.Source(name: "a", byteCount: 1, checksum: [1])]
        }
        guard case .origin = error?.reason else {
            Issue.record("a source's checksum of one byte is taken")
            return
        }
    }
}
