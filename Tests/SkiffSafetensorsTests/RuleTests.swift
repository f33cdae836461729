import SkiffCore
import SkiffGraph
import SkiffSafetensors
import SkiffTestSupport
import Testing

/// Each rule of the format, broken alone.
@Suite struct RuleTests {
    /// Header text and payload as a file.
    static func storage(_ header: String, payload: Int = 0, length: UInt64? = nil) -> Storage {
        let text = Array(header.utf8)
        let length = length ?? UInt64(text.count)
        return Storage((0..<8).map { UInt8(truncatingIfNeeded: length >> (8 * UInt64($0))) } + text
            + [UInt8](repeating: 7, count: payload))
    }

    static func entry(_ name: String, _ shape: String, _ begin: Int, _ end: Int, type: String = "F32") -> String {
        "\"\(name)\":{\"dtype\":\"\(type)\",\"shape\":\(shape),\"data_offsets\":[\(begin),\(end)]}"
    }

    struct Rule: Sendable {
        var header: String
        var payload = 8
        /// In the message.
        var words: [String]
        var tensor: String?
    }

    static let rules: [Rule] = [
        Rule(header: " {\(entry("a", "[2]", 0, 8))}", words: ["begin with {"]),
        Rule(header: "{\(entry("a", "[2]", 0, 8))", words: ["JSON"]),
        Rule(header: "{\(entry("a", "[2]", 0, 8)),\(entry("a", "[2]", 0, 8))}", words: ["occurs twice"]),
        Rule(header: "{\(entry("a", "[2]", 0, 8))} x", words: ["JSON"]),
        Rule(header: "{\"a\":3}", words: ["an integer, expected an object"], tensor: "a"),
        Rule(header: "{\"a\":{\"shape\":[2],\"data_offsets\":[0,8]}}", words: ["no dtype"], tensor: "a"),
        Rule(header: "{\"a\":{\"dtype\":\"F32\",\"data_offsets\":[0,8]}}", words: ["no list shape"], tensor: "a"),
        Rule(header: "{\"a\":{\"dtype\":\"F32\",\"shape\":[2]}}", words: ["no list data_offsets"], tensor: "a"),
        Rule(header: "{\(entry("a", "[2]", 0, 8, type: "F31"))}", words: ["dtype \"F31\""], tensor: "a"),
        Rule(header: "{\(entry("a", "[-2]", 0, 8))}", words: ["shape", "whole number"], tensor: "a"),
        Rule(header: "{\(entry("a", "[2.0]", 0, 8))}", words: ["shape", "whole number"], tensor: "a"),
        Rule(header: "{\(entry("a", "[3]", 0, 8))}", words: ["has 8 bytes", "needs 12"], tensor: "a"),
        Rule(header: "{\(entry("a", "[2]", 8, 0))}", words: ["[8, 0]"], tensor: "a"),
        Rule(header: "{\(entry("a", "[1048576,1048576,1048576,4]", 0, 8))}", words: ["no representable size"],
            tensor: "a"),
        Rule(header: "{\(entry("a", "[1099511627777]", 0, 8))}", words: ["extent is 1099511627777"], tensor: "a"),
        Rule(header: "{\(entry("a", "[3]", 0, 2, type: "F4"))}", payload: 2, words: ["whole bytes"], tensor: "a"),
        Rule(header: "{\(entry("a", "[1]", 4, 8))}", words: ["begins at 4, expected 0", "the header"], tensor: "a"),
        Rule(header: "{\(entry("a", "[1]", 0, 4)),\(entry("b", "[1]", 8, 12))}", payload: 12,
            words: ["4 bytes unused behind tensor \"a\""], tensor: "b"),
        Rule(header: "{\(entry("a", "[2]", 0, 8)),\(entry("b", "[2]", 4, 12))}", payload: 12,
            words: ["overlaps tensor \"a\""], tensor: "b"),
        Rule(header: "{\(entry("a", "[2]", 0, 8)),\(entry("b", "[2]", 0, 8))}", words: ["overlaps"], tensor: "b"),
        Rule(header: "{\(entry("a", "[2]", 0, 8))}", payload: 9, words: ["1 bytes follow"]),
        Rule(header: "{\(entry("a", "[2]", 0, 8))}", payload: 7, words: ["cut off", "expected"]),
        Rule(header: "{\"__metadata__\":[]}", payload: 0, words: ["__metadata__ is an array"]),
        Rule(header: "{\"__metadata__\":{\"a\":1}}", payload: 0, words: ["__metadata__ \"a\" is an integer"]),
    ]

