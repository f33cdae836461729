import SkiffCore
import SkiffTestSupport
import Testing

@Suite struct ZipTests {
    /// An archive of ours: two stored members and a deflated one.
    static func sample() throws -> [UInt8] {
        var sink = ByteBuffer()
        var zip = ZipWriter()
        try zip.add("config.json", [.bytes(Array("{}".utf8))], to: &sink)
        try zip.add("folder/data.bin", [.bytes([1, 2, 3]), .bytes([4])], to: &sink)
        try zip.add("zeros.bin", [.bytes([UInt8](repeating: 0, count: 3000))], method: .deflated, to: &sink)
        try zip.finish(to: &sink)
        return sink.bytes
    }

    /// The bytes with `replacement` wherever `original` stands.
    static func replacing(_ original: [UInt8], by replacement: [UInt8], in bytes: [UInt8], only index: Int? = nil) -> [UInt8] {
        var result = bytes
        var occurrence = 0
        var position = 0
        while position + original.count <= result.count {
            if result[position..<position + original.count].elementsEqual(original) {
                if index == nil || index == occurrence {
                    result.replaceSubrange(position..<position + original.count, with: replacement)
                }
                occurrence += 1
            }
            position += 1
        }
        return result
    }

    /// The message that an archive is refused with; `nil` where it is read with all members.
    static func refusal(_ bytes: [UInt8]) -> String? {
        do throws(CoreError) {
            let archive = try ZipArchive(storage: Storage(bytes))
            for member in archive.members { _ = try archive.bytes(of: member, limit: 1 << 20) }
            return nil
        } catch {
            return error.description
        }
    }

    @Test func `members read back, stored ones in place`() throws {
        let storage = Storage(try Self.sample())
        let archive = try ZipArchive(storage: storage)
        #expect(archive.members.map(\.name) == ["config.json", "folder/data.bin", "zeros.bin"])
        let member = try #require(archive["folder/data.bin"])
        let contents = try archive.contents(of: member, limit: 0)
        #expect(contents.storage === storage)
        #expect(try storage.bytes(in: contents.range) == [1, 2, 3, 4])
        let zeros = try #require(archive["zeros.bin"])
        #expect(try archive.bytes(of: zeros, limit: 3000) == [UInt8](repeating: 0, count: 3000))
        #expect(throws: CoreError.self) { try archive.bytes(of: zeros, limit: 2999) }
    }

    @Test func `an archive inside a larger file is read at its range`() throws {
        let bytes = try Self.sample()
        let storage = Storage([9, 9, 9] + bytes + [9])
        let archive = try ZipArchive(storage: storage, range: 3..<3 + bytes.count)
        let member = try #require(archive["folder/data.bin"])
        #expect(try storage.bytes(in: member.dataRange) == [1, 2, 3, 4])
    }

