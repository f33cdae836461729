/// A box of a drawing with its measures: chips in rows, a frame, the addition, an arc around.
struct UnitSketch {
    /// A line of a box at its place, from the box's left edge and the unit's top.
    struct Chip {
        var piece: NetworkDrawing.Piece
        var x: Double
        var y: Double
        var width: Double
        var text: String
    }

    static let chipHeight = 18.0
    static let fontSize = 11.5
    static let labelSize = 10.5
    /// Between chips of a block.
    private static let gap = 5.0
    private static let padding = 6.0
    private static let plainGap = 11.0

    let unit: NetworkDrawing.Unit
    private(set) var chips: [Chip] = []
    private(set) var boxWidth: Double
    private(set) var boxTop = 0.0
    private(set) var boxHeight = 0.0
    private(set) var height = 0.0
    /// Centre of the addition; `nil` where there is none.
    private(set) var join: Double?
    private(set) var stack: StackSketch?
    /// Where pieces stand side by side.
    private(set) var lanes: PieceLanes?
    /// Whether pieces do not simply follow each other.
    let isBranched: Bool

    var isPlain: Bool { unit.block == nil && !unit.concatenates }

    /// Room that the arc takes beside the box, its labels too.
    var lane: Double { unit.shortcut == nil ? 0 : arcOffset + max(labelWidth / 2, 0) + 4 }

    /// From the box's right edge to the arc.
    var arcOffset: Double { max(11, labelWidth / 2 + 5) }

    var labelWidth: Double {
        let labels = unit.shortcut?.labels ?? []
        return labels.map { TextWidth.of($0, size: Self.labelSize) + 6 }.max() ?? 0
    }

    /// Width that the chips of a unit want.
    static func chipWidth(of unit: NetworkDrawing.Unit) -> Double {
        guard LaneWidths(unit) == nil else { return 0 }
        let widest = unit.pieces.map { TextWidth.of(text(of: $0), size: fontSize) + 14 }.max() ?? 0
        return unit.isUShaped ? 2 * widest + 10 : widest
    }

    static func text(of piece: NetworkDrawing.Piece) -> String {
        piece.count > 1 ? "\(piece.text)  ×\(piece.count)" : piece.text
    }

    init(_ unit: NetworkDrawing.Unit, chipWidth: Double, stack: StackSketch? = nil) {
        self.unit = unit
        self.stack = stack
        boxWidth = chipWidth + 2 * Self.padding
        isBranched = !unit.isUShaped && unit.inner.isEmpty && PieceLanes.isBranched(unit.pieces)
        if let widths = LaneWidths(unit) {
            boxTop = isPlain ? 0 : 11
            placeLanes(widths)
        } else if let stack {
            // The line that data takes runs through the middle.
            boxWidth = max(boxWidth, 2 * max(stack.centre, stack.width - stack.centre) + 2 * Self.padding)
            boxTop = 11
            boxHeight = stack.height + 6
        } else if isPlain {
            placePlain(chipWidth)
        } else {
            boxTop = 11
            if unit.isUShaped { placeU(chipWidth) } else { placeRows(chipWidth) }
        }
        height = boxTop + boxHeight
        if unit.shortcut != nil {
            join = height + 13
            height += 13 + 6 + (unit.activatesLast ? 5 : 0)
        }
        if !isPlain { height += 4 }
    }

    /// Branches side by side; what they meet in stands in the middle.
    private mutating func placeLanes(_ widths: LaneWidths) {
        lanes = widths.lanes
        boxWidth = max(widths.total, 46) + 2 * Self.padding
        let pitch = Self.chipHeight + Self.plainGap
        let start = boxTop + 9 + (unit.activatesFirst ? 4 : 0)
        var found: [Int: Chip] = [:]
        for (segment, widths) in zip(widths.lanes.segments, widths.widths) {
            var x = boxWidth / 2 - widths.reduce(-LaneWidths.gap) { $0 + $1 + LaneWidths.gap } / 2
            for (lane, width) in zip(segment.lanes, widths) {
                for index in lane {
                    let piece = unit.pieces[index]
                    found[index] = Chip(
                        piece: piece, x: x, y: start + Double(lanes?.rows[index] ?? 0) * pitch, width: width,
                        text: Self.text(of: piece))
                }
                x += width + LaneWidths.gap
            }
        }
        chips = unit.pieces.indices.compactMap { found[$0] }
        let last = chips.map(\.y).max() ?? start
        boxHeight = last + Self.chipHeight + 9 - boxTop
    }

    private mutating func placePlain(_ chipWidth: Double) {
        var y = unit.activatesFirst ? 8.0 : 3.0
        for piece in unit.pieces {
            let text = Self.text(of: piece)
            let width = min(chipWidth, max(TextWidth.of(text, size: Self.fontSize) + 14, chipWidth * 0.72))
            chips.append(Chip(piece: piece, x: Self.padding + (chipWidth - width) / 2, y: y, width: width, text: text))
            y += Self.chipHeight + Self.plainGap
        }
        boxHeight = max(y - Self.plainGap + 5, 6)
    }

    /// One below the other; each as wide as its channels are many beside the others'.
    private mutating func placeRows(_ chipWidth: Double) {
        var y = boxTop + Self.padding + (unit.activatesFirst ? 4 : 0)
        let channels = unit.pieces.compactMap(\.channels)
        let (least, most) = (channels.min() ?? 1, channels.max() ?? 1)
        for piece in unit.pieces {
            let text = Self.text(of: piece)
            var width = chipWidth
            if let own = piece.channels, most > least, own < most {
                // A quarter of the channels (bottlenecks) is drawn at two thirds of the width.
                let share = Double(own) / Double(most)
                width = chipWidth * max(0.6 + 0.4 * share, 0.62)
            }
            width = max(width, min(chipWidth, TextWidth.of(text, size: Self.fontSize) + 10))
            chips.append(Chip(piece: piece, x: Self.padding + (chipWidth - width) / 2, y: y, width: width, text: text))
            y += Self.chipHeight + (isBranched ? Self.plainGap : Self.gap)
        }
        boxHeight = max(y - Self.gap + Self.padding - boxTop, 16)
    }

