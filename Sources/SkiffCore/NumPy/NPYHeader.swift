/// The header of a NumPy array: a Python dictionary of exactly `descr`, `fortran_order` and `shape`.
struct NPYHeader {
    var elementType = ElementType.float32
    var byteOrder = ByteOrder.little
    var isFortran = false
    var shape: Shape = []
    /// Bytes before the first element.
    var byteCount = 0

    /// NumPy's type codes without the byte order.
    static let codes: [(code: String, type: ElementType)] = [
        ("f4", .float32), ("f8", .float64), ("f2", .float16), ("i1", .int8), ("i2", .int16), ("i4", .int32),
        ("i8", .int64), ("u1", .uint8), ("u2", .uint16), ("u4", .uint32), ("u8", .uint64), ("b1", .bool),
    ]
    /// Longest header that is read: one of a plain array has about a hundred bytes.
    private static let byteLimit = 1 << 16

    init(parsing bytes: UnsafeRawBufferPointer, base: Int) throws(CoreError) {
        var cursor = ByteCursor(RawSpan(_unsafeBytes: bytes), base: base)
        guard bytes.count >= 10, try cursor.take(6) == NPY.magic else {
            throw Self.failure("does not begin with NumPy's signature", at: base)
        }
        let major: UInt8 = try cursor.word()
        let minor: UInt8 = try cursor.word()
        guard (1...3).contains(major), minor == 0 else {
            throw Self.failure("has format version \(major).\(minor), readable are 1.0, 2.0 and 3.0", at: base + 6)
        }
        let length = major == 1 ? Int(try cursor.word(UInt16.self)) : Int(try cursor.word(UInt32.self))
        guard length <= Self.byteLimit else {
            throw CoreError(
                .limit(name: "NumPy header bytes", declared: length, allowed: Self.byteLimit),
                at: Place(byteOffset: base + 8))
        }
        let offset = cursor.fileOffset
        var literal = PythonLiteral(try cursor.take(length), base: offset)
        byteCount = cursor.position
        try read(&literal)
    }

    private mutating func read(_ literal: inout PythonLiteral) throws(CoreError) {
        var missing: Set = ["descr", "fortran_order", "shape"]
        try literal.require("{")
        while !literal.skip("}") {
            let offset = literal.offset
            let key = try literal.text()
            guard missing.remove(key) != nil else {
                throw Self.failure("header key \"\(escaped(key))\" is unknown or there twice", at: offset)
            }
            try literal.require(":")
            switch key {
            case "descr": try readType(&literal)
            case "fortran_order": isFortran = try literal.boolean()
            default: shape = try literal.tuple()
            }
            if literal.skip(",") { continue }
            try literal.require("}")
            break
        }
        guard missing.isEmpty else {
            throw Self.failure("header has no \(missing.sorted().joined(separator: " and no "))", at: literal.base)
        }
        try literal.requireEnd()
    }

    private mutating func readType(_ literal: inout PythonLiteral) throws(CoreError) {
        let offset = literal.offset
        guard literal.peek != UInt8(ascii: "[") else {
            throw Self.failure("holds structures, expected numbers", at: offset)
        }
        let text = try literal.text()
        if text == "bfloat16" {
            elementType = .bfloat16
            return
        }
        let code = String(text.dropFirst())
        let order = text.first
        if code.hasPrefix("O") { throw Self.failure("holds Python objects (pickle), which are not read", at: offset) }
        guard let known = Self.codes.first(where: { $0.code == code }), let order, "<>|=".contains(order),
            order != "|" || known.type.byteWidth == 1
        else {
            throw Self.failure(
                "has element type \"\(escaped(text))\", readable are floats, integers and bool", at: offset)
        }
        elementType = known.type
        byteOrder = order == ">" ? .big : .little
    }

    static func failure(_ text: String, at offset: Int) -> CoreError {
        CoreError(.numpy(text), at: Place(byteOffset: offset))
    }
}

/// The few kinds of Python literals that a header consists of.
private struct PythonLiteral {
    private let bytes: [UInt8]
    let base: Int
    private var position = 0
    var offset: Int { base + position }
    var peek: UInt8? { position < bytes.count ? bytes[position] : nil }

    init(_ bytes: [UInt8], base: Int) {
        self.bytes = bytes
        self.base = base
    }

    private mutating func skipSpace() {
        while let byte = peek, byte == 0x20 || byte == 0x0A || byte == 0x09 || byte == 0x0D { position += 1 }
    }

    /// Passes `text` if it comes next, and white space round it.
    mutating func skip(_ text: String) -> Bool {
        skipSpace()
        guard bytes[position...].starts(with: text.utf8) else { return false }
        position += text.utf8.count
        skipSpace()
        return true
    }

    mutating func require(_ text: String) throws(CoreError) {
        guard skip(text) else { throw NPYHeader.failure("header lacks \"\(text)\"", at: offset) }
    }

    mutating func requireEnd() throws(CoreError) {
        skipSpace()
        guard peek == nil else { throw NPYHeader.failure("header goes on after its end", at: offset) }
    }

    /// A string in single or double quotes, without escapes.
    mutating func text() throws(CoreError) -> String {
        let start = position
        guard let quote = peek, quote == UInt8(ascii: "'") || quote == UInt8(ascii: "\""),
            let end = bytes[(start + 1)...].firstIndex(of: quote),
            let text = String(validating: bytes[(start + 1)..<end], as: UTF8.self)
        else { throw NPYHeader.failure("header lacks a text in quotes", at: offset) }
        position = end + 1
        skipSpace()
        return text
    }

    mutating func boolean() throws(CoreError) -> Bool {
        if skip("True") { return true }
        guard skip("False") else { throw NPYHeader.failure("header lacks True or False", at: offset) }
        return false
    }

    /// A tuple of whole numbers. NumPy under Python 2 wrote an `L` after each.
    mutating func tuple() throws(CoreError) -> Shape {
        try require("(")
        var shape: Shape = []
        while !skip(")") {
            let start = position
            while let byte = peek, byte >= 0x30, byte <= 0x39 { position += 1 }
            guard let extent = Int(String(decoding: bytes[start..<position], as: UTF8.self)) else {
                throw NPYHeader.failure("shape lacks a whole number", at: offset)
            }
            shape.append(extent)
            guard shape.count <= Limits.rank else {
                throw CoreError(
                    .limit(name: "rank", declared: shape.count, allowed: Limits.rank), at: Place(byteOffset: offset))
            }
            _ = skip("L")
            if skip(",") { continue }
            try require(")")
            break
        }
        return shape
    }
}
