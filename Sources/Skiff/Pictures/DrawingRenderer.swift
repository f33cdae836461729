/// Draws a layout as SVG.
struct DrawingRenderer {
    let layout: DrawingLayout
    /// What a box is called and does, by unit.
    let descriptions: (Int) -> String
    /// Whether boxes can be opened by pointer and keyboard.
    var isInteractive = false

    private var drawing: NetworkDrawing { layout.drawing }

    /// All but the title and the legend.
    var shapes: [Markup] {
        var shapes = skips + connectors
        for index in layout.columns.indices { shapes += column(index) }
        return shapes
    }

    // MARK: Columns

    private func column(_ index: Int) -> [Markup] {
        let placed = layout.columns[index]
        let centre = layout.centre(of: index)
        let row = layout.rows[placed.row]
        var shapes = head(placed, centre, row.top)
        shapes += foot(placed, centre, row.foot)
        shapes += stack(placed.stack, x: placed.x, y: row.boxes)
        return [.element("g", ["class": "column"], shapes)]
    }

    private func head(_ placed: DrawingLayout.PlacedColumn, _ centre: Double, _ top: Double) -> [Markup] {
        let column = placed.column
        var shapes: [Markup] = []
        var title = centre
        if let stride = column.stride {
            let half = TextWidth.of(column.title, size: 13, isBold: true) / 2
            let width = TextWidth.of(stride, size: 11, isBold: true) + 8
            title -= (width + 5) / 2
            shapes.append(Drawing.rectangle(title + half + 5, top + 1, width, 16, style: "stride", radius: 4))
            shapes.append(Drawing.label(stride, title + half + 5 + width / 2, top + 13, style: "stride-text"))
        }
        shapes.append(Drawing.label(column.title, title, top + 13, style: "stage"))
        shapes.append(Drawing.label(column.details.joined(separator: " · "), centre, top + 30, style: "small"))
        return shapes
    }

    /// Parameters and multiply-adds, with a bar each for the share of the network's.
    private func foot(_ placed: DrawingLayout.PlacedColumn, _ centre: Double, _ top: Double) -> [Markup] {
        let column = placed.column
        let columns = layout.columns.map(\.column)
        var shapes: [Markup] = []
        var y = top + 12
        let parameters = columns.reduce(0.0) { $0 + Double($1.parameters) }
        // Shares of a total that is not known are not shown.
        let isCounted = columns.allSatisfy { $0.multiplyAdds != nil }
        let products = isCounted ? columns.reduce(0.0) { $0 + Double($1.multiplyAdds ?? 0) } : 0
        func line(_ text: String, _ share: Double, _ style: String) {
            let width = 70.0
            if !drawing.skips.isEmpty {
                // Connections past other boxes cross under the numbers.
                let room = max(TextWidth.of(text, size: 11), width) + 8
                shapes.append(Drawing.rectangle(centre - room / 2, y - 11, room, 20, style: "label-box", radius: 3))
            }
            shapes.append(Drawing.label(text, centre, y, style: "small"))
            shapes.append(Drawing.rectangle(centre - width / 2, y + 4.5, width, 2.5, style: "track", radius: 1.2))
            if share > 0 {
                let length = max(width * share, 1)
                shapes.append(Drawing.rectangle(centre - width / 2, y + 4.5, length, 2.5, style: style, radius: 1.2))
            }
            y += 21
        }
        if column.parameters > 0, parameters > 0 {
            line("\(countText(column.parameters)) params", Double(column.parameters) / parameters, "share")
        }
        if let own = column.multiplyAdds, own > 0, products > 0 {
            line("\(countText(own)) mult-adds", Double(own) / products, "share work")
        }
        return shapes
    }

    /// - Precondition: frames nest no deeper than the builder lets them.
    private func stack(_ stack: StackSketch, x: Double, y: Double) -> [Markup] {
        var shapes: [Markup] = []
        let centre = x + stack.centre
        for entry in stack.entries {
            var top = y + entry.top
            if entry.run.repeats > 1 { shapes += bracket(entry, x: x, stack: stack, top: top) }
            for (position, sketch) in entry.sketches.enumerated() {
                let left = centre - sketch.boxWidth / 2
                shapes += unit(sketch, entry, position, left: left, top: top, centre: centre)
                top += sketch.height
            }
            if entry.run.repeats > 1, let last = entry.run.members.last, drawing.units[last].feeds {
                shapes.append(Drawing.line(centre, top, centre, y + entry.top + entry.height, style: "wire"))
            }
        }
        return shapes
    }

