/// What a wire scan found: the message without its payloads, and where those lie.
public struct ProtobufScan: Sendable {
    /// The message re-encoded with every payload replaced by its index in ``payloads``, and without the fields
    /// that the schema drops or does not know. An index stands as one element of the field's own type: four
    /// little-endian bytes for bytes and 32-bit fields, eight for 64-bit fields, one varint for varint fields.
    public internal(set) var structure: [UInt8] = []
    /// Ranges of the payloads in the scanned bytes, in order of occurrence.
    public internal(set) var payloads: [Range<Int>] = []
}

/// Walks a protobuf message without copying its payloads, and checks everything a decoder relies on: lengths,
/// nesting, counts, wire types, that a singular field comes once, that names are UTF-8.
///
/// Time and memory are those of the structure; payloads are stepped over and their bytes never touched.
/// Source: the Protocol Buffers encoding, "Message Structure" and "Packed Repeated Fields".
public struct ProtobufScanner {
    private struct Frame {
        let message: Int
        /// End of the message in the scanned bytes.
        let end: Int
        /// Where the length of this message goes in the structure.
        let lengthSlot: Int
        /// Number of the field of the enclosing message that holds this one.
        let field: Int
        /// Singular fields met so far, by number.
        var seen: UInt64 = 0
    }

    private let schema: ProtobufSchema
    private let structureLimit: Int
    private var frames: [Frame] = []
    private var counts: [Int]
    private var unknownFields = 0
    private var scan = ProtobufScan()

    /// A length is written in this many bytes whatever its value, so that it can be filled in afterwards.
    private static let lengthBytes = 5

    private let passed: ((Int) -> Void)?

    private init(schema: ProtobufSchema, structureLimit: Int, passed: ((Int) -> Void)?) {
        self.passed = passed
        self.schema = schema
        self.structureLimit = structureLimit
        counts = Array(repeating: 0, count: schema.messages.count)
    }

    /// Scans `bytes` as the schema's root message.
    ///
    /// - Parameters:
    ///   - structureLimit: bytes that the message without payloads may take.
    ///   - passed: told the end of each payload of a page or more when it is stepped over, so that memory of a mapped file
    ///     can be given back.
    /// - Throws: ``CoreError`` with the byte offset and the field's path: `malformed` for what is not a message
    ///   of this schema, `limit` past ``Limits``.
    public static func scan(
        _ bytes: RawSpan, schema: ProtobufSchema, structureLimit: Int = Limits.structureBytes,
        passed: ((Int) -> Void)? = nil
    ) throws(CoreError) -> ProtobufScan {
        var scanner = ProtobufScanner(schema: schema, structureLimit: structureLimit, passed: passed)
        var cursor = ByteCursor(bytes)
        try scanner.run(&cursor, bytes)
        return scanner.scan
    }

    private mutating func run(_ cursor: inout ByteCursor, _ bytes: RawSpan) throws(CoreError) {
        frames.append(Frame(message: 0, end: bytes.byteCount, lengthSlot: 0, field: 0))
        while var frame = frames.last {
            if cursor.position == frame.end {
                frames.removeLast()
                if !frames.isEmpty { closeLength(at: frame.lengthSlot) }
                continue
            }
            let depth = frames.count
            try field(&cursor, bytes, in: &frame)
            frames[depth - 1].seen = frame.seen
            if scan.structure.count > structureLimit {
                throw CoreError(
                    .limit(name: "structure bytes", declared: scan.structure.count, allowed: structureLimit),
                    at: Place(byteOffset: cursor.fileOffset))
            }
        }
    }

    /// Reads one field of `frame`'s message.
    private mutating func field(
        _ cursor: inout ByteCursor, _ bytes: RawSpan, in frame: inout Frame
    ) throws(CoreError) {
        let start = cursor.position
        let tag = try varint(&cursor, end: frame.end, field: nil)
        let number = tag >> 3
        let wire = UInt8(tag & 7)
        guard number > 0, number < 1 << 29 else {
            throw malformed("field number \(number) is not between 1 and 536870911", at: start)
        }
        let fields = schema.messages[frame.message].fields
        guard number < UInt64(fields.count), let known = fields[Int(number)] else {
            try unknown(&cursor, number: number, wire: wire, start: start, end: frame.end)
            return
        }
        if !known.isRepeated, number < 64 {
            let bit: UInt64 = 1 << number
            guard frame.seen & bit == 0 else {
                throw malformed("appears twice, expected once", at: start, field: known.name)
            }
            frame.seen |= bit
        }
        try value(&cursor, bytes, of: known, number: Int(number), wire: wire, start: start, end: frame.end)
    }

