/// What `skiff diff --html` writes: two networks side by side, their blocks in rows, with what differs marked by colour and
/// sign; a row opens to the attributes and weights that differ. The page loads nothing and sends nothing.
public struct DifferencePage {
    let difference: ModelDifference
    private let left: Model
    private let right: Model
    private let drawings: (left: NetworkDrawing, right: NetworkDrawing)
    /// By block of either side: the layers that differ in it.
    private let layersOfLeft: [Int: [ModelDifference.Layer]]
    private let layersOfRight: [Int: [ModelDifference.Layer]]
    private let unitOfLeft: [Int: Int]
    private let unitOfRight: [Int: Int]

    /// Rows, and lines of a row, beyond which the rest is counted.
    private static let mostRows = 1500
    private static let mostLayers = 60
    private static let mostWeights = 40

    public init(_ difference: ModelDifference, _ left: Model, _ right: Model) {
        self.difference = difference
        self.left = left
        self.right = right
        drawings = difference.drawings(left, right)
        let changed = difference.layers.filter { $0.change != .same }
        layersOfLeft = Dictionary(grouping: changed.filter { $0.leftBlock != nil }, by: { $0.leftBlock ?? -1 })
        layersOfRight = Dictionary(
            grouping: changed.filter { $0.leftBlock == nil && $0.rightBlock != nil }, by: { $0.rightBlock ?? -1 })
        unitOfLeft = Self.units(of: drawings.left)
        unitOfRight = Self.units(of: drawings.right)
    }

    private static func units(of drawing: NetworkDrawing) -> [Int: Int] {
        Dictionary(
            drawing.units.enumerated().compactMap { index, unit in unit.block.map { ($0, index) } },
            uniquingKeysWith: { first, _ in first })
    }

    /// The file's text.
    public var html: String {
        let names = "\(NetworkPage.fileName(left.path)) ↔ \(NetworkPage.fileName(right.path))"
        return Page(
            title: "\(title): \(names)", kicker: "skiff diff",
            style: PageStyle.common + DrawingPalette.page + PageStyle.network + PageStyle.difference,
            script: PageScript.common + PageScript.difference,
            main: [summary, pictures, rows, others, remarks],
            footer: [
                .element(
                    "p", [:],
                    [
                        .text("Written by skiff \(skiffVersion). This page is complete: it loads nothing and sends "),
                        .text("nothing."),
                    ])
            ]).html
    }

    private func section(_ identifier: String, _ title: String, _ lead: String? = nil, _ content: [Markup]) -> Markup {
        .element(
            "section", ["id": identifier, "aria-labelledby": "\(identifier)-title"],
            [.element("h2", ["id": "\(identifier)-title"], title)]
                + (lead.map { [.element("p", ["class": "lead"], [.name($0)])] } ?? []) + content)
    }

    private var title: String {
        switch difference.verdict {
        case .same: "Same function"
        case .sameButRounding: "Same function, but for rounding"
        case .rounded: "Same layers, weights rounded"
        case .otherWeights: "Same layers, other weights"
        case .different: "Different"
        case .unknown: "Not known to be the same"
        }
    }

    // MARK: Summary

    private var summary: Markup {
        let counts = ModelDifference.Change.allCases.compactMap { change -> String? in
            let count = difference.blocks.count { $0.change == change }
            return count == 0 ? nil : "\(count) \(change.rawValue)"
        }
        var facts = [("Left", NetworkPage.fileName(left.path)), ("Right", NetworkPage.fileName(right.path))]
        facts.append(("Left network", difference.left.family.text))
        facts.append(("Right network", difference.right.family.text))
        if !counts.isEmpty { facts.append(("Blocks", counts.joined(separator: ", "))) }
        let layers = difference.layers.count { $0.change != .same }
        facts.append(("Layers that differ", "\(layers) of \(difference.layers.count)"))
        return .element(
            "section", ["class": "verdict \(difference.isSameFunction ? "good" : "bad")", "aria-label": "Verdict"],
            [
                .element("span", ["class": "verdict-sign", "aria-hidden": "true"], difference.isSameFunction ? "✓" : "≠"),
                .element(
                    "div", [:],
                    [
                        .element("h1", ["id": "verdict"], title),
                        .element("p", ["class": "lead"], [.name(difference.headline)]),
                        .element(
                            "dl", ["class": "facts"],
                            facts.map { title, text in
                                .element("div", [:], [.element("dt", [:], title), .element("dd", [:], [.name(text)])])
                            }),
                    ]),
            ])
    }

