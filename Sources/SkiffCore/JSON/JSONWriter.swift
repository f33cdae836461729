extension JSONValue {
    /// The value as JSON text. The same value always gives the same text.
    ///
    /// Doubles are the shortest text that reads back the same bits. JSON has no text for numbers that are not
    /// finite: they become the strings `"NaN"`, `"Infinity"` and `"-Infinity"`. Control characters, line
    /// separators U+2028 and U+2029 and bidirectional controls are escaped.
    /// - Parameter pretty: one member or element per line, two spaces per level; else no white space at all.
    public func text(pretty: Bool = false) -> String {
        String(decoding: utf8(pretty: pretty), as: UTF8.self)
    }

    /// ``text(pretty:)`` as UTF-8.
    public func utf8(pretty: Bool = false) -> [UInt8] {
        var writer = JSONWriter(pretty: pretty)
        writer.write(self, level: 0)
        return writer.text
    }
}

private struct JSONWriter {
    let pretty: Bool
    var text: [UInt8] = []

    mutating func write(_ value: JSONValue, level: Int) {
        switch value {
        case .null: append("null")
        case .bool(let value): append(value ? "true" : "false")
        case .integer(let value): append(String(value))
        case .number(let value): write(value)
        case .string(let value): write(value)
        case .array(let elements):
            writeList(elements, open: "[", close: "]", level: level) { $0.write($1, level: level + 1) }
        case .object(let object):
            writeList(object.members, open: "{", close: "}", level: level) { writer, member in
                writer.write(member.key)
                writer.append(writer.pretty ? ": " : ":")
                writer.write(member.value, level: level + 1)
            }
        }
    }

    private mutating func writeList<Element>(
        _ elements: [Element], open: String, close: String, level: Int,
        _ writeElement: (inout JSONWriter, Element) -> Void
    ) {
        append(open)
        for (index, element) in elements.enumerated() {
            if index > 0 { append(",") }
            breakLine(level + 1)
            writeElement(&self, element)
        }
        if !elements.isEmpty { breakLine(level) }
        append(close)
    }

    private mutating func breakLine(_ level: Int) {
        guard pretty else { return }
        append("\n")
        for _ in 0..<level { append("  ") }
    }

    private mutating func write(_ value: Double) {
        if value.isFinite {
            append(value.description)
        } else {
            write(value.isNaN ? "NaN" : value < 0 ? "-Infinity" : "Infinity")
        }
    }

    private mutating func write(_ string: String) {
        append("\"")
        for scalar in string.unicodeScalars {
            switch scalar {
            case "\"": append("\\\"")
            case "\\": append("\\\\")
            case "\n": append("\\n")
            case "\r": append("\\r")
            case "\t": append("\\t")
            default:
                if Self.isEscaped(scalar) { appendEscape(scalar.value) } else { append(String(scalar)) }
            }
        }
        append("\"")
    }

    /// C0 and C1 controls, line and paragraph separators, and the controls that reorder text on a terminal.
    private static func isEscaped(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.value {
        case 0..<0x20, 0x7F..<0xA0, 0x61C, 0x200E, 0x200F, 0x2028...0x202E, 0x2066...0x2069, 0xFEFF: true
        default: false
        }
    }

    /// `\uXXXX`; all escaped scalars lie in the basic plane.
    private mutating func appendEscape(_ value: UInt32) {
        let digits = String(value, radix: 16)
        append("\\u" + String(repeating: "0", count: max(0, 4 - digits.count)) + digits)
    }

    private mutating func append(_ string: String) { text.append(contentsOf: string.utf8) }
}