    private func bracket(_ entry: StackSketch.Entry, x: Double, stack: StackSketch, top: Double) -> [Markup] {
        let text = StackSketch.repeatText(entry.run.repeats)
        let right = x + stack.leftLane - 5
        let (first, last) = (top + 5, top + entry.height - 9)
        let middle = (first + last) / 2
        return [
            Drawing.path(
                "M\(n(right)) \(n(first))h-4q-3 0-3 3V\(n(last - 3))q0 3 3 3h4", style: "bracket"),
            Drawing.label(text, right - 11, middle + 4, anchor: "end", style: "repeat"),
        ]
    }

    private func n(_ value: Double) -> String { Drawing.number(value) }

    // MARK: A box

    private func unit(
        _ sketch: UnitSketch, _ entry: StackSketch.Entry, _ position: Int, left: Double, top: Double, centre: Double
    ) -> [Markup] {
        let unit = sketch.unit
        let index = entry.run.pattern.indices.contains(position) ? entry.run.pattern[position] : nil
        var shapes: [Markup] = []
        let isFed = unit.isFed
        let boxTop = top + sketch.boxTop
        if isFed { shapes.append(Drawing.line(centre, top, centre, boxTop, style: "wire")) }
        if let join = sketch.join { shapes += shortcut(sketch, left: left, top: top, join: top + join, centre: centre) }
        let end = top + sketch.height
        if let join = sketch.join {
            shapes.append(Drawing.line(centre, boxTop + sketch.boxHeight, centre, top + join - 6, style: "wire"))
            if unit.feeds { shapes.append(Drawing.line(centre, top + join + 6, centre, end, style: "wire")) }
        } else if !sketch.isPlain, unit.feeds {
            shapes.append(Drawing.line(centre, boxTop + sketch.boxHeight, centre, end, style: "wire"))
        }
        if let inner = sketch.stack {
            shapes.append(box(sketch, left: left, top: boxTop, style: "frame"))
            shapes += stack(inner, x: centre - inner.centre, y: boxTop + 2)
            let bottom = boxTop + 2 + inner.height
            shapes.append(Drawing.line(centre, bottom, centre, boxTop + sketch.boxHeight, style: "wire"))
        } else {
            if sketch.isPlain {
                if !sketch.isBranched { shapes += plainWire(sketch, top: boxTop, centre: centre) }
            } else {
                if entry.run.repeats > 1 {
                    shapes.append(box(sketch, left: left + 4, top: boxTop + 4, style: "box behind"))
                }
                shapes.append(box(sketch, left: left, top: boxTop, style: "box"))
            }
            shapes += laneWires(sketch, left: left, top: top, centre: centre)
            shapes += chips(sketch, left: left, top: top, centre: centre)
        }
        if let join = sketch.join { shapes += addition(unit, centre, top + join) }
        if sketch.isPlain {
            for chip in sketch.chips {
                if let mark = chip.piece.mark {
                    shapes += sign(mark, left + chip.x - 8, top + chip.y + UnitSketch.chipHeight / 2)
                }
            }
        } else if let mark = unit.mark, mark != .same {
            shapes += sign(mark, left, boxTop)
        }
        return [group(shapes, index: index, entry)]
    }

    /// Through all pieces; from the first one where nothing enters, to the last where nothing leaves.
    private func plainWire(_ sketch: UnitSketch, top: Double, centre: Double) -> [Markup] {
        let (first, last) = (sketch.chips.first?.y ?? 0, sketch.chips.last?.y ?? 0)
        let start = sketch.unit.isFed ? top : top + first
        let end = sketch.unit.feeds ? top + sketch.boxHeight : top + last + UnitSketch.chipHeight
        return start < end ? [Drawing.line(centre, start, centre, end, style: "wire")] : []
    }

    private func group(_ shapes: [Markup], index: Int?, _ entry: StackSketch.Entry) -> Markup {
        guard let index else { return .element("g", ["class": "unit"], shapes) }
        var text = descriptions(index)
        if entry.run.repeats > 1 { text += ", \(entry.run.repeats) times" }
        let mark = drawing.units[index].mark.map { " mark-\($0.rawValue)" } ?? ""
        return .element(
            "g",
            [
                "class": "unit\(mark)", "data-u": isInteractive ? String(index) : nil,
                "data-n": isInteractive && entry.run.repeats > 1 ? String(entry.run.repeats) : nil,
                "role": isInteractive ? "button" : nil, "tabindex": isInteractive ? "0" : nil,
                "aria-label": isInteractive ? printable(text) : nil,
            ], [.element("title", [:], [.name(text)])] + shapes)
    }