    /// Reads the value of a field that the schema knows.
    private mutating func value(
        _ cursor: inout ByteCursor, _ bytes: RawSpan, of field: ProtobufSchema.Field, number: Int, wire: UInt8,
        start: Int, end: Int
    ) throws(CoreError) {
        let body: Range<Int>
        switch (field.kind, wire) {
        case (.varint, 0):
            let at = cursor.position
            _ = try varint(&cursor, end: end, field: field.name)
            body = at..<cursor.position
        case (.fixed64, 1): body = try take(&cursor, 8, end: end, field: field.name)
        case (.fixed32, 5): body = try take(&cursor, 4, end: end, field: field.name)
        case (.message(let index), 2):
            let range = try length(&cursor, end: end, field: field.name)
            guard field.role == .kept else {
                try move(&cursor, to: range.upperBound)
                return
            }
            try open(index, number: number, range: range, field: field.name)
            return
        case (.bytes, 2), (.name, 2):
            body = try length(&cursor, end: end, field: field.name)
            if field.kind == .name { try checkName(bytes.extracting(body), field: field.name, at: start) }
            try move(&cursor, to: body.upperBound)
        case (.varint, 2) where field.isRepeated, (.fixed32, 2) where field.isRepeated, (.fixed64, 2) where field.isRepeated:
            body = try length(&cursor, end: end, field: field.name)
            try checkPacked(body.count, kind: field.kind, field: field.name, at: start)
            try move(&cursor, to: body.upperBound)
        default:
            throw malformed("has wire type \(wire), expected \(field.kind.wireType)", at: start, field: field.name)
        }
        emit(field, number: number, wire: wire, body: body, from: bytes)
        if field.role == .payload, scan.payloads.count > Limits.payloads {
            throw CoreError(
                .limit(name: "payloads", declared: scan.payloads.count, allowed: Limits.payloads),
                at: Place(byteOffset: start))
        }
    }

    /// Steps over a field that the schema does not know.
    private mutating func unknown(
        _ cursor: inout ByteCursor, number: UInt64, wire: UInt8, start: Int, end: Int
    ) throws(CoreError) {
        unknownFields += 1
        guard unknownFields <= Limits.unknownFields else {
            throw CoreError(
                .limit(name: "unknown fields", declared: unknownFields, allowed: Limits.unknownFields),
                at: Place(byteOffset: start))
        }
        let name = "field \(number)"
        switch wire {
        case 0: _ = try varint(&cursor, end: end, field: name)
        case 1: _ = try take(&cursor, 8, end: end, field: name)
        case 2:
            let range = try length(&cursor, end: end, field: name)
            try move(&cursor, to: range.upperBound)
        case 5: _ = try take(&cursor, 4, end: end, field: name)
        case 3, 4: throw malformed("is a group (wire type \(wire)), which no version of this format has", at: start, field: name)
        default: throw malformed("has wire type \(wire), expected 0, 1, 2 or 5", at: start, field: name)
        }
    }

    /// Enters a message.
    private mutating func open(
        _ message: Int, number: Int, range: Range<Int>, field: String
    ) throws(CoreError) {
        let at = Place(byteOffset: range.lowerBound)
        guard frames.count < Limits.nesting else {
            throw CoreError(.limit(name: "nesting", declared: frames.count + 1, allowed: Limits.nesting), at: at)
        }
        counts[message] += 1
        if let limit = schema.messages[message].limit, counts[message] > limit.count {
            throw CoreError(.limit(name: limit.name, declared: counts[message], allowed: limit.count), at: at)
        }
        appendVarint(UInt64(number) << 3 | 2)
        let slot = scan.structure.count
        for _ in 0..<Self.lengthBytes { scan.structure.append(0) }
        frames.append(Frame(message: message, end: range.upperBound, lengthSlot: slot, field: number))
    }
}

// MARK: Reading

extension ProtobufScanner {
    private func varint(
        _ cursor: inout ByteCursor, end: Int, field: String?
    ) throws(CoreError) -> UInt64 {
        let start = cursor.position
        let value: UInt64
        do throws(CoreError) {
            value = try cursor.varint()
        } catch {
            throw malformed(error.message, at: start, field: field)
        }
        guard cursor.position <= end else {
            throw malformed("a varint passes the end of its message", at: start, field: field)
        }
        return value
    }

    private func take(
        _ cursor: inout ByteCursor, _ count: Int, end: Int, field: String
    ) throws(CoreError) -> Range<Int> {
        let start = cursor.position
        guard count <= end - start else {
            throw malformed("needs \(count) bytes, \(end - start) are left", at: start, field: field)
        }
        try move(&cursor, to: start + count)
        return start..<start + count
    }

