/// Where everything of a drawing lies, in units of a pixel at full size.
struct DrawingLayout {
    struct PlacedColumn {
        var column: NetworkDrawing.Column
        var stack: StackSketch
        /// Of the stack's left edge.
        var x: Double
        var row: Int
        /// Room on both sides, for connections from and to other columns.
        var width: Double
    }

    struct Row {
        var columns: [Int]
        /// Top of the titles.
        var top: Double
        /// Top of the boxes.
        var boxes: Double
        /// Lowest end of a box.
        var bottom: Double
        /// Top of the numbers under the columns.
        var foot: Double
        var isReversed = false
    }

    static let margin = 22.0
    static let headHeight = 44.0
    static let footHeight = 40.0
    private static let gap = 30.0
    private static let widest = 1180.0
    private static let narrowest = 560.0
    /// Boxes higher than this are folded, where they repeat.
    private static let highest = 690.0

    let drawing: NetworkDrawing
    let isFolded: Bool
    private(set) var columns: [PlacedColumn] = []
    private(set) var rows: [Row] = []
    private(set) var width = 0.0
    private(set) var height = 0.0
    let top: Double

    /// - Parameter folds: whether repeats share a box; `nil` where that is left to how high the drawing gets.
    init(_ drawing: NetworkDrawing, folds: Bool? = nil, hasTitle: Bool = true) {
        self.drawing = drawing
        top = hasTitle ? 66 : 14
        var stacks = folds == true ? [] : drawing.columns.map { StackSketch($0.units, of: drawing, folds: false) }
        isFolded = folds ?? ((stacks.map(\.height).max() ?? 0) > Self.highest)
        if isFolded { stacks = drawing.columns.map { StackSketch($0.units, of: drawing, folds: true) } }
        for (column, stack) in zip(drawing.columns, stacks) {
            var titles = [TextWidth.of(column.title, size: 13, isBold: true) + (column.stride == nil ? 0 : 28)]
                + [TextWidth.of(column.details.joined(separator: " · "), size: 11), 84]
            if columns.isEmpty { titles += drawing.inputs.prefix(2).map { TextWidth.of($0, size: 11) } }
            if columns.count == stacks.count - 1 { titles += drawing.outputs.prefix(3).map { TextWidth.of($0, size: 11) } }
            let room = max(stack.width, titles.max() ?? 0)
            columns.append(PlacedColumn(column: column, stack: stack, x: 0, row: 0, width: room))
        }
        arrange()
    }

    /// Whether some boxes stand for several.
    var hasRepeats: Bool { columns.contains { $0.stack.entries.contains { $0.run.repeats > 1 || $0.run.pattern.isEmpty } } }

    private mutating func arrange() {
        let groups = rowsOfColumns()
        var y = top
        for (row, members) in groups.enumerated() {
            let isReversed = drawing.isUShaped && row == 1 && groups.count == 2
            let order = isReversed ? Array(members.reversed()) : members
            var x = Self.margin
            for column in order {
                columns[column].x = x + (columns[column].width - columns[column].stack.width) / 2
                columns[column].row = row
                x += columns[column].width + Self.gap
            }
            width = max(width, x - Self.gap + Self.margin)
            let boxes = y + Self.headHeight + 14
            let bottom = boxes + (members.map { columns[$0].stack.height + portHeight(under: $0) }.max() ?? 0)
            let lanes = 14 + Double(skipCount(from: row)) * 5
            rows.append(
                Row(columns: members, top: y, boxes: boxes, bottom: bottom, foot: bottom + lanes, isReversed: isReversed))
            y = bottom + lanes + Self.footHeight + (row + 1 < groups.count ? 18 : 0)
        }
        if drawing.isUShaped, rows.count == 2 { alignReversedRow() }
        width = max(width, Self.narrowest)
        centreRows()
        height = y
    }

    /// Names of outputs under the last column.
    private func portHeight(under column: Int) -> Double {
        guard column == columns.count - 1 else { return 0 }
        return 16 + 14 * Double(DrawingRenderer.limited(drawing.outputs).count)
    }

    /// The row that comes back ends where the first begins: the last column of the way down has the first of the way up
    /// under it.
    private mutating func alignReversedRow() {
        let right = rows[0].columns.last.map { columns[$0].x + columns[$0].stack.width } ?? 0
        let own = rows[1].columns.first.map { columns[$0].x + columns[$0].stack.width } ?? 0
        for column in rows[1].columns { columns[column].x += max(right - own, 0) }
    }

    /// A row that is narrower than the drawing stands in its middle.
    private mutating func centreRows() {
        guard !drawing.isUShaped || rows.count != 2 else { return }
        for row in rows where rows.count == 1 {
            let used = row.columns.reduce(-Self.gap) { $0 + columns[$1].width + Self.gap } + 2 * Self.margin
            for column in row.columns { columns[column].x += (width - used) / 2 }
        }
    }

    private func skipCount(from row: Int) -> Int {
        let members = Set(rowsOfColumns().indices.contains(row) ? rowsOfColumns()[row] : [])
        let units = Set(drawing.columns.indices.filter { members.contains($0) }.flatMap { drawing.columns[$0].units })
        return drawing.skips.count { units.contains($0.from) }
    }

    /// Columns that share a row, in the order of data.
    private func rowsOfColumns() -> [[Int]] {
        let all = Array(columns.indices)
        let total = columns.reduce(-Self.gap) { $0 + $1.width + Self.gap } + 2 * Self.margin
        guard total > Self.widest else { return [all] }
        if drawing.isUShaped {
            let sizes = columns.map { $0.column.extents?.first }
            let least = sizes.compactMap { $0 }.min()
            if let bottom = sizes.firstIndex(where: { $0 == least }), bottom + 1 < all.count {
                return [Array(all[...bottom]), Array(all[(bottom + 1)...])]
            }
        }
        // No more rows than there have to be, and these of about equal width.
        var limit = Self.widest
        var rows = rows(of: all, limit: limit)
        while limit > total / Double(rows.count), limit > 200 {
            limit -= 20
            let narrower = self.rows(of: all, limit: limit)
            guard narrower.count == rows.count else { break }
            rows = narrower
        }
        return rows
    }

    private func rows(of order: [Int], limit: Double) -> [[Int]] {
        var rows: [[Int]] = [[]]
        var used = 2 * Self.margin - Self.gap
        for column in order {
            let own = columns[column].width + Self.gap
            if used + own > limit, !(rows.last ?? []).isEmpty {
                rows.append([])
                used = 2 * Self.margin - Self.gap
            }
            rows[rows.count - 1].append(column)
            used += own
        }
        return rows
    }

    // MARK: Places

    func centre(of column: Int) -> Double { columns[column].x + columns[column].stack.centre }

    func boxesTop(of column: Int) -> Double { rows[columns[column].row].boxes }

    func bottom(of column: Int) -> Double { boxesTop(of: column) + columns[column].stack.height }
}