    private func box(_ sketch: UnitSketch, left: Double, top: Double, style: String) -> Markup {
        Drawing.rectangle(left, top, sketch.boxWidth, sketch.boxHeight, style: style, radius: 7)
    }

    private func chips(_ sketch: UnitSketch, left: Double, top: Double, centre: Double) -> [Markup] {
        var shapes: [Markup] = []
        if sketch.unit.activatesFirst, let first = sketch.chips.first {
            shapes.append(activation(centre, top + first.y - 4, first.width))
        }
        for chip in sketch.chips {
            let (x, y) = (left + chip.x, top + chip.y)
            let height = UnitSketch.chipHeight
            shapes.append(
                Drawing.rectangle(
                    x, y, chip.width, height, style: "chip \(chip.piece.kind.rawValue)" + (chip.piece.mark.map { " \($0.rawValue)" } ?? ""),
                    radius: chip.piece.kind == .gate || chip.piece.kind == .pooling ? 9 : 3))
            shapes.append(
                Drawing.label(chip.text, x + chip.width / 2, y + 13, style: "chip-text"))
            if chip.piece.activates { shapes.append(activation(x + chip.width / 2, y + height + 1, chip.width)) }
        }
        return shapes
    }

    private func activation(_ centre: Double, _ y: Double, _ width: Double) -> Markup {
        Drawing.rectangle(centre - width / 2 + 3, y, width - 6, 2.6, style: "activation", radius: 1.3)
    }

    private func addition(_ unit: NetworkDrawing.Unit, _ x: Double, _ y: Double) -> [Markup] {
        var shapes: [Markup] = [
            .element("circle", ["class": "sum", "cx": n(x), "cy": n(y), "r": "6"], [Markup]()),
            Drawing.path(
                unit.concatenates
                    ? "M\(n(x - 1.8)) \(n(y - 3.5))v7M\(n(x + 1.8)) \(n(y - 3.5))v7"
                    : "M\(n(x - 3.5)) \(n(y))h7M\(n(x)) \(n(y - 3.5))v7", style: "plus"),
        ]
        if unit.activatesLast { shapes.append(activation(x, y + 8.5, 26)) }
        return shapes
    }

    /// The arc from the fork to the addition, with what lies on it.
    private func shortcut(_ sketch: UnitSketch, left: Double, top: Double, join: Double, centre: Double) -> [Markup] {
        guard let shortcut = sketch.unit.shortcut else { return [] }
        let fork = top + 4
        let right = left + sketch.boxWidth + sketch.arcOffset
        var shapes = [
            Drawing.path(
                "M\(n(centre)) \(n(fork))H\(n(right - 7))Q\(n(right)) \(n(fork)) \(n(right)) \(n(fork + 7))"
                    + "V\(n(join - 7))Q\(n(right)) \(n(join)) \(n(right - 7)) \(n(join))H\(n(centre + 10))",
                style: "arc \(shortcut.kind.rawValue)"),
            Drawing.path(
                "M\(n(centre + 6.5)) \(n(join))l6 -3.2v6.4z", style: "tip \(shortcut.kind.rawValue)"),
        ]
        let count = Double(shortcut.labels.count)
        let middle = (fork + join) / 2
        for (position, text) in shortcut.labels.enumerated() {
            let y = middle + (Double(position) - (count - 1) / 2) * 16
            let width = TextWidth.of(text, size: UnitSketch.labelSize) + 6
            shapes.append(Drawing.rectangle(right - width / 2, y - 8, width, 16, style: "label-box", radius: 4))
            shapes.append(Drawing.label(text, right, y + 4, style: "arc-text"))
        }
        return shapes
    }

    private func sign(_ mark: NetworkDrawing.Mark, _ left: Double, _ top: Double) -> [Markup] {
        let text = switch mark {
        case .added: "+"
        case .removed: "−"
        case .changed: "≠"
        case .same: "="
        }
        return [
            .element("circle", ["class": "badge \(mark.rawValue)", "cx": n(left), "cy": n(top), "r": "8.5"], [Markup]()),
            Drawing.label(text, left, top + 4.5, style: "badge-text"),
        ]
    }
}