    @Test(arguments: 0..<24)
    func `a file that breaks a rule is refused by it`(index: Int) throws {
        let rule = Self.rules[index]
        let error = #expect(throws: SafetensorsError.self, "\(rule.header)") {
            try SafetensorsFile(storage: Self.storage(rule.header, payload: rule.payload))
        }
        let message = error?.message ?? ""
        for word in rule.words {
            #expect(message.contains(word), "\(message)")
        }
        #expect(error?.place.tensor == rule.tensor)
    }

    @Test func `the header's length is limited before anything is read`() throws {
        for length: UInt64 in [100_000_001, 1 << 40, .max] {
            let error = #expect(throws: SafetensorsError.self) {
                try SafetensorsFile(storage: Self.storage("{}", length: length))
            }
            #expect(error?.message.contains("header bytes") == true)
        }
        #expect(throws: SafetensorsError.self) { try SafetensorsFile(storage: Self.storage("", length: 0)) }
    }

    @Test func `no tensors, and spaces behind the header, are fine`() throws {
        #expect(try SafetensorsFile(storage: Self.storage("{}")).tensors.isEmpty)
        let file = try SafetensorsFile(storage: Self.storage("{\(Self.entry("a", "[2]", 0, 8))}     ", payload: 8))
        #expect(file.tensors.map(\.name) == ["a"])
        #expect(file.tensors.first?.tensor.byteRange.count == 8)
    }

    @Test func `flipping any bit of the header gives an error or the same number of bytes`() throws {
        let bytes = try Fixtures.bytes("safetensors/block.safetensors")
        let headerEnd = bytes.count - 8 * 3 - 4 * (4 * 8 * 9 + 8 * 8 * 9 + 4 * 8 + 3 * 4 * 8)
        for index in 0..<headerEnd {
            for bit in 0..<8 {
                var changed = bytes
                changed[index] ^= 1 << UInt8(bit)
                guard let file = try? SafetensorsFile(storage: Storage(changed)) else { continue }
                #expect(file.tensors.reduce(0) { $0 + $1.tensor.byteRange.count } == bytes.count - headerEnd)
            }
        }
    }
}

@Suite struct ShardTests {
    private static func write(_ text: String, _ path: String) throws -> Storage {
        try atomicWrite(to: path) { writer throws(CoreError) in try writer.write(Array(text.utf8)) }
        return try Storage(mapping: path)
    }

    /// A folder with two shards of one tensor each.
    private static func withShards(_ index: String, _ body: (Storage, String) throws -> Void) throws {
        try withTemporaryFolder { folder in
            for name in ["a", "b"] {
                try SafetensorsWriter.write(
                    [(name, Tensor(floats: [1, 2], shape: [2]))], to: "\(folder)/\(name).safetensors")
            }
            try body(write(index, folder + "/model.safetensors.index.json"), folder)
        }
    }

    @Test(arguments: [
        (#"{"weight_map": {"a": "a.safetensors"}}"#, nil),
        (#"{"weight_map": {"a": "a.safetensors", "b": "b.safetensors"}, "metadata": {"total_size": 16}}"#, nil),
        (#"{"weight_map": {"a": "a.safetensors", "b": "a.safetensors"}}"#, "b"),
        (#"{"weight_map": {"a": "b.safetensors", "b": "b.safetensors"}}"#, "a"),
        (#"{"weight_map": {"c": "a.safetensors"}}"#, "a"),
        (#"{"weight_map": {"a": 3}}"#, "a"),
        (#"{"weight_map": {"a": "../a.safetensors"}}"#, ""),
        (#"{"weight_map": {"a": "c.safetensors"}}"#, ""),
        (#"{"weights": {}}"#, ""),
    ] as [(String, String?)])
    func `the index and its shards have to agree`(index: String, refused: String?) throws {
        try Self.withShards(index) { storage, folder in
            guard let refused else {
                let weights = try SafetensorsReader.weights(indexStorage: storage, folder: folder)
                #expect(!weights.layers.isEmpty)
                return
            }
            let error = #expect(throws: SafetensorsError.self) {
                try SafetensorsReader.weights(indexStorage: storage, folder: folder)
            }
            #expect(error?.place.tensor ?? "" == refused, "\(error?.description ?? "")")
            #expect(error?.place.file?.hasPrefix(folder) == true)
        }
    }
}

@Suite struct WriterTests {
    @Test func `what the format cannot hold is refused by name`() throws {
        let one = try Tensor(floats: [1], shape: [1])
        let complex = try Tensor(elementType: .complex128, shape: [1], bytes: [UInt8](repeating: 0, count: 16))
        let odd = try Tensor(elementType: .float4e2m1, shape: [3], bytes: [1, 2])
        let refused: [[(name: String, tensor: Tensor)]] = [
            [("a", one), ("a", one)], [("", one)], [("__metadata__", one)], [("a", complex)], [("a", odd)],
        ]
        try withTemporaryFolder { folder in
            for tensors in refused {
                #expect(throws: SafetensorsError.self) {
                    try SafetensorsWriter.write(tensors, to: folder + "/x.safetensors")
                }
            }
            #expect(names(inFolder: folder).isEmpty)
        }
    }

    @Test func `big-endian tensors become little-endian, and progress reaches its end`() throws {
        let big = try Tensor(
            elementType: .int16, shape: [2], storage: Storage([1, 2, 3, 4]), byteRange: 0..<4, byteOrder: .big)
        try withTemporaryFolder { folder in
            var last = 0
            try SafetensorsWriter.write([("a", big)], to: folder + "/x") { done, total in
                #expect(total == 4)
                last = done
            }
            #expect(last == 4)
            let file = try SafetensorsFile(storage: Storage(mapping: folder + "/x"))
            let tensor = try #require(file.tensors.first).tensor
            #expect(try tensor.integers() == [0x0102, 0x0304])
            #expect(big.firstDifferingElement(from: tensor) == nil)
            let other = try Tensor(elementType: .int16, shape: [2], bytes: [2, 1, 4, 4])
            #expect(big.firstDifferingElement(from: other) == 1)
        }
    }
}
