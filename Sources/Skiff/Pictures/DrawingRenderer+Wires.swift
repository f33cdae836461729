/// Lines between columns.
extension DrawingRenderer {
    private func n(_ value: Double) -> String { Drawing.number(value) }

    /// From the lower end of each column to the upper end of the next.
    var connectors: [Markup] {
        var shapes: [Markup] = []
        let columns = layout.columns
        for index in columns.indices.dropLast() {
            guard let next = columns[index + 1].column.units.first, layout.drawing.units[next].isFed else { continue }
            let (x, y) = (layout.centre(of: index), layout.bottom(of: index))
            let (toX, toY) = (layout.centre(of: index + 1), layout.boxesTop(of: index + 1))
            let isSameRow = columns[index].row == columns[index + 1].row
            let path: String
            if isSameRow {
                let edge = toX > x ? columns[index + 1].x - 15 : columns[index].x - 15
                path = wire(x, y, lane: edge, toX, toY)
            } else {
                path = turn(from: index, x, y, toX, toY)
            }
            shapes.append(Drawing.path(path, style: "wire flow"))
            shapes.append(Drawing.path("M\(n(toX)) \(n(toY + 3))l-3.6 -6.5h7.2z", style: "tip wire-tip"))
        }
        return shapes + ports
    }

    /// To another row: down behind the row's boxes, out of the way of its numbers, and in from the side.
    private func turn(from index: Int, _ x: Double, _ y: Double, _ toX: Double, _ toY: Double) -> String {
        let columns = layout.columns
        let lane = layout.rows[columns[index].row].bottom + 8
        let isReversed = layout.rows[columns[index + 1].row].isReversed
        let next = columns[index + 1]
        let side = isReversed
            ? max(next.x + next.stack.width, columns[index].x + columns[index].stack.width) + 12 : max(next.x - 12, 8)
        return "M\(n(x)) \(n(y))V\(n(lane))H\(n(side))V\(n(toY - 10))H\(n(toX))V\(n(toY))"
    }

    /// Down, over and up, with round corners.
    private func wire(_ x: Double, _ y: Double, lane: Double, _ toX: Double, _ toY: Double) -> String {
        let low = y + 9
        let high = toY - 10
        let side = lane > x ? 1.0 : -1.0
        let onwards = toX > lane ? 1.0 : -1.0
        let r = 6.0
        return "M\(n(x)) \(n(y))V\(n(low - r))Q\(n(x)) \(n(low)) \(n(x + side * r)) \(n(low))H\(n(lane - side * r))"
            + "Q\(n(lane)) \(n(low)) \(n(lane)) \(n(low - r))V\(n(high + r))"
            + "Q\(n(lane)) \(n(high)) \(n(lane + onwards * r)) \(n(high))H\(n(toX - onwards * r))"
            + "Q\(n(toX)) \(n(high)) \(n(toX)) \(n(high + r))V\(n(toY))"
    }

    /// Names of inputs over the first column, of outputs under the last.
    private var ports: [Markup] {
        guard !layout.columns.isEmpty else { return [] }
        var shapes: [Markup] = []
        let drawing = layout.drawing
        let (x, y) = (layout.centre(of: 0), layout.boxesTop(of: 0))
        for (index, text) in Self.limited(drawing.inputs, to: 2).reversed().enumerated() {
            shapes.append(Drawing.label(text, x, y - 12 - Double(index) * 14, style: "port"))
        }
        shapes.append(Drawing.path("M\(n(x)) \(n(y + 3))l-3.6 -6.5h7.2z", style: "tip wire-tip"))
        let column = layout.columns.count - 1
        let (endX, endY) = (layout.centre(of: column), layout.bottom(of: column))
        shapes.append(Drawing.line(endX, endY, endX, endY + 8, style: "wire"))
        shapes.append(Drawing.path("M\(n(endX)) \(n(endY + 13))l-3.6 -6.5h7.2z", style: "tip wire-tip"))
        for (index, text) in Self.limited(drawing.outputs).enumerated() {
            let y = endY + 26 + Double(index) * 14
            if !drawing.skips.isEmpty {
                let width = TextWidth.of(text, size: 11) + 6
                shapes.append(Drawing.rectangle(endX - width / 2, y - 10, width, 13, style: "label-box", radius: 3))
            }
            shapes.append(Drawing.label(text, endX, y, style: "port"))
        }
        return shapes
    }

    static func limited(_ texts: [String], to count: Int = 3) -> [String] {
        texts.count <= count ? texts : Array(texts.prefix(count - 1)) + ["and \(texts.count - count + 1) more"]
    }

    /// Values that go past other boxes: down from the source's side, along below its row, into the target's side.
    var skips: [Markup] {
        let places = places
        var used: [Int: Int] = [:]
        var entered: [Int: Int] = [:]
        return layout.drawing.skips.flatMap { skip -> [Markup] in
            guard let from = places[skip.from], let to = places[skip.to] else { return [] }
            let source = layout.columns[from.column]
            let shift = Double(entered[to.column, default: 0] % 4) * 2.5
            entered[to.column, default: 0] += 1
            let side = source.x - 6
            var path = "M\(n(from.x)) \(n(from.end))H\(n(side))"
            let target = min(layout.columns[to.column].x, to.left) - 5 - shift
            if abs(target - side) < 14, layout.columns[to.column].row > source.row {
                // One column stands under the other.
                path = "M\(n(from.x)) \(n(from.end))H\(n(target))"
            } else {
                let lane = layout.rows[source.row].bottom + 12 + Double(used[source.row, default: 0]) * 5
                used[source.row, default: 0] += 1
                path += "V\(n(lane))H\(n(target))"
            }
            path += "V\(n(to.middle))H\(n(to.left - 5))"
            let tip = "M\(n(to.left)) \(n(to.middle))l-6.5 -3.4v6.8z"
            return [Drawing.path(path, style: "skip"), Drawing.path(tip, style: "tip skip-tip")]
        }
    }

    /// Where connections past other boxes begin and end.
    private struct Place {
        var column: Int
        var x: Double
        /// Left edge and middle of what it enters.
        var left: Double
        var middle: Double
        /// Where the unit's value leaves it.
        var end: Double
    }

    private var places: [Int: Place] {
        var places: [Int: Place] = [:]
        for (index, placed) in layout.columns.enumerated() {
            let x = layout.centre(of: index)
            for entry in placed.stack.entries {
                var top = layout.boxesTop(of: index) + entry.top
                let count = max(entry.run.pattern.count, 1)
                for (position, sketch) in entry.sketches.enumerated() {
                    var place = Place(
                        column: index, x: x, left: x - sketch.boxWidth / 2,
                        middle: top + sketch.boxTop + sketch.boxHeight / 2, end: top + sketch.height - 2)
                    if sketch.isPlain, let chip = sketch.chips.first(where: { $0.piece.kind == .joining }) ?? sketch.chips.first {
                        place.left = x - sketch.boxWidth / 2 + chip.x
                        place.middle = top + chip.y + UnitSketch.chipHeight / 2
                    }
                    top += sketch.height
                    for (member, unit) in entry.run.members.enumerated() where member % count == position {
                        places[unit] = place
                    }
                }
            }
        }
        return places
    }
}
