/// The drawing with its controls.
extension NetworkPage {
    /// Boxes beyond which a drawing with every one of them is left out.
    private static let mostBoxes = 700

    var network: Markup {
        let count = inspection.blocks.count
        let lead = !inspection.denseStages.isEmpty && count == 0
            ? "Each box is a layer that reads all maps before it; ∥ concatenates. A box opens to its layers."
            : count == 0
            ? "Layers in the order of computation, a column for each resolution."
            : "Each box is a residual block with its layers; ⊕ adds what came along the arc. A box opens to its layers."
        return section(
            "network", "The network", lead,
            [
                controls,
                .element(
                    "div",
                    [
                        "class": "scroll view", "id": "view", "tabindex": "0", "role": "region",
                        "aria-label": "Drawing of the network", "aria-describedby": "keys",
                    ], drawings),
                .element(
                    "p", ["class": "muted only-script", "id": "keys"],
                    "Arrow keys go from box to box, Enter opens one; + and − zoom, 0 fits. "
                        + "Drag or scroll to move; scroll with Control to zoom."),
                .element(
                    "div", ["id": "detail", "class": "detail only-script", "aria-live": "polite", "tabindex": "-1"],
                    [.element("p", ["class": "muted"], "Open a box, or search for a block, layer or tensor.")]),
            ])
    }

    private var controls: Markup {
        func button(_ identifier: String, _ label: String, _ text: String, isHidden: Bool = false) -> Markup {
            .element(
                "button",
                ["type": "button", "id": identifier, "class": "quiet", "aria-label": label, "hidden": isHidden ? "" : nil],
                text)
        }
        return .element(
            "form", ["class": "controls only-script", "id": "controls", "role": "search"],
            [
                .element("label", ["for": "find"], "Search"),
                .element(
                    "span", ["class": "finder"],
                    [
                        .void(
                            "input",
                            [
                                "type": "search", "id": "find", "role": "combobox", "autocomplete": "off",
                                "aria-expanded": "false", "aria-controls": "hits", "aria-autocomplete": "list",
                                "placeholder": "block, layer or tensor",
                            ]),
                        .element("ul", ["id": "hits", "role": "listbox", "aria-label": "Found", "hidden": ""], [Markup]()),
                    ]),
                .element("span", ["id": "count", "class": "muted", "aria-live": "polite"], ""),
                .element(
                    "span", ["class": "zoom"],
                    [
                        button("smaller", "Zoom out", "−"), button("larger", "Zoom in", "+"),
                        button("fit", "Fit to the window", "Fit"), button("actual", "Actual size", "1:1"),
                        button("fold", "Show every block by itself", "Unfold", isHidden: true),
                    ]),
            ])
    }

    private var drawings: [Markup] {
        let layout = DrawingLayout(drawing, hasTitle: false)
        var parts = [svg(layout, identifier: "folded")]
        if layout.hasRepeats, layout.isFolded, drawing.units.count <= Self.mostBoxes {
            let whole = DrawingLayout(drawing, folds: false, hasTitle: false)
            parts.append(.element("template", ["id": "whole"], [svg(whole, identifier: "unfolded")]))
        }
        return parts
    }

    private func svg(_ layout: DrawingLayout, identifier: String) -> Markup {
        let renderer = DrawingRenderer(
            layout: layout, descriptions: { drawing.description(of: $0, inspection) }, isInteractive: true)
        let legend = DrawingLegend(layout).markup(top: layout.height + 14, width: layout.width)
        let (width, height) = (Drawing.number(layout.width.rounded(.up)), Drawing.number((legend.bottom + 8).rounded(.up)))
        return .element(
            "svg",
            [
                "class": "drawing", "id": identifier, "viewBox": "0 0 \(width) \(height)", "width": width,
                "height": height, "role": "group", "aria-label": printable(drawing.text),
            ], renderer.shapes + legend.shapes)
    }

    var tableOmissions: [String] {
        var texts: [String] = []
        let layout = DrawingLayout(drawing, hasTitle: false)
        if layout.hasRepeats, layout.isFolded, drawing.units.count > Self.mostBoxes {
            texts.append("\(drawing.units.count) boxes are not drawn one by one; equal ones share a box")
        }
        if inspection.blocks.count > Self.mostRows {
            texts.append("\(inspection.blocks.count - Self.mostRows) of \(inspection.blocks.count) blocks are not in the table")
        }
        return texts
    }

    // MARK: Tables

    /// Rows of the table of blocks.
    private static let mostRows = 1200

    private func table(_ identifier: String, _ heads: [(String, Bool)], _ rows: [Markup]) -> Markup {
        .element(
            "div", ["class": "scroll table"],
            [
                .element(
                    "table", ["id": identifier],
                    [
                        .element(
                            "thead", [:],
                            [
                                .element(
                                    "tr", [:],
                                    heads.map { title, isNumber in
                                        .element(
                                            "th",
                                            ["scope": "col", "class": isNumber ? "number" : nil, "aria-sort": "none"],
                                            [.element("button", ["type": "button"], title)])
                                    })
                            ]), .element("tbody", [:], rows),
                    ])
            ])
    }

