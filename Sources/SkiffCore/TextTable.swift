/// ANSI styles, or none.
package struct TextStyle {
    var colors: Bool

    package init(colors: Bool) { self.colors = colors }

    package func heading(_ text: String) -> String { styled(text, "1") }
    package func faint(_ text: String) -> String { styled(text, "2") }
    package func accent(_ text: String) -> String { styled(text, "36") }
    package func warning(_ text: String) -> String { styled(text, "33") }

    private func styled(_ text: String, _ code: String) -> String {
        colors && !text.isEmpty ? "\u{1B}[\(code)m\(text)\u{1B}[0m" : text
    }
}

/// Rows of aligned cells under a header.
package struct TextTable {
    package enum Alignment { case left, right }

    /// What a cell loses that is wider than its column.
    package enum Elision { case middle, end }

    package struct Column {
        var title: String
        var alignment: Alignment
        /// To what width the column gives way where the table is wider than the terminal; `nil` if it does not.
        var leastWidth: Int?
        /// Whether the column is left out where giving way is not enough; the last such column goes first.
        var isOptional = false
        var elision = Elision.middle

        package init(
            title: String, alignment: Alignment, leastWidth: Int? = nil, isOptional: Bool = false,
            elision: Elision = .middle
        ) {
            self.title = title
            self.alignment = alignment
            self.leastWidth = leastWidth
            self.isOptional = isOptional
            self.elision = elision
        }
    }

    package var columns: [Column]
    package var rows: [[String]] = []
    /// Spaces before each line.
    var indent = 2
    /// Colours a cell that has its final width: row, column, text.
    package var paint: ((_ row: Int, _ column: Int, _ text: String) -> String)?

    private static let gap = 2

    package init(columns: [Column], rows: [[String]] = [], indent: Int = 2) {
        self.columns = columns
        self.rows = rows
        self.indent = indent
    }

    /// The table's lines, header first; no longer than `width` where giving way and leaving out are enough.
    package func lines(width: Int, style: TextStyle) -> [String] {
        var widths = columns.map(\.title.displayWidth)
        for row in rows {
            for (index, cell) in row.enumerated() where index < widths.count { widths[index] = max(widths[index], cell.displayWidth) }
        }
        var shown = Array(columns.indices)
        var excess = indent - Self.gap - width + widths.reduce(0) { $0 + $1 + Self.gap }
        func slack() -> Int { shown.reduce(0) { $0 + max(0, widths[$1] - (columns[$1].leastWidth ?? widths[$1])) } }
        while excess > slack(), let dropped = shown.last(where: { columns[$0].isOptional }) {
            shown.removeAll { $0 == dropped }
            excess -= widths[dropped] + Self.gap
        }
        for index in shown where excess > 0 {
            let given = min(excess, max(0, widths[index] - (columns[index].leastWidth ?? widths[index])))
            widths[index] -= given
            excess -= given
        }
        // What is left over is taken from texts; numbers are never cut.
        while excess > 0,
            let widest = shown.filter({ columns[$0].alignment == .left }).max(by: { widths[$0] < widths[$1] }), widths[widest] > 6
        {
            widths[widest] -= 1
            excess -= 1
        }
        let header = style.faint(line(columns.map(\.title), shown: shown, widths: widths))
        return [header] + rows.enumerated().map { line($1, shown: shown, widths: widths, row: $0) }
    }

    private func line(_ cells: [String], shown: [Int], widths: [Int], row: Int? = nil) -> String {
        var line = String(repeating: " ", count: indent)
        for index in shown where index < cells.count {
            let text = shortened(cells[index], to: widths[index], columns[index].elision)
            let padding = String(repeating: " ", count: max(0, widths[index] - text.displayWidth))
            let painted = row.flatMap { paint?($0, index, text) } ?? text
            line += columns[index].alignment == .left ? painted + padding : padding + painted
            line += String(repeating: " ", count: Self.gap)
        }
        while line.last == " " { line.removeLast() }
        return line
    }
}

/// A sentence in lines of at most so many columns, each indented; a word that is longer stands alone.
package func wrapped(_ text: String, width: Int, indent: Int = 0) -> [String] {
    let room = max(20, width - indent)
    let space = String(repeating: " ", count: indent)
    var lines: [String] = []
    var line = ""
    for word in text.split(separator: " ") {
        if !line.isEmpty, line.displayWidth + 1 + word.displayWidth > room {
            lines.append(space + line)
            line = ""
        }
        line += (line.isEmpty ? "" : " ") + word
    }
    return line.isEmpty ? lines : lines + [space + line]
}
