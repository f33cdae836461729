/// How wide a text is, about, in a sans-serif font as wide as the widest that systems come with (DejaVu Sans).
enum TextWidth {
    static func of(_ text: String, size: Double, isBold: Bool = false) -> Double {
        text.unicodeScalars.reduce(0) { $0 + advance(of: $1) } * size * (isBold ? 1.12 : 1)
    }

    /// In ems.
    private static func advance(of scalar: Unicode.Scalar) -> Double {
        switch scalar {
        case "0"..."9": 0.64
        case " ", ",", ".", ":", ";", "·", "'", "|": 0.33
        case "i", "l", "j": 0.29
        case "f", "t", "r", "/", "-", "(", ")", "[", "]", "I", "J": 0.41
        case "m", "w", "M", "W", "@", "%": 0.98
        case "×", "+", "−", "=", "<", ">", "→", "≠", "⊕": 0.85
        case "…": 1
        case "A"..."Z": 0.73
        case "\u{20}"..."\u{24F}": 0.63
        case "\u{2E80}"..."\u{FFFF}", "\u{1F000}"...: 1.1
        default: 0.75
        }
    }

    /// The text, cut where it is wider than `width`.
    static func fitted(_ text: String, size: Double, width: Double, isBold: Bool = false) -> String {
        guard of(text, size: size, isBold: isBold) > width else { return text }
        var kept = ""
        for character in text {
            guard of(kept + String(character) + "…", size: size, isBold: isBold) <= width else { break }
            kept.append(character)
        }
        return kept + "…"
    }
}