    // MARK: Drawings

    private var pictures: Markup {
        section(
            "networks", "Both networks", "What differs has a thick border and a sign: ≠ changed, + only right, − only left.",
            [
                .element(
                    "div", ["class": "pair"],
                    [
                        picture(drawings.left, difference.left, left.path, "left"),
                        picture(drawings.right, difference.right, right.path, "right"),
                    ])
            ])
    }

    private func picture(_ drawing: NetworkDrawing, _ inspection: Inspection, _ path: String, _ side: String) -> Markup {
        let layout = DrawingLayout(drawing, hasTitle: false)
        let renderer = DrawingRenderer(layout: layout, descriptions: { drawing.description(of: $0, inspection) })
        let (width, height) = (Drawing.number(layout.width.rounded(.up)), Drawing.number((layout.height + 8).rounded(.up)))
        return .element(
            "figure", [:],
            [
                .element("figcaption", [:], [.text("\(side): "), .element("span", ["class": "name"], [.name(NetworkPage.fileName(path))])]),
                .element(
                    "div",
                    ["class": "scroll view", "tabindex": "0", "role": "region", "aria-label": "Drawing of the \(side) network"],
                    [
                        .element(
                            "svg",
                            [
                                "class": "drawing", "id": side, "viewBox": "0 0 \(width) \(height)", "width": width,
                                "height": height, "role": "img", "aria-label": printable(drawing.text),
                            ], renderer.shapes)
                    ]),
            ])
    }

    // MARK: Rows

    private var rows: Markup {
        guard !difference.blocks.isEmpty else { return .joined([]) }
        var items: [Markup] = []
        let blocks = Array(difference.blocks.prefix(Self.mostRows))
        var start = 0
        while start < blocks.count {
            let same = blocks[start...].prefix { $0.change == .same }.count
            if same >= 4 {
                items.append(
                    .element(
                        "li", [:],
                        [
                            .element(
                                "details", ["class": "fold"],
                                [
                                    .element("summary", [:], "= \(same) blocks that are the same"),
                                    .element("ol", ["class": "rows"], blocks[start..<(start + same)].map(row)),
                                ])
                        ]))
                start += same
            } else {
                items.append(row(blocks[start]))
                start += 1
            }
        }
        if difference.blocks.count > blocks.count {
            items.append(.element("li", ["class": "muted"], "and \(difference.blocks.count - blocks.count) more blocks"))
        }
        return section(
            "blocks", "Blocks in rows", "What is beside each other was found to be the same block, whatever it is called.",
            [.element("ol", ["class": "rows"], items)])
    }

    static func sign(of change: ModelDifference.Change) -> String {
        switch change {
        case .same: "="
        case .changed: "≠"
        case .added: "+"
        case .removed: "−"
        }
    }