    @Test func `no prefix is read, nor are bytes before or behind`() throws {
        let bytes = try Self.sample()
        #expect(Self.refusal(bytes) == nil)
        for count in bytes.indices { #expect(Self.refusal(Array(bytes[..<count])) != nil) }
        #expect(Self.refusal([0] + bytes) != nil)
        #expect(Self.refusal(bytes + [0]) != nil)
    }

    @Test func `a flipped bit never changes what is read`() throws {
        let bytes = try Self.sample()
        let original = try ZipArchive(storage: Storage(bytes))
        let contents = try original.members.map { try original.bytes(of: $0, limit: 1 << 20) }
        for position in bytes.indices {
            for bit in 0..<8 {
                var flipped = bytes
                flipped[position] ^= 1 << bit
                guard let archive = try? ZipArchive(storage: Storage(flipped)) else { continue }
                let read = archive.members.map { try? archive.bytes(of: $0, limit: 1 << 20) }
                guard !read.contains(nil) else { continue }
                #expect(archive.members.map(\.name) == original.members.map(\.name))
                #expect(read == contents, "bit \(bit) of byte \(position)")
            }
        }
    }

    @Test(arguments: ["../onfig.json", "/config.json", "C:/fig.json", "conf\\g.json", "conf\0g.json", "a/../b.json", "a//fig.json", "./nfig.json"])
    func `a name that leaves its folder is refused`(name: String) throws {
        var padded = Array(name.utf8)
        while padded.count < 11 { padded.append(UInt8(ascii: "x")) }
        let bytes = Self.replacing(Array("config.json".utf8), by: Array(padded.prefix(11)), in: try Self.sample())
        #expect(Self.refusal(bytes)?.contains("no plain relative path") == true)
    }

    @Test func `names twice are refused`() throws {
        var sink = ByteBuffer()
        var zip = ZipWriter()
        try zip.add("a.json", [], to: &sink)
        try zip.add("b.json", [], to: &sink)
        #expect(throws: CoreError.self) { try zip.add("a.json", [], to: &sink) }
        try zip.finish(to: &sink)
        let bytes = Self.replacing(Array("b.json".utf8), by: Array("a.json".utf8), in: sink.bytes)
        #expect(Self.refusal(bytes)?.contains("two members have this name") == true)
    }

    @Test func `local headers that contradict the directory are refused`() throws {
        let bytes = Self.replacing(Array("config.json".utf8), by: Array("config.jsom".utf8), in: try Self.sample(), only: 0)
        #expect(Self.refusal(bytes)?.contains("differ in name") == true)
    }

    @Test(arguments: [(12, "method 12"), (93, "method 93"), (99, "method 99")])
    func `unknown methods are refused by number`(method: UInt8, words: String) throws {
        // The method stands 10 bytes behind the signature of a directory entry, 8 behind that of a local header.
        var bytes = try Self.sample()
        let entry = try #require(bytes.indices.first { bytes[$0...].starts(with: [0x50, 0x4B, 1, 2]) })
        bytes[entry + 10] = method
        bytes[8] = method
        #expect(Self.refusal(bytes)?.contains(words) == true)
        bytes = try Self.sample()
        bytes[entry + 8] = 1
        bytes[6] = 1
        #expect(Self.refusal(bytes)?.contains("encrypted") == true)
        bytes = try Self.sample()
        bytes[entry + 41] = 0xA1
        #expect(Self.refusal(bytes)?.contains("symbolic link") == true)
    }

    @Test func `overlapping members, gaps and wrong checksums are refused`() throws {
        let bytes = try Self.sample()
        let entries = bytes.indices.filter { bytes[$0...].starts(with: [0x50, 0x4B, 1, 2]) }
        var overlapping = bytes
        // Two entries with one name length and one local header: the second says the first one's place.
        overlapping.replaceSubrange(entries[1] + 42..<entries[1] + 46, with: [0, 0, 0, 0])
        #expect(Self.refusal(overlapping) != nil)
        var wrong = bytes
        wrong[41] ^= 1
        #expect(Self.refusal(wrong)?.contains("CRC-32") == true)
        #expect(Self.refusal(wrong)?.contains("config.json") == true)
    }

    @Test func `a stream that gives more or less than declared is refused`() throws {
        let zeros = [UInt8](repeating: 0, count: 3000)
        let stream = try zeros.withUnsafeBytes { bytes in try deflated(bytes, framing: .zlib) }
        func inflated(_ stream: [UInt8], _ size: Int) throws -> [UInt8] {
            try stream.withUnsafeBytes { try boundedInflate($0, framing: .zlib, size: size) }
        }
        #expect(try inflated(stream, 3000) == zeros)
        for size in [0, 1, 2999, 3001, 1 << 40, Int.max, -1] {
            #expect(throws: CoreError.self) { try inflated(stream, size) }
        }
        for count in stream.indices { #expect(throws: CoreError.self) { try inflated(Array(stream[..<count]), 3000) } }
        #expect(throws: CoreError.self) { try inflated(stream + [0], 3000) }
        var broken = stream
        broken[broken.count - 1] ^= 1
        #expect(throws: CoreError.self) { try inflated(broken, 3000) }
        let nothing = try UnsafeRawBufferPointer(start: nil, count: 0).withMemory { try deflated($0, framing: .raw) }
        #expect(try nothing.withUnsafeBytes { try boundedInflate($0, framing: .raw, size: 0) } == [])
    }
}

extension UnsafeRawBufferPointer {
    fileprivate func withMemory<Result>(_ body: (UnsafeRawBufferPointer) throws -> Result) rethrows -> Result { try body(self) }
}
