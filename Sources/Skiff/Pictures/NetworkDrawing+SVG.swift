extension NetworkDrawing {
    /// The drawing as a file of its own: no scripts, nothing loaded, good on light and on dark pages.
    ///
    /// Equal drawings give equal bytes.
    /// - Parameter flow: what the blocks do to the signal; drawn as curves under the network.
    func svg(_ inspection: Inspection, flow: SignalFlow? = nil) -> String {
        let layout = DrawingLayout(self)
        let renderer = DrawingRenderer(layout: layout, descriptions: { description(of: $0, inspection) })
        let margin = DrawingLayout.margin
        var shapes: [Markup] = []
        let room = layout.width - 2 * margin
        shapes.append(
            Drawing.label(
                TextWidth.fitted(title, size: 17, width: room, isBold: true), margin, 32, anchor: "start", style: "title"))
        shapes.append(
            Drawing.label(
                TextWidth.fitted(subtitle, size: 11, width: room), margin, 51, anchor: "start", style: "small"))
        shapes += renderer.shapes
        var height = layout.height
        let legend = DrawingLegend(layout).markup(top: height + 14, width: layout.width)
        shapes += legend.shapes
        height = legend.bottom
        if let flow, !flow.blocks.isEmpty {
            let chart = FlowChart(flow, inspection)
            shapes.append(
                .element(
                    "g", ["transform": "translate(\(Drawing.number(margin)) \(Drawing.number(height + 18)))"],
                    chart.shapes(width: room)))
            height += 18 + chart.height
        }
        for text in omissions {
            shapes.append(Drawing.label(TextWidth.fitted(text, size: 11, width: room), margin, height + 14, anchor: "start", style: "small"))
            height += 16
        }
        height += 16
        return Self.document(shapes, title: title, text: text, width: layout.width, height: height)
    }

    /// A file of its own around shapes.
    static func document(_ shapes: [Markup], title: String, text: String, width: Double, height: Double) -> String {
        let (w, h) = (Drawing.number(width.rounded(.up)), Drawing.number(height.rounded(.up)))
        let root = Markup.element(
            "svg",
            [
                "xmlns": "http://www.w3.org/2000/svg", "viewBox": "0 0 \(w) \(h)", "width": w, "height": h,
                "role": "img", "aria-labelledby": "title desc",
            ],
            [
                .element("title", ["id": "title"], [.name(title)]),
                .element("desc", ["id": "desc"], [.name(text)]), .program("style", DrawingPalette.file),
                Drawing.rectangle(
                    0.5, 0.5, width.rounded(.up) - 1, height.rounded(.up) - 1, style: "back", radius: 10),
            ] + shapes)
        return root.source + "\n"
    }

    /// The drawing in words, for who does not see it.
    var text: String {
        var parts = ["\(title). \(subtitle)."]
        for column in columns.prefix(40) {
            var pieces = column.title.isEmpty ? [] : [column.title]
            pieces += column.details
            let counts = column.units.count { units[$0].shortcut != nil && !units[$0].concatenates }
            if counts > 0 { pieces.append("\(counts) residual block\(counts == 1 ? "" : "s")") }
            if let first = column.units.first, !units[first].isFed { pieces.append("reads nothing of the column before") }
            parts.append(pieces.joined(separator: ", ") + ".")
        }
        return parts.joined(separator: " ")
    }

    /// `layer1.0: bottleneck, 64 → 256, projection, 75.0 k parameters, 236 MMAC`.
    func description(of index: Int, _ inspection: Inspection) -> String {
        let unit = units[index]
        var parts: [String] = []
        if let position = unit.block, inspection.blocks.indices.contains(position) {
            let block = inspection.blocks[position]
            parts.append("\(unit.title): \(block.kind.rawValue)")
            if let input = block.inputChannels, let output = block.outputChannels { parts.append("\(input) → \(output)") }
            parts.append("\(block.shortcut.rawValue) shortcut")
            if let site = block.strideSite { parts.append("stride in \(site)") }
        } else {
            parts.append(PieceLanes.text(of: unit.pieces, limit: 6))
        }
        if unit.parameters > 0 { parts.append("\(countText(unit.parameters)) parameters") }
        if let products = unit.multiplyAdds, products > 0 { parts.append(multiplyAddsText(products)) }
        if !unit.isFed { parts.append("reads nothing of the box before") }
        if let mark = unit.mark { parts.append(mark.rawValue) }
        return parts.joined(separator: ", ")
    }
}

extension Inspection {
    /// The network as people draw it: stages as columns, residual blocks as boxes, shortcuts around them, as a
    /// stand-alone SVG file that loads nothing and holds no script; equal networks give equal bytes.
    ///
    /// - Parameters:
    ///   - graph: the network that was inspected.
    ///   - title: what stands over a network without residual blocks; a file's name.
    ///   - flow: what the blocks do to the signal, drawn as curves under the network.
    public func svg(of graph: Graph, title: String, flow: SignalFlow? = nil) -> String {
        drawing(of: graph, title: title).svg(self, flow: flow)
    }

    /// The drawing that ``svg(of:title:flow:)``, ``dot(of:title:)`` and ``mermaid(of:title:)`` write down.
    public func drawing(of graph: Graph, title: String) -> NetworkDrawing {
        var builder = DrawingBuilder(self, graph)
        return builder.drawing(title: title)
    }
}