    private func row(_ block: ModelDifference.Block) -> Markup {
        let layers = (block.left.flatMap { layersOfLeft[$0] } ?? []) + (block.right.flatMap { layersOfRight[$0] } ?? [])
        let head: [Markup] = [
            side(block.left, difference.left, drawings.left, unitOfLeft),
            .element(
                "span", ["class": "change \(block.change.rawValue)"],
                [
                    .element("span", ["class": "sign", "aria-hidden": "true"], Self.sign(of: block.change)),
                    .element("span", [:], block.change.rawValue),
                ]),
            side(block.right, difference.right, drawings.right, unitOfRight),
        ]
        let named = Set(layers.flatMap { $0.left.map { names([$0], difference.left) } + $0.right.map { names([$0], difference.right) } })
        // What a layer below says is not said twice.
        let texts = block.texts.filter { text in !named.contains { text.hasPrefix("\($0):") } }
        var lines = texts.map { Markup.element("li", [:], [.name($0)]) }
        lines += block.notes.map { Markup.element("li", ["class": "muted"], [.name($0)]) }
        guard !lines.isEmpty || !layers.isEmpty else {
            return .element("li", ["class": "row \(block.change.rawValue)"], [.element("div", ["class": "three"], head)])
        }
        return .element(
            "li", ["class": "row \(block.change.rawValue)"],
            [
                .element(
                    "details", [:],
                    [.element("summary", ["class": "three"], head), .element("ul", ["class": "plain"], lines)]
                        + layers.prefix(Self.mostLayers).map(layer)
                        + (layers.count > Self.mostLayers
                            ? [.element("p", ["class": "muted"], "and \(layers.count - Self.mostLayers) more layers")] : []))
            ])
    }

    private func side(
        _ index: Int?, _ inspection: Inspection, _ drawing: NetworkDrawing, _ units: [Int: Int]
    ) -> Markup {
        guard let index, inspection.blocks.indices.contains(index) else {
            return .element("span", ["class": "none"], "–")
        }
        let block = inspection.blocks[index]
        let pieces = units[index].map { PieceLanes.text(of: drawing.units[$0].pieces, limit: 8) } ?? ""
        return .element(
            "span", ["class": "side"],
            [
                .element("span", ["class": "name"], [.name(block.name)]),
                .element("span", ["class": "second"], [.name("\(block.kind.rawValue), \(block.shortcut.rawValue): \(pieces)")]),
            ])
    }

    private func names(_ nodes: [NodeID], _ inspection: Inspection) -> String {
        let names = nodes.map { inspection.layers.indices.contains($0.index) ? inspection.layers[$0.index].name : "#\($0.index)" }
        return names.isEmpty ? "–" : names.joined(separator: " → ")
    }

    private func layer(_ layer: ModelDifference.Layer) -> Markup {
        let differing = layer.weights.filter { $0.state != .identical }
        var lines = layer.attributes.map { Markup.element("li", [:], [.name($0)]) }
        lines += differing.prefix(Self.mostWeights).map { weight in
            .element(
                "li", [:],
                [
                    .element("span", ["class": "name"], [.name(weight.name)]),
                    .name(" \(weight.state.rawValue)\(weight.text.isEmpty ? "" : ": \(weight.text)")"),
                ])
        }
        if differing.count > Self.mostWeights {
            lines.append(.element("li", ["class": "muted"], "and \(differing.count - Self.mostWeights) more weights"))
        }
        lines += (layer.unknowns + layer.notes).map { .element("li", ["class": "muted"], [.name($0)]) }
        let (one, two) = (names(layer.left, difference.left), names(layer.right, difference.right))
        return .element(
            "div", ["class": "layer-change"],
            [
                .element(
                    "p", [:],
                    [
                        .element("span", ["class": "change \(layer.change.rawValue)"], "\(Self.sign(of: layer.change)) \(layer.change.rawValue)"),
                        .text(" "), .element("span", ["class": "name"], [.name(one == two ? one : "\(one) ↔ \(two)")]),
                        .element("span", ["class": "muted"], [.name(layer.operation.isEmpty ? "" : " \(layer.operation)")]),
                    ]), .element("ul", ["class": "plain"], lines),
            ])
    }