    /// Falling resolution on the left, rising resolution on the right, equal resolutions beside each other.
    private mutating func placeU(_ chipWidth: Double) {
        let width = (chipWidth - 10) / 2
        let layers = unit.pieces.filter { $0.channels != nil }
        let sizes = Array(Set(layers.compactMap { $0.extents?.first })).sorted(by: >)
        // What lies at the bottom is as far from one end of the lowest resolution as from the other.
        let first = layers.firstIndex { $0.extents?.first == sizes.last } ?? 0
        let last = layers.lastIndex { $0.extents?.first == sizes.last } ?? layers.count - 1
        let bottom = (first + last) / 2
        var rows = [Int: [Int]]()
        var left: [(piece: NetworkDrawing.Piece, row: Int)] = []
        var right: [(piece: NetworkDrawing.Piece, row: Int)] = []
        var row = -1
        for (index, piece) in layers.enumerated() where index <= bottom {
            row += 1
            rows[piece.extents?.first ?? 0, default: []].append(row)
            left.append((piece, row))
        }
        var next = row - 1
        for piece in layers.dropFirst(bottom + 1) {
            if let beside = rows[piece.extents?.first ?? 0]?.last(where: { $0 <= next }) { next = beside }
            right.append((piece, max(next, 0)))
            next -= 1
        }
        let top = boxTop + Self.padding
        let pitch = Self.chipHeight + 3
        for (side, column) in [left, right].enumerated() {
            for entry in column {
                chips.append(
                    Chip(
                        piece: entry.piece, x: Self.padding + Double(side) * (width + 10),
                        y: top + Double(entry.row) * pitch, width: width, text: Self.text(of: entry.piece)))
            }
        }
        boxHeight = Double(max(row + 1, 1)) * pitch - 3 + 2 * Self.padding
    }
}

/// Units behind each other, with their measures.
struct StackSketch {
    struct Entry {
        var run: NetworkDrawing.Run
        var sketches: [UnitSketch]
        var top: Double
        var height: Double
    }

    private(set) var entries: [Entry] = []
    private(set) var height = 0.0
    /// Width of the boxes.
    private(set) var boxWidth = 0.0
    /// Room left of the boxes: brackets of repeats.
    private(set) var leftLane = 0.0
    /// Room right of the boxes: arcs and their labels.
    private(set) var rightLane = 0.0

    var width: Double { leftLane + boxWidth + rightLane }
    /// From the left edge to the line that data takes.
    var centre: Double { leftLane + boxWidth / 2 }

    /// Boxes of a column beyond which those in the middle are counted.
    private static let mostEntries = 26

    static func repeatText(_ repeats: Int) -> String { "× \(repeats)" }

    /// - Parameter depth: of frames around; bounded by the builder.
    init(_ indices: [Int], of drawing: NetworkDrawing, folds: Bool, depth: Int = 0) {
        let units = drawing.units
        let runs = Self.shortened(Folding.runs(of: indices, in: units, folds: folds), folds: folds)
        var chipWidth = 58.0
        for unit in runs.flatMap(\.pattern) { chipWidth = max(chipWidth, UnitSketch.chipWidth(of: units[unit])) }
        for run in runs {
            // A gap where nothing comes from the box before.
            if let first = run.pattern.first, height > 0, !units[first].isFed { height += 10 }
            let top = height
            var sketches: [UnitSketch] = []
            if run.pattern.isEmpty {
                var gap = NetworkDrawing.Unit(title: "")
                gap.pieces = [NetworkDrawing.Piece(kind: .other, text: "… \(run.members.count) more")]
                let sketch = UnitSketch(gap, chipWidth: chipWidth)
                sketches.append(sketch)
                height += sketch.height
                boxWidth = max(boxWidth, sketch.boxWidth)
            }
            for index in run.pattern {
                let inner = units[index].inner.flatMap(\.members)
                let stack = inner.isEmpty || depth > DrawingBuilder.deepestFrame
                    ? nil : StackSketch(inner, of: drawing, folds: folds, depth: depth + 1)
                let sketch = UnitSketch(units[index], chipWidth: chipWidth, stack: stack)
                sketches.append(sketch)
                height += sketch.height
                boxWidth = max(boxWidth, sketch.boxWidth)
                rightLane = max(rightLane, sketch.lane)
            }
            if run.repeats > 1 {
                leftLane = max(leftLane, TextWidth.of(Self.repeatText(run.repeats), size: 12, isBold: true) + 14)
                height += 6
            }
            entries.append(Entry(run: run, sketches: sketches, top: top, height: height - top))
        }
    }

    /// Those in the middle as one run without a pattern, where they are too many.
    private static func shortened(_ runs: [NetworkDrawing.Run], folds: Bool) -> [NetworkDrawing.Run] {
        guard folds, runs.count > mostEntries else { return runs }
        let head = runs.prefix(mostEntries * 2 / 3)
        let tail = runs.suffix(mostEntries / 3)
        let middle = runs.dropFirst(head.count).dropLast(tail.count)
        return head + [NetworkDrawing.Run(pattern: [], members: middle.flatMap(\.members))] + tail
    }
}
