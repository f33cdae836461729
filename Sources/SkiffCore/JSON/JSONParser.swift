extension JSONValue {
    /// Parses UTF-8 text that holds one JSON value.
    ///
    /// Beyond RFC 8259 it takes the tokens `NaN`, `Infinity` and `-Infinity`, which Python writes. It refuses
    /// duplicate keys, lone surrogates, numbers that leave Int64 or Double, and whatever passes
    /// ``Limits/jsonBytes``, ``Limits/jsonValues`` or ``Limits/jsonNesting``.
    /// - Parameter base: offset of the text's first byte in its file, added to offsets in errors.
    /// - Throws: ``CoreError`` `json` or `limit`, with the byte offset.
    public init(parsing text: [UInt8], base: Int = 0) throws(CoreError) {
        var parser = JSONParser(text.span, base: base)
        self = try parser.parseDocument()
    }

    /// Parses the text in `range` of a storage; offsets in errors count from the storage's start.
    /// - Throws: ``CoreError`` `rangeOutside`, `json` or `limit`.
    public init(parsing storage: Storage, in range: Range<Int>) throws(CoreError) {
        try storage.check(range)
        guard range.count <= Limits.jsonBytes else {
            throw CoreError(.limit(name: "JSON bytes", declared: range.count, allowed: Limits.jsonBytes))
        }
        try self.init(parsing: storage.bytes(in: range), base: range.lowerBound)
    }

    /// Parses a string.
    /// - Throws: ``CoreError`` `json` or `limit`, with the byte offset.
    public init(parsing text: String) throws(CoreError) {
        try self.init(parsing: Array(text.utf8))
    }
}

/// A recursive parser over bytes; its depth is bounded by ``Limits/jsonNesting``.
struct JSONParser: ~Escapable {
    let bytes: Span<UInt8>
    let base: Int
    var position = 0
    private var depth = 0
    private var valueCount = 0

    @_lifetime(copy bytes)
    init(_ bytes: Span<UInt8>, base: Int) {
        self.bytes = bytes
        self.base = base
    }

    @_lifetime(self: copy self)
    mutating func parseDocument() throws(CoreError) -> JSONValue {
        guard bytes.count <= Limits.jsonBytes else {
            throw CoreError(.limit(name: "JSON bytes", declared: bytes.count, allowed: Limits.jsonBytes))
        }
        let value = try parseValue()
        skipWhitespace()
        guard position == bytes.count else { throw failure("text after the value") }
        return value
    }

    @_lifetime(self: copy self)
    private mutating func parseValue() throws(CoreError) -> JSONValue {
        skipWhitespace()
        valueCount += 1
        guard valueCount <= Limits.jsonValues else {
            throw limit("JSON values", valueCount, Limits.jsonValues)
        }
        switch try require("a value") {
        case UInt8(ascii: "{"): return try nested { parser throws(CoreError) in try parser.parseObject() }
        case UInt8(ascii: "["): return try nested { parser throws(CoreError) in try parser.parseArray() }
        case UInt8(ascii: "\""): return .string(try parseString())
        case UInt8(ascii: "t"): return try token("true", .bool(true))
        case UInt8(ascii: "f"): return try token("false", .bool(false))
        case UInt8(ascii: "n"): return try token("null", .null)
        case UInt8(ascii: "N"): return try token("NaN", .number(.nan))
        case UInt8(ascii: "I"): return try token("Infinity", .number(.infinity))
        case UInt8(ascii: "-"), UInt8(ascii: "0")...UInt8(ascii: "9"): return try parseNumber()
        default: throw failure("expected a value")
        }
    }

    /// Runs `body` one level deeper, with the opening bracket passed.
    @_lifetime(self: copy self)
    private mutating func nested(
        _ body: (inout JSONParser) throws(CoreError) -> JSONValue
    ) throws(CoreError) -> JSONValue {
        depth += 1
        guard depth <= Limits.jsonNesting else { throw limit("JSON nesting", depth, Limits.jsonNesting) }
        position += 1
        let value = try body(&self)
        depth -= 1
        return value
    }

    @_lifetime(self: copy self)
    private mutating func parseArray() throws(CoreError) -> JSONValue {
        var elements: [JSONValue] = []
        if skip(UInt8(ascii: "]")) { return .array(elements) }
        while true {
            elements.append(try parseValue())
            if skip(UInt8(ascii: ",")) { continue }
            guard skip(UInt8(ascii: "]")) else { throw failure("expected , or ] in an array") }
            return .array(elements)
        }
    }

    @_lifetime(self: copy self)
    private mutating func parseObject() throws(CoreError) -> JSONValue {
        var object = JSONObject()
        if skip(UInt8(ascii: "}")) { return .object(object) }
        while true {
            skipWhitespace()
            let keyPosition = position
            guard peek == UInt8(ascii: "\"") else { throw failure("expected a key in quotes") }
            let key = try parseString()
            guard skip(UInt8(ascii: ":")) else { throw failure("expected : after a key") }
            let value = try parseValue()
            guard object.appendIfNew(JSONObject.Member(key: key, value: value)) else {
                throw failure("key \"\(escaped(key))\" occurs twice", at: keyPosition)
            }
            if skip(UInt8(ascii: ",")) { continue }
            guard skip(UInt8(ascii: "}")) else { throw failure("expected , or } in an object") }
            return .object(object)
        }
    }

    /// The value of a fixed token that has to stand here.
    @_lifetime(self: copy self)
    mutating func token(_ text: StaticString, _ value: JSONValue) throws(CoreError) -> JSONValue {
        let start = position
        for index in 0..<text.utf8CodeUnitCount {
            guard peek == text.utf8Start[index] else { throw failure("expected a value", at: start) }
            position += 1
        }
        return value
    }

    // MARK: Bytes

    /// The next byte; `nil` at the end.
    var peek: UInt8? { position < bytes.count ? bytes[position] : nil }

    func require(_ what: String) throws(CoreError) -> UInt8 {
        guard let byte = peek else { throw failure("text ends where \(what) is expected") }
        return byte
    }

    /// Passes white space and then `byte`, if it is next.
    @_lifetime(self: copy self)
    private mutating func skip(_ byte: UInt8) -> Bool {
        skipWhitespace()
        guard peek == byte else { return false }
        position += 1
        return true
    }

    @_lifetime(self: copy self)
    private mutating func skipWhitespace() {
        while position < bytes.count {
            switch bytes[position] {
            case 0x20, 0x0A, 0x0D, 0x09: position += 1
            default: return
            }
        }
    }

    func failure(_ text: String, at position: Int? = nil) -> CoreError {
        CoreError(.json(text), at: Place(byteOffset: base + (position ?? self.position)))
    }

    private func limit(_ name: String, _ declared: Int, _ allowed: Int) -> CoreError {
        CoreError(
            .limit(name: name, declared: declared, allowed: allowed), at: Place(byteOffset: base + position))
    }
}
