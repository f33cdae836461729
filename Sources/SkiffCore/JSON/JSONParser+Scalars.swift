/// Strings and numbers, the parts of JSON that hold bytes of their own.
extension JSONParser {
    /// The string whose opening quote is next.
    @_lifetime(self: copy self)
    mutating func parseString() throws(CoreError) -> String {
        position += 1
        let start = position
        while position < bytes.count {
            switch bytes[position] {
            case UInt8(ascii: "\""):
                let text = try validated(start..<position)
                position += 1
                return text
            case UInt8(ascii: "\\"): return try parseEscapedString(from: start)
            case 0..<0x20: throw failure("control character in a string")
            default: position += 1
            }
        }
        throw failure("string has no end", at: start)
    }

    private func validated(_ range: Range<Int>) throws(CoreError) -> String {
        let text = bytes.extracting(range).withUnsafeBufferPointer { text in
            // Most texts are ASCII, which needs no second look.
            text.allSatisfy { $0 < 0x80 } ? String(decoding: text, as: UTF8.self) : String(validating: text, as: UTF8.self)
        }
        guard let text else { throw failure("string is not valid UTF-8", at: range.lowerBound) }
        return text
    }

    /// The string that began at `start` and has its first backslash here.
    @_lifetime(self: copy self)
    private mutating func parseEscapedString(from start: Int) throws(CoreError) -> String {
        var text = bytes.extracting(start..<position).withUnsafeBufferPointer { Array($0) }
        while let byte = peek {
            switch byte {
            case UInt8(ascii: "\""):
                position += 1
                guard let string = String(validating: text, as: UTF8.self) else {
                    throw failure("string is not valid UTF-8", at: start)
                }
                return string
            case UInt8(ascii: "\\"): try parseEscape(into: &text)
            case 0..<0x20: throw failure("control character in a string")
            default:
                text.append(byte)
                position += 1
            }
        }
        throw failure("string has no end", at: start)
    }

    @_lifetime(self: copy self)
    private mutating func parseEscape(into text: inout [UInt8]) throws(CoreError) {
        position += 1
        let byte = try require("an escape")
        position += 1
        switch byte {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): text.append(byte)
        case UInt8(ascii: "b"): text.append(0x08)
        case UInt8(ascii: "f"): text.append(0x0C)
        case UInt8(ascii: "n"): text.append(0x0A)
        case UInt8(ascii: "r"): text.append(0x0D)
        case UInt8(ascii: "t"): text.append(0x09)
        case UInt8(ascii: "u"): text.append(contentsOf: try parseScalar().utf8)
        default: throw failure("unknown escape", at: position - 1)
        }
    }

    /// The Unicode scalar of one `\uXXXX`, or of a pair of them that are surrogates; `\u` is passed.
    @_lifetime(self: copy self)
    private mutating func parseScalar() throws(CoreError) -> String {
        let start = position
        var value = UInt32(try parseHex())
        if value & 0xFC00 == 0xD800, peek == UInt8(ascii: "\\") {
            position += 1
            guard peek == UInt8(ascii: "u") else { throw failure("lone surrogate", at: start) }
            position += 1
            let low = UInt32(try parseHex())
            guard low & 0xFC00 == 0xDC00 else { throw failure("lone surrogate", at: start) }
            value = 0x10000 + (value & 0x3FF) << 10 + low & 0x3FF
        }
        guard let scalar = Unicode.Scalar(value) else { throw failure("lone surrogate", at: start) }
        return String(Character(scalar))
    }

    @_lifetime(self: copy self)
    private mutating func parseHex() throws(CoreError) -> UInt16 {
        var value: UInt16 = 0
        for _ in 0..<4 {
            let digit: UInt8
            switch try require("a hexadecimal digit") {
            case let byte where (0x30...0x39).contains(byte): digit = byte - 0x30
            case let byte where (0x41...0x46).contains(byte): digit = byte - 0x41 + 10
            case let byte where (0x61...0x66).contains(byte): digit = byte - 0x61 + 10
            default: throw failure("expected four hexadecimal digits after \\u")
            }
            value = value << 4 | UInt16(digit)
            position += 1
        }
        return value
    }

    // MARK: Numbers

    /// A number, or `-Infinity`. Without fraction and exponent it is an integer.
    @_lifetime(self: copy self)
    mutating func parseNumber() throws(CoreError) -> JSONValue {
        let start = position
        if peek == UInt8(ascii: "-") {
            position += 1
            if peek == UInt8(ascii: "I") { return try token("Infinity", .number(-.infinity)) }
        }
        let leadsWithZero = peek == UInt8(ascii: "0")
        let digits = try parseDigits()
        guard !leadsWithZero || digits == 1 else { throw failure("number has a leading zero", at: start) }
        var isInteger = true
        if peek == UInt8(ascii: ".") {
            isInteger = false
            position += 1
            try parseDigits()
        }
        if peek == UInt8(ascii: "e") || peek == UInt8(ascii: "E") {
            isInteger = false
            position += 1
            if peek == UInt8(ascii: "+") || peek == UInt8(ascii: "-") { position += 1 }
            try parseDigits()
        }
        let text = try validated(start..<position)
        if isInteger {
            guard let value = Int64(text) else { throw failure("integer does not fit 64 bits", at: start) }
            return .integer(value)
        }
        guard let value = Double(text), value.isFinite else {
            throw failure("number does not fit a double", at: start)
        }
        return .number(value)
    }

    /// Passes at least one digit.
    /// - Returns: how many.
    @discardableResult
    @_lifetime(self: copy self)
    private mutating func parseDigits() throws(CoreError) -> Int {
        let start = position
        while let byte = peek, byte >= 0x30, byte <= 0x39 { position += 1 }
        guard position > start else { throw failure("expected a digit") }
        return position - start
    }
}
