import SkiffCore
@testable import SkiffFormat
import SkiffGraph
import Testing

/// Every rule of Docs/Format.md, by its number; those of payloads are in PayloadRuleTests.
@Suite struct RuleTests {
    let bytes: [UInt8]
    let whole: Forgery

    init() throws {
        bytes = try written(GraphSamples.residual())
        whole = try Forgery(bytes)
    }

    private func refusal(_ change: (inout HeaderRecord) -> Void) throws -> FormatError? { try whole.refusal(change) }

    private func position(_ name: String) throws -> Int { try #require(whole.position(name)) }

    @Test func `an unchanged forgery is the file itself`() throws {
        #expect(try whole.bytes() == bytes)
        #expect(SkiffFormatTests.refusal(bytes) == nil)
    }

    @Test func `F1 another signature, an empty file and bytes before the signature are refused`() {
        #expect(SkiffFormatTests.refusal([])?.reason == .signature)
        #expect(SkiffFormatTests.refusal([0] + bytes)?.reason == .signature)
        #expect(SkiffFormatTests.refusal(Array("version https://git-lfs".utf8))?.reason == .signature)
    }

    @Test func `F2 another version is refused, and the message says which is read`() {
        var other = bytes
        other[8] = 3
        #expect(SkiffFormatTests.refusal(other)?.reason == .version(found: 3))
        #expect(SkiffFormatTests.refusal(other)?.message == "has format version 3, readable is 2")
        other[8] = 1
        #expect(SkiffFormatTests.refusal(other)?.reason == .version(found: 1))
        #expect(SkiffFormatTests.refusal(other)?.hint?.contains("older") == true)
    }

    @Test func `F3 a header of more bytes than the limit when inflated is refused`() {
        var changed = bytes
        changed[15] = 0x7F
        #expect(SkiffFormatTests.refusal(changed)?.reason == .inflatedLength(declared: 0x7F << 24))
    }

    @Test func `F4 bytes behind the file and every truncation are refused`() {
        #expect(SkiffFormatTests.refusal(bytes + [0])?.reason == .fileLength(declared: UInt64(bytes.count), found: bytes.count + 1))
        for count in bytes.indices { #expect(SkiffFormatTests.refusal(Array(bytes[..<count])) != nil) }
    }

    @Test(arguments: [0, 1 << 20, (64 << 20) + 1, 1 << 62])
    func `F5 a header that is empty, past the file or past the limit is refused`(length: Int) throws {
        let covered = Prologue.covered(headerBytes: length, inflatedBytes: 0, fileBytes: bytes.count)
        let allowed = bytes.count - 64
        #expect(
            SkiffFormatTests.refusal(covered + bytes[32...])?.reason
                == .headerLength(declared: UInt64(length), allowed: allowed))
        var negative = bytes
        for index in 16..<24 { negative[index] = 0xFF }
        #expect(SkiffFormatTests.refusal(negative)?.reason == .headerLength(declared: .max, allowed: allowed))
    }

    @Test func `F6 every flipped bit of prologue and header is refused`() throws {
        let start = bytes.count - (try whole.header.packed()).count
        for index in Array(0..<64) + Array(start..<bytes.count) {
            for bit in 0..<8 {
                var flipped = bytes
                flipped[index] ^= 1 << bit
                let refusal = SkiffFormatTests.refusal(flipped)
                #expect(refusal != nil, "bit \(bit) of byte \(index)")
                if index >= 32 { #expect(refusal?.reason == .headerChecksum) }
            }
        }
    }

    @Test func `F7 a header that is no message of the schema is refused, checksum or not`() throws {
        let packed = try whole.header.packed()
        func isRefused(_ header: [UInt8]) -> Bool {
            guard case .header = SkiffFormatTests.refusal(Forgery.bytes(header: header, payloads: whole.payloads))?.reason else {
                return false
            }
            return true
        }
        #expect(isRefused([0xFF]))
        #expect(isRefused([0x0A]))
        // The required provenance is missing.
        #expect(isRefused([0x0A, 0x00]))
        // A length past the end, a group, a name that comes twice, a varint of eleven bytes.
        #expect(isRefused(packed + [0x1A, 0x7F]))
        #expect(isRefused(packed + [0x1B]))
        #expect(isRefused(packed + [0x0A, 0x00]))
        #expect(isRefused(packed + [0x30] + [UInt8](repeating: 0x80, count: 11)))
    }

    @Test func `F7 a flipped bit of a header with the right checksum is refused or read to the end`() throws {
        let packed = try whole.header.packed()
        var refused = 0
        for index in packed.indices {
            for bit in 0..<8 {
                var flipped = packed
                flipped[index] ^= 1 << bit
                let forged = Forgery.bytes(header: flipped, payloads: whole.payloads)
                do throws(FormatError) {
                    let reader = try SkiffReader(storage: Storage(forged))
                    // What is accepted is written again as it was.
                    let again = try HeaderRecord(unpacking: flipped)
                    #expect(try again.packed() == flipped)
                    #expect(reader.graph.nodes.count == 5)
                } catch {
                    refused += 1
                }
            }
        }
        #expect(refused > packed.count * 4)
    }

    @Test func `F8 unknown fields, other orders and longer varints are refused`() throws {
        let packed = try whole.header.packed()
        func reason(_ header: [UInt8]) -> FormatError.Reason? {
            SkiffFormatTests.refusal(Forgery.bytes(header: header, payloads: whole.payloads))?.reason
        }
        // Field 15, a varint that the schema does not know.
        #expect(reason(packed + [0x78, 0x01]) == .notCanonical)
        // The name's length, written in two bytes instead of one.
        #expect(reason([packed[0], packed[1] | 0x80, 0] + packed[2...]) == .notCanonical)
        // The name behind all other fields.
        let nameEnd = 2 + Int(packed[1])
        #expect(reason(Array(packed[nameEnd...] + packed[..<nameEnd])) == .notCanonical)
        // A packed list in two parts.
        #expect(reason(packed + [0x32, 0x00]) != nil)
    }

    @Test func `F9 bytes between payloads that are not zero are refused`() throws {
        let reader = try SkiffReader(storage: Storage(bytes))
        var padding: Set<Int> = []
        for (first, second) in zip(reader.payloads, reader.payloads.dropFirst()) {
            padding.formUnion(first.range.upperBound..<max(first.range.upperBound, second.range.lowerBound))
        }
        #expect(padding.count > 40)
        for index in padding {
            var changed = bytes
            changed[index] = 1
            #expect(SkiffFormatTests.refusal(changed)?.reason == .padding, "byte \(index)")
        }
    }

    @Test(arguments: [0, 1, 63, 65, 128, 1 << 20, UInt64.max, UInt64.max - 63, 1 << 63])
    func `F10 payloads that overlap, leave a hole or lie askew are refused, naming both`(offset: UInt64) throws {
        let index = try position("b")
        let right = whole.header.values[index].tensor?.offset
        guard offset != right else { return }
        let error = try refusal { $0.values[index].tensor?.offset = offset }
        #expect(error?.reason == .payloadOffset(declared: offset, expected: Int(right ?? 0), behind: "empty"))
        #expect(error?.place.tensor == "b")
    }

    @Test func `F11 a header that begins before or behind the end of the last payload is refused`() throws {
        for payloads in [Array(whole.payloads.dropLast()), whole.payloads + [0]] {
            var forgery = whole
            forgery.payloads = payloads
            guard case .payloadEnd = SkiffFormatTests.refusal(try forgery.bytes())?.reason else {
                Issue.record("\(payloads.count) bytes")
                continue
            }
        }
    }

    @Test func `F12 unknown element types and sizes past the limits are refused`() throws {
        let index = try position("b")
        func isRefused(_ change: (inout TensorRecord) -> Void) throws -> Bool {
            let error = try refusal { header in
                guard var tensor = header.values[index].tensor else { return }
                change(&tensor)
                header.values[index].tensor = tensor
            }
            guard case .tensorType = error?.reason else { return false }
            return error?.place.tensor == "b"
        }
        #expect(try isRefused { $0.elementType = "float33" })
        #expect(try isRefused { $0.elementType = "string" })
        #expect(try isRefused { $0.extents = [1 << 32, 1 << 32] })
        #expect(try isRefused { $0.extents = [.max] })
        #expect(try isRefused { $0.extents = [1 << 63, 2] })
        #expect(try isRefused { $0.extents = [UInt64](repeating: 1, count: 17) })
        let x = try position("x")
        for change: (inout FactRecord) -> Void in [
            { $0.elementType = "" }, { $0.extents = [.fixed(.max)] }, { $0.extents = [ExtentRecord](repeating: .unknown, count: 17) },
        ] {
            let error = try refusal { header in
                guard var fact = header.values[x].fact else { return }
                change(&fact)
                header.values[x].fact = fact
            }
            guard case .tensorType = error?.reason else {
                Issue.record("\(String(describing: error))")
                continue
            }
        }
    }

    @Test func `F13 an encoding that is not known or does not fit is refused`() throws {
        let index = try position("b")
        func isRefused(_ name: String, axis: UInt32? = nil, source: Int? = nil, of position: Int) throws -> Bool {
            let error = try refusal {
                $0.values[position].tensor?.encoding = EncodingRecord(
                    name: name, axis: axis, sourceDigest: source.map { [UInt8](repeating: 0, count: $0) })
            }
            guard case .encoding = error?.reason else { return false }
            return error?.place.tensor == whole.header.values[position].name
        }
        #expect(try isRefused("zipnn", of: index))
        #expect(try isRefused("", of: index))
        #expect(try isRefused("raw", of: index))
        #expect(try isRefused("float16", of: index))
        #expect(try isRefused("float16", axis: 0, source: 16, of: index))
        #expect(try isRefused("lossless", axis: 0, of: index))
        #expect(try isRefused("lossless", source: 16, of: index))
        #expect(try isRefused("int8", source: 16, of: index))
        #expect(try isRefused("int8", axis: 99, source: 16, of: index))
    }

    @Test(arguments: [0, 7, 9, UInt64.max])
    func `F14 a payload of another length than its shape needs is refused`(length: UInt64) throws {
        let index = try position("b")
        #expect(
            try refusal { $0.values[index].tensor?.byteCount = length }?.reason
                == .payloadLength(declared: length, expected: 8))
    }

    @Test func `F15 values without a source, with two, or without a name are refused`() throws {
        func isRefused(_ change: (inout HeaderRecord) -> Void) throws -> Bool {
            guard case .valueSource = try refusal(change)?.reason else { return false }
            return true
        }
        let (x, y, b) = (try position("x"), try position("y"), try position("b"))
        #expect(try isRefused { $0.inputs = [UInt32(x), UInt32(x)] })
        #expect(try isRefused { $0.inputs = [UInt32(x), UInt32(b)] })
        #expect(try isRefused { $0.nodes[1].outputs = [UInt32(y)] })
        #expect(try isRefused { $0.values.append(ValueRecord(name: "more", isOverridable: false)) })
        #expect(try isRefused { $0.values[x].name = "" })
        #expect(try isRefused { $0.values[b].fact = $0.values[x].fact })
        #expect(try isRefused { $0.values[x].isOverridable = true })
    }

    @Test func `F16 positions outside, and nodes out of order, are refused`() throws {
        func isRefused(_ change: (inout HeaderRecord) -> Void) throws -> Bool {
            guard case .reference = try refusal(change)?.reason else { return false }
            return true
        }
        let z = try position("z")
        #expect(try isRefused { $0.inputs = [99] })
        #expect(try isRefused { $0.nodes[0].inputs[0] = 99 })
        #expect(try isRefused { $0.nodes[0].inputs[0] = .max })
        #expect(try isRefused { $0.nodes[0].outputs[0] = .max })
        #expect(try isRefused { $0.outputs[0].value = 99 })
        #expect(try isRefused { $0.nodes[0].inputs[0] = UInt32(z) + 1 })
    }

    @Test func `F17 operators unused, equal or out of the order of their use are refused`() throws {
        func isRefused(_ change: (inout HeaderRecord) -> Void) throws -> Bool {
            guard case .operatorOrder = try refusal(change)?.reason else { return false }
            return true
        }
        #expect(try isRefused { $0.operators.append(OperatorRecord(name: "slice", source: "", attributes: [])) })
        #expect(try isRefused { $0.operators[1] = $0.operators[0] })
        #expect(try isRefused { $0.nodes[0].operatorIndex = 1 })
        #expect(try isRefused { $0.nodes[0].operatorIndex = .max })
        #expect(try isRefused { $0.operators.removeLast() })
    }

    @Test func `F18 an operator that is not known is refused`() throws {
        let error = try refusal { $0.operators[0].name = "teleport" }
        #expect(error?.reason == .attribute("operator \"teleport\" is not known"))
        #expect(error?.place.operatorName == "Conv")
    }

    @Test func `F19 names twice, no outputs and inputs that do not fit are refused`() throws {
        func isRefused(_ change: (inout HeaderRecord) -> Void) throws -> Bool {
            guard case .graph = try refusal(change)?.reason else { return false }
            return true
        }
        let (b, x) = (try position("b"), try position("x"))
        #expect(try isRefused { $0.values[b].name = "w" })
        #expect(try isRefused { $0.outputs = [] })
        #expect(try isRefused { $0.nodes[0].inputs[1] = UInt32(b) + 1 })
        #expect(try isRefused { $0.values[x].fact?.extents = [.fixed(1), .fixed(3), .fixed(4), .fixed(4)] })
    }
}
