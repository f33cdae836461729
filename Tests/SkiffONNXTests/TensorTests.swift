import SkiffCore
import SkiffGraph
import SkiffTestSupport
import Testing
@testable import SkiffONNX

@Suite("ONNX: tensors")
struct TensorTests {
    private func tensor(_ type: Int64, _ dims: [Int64], _ fill: (inout MessageBuilder) -> Void) throws(ONNXError) -> Tensor {
        let bytes = message { builder in
            builder.tensor("t", type, dims)
            fill(&builder)
        }
        return try ONNXTensorFile.read(storage: Storage(bytes)).tensor
    }

    private func packed(_ numbers: [Int64]) -> [UInt8] {
        numbers.flatMap { MessageBuilder.varint(UInt64(bitPattern: $0)) }
    }

    @Test("Every element type but text is read from raw_data where it lies", arguments: 1...28)
    func raw(type: Int) throws {
        let elementType = try #require(ElementType(onnx: Int32(type)))
        guard let bits = elementType.bitWidth else {
            #expect(failure { () throws(ONNXError) in try tensor(8, [1]) { $0.text(6, "text") } }?.message == "holds text, expected numbers")
            return
        }
        let payload = (0..<(5 * bits + 7) / 8).map { UInt8($0 + 1) }
        let read = try tensor(Int64(type), [5]) { $0.data(9, payload) }
        #expect(read.elementType == elementType)
        #expect(read.shape == [5])
        #expect(read.withUnsafeBytes { Array($0) } == payload)
        #expect(read.byteRange.lowerBound > 0, "lies in the file")
    }

    /// Type, field, numbers in it, bytes they make.
    private static let typedCases: [(Int64, Int, [Int64], [UInt8])] = [
        (6, 5, [1, -2, 2_147_483_647], [1, 0, 0, 0, 0xFE, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0x7F]),
        (5, 5, [-1, 258], [0xFF, 0xFF, 2, 1]), (3, 5, [-1, 127], [0xFF, 0x7F]), (4, 5, [65535], [0xFF, 0xFF]),
        (2, 5, [0, 255], [0, 255]), (9, 5, [1, 0, 1], [1, 0, 1]), (10, 5, [0x3C00], [0x00, 0x3C]),
        (16, 5, [0x3F80], [0x80, 0x3F]), (17, 5, [0x38], [0x38]), (18, 5, [1], [1]), (19, 5, [2], [2]),
        (20, 5, [3], [3]), (24, 5, [127], [127]), (7, 7, [-1], Array(repeating: 0xFF, count: 8)),
        (12, 11, [4_294_967_295], [0xFF, 0xFF, 0xFF, 0xFF]), (13, 11, [-1], Array(repeating: 0xFF, count: 8)),
        (27, 5, [63, 0, 63, 1], [0x3F, 0xF0, 0x07]),
    ]

    @Test("Every type's own field gives the bytes that raw_data would", arguments: typedCases.indices)
    func typed(index: Int) throws {
        let (type, field, numbers, bytes) = Self.typedCases[index]
        let count = Int64(numbers.count)
        let read = try tensor(type, [count]) { $0.data(field, packed(numbers)) }
        #expect(read.withUnsafeBytes { Array($0) } == bytes)
        let single = try tensor(type, [count]) { builder in numbers.forEach { builder.integer(field, $0) } }
        #expect(single.withUnsafeBytes { Array($0) } == bytes, "written one by one")
    }

    @Test("Types of less than a byte share a number of int32_data")
    func packedTypes() throws {
        #expect(try tensor(22, [3]) { $0.data(5, packed([0x21, 0x03])) }.withUnsafeBytes { Array($0) } == [0x21, 0x03])
        #expect(try tensor(25, [5]) { $0.data(5, packed([0xE4, 0x01])) }.withUnsafeBytes { Array($0) } == [0xE4, 0x01])
        #expect(try tensor(23, [2]) { $0.data(5, packed([0x7F])) }.withUnsafeBytes { Array($0) } == [0x7F])
    }

