/// A piece of a page. Text becomes markup by being escaped and in no other way, so a name from a file stays text;
/// names of elements and attributes are literals of this program.
struct Markup: Sendable {
    private(set) var source: String

    private init(source: String) { self.source = source }

    /// Text, with everything escaped that HTML gives a meaning.
    static func text(_ text: String) -> Markup { Markup(source: escapedForHTML(text)) }

    /// A name or sentence from a file: characters that cannot be seen are written out, then as ``text(_:)``.
    static func name(_ name: String) -> Markup { text(printable(name)) }

    /// Markup that stands in this program.
    static func literal(_ source: StaticString) -> Markup { Markup(source: "\(source)") }

    /// A style sheet or script of this program in its element, whose text HTML takes as it is.
    static func program(_ tag: StaticString, _ text: String) -> Markup { Markup(source: "<\(tag)>\(text)</\(tag)>") }

    /// Data for the page's script, which no browser runs; no name in it can end the element.
    static func data(_ identifier: StaticString, _ value: JSONValue) -> Markup {
        var text = ""
        for scalar in value.text(pretty: false).unicodeScalars {
            switch scalar {
            case "<": text += "\\u003c"
            case "\u{2028}": text += "\\u2028"
            case "\u{2029}": text += "\\u2029"
            default: text.unicodeScalars.append(scalar)
            }
        }
        return Markup(source: "<script type=\"application/json\" id=\"\(identifier)\">\(text)</script>")
    }

    static func joined(_ parts: [Markup]) -> Markup {
        var source = ""
        source.reserveCapacity(parts.reduce(0) { $0 + $1.source.utf8.count })
        for part in parts { source += part.source }
        return Markup(source: source)
    }

    /// An element. An attribute of `nil` is left out; values are escaped.
    static func element(
        _ tag: StaticString, _ attributes: KeyValuePairs<StaticString, String?> = [:], _ content: [Markup] = []
    ) -> Markup {
        var source = opening(tag, attributes)
        for part in content { source += part.source }
        source += "</\(tag)>"
        return Markup(source: source)
    }

    /// An element with text in it.
    static func element(
        _ tag: StaticString, _ attributes: KeyValuePairs<StaticString, String?> = [:], _ content: String
    ) -> Markup {
        element(tag, attributes, [text(content)])
    }

    /// An element without an end: `<meta …>`, `<input …>`.
    static func void(_ tag: StaticString, _ attributes: KeyValuePairs<StaticString, String?>) -> Markup {
        Markup(source: opening(tag, attributes))
    }

    private static func opening(_ tag: StaticString, _ attributes: KeyValuePairs<StaticString, String?>) -> String {
        var source = "<\(tag)"
        for case (let key, let value?) in attributes {
            source += value.isEmpty ? " \(key)" : " \(key)=\"\(escapedForHTML(value))\""
        }
        return source + ">"
    }
}

/// Text with `&`, `<`, `>` and both quotes as character references: safe between tags and in quoted attributes.
func escapedForHTML(_ text: String) -> String {
    var bytes: [UInt8] = []
    bytes.reserveCapacity(text.utf8.count)
    for byte in text.utf8 {
        switch byte {
        case UInt8(ascii: "&"): bytes += "&amp;".utf8
        case UInt8(ascii: "<"): bytes += "&lt;".utf8
        case UInt8(ascii: ">"): bytes += "&gt;".utf8
        case UInt8(ascii: "\""): bytes += "&quot;".utf8
        case UInt8(ascii: "'"): bytes += "&#39;".utf8
        default: bytes.append(byte)
        }
    }
    return String(decoding: bytes, as: UTF8.self)
}