    /// Reads a length and gives the range it covers, which starts at the cursor.
    private func length(
        _ cursor: inout ByteCursor, end: Int, field: String
    ) throws(CoreError) -> Range<Int> {
        let start = cursor.position
        let length = try varint(&cursor, end: end, field: field)
        guard let count = Int(exactly: length), count <= end - cursor.position else {
            throw malformed("declares \(length) bytes, \(end - cursor.position) are left", at: start, field: field)
        }
        return cursor.position..<cursor.position + count
    }

    private func move(_ cursor: inout ByteCursor, to position: Int) throws(CoreError) {
        try cursor.seek(to: position)
    }

    private func checkName(_ bytes: RawSpan, field: String, at start: Int) throws(CoreError) {
        guard bytes.byteCount <= Limits.nameBytes else {
            throw CoreError(
                .limit(name: "name bytes", declared: bytes.byteCount, allowed: Limits.nameBytes),
                at: Place(byteOffset: start))
        }
        let fault: String? = bytes.withUnsafeBytes { buffer in
            if buffer.contains(0) { return "is a name with a NUL in it" }
            if buffer.allSatisfy({ $0 < 0x80 }) { return nil }
            return String(validating: buffer, as: UTF8.self) == nil ? "is not valid UTF-8" : nil
        }
        if let fault { throw malformed(fault, at: start, field: field) }
    }

    private func checkPacked(
        _ count: Int, kind: ProtobufSchema.Kind, field: String, at start: Int
    ) throws(CoreError) {
        let width = kind == .fixed32 ? 4 : kind == .fixed64 ? 8 : 1
        guard count % width == 0 else {
            throw malformed("packs \(count) bytes, expected a multiple of \(width)", at: start, field: field)
        }
    }

    /// An error with the path of the field from the root.
    private func malformed(_ text: String, at position: Int, field: String? = nil) -> CoreError {
        var path = [schema.messages[0].name]
        for (outer, inner) in zip(frames, frames.dropFirst()) {
            path.append(schema.messages[outer.message].fields[inner.field]?.name ?? "?")
        }
        if let field { path.append(field) }
        return CoreError(.malformed("\(path.joined(separator: ".")): \(text)"), at: Place(byteOffset: position))
    }
}

// MARK: Writing the structure

extension ProtobufScanner {
    private mutating func emit(
        _ field: ProtobufSchema.Field, number: Int, wire: UInt8, body: Range<Int>, from bytes: RawSpan
    ) {
        switch field.role {
        case .dropped: return
        case .payload:
            let index = UInt64(scan.payloads.count)
            scan.payloads.append(body)
            if body.count >= 4096 { passed?(body.upperBound) }
            switch field.kind {
            case .varint:
                appendVarint(UInt64(number) << 3)
                appendVarint(index)
            case .fixed64: appendFixed(index, tag: UInt64(number) << 3 | 1)
            case .fixed32: appendFixed(UInt32(truncatingIfNeeded: index), tag: UInt64(number) << 3 | 5)
            default:
                appendVarint(UInt64(number) << 3 | 2)
                appendFixed(UInt32(truncatingIfNeeded: index), tag: 4)
            }
        case .kept:
            appendVarint(UInt64(number) << 3 | UInt64(wire))
            if wire == 2 { appendVarint(UInt64(body.count)) }
            bytes.extracting(body).withUnsafeBytes { scan.structure.append(contentsOf: $0) }
        }
    }

    /// Writes the length of the message that just ended, padded to its slot.
    private mutating func closeLength(at slot: Int) {
        var length = scan.structure.count - slot - Self.lengthBytes
        for index in 0..<Self.lengthBytes {
            let more: UInt8 = index < Self.lengthBytes - 1 ? 0x80 : 0
            scan.structure[slot + index] = UInt8(length & 0x7F) | more
            length >>= 7
        }
    }

    private mutating func appendVarint(_ value: UInt64) {
        var rest = value
        while rest > 0x7F {
            scan.structure.append(UInt8(truncatingIfNeeded: rest) | 0x80)
            rest >>= 7
        }
        scan.structure.append(UInt8(truncatingIfNeeded: rest))
    }

    private mutating func appendFixed<Word: FixedWidthInteger>(_ word: Word, tag: UInt64) {
        appendVarint(tag)
        withUnsafeBytes(of: word.littleEndian) { scan.structure.append(contentsOf: $0) }
    }
}

extension ProtobufSchema.Kind {
    /// The wire type of one value of this kind.
    fileprivate var wireType: Int {
        switch self {
        case .varint: 0
        case .fixed64: 1
        case .bytes, .name, .message: 2
        case .fixed32: 5
        }
    }
}