    @Test("float_data and double_data stay in the file; pieces of them are joined")
    func reals() throws {
        let floats = [Float(1), 2].littleEndianBytes { $0.bitPattern.littleEndian }
        let one = try tensor(1, [2]) { $0.data(4, floats) }
        #expect(try one.floats() == [1, 2])
        #expect(one.byteRange.lowerBound > 0)
        let two = try tensor(1, [2, 2]) { builder in
            builder.data(4, floats)
            builder.real(4, 3)
            builder.real(4, 4)
        }
        #expect(try two.floats() == [1, 2, 3, 4])
        let doubles = [0.5].littleEndianBytes { $0.bitPattern.littleEndian }
        #expect(try tensor(11, []) { $0.data(10, doubles) }.doubles() == [0.5])
        #expect(try tensor(14, [1]) { $0.data(4, floats) }.elementType == .complex64)
        #expect(try tensor(1, [0, 3]) { _ in }.elementCount == 0)
    }

    @Test("Dimensions, types and data that do not fit are refused with both numbers")
    func refusals() {
        func message(_ type: Int64, _ dims: [Int64], _ fill: (inout MessageBuilder) -> Void) -> String? {
            failure { () throws(ONNXError) in try tensor(type, dims, fill) }?.message
        }
        #expect(message(1, [1 << 32, 1 << 32]) { _ in }?.hasPrefix("shape [4294967296, 4294967296]") == true)
        #expect(message(1, [1 << 50]) { _ in } == "extent is 1125899906842624, allowed are 1099511627776")
        #expect(message(1, [-1]) { _ in } == "has extent -1 on axis 0, expected at least 0")
        #expect(message(1, Array(repeating: 1, count: 17)) { _ in } == "rank is 17, allowed are 16")
        #expect(message(1, [1]) { $0.data(9, [0, 0, 0]) } == "holds 3 bytes, its shape needs 4")
        #expect(message(1, [1]) { $0.data(9, [0, 0, 0, 0, 0]) } == "holds 5 bytes, its shape needs 4")
        #expect(message(1, [1]) { _ in } == "has no data, its shape needs 4 bytes")
        #expect(message(1, [1]) { $0.data(9, [0, 0, 0, 0]); $0.real(4, 1) } == "has data in raw_data and float_data, expected one")
        #expect(message(7, [1]) { $0.real(4, 1) } == "has int64 elements in float_data, expected raw_data or int64_data")
        #expect(message(99, [1]) { _ in } == "has data_type 99, expected 1 to 28")
        #expect(message(-1, [1]) { _ in } == "has data_type -1, expected 1 to 28")
        #expect(message(0, [1]) { _ in } == "has data_type 0, expected 1 to 28")
        #expect(message(2, [1]) { $0.integer(5, 256) } == "has the number 256, expected 0 to 255")
        #expect(message(6, [3]) { $0.data(5, [1, 2]) } == "has at most 2 numbers in int32_data, its shape needs 3")
        #expect(message(6, [2]) { $0.data(5, [1, 2, 3]) } == "has 3 numbers in int32_data, its shape needs 2")
        #expect(message(6, [1]) { $0.data(5, [0x80]) } == "needs 1 bytes, 0 are left")
        #expect(message(1, [1]) { $0.message(3) { $0.integer(1, 0) } } == "is a segment of a tensor, which is not read")
    }

    @Test("Errors name the tensor")
    func place() {
        #expect(failure { () throws(ONNXError) in try tensor(1, [-1]) { _ in } }?.description == "tensor \"t\": has extent -1 on axis 0, expected at least 0")
    }
}

@Suite("ONNX: external data")
struct ExternalDataTests {
    private func model(_ entries: [(String, String)], dims: [Int64] = [2]) -> [UInt8] {
        SkiffONNXTests.model { graph in
            graph.message(5) { tensor in
                tensor.tensor("w", 1, dims)
                for (key, value) in entries {
                    tensor.message(13) { entry in
                        entry.text(1, key)
                        entry.text(2, value)
                    }
                }
                tensor.integer(14, 1)
            }
            graph.node("Identity", ["w"], ["y"])
            graph.value(12, "y", nil)
        }
    }