    private var others: Markup {
        let changed = difference.layers.filter { $0.change != .same && $0.leftBlock == nil && $0.rightBlock == nil }
        guard !changed.isEmpty else { return .joined([]) }
        let shown = changed.prefix(300)
        return section(
            "others", "Layers outside of blocks", nil,
            shown.map(layer)
                + (changed.count > shown.count ? [.element("p", ["class": "muted"], "and \(changed.count - shown.count) more")] : []))
    }

    private var remarks: Markup {
        let parts = [
            ("Inputs and outputs", difference.interfaceChanges), ("Remarks", difference.remarks),
            ("Written differently, computes the same", difference.representation),
        ].filter { !$0.1.isEmpty }
        guard !parts.isEmpty else { return .joined([]) }
        return section(
            "remarks", "Further", nil,
            parts.flatMap { title, lines -> [Markup] in
                [
                    .element("h3", [:], title),
                    .element("ul", ["class": "plain"], lines.prefix(200).map { .element("li", [:], [.name($0)]) }),
                ]
            })
    }
}

extension PageScript {
    /// What the page of a difference adds: drawings fit their frames, differences can be gone through.
    static let difference = """
        for (const view of document.querySelectorAll(".view")) {
          const svg = view.querySelector("svg"), size = svg.viewBox.baseVal;
          const fit = () => {
            const scale = Math.max(.5, Math.min(1.2, (view.clientWidth - 4) / size.width));
            svg.setAttribute("width", (size.width * scale).toFixed(1));
            svg.setAttribute("height", (size.height * scale).toFixed(1));
          };
          fit();
          addEventListener("resize", fit);
        }

        """
}

extension PageStyle {
    /// What the page of a difference adds.
    static let difference = """
        :root{--added:light-dark(#12662f,#5cc98a);--removed:light-dark(#a3201a,#f28b82);--changed:light-dark(#7d4a00,#f2b24e)}
        .verdict{display:flex;gap:1.1rem;border:1px solid var(--line);border-left:.4rem solid var(--tone);
        background:var(--soft);border-radius:.7rem;padding:1.2rem 1.4rem;margin:.6rem 0 1.6rem}
        .good{--tone:var(--good);--soft:var(--goodsoft)}.bad{--tone:var(--bad);--soft:var(--badsoft)}
        .verdict-sign{font-size:1.6rem;line-height:1.25;color:var(--tone);font-weight:700}.verdict h1{color:var(--tone)}
        .verdict .lead,.row li{overflow-wrap:anywhere}
        .verdict>div{flex:1;min-width:0}
        .pair{display:grid;grid-template-columns:1fr 1fr;gap:1rem}.pair figure{min-width:0}
        .pair figcaption{margin-bottom:.3rem}.pair .view{cursor:default}
        .rows{display:grid;gap:.5rem}
        .row{border:1px solid var(--line);border-radius:.5rem;background:var(--panel);padding:.45rem .8rem;min-width:0}
        .row.added{border-color:var(--added)}.row.removed{border-color:var(--removed)}.row.changed{border-color:var(--changed)}
        .three{display:grid;grid-template-columns:1fr 7rem 1fr;gap:.8rem;align-items:start}
        details>summary.three{margin:0;list-style:none}
        summary.three::-webkit-details-marker{display:none}
        .row details[open]>summary{margin-bottom:.6rem}
        .side,.none{min-width:0}.change{font-weight:640;white-space:nowrap}
        .three>.change{text-align:center}.three .sign{font-size:1.15rem;margin-right:.35rem}
        .change.added{color:var(--added)}.change.removed{color:var(--removed)}.change.changed{color:var(--changed)}
        .change.same{color:var(--muted)}
        .row details>summary .change::after{content:" ▸"}.row details[open]>summary .change::after{content:" ▾"}
        .layer-change{border-top:1px solid var(--line);padding:.5rem 0}
        @media (max-width:52rem){.pair{grid-template-columns:1fr}}
        @media (max-width:40rem){.three{grid-template-columns:1fr}.three>.change{text-align:left}}

        """
}