    private func cell(_ text: String, isNumber: Bool = true) -> Markup {
        .element("td", ["class": isNumber ? "number" : nil], [.name(text)])
    }

    var stageTable: Markup {
        guard inspection.stages.count > 1, inspection.stages.count <= Self.mostRows else { return .joined([]) }
        let rows = inspection.stages.enumerated().map { index, stage in
            Markup.element(
                "tr", [:],
                [
                    .element("th", ["scope": "row"], "stage \(index + 1)"), cell(String(stage.blocks.count)),
                    cell(stage.outputChannels.map(String.init) ?? "?"),
                    cell(stage.spatialExtents.map(PieceTexts.extents) ?? "?"),
                    cell(PieceTexts.extents(stage.stride)), cell(groupedText(stage.parameters)),
                    cell(multiplyAddsText(stage.multiplyAdds)),
                ])
        }
        return section(
            "stages", "Stages", nil,
            [
                table(
                    "stage-table",
                    [("stage", false), ("blocks", true), ("channels", true), ("extents", true), ("stride", true),
                        ("parameters", true), ("multiply-adds", true)], rows)
            ])
    }

    var blockTable: Markup {
        guard !inspection.blocks.isEmpty else { return .joined([]) }
        let rows = inspection.blocks.prefix(Self.mostRows).enumerated().map { index, block in
            let channels = "\(block.inputChannels.map(String.init) ?? "?") → \(block.outputChannels.map(String.init) ?? "?")"
            return Markup.element(
                "tr", ["data-b": String(index)],
                [
                    .element("th", ["scope": "row"], [.element("span", ["class": "name"], [.name(block.name)])]),
                    cell(block.kind.rawValue + (block.hasSqueezeExcitation ? " + SE" : ""), isNumber: false),
                    cell(block.shortcut.rawValue, isNumber: false), cell(channels),
                    cell(block.strideSite.map { "\(PieceTexts.extents(block.stride)) (\($0))" } ?? PieceTexts.extents(block.stride), isNumber: false),
                    cell(groupedText(block.parameters)), cell(multiplyAddsText(block.multiplyAdds)),
                ])
        }
        return section(
            "blocks", "Residual blocks", nil,
            [
                table(
                    "block-table",
                    [("block", false), ("kind", false), ("shortcut", false), ("channels", true), ("stride", false),
                        ("parameters", true), ("multiply-adds", true)], rows)
            ])
    }

    var flowSection: Markup {
        guard let flow, !flow.blocks.isEmpty else { return .joined([]) }
        let chart = FlowChart(flow, inspection)
        let svg = Markup.element(
            "svg",
            [
                "class": "drawing flow", "viewBox": "0 0 960 \(Drawing.number(chart.height))", "role": "img",
                "aria-label": printable(chart.description),
            ], chart.shapes(width: 960, hasTitle: false))
        return section(
            "flow", "What the blocks do to the signal",
            flow.isMadeUp ? "Measured with \(flow.input): what they show says little of real ones."
                : "Measured with \(flow.input), \(flow.samples) sample\(flow.samples == 1 ? "" : "s").",
            [
                .element("div", ["class": "scroll", "tabindex": "0", "role": "region", "aria-label": "Curves along the depth"], [svg]),
                .element("p", ["class": "muted"], chart.explanation),
                .joined((flow.notes + [flow.omission].compactMap { $0 }).map { .element("p", ["class": "muted"], [.name($0)]) }),
                flowTable(flow),
            ])
    }

    private func flowTable(_ flow: SignalFlow) -> Markup {
        let rows = flow.blocks.prefix(Self.mostRows).map { block in
            let name = inspection.blocks.indices.contains(block.block) ? inspection.blocks[block.block].name : "?"
            return Markup.element(
                "tr", [:],
                [
                    .element("th", ["scope": "row"], [.element("span", ["class": "name"], [.name(name)])]),
                    cell(brief(block.shortcutRMS)), cell(brief(block.branchRMS)), cell(block.ratio.map(brief) ?? "–"),
                    cell(block.cosine.map { fixed($0, 3) } ?? "–"), cell(block.lesion.map { brief($0.change) } ?? "–"),
                    cell(block.lesion?.top1Agreement.map { "\(fixed($0 * 100, 1)) %" } ?? "–"),
                ])
        }
        return .element(
            "details", [:],
            [
                .element("summary", [:], "The numbers"),
                table(
                    "flow-table",
                    [("block", false), ("shortcut RMS", true), ("branch RMS", true), ("ratio", true), ("cosine", true),
                        ("output change without it", true), ("same class without it", true)], rows),
            ])
    }
}
