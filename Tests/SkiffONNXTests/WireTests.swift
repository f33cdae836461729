import SkiffCore
import SkiffGraph
import SkiffTestSupport
import Testing
@testable import SkiffONNX

@Suite("ONNX: broken bytes")
struct WireTests {
    private let small = model { graph in
        graph.value(11, "x", [nil, 3])
        graph.floats("w", [3, 2], [1, 2, 3, 4, 5, 6])
        graph.node("MatMul", ["x", "w"], ["y"], name: "product")
        graph.value(12, "y", [nil, 2])
    }

    @Test("A file cut at any byte is refused, unless what is left is a model; nothing traps")
    func truncation() throws {
        #expect(try read(small).nodes.count == 1)
        var accepted: [Int] = []
        for count in 0..<small.count where failure({ () throws(ONNXError) in try read(Array(small.prefix(count))) }) == nil {
            accepted.append(count)
        }
        #expect(accepted.isEmpty)
        let real = try Fixtures.bytes("onnx-opsets/half.onnx")
        for count in 0..<real.count {
            let error = failure { () throws(ONNXError) in try read(Array(real.prefix(count))) }
            #expect(error != nil, "\(count) bytes")
        }
    }

    @Test("Every bit flip of a small model is refused or read, never a trap", arguments: 0..<8)
    func bitFlips(bit: Int) throws {
        let real = small
        for index in real.indices {
            var flipped = real
            flipped[index] ^= 1 << UInt8(bit)
            _ = failure { () throws(ONNXError) in try read(flipped) }
        }
    }

    @Test("An empty file says so")
    func empty() { #expect(failure { () throws(ONNXError) in try read([]) }?.message == "is empty") }

    @Test("Graphs nested 10,000 deep meet the limit of nesting, as types do")
    func nesting() {
        var graph = message { $0.text(2, "innermost") }
        for _ in 0..<1000 {
            let inner = graph
            graph = message { $0.node("If", [], [], [("then_branch", .graph(inner))]) }
        }
        let error = failure { () throws(ONNXError) in try read(model { $0.raw(graph) }) }
        #expect(error?.message == "nesting is 65, allowed are 64")
        #expect(error?.place.byteOffset != nil)
        var type = message { $0.message(1) { $0.integer(1, 1) } }
        for _ in 0..<10_000 {
            let inner = type
            type = message { $0.message(4) { $0.data(1, inner) } }
        }
        let nested = model { graph in
            graph.message(11) { value in
                value.text(1, "x")
                value.data(2, type)
            }
        }
        #expect(failure { () throws(ONNXError) in try read(nested) }?.message == "nesting is 65, allowed are 64")
    }

    private static let brokenCases: [([UInt8], String)] = [
        ([0x3B, 0x3C], "ModelProto.graph: has wire type 3, expected 2"),
        ([0xA3, 0x06], "ModelProto.field 100: is a group (wire type 3), which no version of this format has"),
        ([0x08, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 1], "ModelProto.ir_version: varint is longer than 64 bits"),
        ([0x08, 0x80], "ModelProto.ir_version: needs 1 bytes, 0 are left"),
        ([0x3A, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 1], "ModelProto.graph: declares 18446744073709551615 bytes, 0 are left"),
        ([0x3A, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 1], "ModelProto.graph: declares 9223372036854775808 bytes, 0 are left"),
        ([0x3A, 5, 0x0A], "ModelProto.graph: declares 5 bytes, 1 are left"),
        ([0x3A, 2, 0x0A, 1, 0], "ModelProto.graph.node: declares 1 bytes, 0 are left"),
        ([0x3A, 0, 0x3A, 0], "ModelProto.graph: appears twice, expected once"),
        ([0x0F], "ModelProto.ir_version: has wire type 7, expected 0"),
        ([0x00, 0x00], "ModelProto: field number 0 is not between 1 and 536870911"),
        ([0x3A, 4, 0x12, 2, 0x61, 0], "ModelProto.graph.name: is a name with a NUL in it"),
        ([0x3A, 4, 0x12, 2, 0xC3, 0x28], "ModelProto.graph.name: is not valid UTF-8"),
    ]

    @Test("Groups, long varints, long lengths and wrong wire types are refused with field and offset", arguments: brokenCases.indices)
    func brokenFields(index: Int) {
        let (bytes, message) = Self.brokenCases[index]
        let error = failure { () throws(ONNXError) in try read(bytes) }
        #expect(error?.message == message)
        #expect(error?.place.byteOffset != nil)
    }

    @Test("More nodes, unknown fields and name bytes than the limits allow are refused by the limit's name")
    func counts() {
        let nodes = Array(repeating: [0x0A, 0] as [UInt8], count: Limits.nodes + 1).flatMap { $0 }
        #expect(failure { () throws(ONNXError) in try read(model { $0.raw(nodes) }) }?.message == "nodes is 1048577, allowed are 1048576")
        let unknown = Array(repeating: [0xA0, 0x06, 0] as [UInt8], count: Limits.unknownFields + 1).flatMap { $0 }
        #expect(failure { () throws(ONNXError) in try read(unknown) }?.message == "unknown fields is 262145, allowed are 262144")
        let name = String(repeating: "a", count: 4 << 20)
        #expect(failure { () throws(ONNXError) in try read(model { $0.text(2, name) }) }?.message == "name bytes is 4194304, allowed are 65536")
    }

    @Test("Fields of the future are passed over")
    func unknownFields() throws {
        let later = small + message { builder in
            builder.integer(99, 1)
            builder.text(100, "later")
            builder.real(101, 1)
        }
        #expect(try read(later).nodes.count == 1)
    }

    @Test("protobuf-c gets no more memory than its budget, whichever allocation is the one too many")
    func budget() throws {
        let scan = try scanned(small)
        var needed = 0
        for budget in stride(from: 0, through: 8192, by: 16) {
            do throws(CoreError) {
                _ = try ProtobufMessage(
                    unpacking: scan.structure, descriptor: ONNXSchema.modelDescriptor, budget: budget)
                needed = budget
                break
            } catch {
                guard case .limit(_, let declared, let allowed) = error.reason else {
                    Issue.record("\(error)")
                    return
                }
                #expect(declared > allowed)
            }
        }
        #expect(needed > 512)
    }

    @Test("Payloads are not in the structure, whatever their size")
    func elision() throws {
        let weights = [Float](repeating: 1, count: 100_000)
        let large = model { $0.floats("w", [100_000], weights) }
        let scan = try scanned(large)
        #expect(scan.structure.count < 200)
        #expect(scan.payloads.count == 1)
        #expect(scan.payloads.first?.count == 400_000)
    }
}

private func scanned(_ bytes: [UInt8]) throws(CoreError) -> ProtobufScan {
    try Storage(bytes).withUnsafeBytes { (buffer) throws(CoreError) in
        try ProtobufScanner.scan(RawSpan(_unsafeBytes: buffer), schema: ONNXSchema.model)
    }
}
