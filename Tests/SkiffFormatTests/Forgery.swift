import SkiffCore
@testable import SkiffFormat
import SkiffGraph

/// A file taken apart, to be changed and put together again with checksums that are right.
struct Forgery {
    var header: HeaderRecord
    /// Bytes before the header: payloads and what lies between them.
    var payloads: [UInt8]

    init(_ bytes: [UInt8]) throws {
        let prologue = try Prologue(Array(bytes.prefix(64)), fileLength: bytes.count)
        header = try HeaderRecord(unpacking: try Self.header(bytes))
        payloads = Array(bytes[64..<prologue.headerStart])
    }

    /// A file's header, inflated.
    static func header(_ bytes: [UInt8]) throws -> [UInt8] {
        let prologue = try Prologue(Array(bytes.prefix(64)), fileLength: bytes.count)
        let stored = Array(bytes[prologue.headerStart...])
        guard prologue.inflatedBytes > 0 else { return stored }
        return try stored.withUnsafeBytes { try boundedInflate($0, framing: .zlib, size: prologue.inflatedBytes) }
    }

    /// The refusal of the file whose header `change` changed, its checksum right.
    func refusal(_ change: (inout HeaderRecord) -> Void) throws -> FormatError? {
        var forgery = self
        change(&forgery.header)
        return SkiffFormatTests.refusal(try forgery.bytes())
    }

    /// Position of the value of that name.
    func position(_ name: String) -> Int? { header.values.firstIndex { $0.name == name } }

    /// The file of the header as it is now.
    func bytes() throws -> [UInt8] { Self.bytes(header: try header.packed(), payloads: payloads) }

    /// The file of any header bytes, with the right lengths and checksum.
    static func bytes(header: [UInt8], payloads: [UInt8], inflatedBytes: Int = 0, fileBytes: Int? = nil) -> [UInt8] {
        let covered = Prologue.covered(
            headerBytes: header.count, inflatedBytes: inflatedBytes,
            fileBytes: fileBytes ?? 64 + payloads.count + header.count)
        var checksum = Checksum()
        checksum.update(covered)
        checksum.update(header)
        return covered + checksum.finished() + payloads + header
    }
}

/// What reading the bytes and checking all payloads is refused with.
func refusal(_ bytes: [UInt8]) -> FormatError? {
    do throws(FormatError) {
        try SkiffReader(storage: Storage(bytes)).verifyPayloads()
        return nil
    } catch {
        return error
    }
}