    private func read(_ entries: [(String, String)], in folder: String?) throws(ONNXError) -> Tensor? {
        let graph = try ONNXReader.read(storage: Storage(model(entries)), folder: folder)
        return graph.weights.first.flatMap { graph[$0].tensor }
    }

    private func withData(_ body: (String) throws -> Void) throws {
        try withTemporaryFolder { folder in
            let bytes = [Float(7), 1, 2, 9].littleEndianBytes { $0.bitPattern.littleEndian }
            try writeFile(bytes, to: folder + "/data.bin")
            try body(folder)
        }
    }

    @Test("Weights are mapped where they lie in the model's folder")
    func reads() throws {
        try withData { folder in
            let tensor = try read([("location", "data.bin"), ("offset", "4"), ("length", "8")], in: folder)
            #expect(try tensor?.floats() == [1, 2])
            #expect(tensor?.storage.path?.hasSuffix("data.bin") == true)
            #expect(try read([("location", "data.bin"), ("offset", "8")], in: folder)?.floats() == [2, 9])
        }
    }

    @Test("A checksum is the SHA-1 of the whole file, and is checked")
    func checksum() throws {
        try withTemporaryFolder { folder in
            try writeFile(Array("abcdefgh".utf8), to: folder + "/d")
            let right = "425af12a0743502b322e93a015bcf868e324d56a"
            #expect(try read([("location", "d"), ("checksum", right)], in: folder) != nil)
            #expect(failure { () throws(ONNXError) in
                try read([("location", "d"), ("checksum", String(right.reversed()))], in: folder)
            }?.message.contains("has SHA-1 425af12a") == true)
        }
    }

    @Test("Paths that leave the folder are refused", arguments: [
        "../x", "a/../../x", "/etc/passwd", "..\\x", "", "a//b", ".", String(repeating: "a", count: 5000),
    ])
    func paths(location: String) throws {
        try withData { folder in
            let error = failure { () throws(ONNXError) in try read([("location", location)], in: folder) }
            guard case .core(.externalPathRefused) = error?.reason else {
                Issue.record("\(String(describing: error))")
                return
            }
            #expect(error?.place.tensor == "w")
        }
    }

    @Test("Without a folder external data is refused")
    func noFolder() {
        #expect(failure { () throws(ONNXError) in try read([("location", "data.bin")], in: nil) }?.message
            == "external data \"data.bin\" refused: the model has no folder")
    }

    private static let rangeCases: [([(String, String)], String)] = [
        ([("offset", "17")], "external data takes 0 bytes from 17 of \"data.bin\", which has 16"),
        ([("offset", "12"), ("length", "8")], "external data takes 8 bytes from 12 of \"data.bin\", which has 16"),
        (
            [("offset", "9223372036854775807"), ("length", "8")],
            "external data takes 8 bytes from 9223372036854775807 of \"data.bin\", which has 16"
        ),
        ([("length", "12")], "holds 12 bytes, its shape needs 8"),
        ([("offset", "-1")], "external data has offset \"-1\", expected a number of bytes"),
        (
            [("offset", "18446744073709551616")],
            "external data has offset \"18446744073709551616\", expected a number of bytes"
        ),
        ([("__class__", "x")], "external data has key \"__class__\", expected location, offset, length or checksum"),
        ([("location", "other")], "external data has key \"location\" twice"),
    ]

    @Test("Offsets, lengths and keys that do not fit are refused", arguments: rangeCases.indices)
    func ranges(index: Int) throws {
        let (entries, message) = Self.rangeCases[index]
        try withData { folder in
            #expect(failure { () throws(ONNXError) in
                try read([("location", "data.bin")] + entries, in: folder)
            }?.message == message)
        }
    }
}

private func writeFile(_ bytes: [UInt8], to path: String) throws {
    try atomicWrite(to: path) { writer throws(CoreError) in try writer.write(bytes) }
}
