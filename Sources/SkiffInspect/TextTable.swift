/// ANSI styles, or none.
struct TextStyle {
    var colors: Bool

    func heading(_ text: String) -> String { styled(text, "1") }
    func faint(_ text: String) -> String { styled(text, "2") }
    func accent(_ text: String) -> String { styled(text, "36") }
    func warning(_ text: String) -> String { styled(text, "33") }

    private func styled(_ text: String, _ code: String) -> String {
        colors && !text.isEmpty ? "\u{1B}[\(code)m\(text)\u{1B}[0m" : text
    }
}

/// Rows of aligned cells under a header.
struct TextTable {
    enum Alignment { case left, right }

    struct Column {
        var title: String
        var alignment: Alignment
        /// Whether the column gives way where the table is wider than the terminal.
        var isFlexible = false
    }

    var columns: [Column]
    var rows: [[String]] = []
    /// Spaces before each line.
    var indent = 2

    private static let gap = 2
    private static let leastFlexibleWidth = 12

    /// The table's lines, header first; no longer than `width` where the flexible columns can give enough.
    func lines(width: Int, style: TextStyle) -> [String] {
        var widths = columns.map(\.title.count)
        for row in rows {
            for (index, cell) in row.enumerated() where index < widths.count { widths[index] = max(widths[index], cell.count) }
        }
        var excess = widths.reduce(indent + Self.gap * (columns.count - 1), +) - width
        for index in columns.indices where columns[index].isFlexible && excess > 0 {
            let given = min(excess, max(0, widths[index] - Self.leastFlexibleWidth))
            widths[index] -= given
            excess -= given
        }
        let header = style.faint(line(columns.map(\.title), widths: widths))
        return [header] + rows.map { line($0, widths: widths) }
    }

    private func line(_ cells: [String], widths: [Int]) -> String {
        var line = String(repeating: " ", count: indent)
        for (index, cell) in cells.enumerated() where index < widths.count {
            let text = cell.count > widths[index] ? shortened(cell, to: widths[index]) : cell
            let padding = String(repeating: " ", count: widths[index] - text.count)
            line += columns[index].alignment == .left ? text + padding : padding + text
            if index < cells.count - 1 { line += String(repeating: " ", count: Self.gap) }
        }
        while line.last == " " { line.removeLast() }
        return line
    }
}

/// The text with its middle left out; names differ at their ends.
func shortened(_ text: String, to width: Int) -> String {
    guard text.count > width, width > 1 else { return text }
    let tail = (width - 1) * 2 / 3
    return text.prefix(width - 1 - tail) + "…" + text.suffix(tail)
}
