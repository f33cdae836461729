import SkiffCore
@testable import SkiffFormat
import SkiffGraph
import SkiffTestSupport
import Testing

/// Docs/Format.md against the code.
@Suite struct DocumentTests {
    private func lines() throws -> [String] {
        let storage = try Storage(mapping: Fixtures.folder + "/../Docs/Format.md")
        let text = String(decoding: try storage.bytes(in: 0..<storage.byteCount), as: UTF8.self)
        return text.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
    }

    @Test func `the worked dump is the file that the code writes`() throws {
        var builder = GraphBuilder(name: "g", metadata: GraphMetadata(sourceFormat: "ONNX", producer: "hand"))
        let x = try builder.addInput("x", Fact(.float32, [.symbolic("N"), 2]))
        let w = try builder.addWeight("w", Tensor(floats: [1, -2], shape: [2]))
        let y = try builder.addNode("add", sourceOperator: "Add", .binary(Binary(.add)), inputs: [x, w], output: "y")
        builder.addOutput("y", y)
        let bytes = try written(builder.build())
        // Lines of the form `0040  0a 01 …`, sixteen bytes each.
        var dump: [UInt8] = []
        for line in try lines() {
            let columns = line.split(separator: " ")
            guard let first = columns.first, first.count == 4, Int(first, radix: 16) == dump.count, line.dropFirst(4).hasPrefix("  ")
            else { continue }
            for column in columns.dropFirst().prefix(16) {
                guard column.count == 2, let byte = UInt8(column, radix: 16) else { break }
                dump.append(byte)
            }
        }
        if dump != bytes { print(hexDump(bytes)) }
        #expect(dump == bytes)
    }

    @Test func `the document has the schema, word for word`() throws {
        let storage = try Storage(mapping: Fixtures.folder + "/../Sources/CSkiffSchema/skiff.proto")
        let schema = String(decoding: try storage.bytes(in: 0..<storage.byteCount), as: UTF8.self)
        let text = try lines().joined(separator: "\n")
        #expect(text.contains("```proto\n" + schema + "```"))
    }

    @Test func `every rule of the document has a number, a reason and a test`() throws {
        let numbers = try lines().filter { $0.hasPrefix("**F") }.compactMap { line in
            line.dropFirst(3).prefix { $0.isNumber }.isEmpty ? nil : Int(line.dropFirst(3).prefix { $0.isNumber })
        }
        #expect(numbers == Array(1...22))
    }

    private func hexDump(_ bytes: [UInt8]) -> String {
        func hex(_ value: Int, _ width: Int) -> String {
            let digits = String(value, radix: 16)
            return String(repeating: "0", count: max(0, width - digits.count)) + digits
        }
        return stride(from: 0, to: bytes.count, by: 16).map { start in
            let row = bytes[start..<min(bytes.count, start + 16)]
            let text = row.map { (0x20..<0x7F).contains($0) ? String(UnicodeScalar($0)) : "." }.joined()
            let columns = row.map { hex(Int($0), 2) }.joined(separator: " ")
            return hex(start, 4) + "  " + columns + String(repeating: " ", count: 49 - columns.count) + text
        }.joined(separator: "\n")
    }
}
