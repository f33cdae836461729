/// How many columns of a terminal text takes: one for most characters, two for those of East Asia and for emoji, none
/// for marks that sit on others.
///
/// Source: Unicode Standard Annex 11 (East Asian Width; blocks whose characters are wide, reserved ones included), and
/// the property Emoji_Presentation (Unicode Technical Standard 51). Terminals differ on sequences; a sequence that
/// begins with an emoji counts as one emoji.
extension StringProtocol {
    package var displayWidth: Int {
        // Names are ASCII nearly always: every byte is a column then.
        var count = 0
        for byte in utf8 {
            guard byte < 0x80 else { return reduce(0) { $0 + $1.displayWidth } }
            count += 1
        }
        return count
    }
}

extension Character {
    package var displayWidth: Int {
        let scalars = unicodeScalars
        guard let first = scalars.first else { return 0 }
        if scalars.count > 1, first.properties.isEmoji, scalars.contains(where: { $0.value == 0xFE0F }) { return 2 }
        if first.properties.isEmojiPresentation { return 2 }
        return scalars.reduce(0) { $0 + $1.displayWidth }
    }
}

extension Unicode.Scalar {
    private static let wide: [ClosedRange<UInt32>] = [
        0x1100...0x115F, 0x2329...0x232A, 0x2E80...0x303E, 0x3041...0xA4CF, 0xA960...0xA97F, 0xAC00...0xD7A3,
        0xF900...0xFAFF, 0xFE10...0xFE19, 0xFE30...0xFE6F, 0xFF01...0xFF60,
        0xFFE0...0xFFE6, 0x16FE0...0x18DFF, 0x1AFF0...0x1B2FF,
        0x1F200...0x1F2FF, 0x20000...0x3FFFD,
    ]

    fileprivate var displayWidth: Int {
        if value < 0x300 { return 1 }
        // Vowels and final consonants of Hangul are drawn into the syllable that their first consonant takes.
        if (0x1160...0x11FF).contains(value) || (0xD7B0...0xD7FF).contains(value) { return 0 }
        switch properties.generalCategory {
        case .nonspacingMark, .enclosingMark, .format: return 0
        default: break
        }
        if value < 0x1100 { return 1 }
        return properties.isEmojiPresentation || Self.wide.contains { $0.contains(value) } ? 2 : 1
    }
}

/// The text with its middle left out, as names differ at their ends, or with its end left out, so that it takes no more
/// than `width` columns.
package func shortened(_ text: String, to width: Int, _ elision: TextTable.Elision = .middle) -> String {
    guard width > 1, text.displayWidth > width else { return text }
    let tail = elision == .end ? 0 : (width - 1) * 2 / 3
    return fitting(text, width - 1 - tail) + "…" + String(fitting(String(text.reversed()), tail).reversed())
}

/// As much of the beginning as so many columns hold.
private func fitting(_ text: String, _ width: Int) -> String {
    var left = width
    var end = text.startIndex
    while end < text.endIndex {
        left -= text[end].displayWidth
        guard left >= 0 else { break }
        end = text.index(after: end)
    }
    return String(text[..<end])
}
