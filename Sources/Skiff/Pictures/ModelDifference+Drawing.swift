extension ModelDifference {
    /// Both networks as drawings, the left one first, with boxes marked that differ.
    func drawings(_ left: Model, _ right: Model) -> (left: NetworkDrawing, right: NetworkDrawing) {
        var blocks: (left: [Int: NetworkDrawing.Mark], right: [Int: NetworkDrawing.Mark]) = ([:], [:])
        for block in self.blocks {
            let mark = NetworkDrawing.Mark(rawValue: block.change.rawValue) ?? .same
            if let index = block.left { blocks.left[index] = mark }
            if let index = block.right { blocks.right[index] = mark }
        }
        var layers: (left: [Int: NetworkDrawing.Mark], right: [Int: NetworkDrawing.Mark]) = ([:], [:])
        for layer in self.layers where layer.change != .same {
            let mark = NetworkDrawing.Mark(rawValue: layer.change.rawValue) ?? .same
            for node in layer.left { layers.left[node.index] = mark }
            for node in layer.right { layers.right[node.index] = mark }
        }
        return (
            self.left.drawing(of: left.graph, title: NetworkPage.fileName(left.path)).marked(blocks.left, layers.left),
            self.right.drawing(of: right.graph, title: NetworkPage.fileName(right.path)).marked(blocks.right, layers.right)
        )
    }

    /// Both networks below each other as a stand-alone SVG file, with what differs marked by colour and sign.
    public func svg(_ left: Model, _ right: Model) -> String {
        let both = drawings(left, right)
        let margin = DrawingLayout.margin
        var shapes: [Markup] = []
        var (width, y) = (0.0, 16.0)
        var legends: DrawingLayout?
        for (drawing, inspection, path) in [(both.left, self.left, left.path), (both.right, self.right, right.path)] {
            let layout = DrawingLayout(drawing)
            legends = legends ?? layout
            let renderer = DrawingRenderer(layout: layout, descriptions: { drawing.description(of: $0, inspection) })
            let room = layout.width - 2 * margin
            let title = NetworkPage.fileName(path) + (inspection.blocks.isEmpty ? "" : ": \(drawing.title)")
            shapes.append(
                .element(
                    "g", ["transform": "translate(0 \(Drawing.number(y)))"],
                    [
                        Drawing.label(
                            TextWidth.fitted(title, size: 17, width: room, isBold: true), margin, 30, anchor: "start", style: "title"),
                        Drawing.label(
                            TextWidth.fitted(drawing.subtitle, size: 11, width: room), margin, 49, anchor: "start", style: "small"),
                    ] + renderer.shapes))
            width = max(width, layout.width)
            y += layout.height + 26
        }
        var x = margin
        for (style, sign, text) in [("changed", "≠", "changed"), ("added", "+", "only in the second"), ("removed", "−", "only in the first")] {
            shapes.append(
                .element(
                    "circle",
                    ["class": "badge \(style)", "cx": Drawing.number(x + 9), "cy": Drawing.number(y), "r": "8.5"], [Markup]()))
            shapes.append(Drawing.label(sign, x + 9, y + 4.5, style: "badge-text"))
            shapes.append(Drawing.label(text, x + 24, y + 4, anchor: "start", style: "small"))
            x += 24 + TextWidth.of(text, size: 11) + 20
        }
        if let legends {
            let legend = DrawingLegend(legends).markup(top: y + 14, width: width)
            shapes += legend.shapes
            y = legend.bottom
        }
        let title = "\(NetworkPage.fileName(left.path)) and \(NetworkPage.fileName(right.path))"
        return NetworkDrawing.document(
            shapes, title: title, text: "\(headline) First: \(both.left.text) Second: \(both.right.text)", width: width,
            height: y + 16)
    }

    /// What is to be said first.
    var headline: String {
        if !summary.isEmpty { return summary }
        return isSameFunction ? "Both compute the same function." : "They differ."
    }
}

extension NetworkDrawing {
    /// The drawing with boxes marked: blocks by their own mark, others where one of their layers has one.
    fileprivate func marked(_ blocks: [Int: Mark], _ layers: [Int: Mark]) -> NetworkDrawing {
        var drawing = self
        for index in units.indices {
            if let block = units[index].block {
                drawing.units[index].mark = blocks[block]
                continue
            }
            drawing.units[index].mark = Self.mark(of: units[index].layers, layers)
            guard drawing.units[index].mark != nil, !units[index].concatenates else { continue }
            for piece in units[index].pieces.indices {
                drawing.units[index].pieces[piece].mark = Self.mark(of: units[index].pieces[piece].nodes, layers)
            }
            // What differs before the first piece is shown there.
            if drawing.units[index].pieces.allSatisfy({ $0.mark == nil }), !units[index].pieces.isEmpty {
                drawing.units[index].pieces[0].mark = .changed
            }
        }
        return drawing
    }

    /// What became of nodes together; `nil` where all are the same.
    private static func mark(of nodes: [Int], _ layers: [Int: Mark]) -> Mark? {
        let own = nodes.compactMap { layers[$0] }
        guard let first = own.first else { return nil }
        return own.count == nodes.count && Set(own).count == 1 ? first : .changed
    }
}
