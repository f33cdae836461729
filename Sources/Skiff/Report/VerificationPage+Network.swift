/// The network as boxes along its depth.
extension VerificationPage {
    /// Blocks beyond which runs of equal ones are folded.
    private static let blocksBeforeFolding = 60

    var network: Markup {
        let blocks = depth.inspection.blocks.count
        let lead = blocks == 0
            ? "Each square is a layer, in the order of computation, coloured by how far its value is off."
            : "\(blocks) residual blocks. Each square is a layer, coloured by how far its value is off; the line above "
                + "is the shortcut, ⊕ the addition that joins both."
        return section("network", "The network", lead, [legend, .element("ol", ["class": "stages"], groups)])
    }

    /// The hatching of values that cannot be compared, which other drawings refer to.
    var hatching: Markup {
        .literal(
            """
            <svg class="defs" width="0" height="0" aria-hidden="true" focusable="false"><defs><pattern id="hatch" \
            width="5" height="5" patternUnits="userSpaceOnUse" patternTransform="rotate(45)"><path class="hatch" \
            d="M0 0V5"/></pattern></defs></svg>
            """)
    }

    private var legend: Markup {
        let shown: [Severity] = countsNoise
            ? [.identical, .withinNoise, .rounding, .differs, .strongly, .wildly, .incomparable, .uncompared]
            : [.identical, .withinNoise, .differs, .incomparable, .uncompared]
        return .element(
            "ul", ["class": "legend", "aria-label": "Colours"],
            shown.map { severity in
                .element("li", [:], [swatch(severity), .text(severity.legend(countsNoise: countsNoise))])
            })
    }

    func swatch(_ severity: Severity) -> Markup {
        .element("i", ["class": "swatch \(severity.style)", "aria-hidden": "true"])
    }

    private var groups: [Markup] {
        let folds = depth.segments.count > Self.blocksBeforeFolding
        return rows.map { group in
            .element(
                "li", ["class": "stage"],
                [
                    .element("div", ["class": "stage-name"], groupTitle(group)),
                    .element("ol", ["class": "blocks"], cards(group.segments, folds: folds)),
                ])
        }
    }

    /// The groups; three and more behind each other that have one segment each share a row.
    private var rows: [DepthModel.Group] {
        var rows: [DepthModel.Group] = []
        var start = 0
        while start < depth.groups.count {
            let run = depth.groups[start...].prefix { $0.segments.count == 1 }
            if run.count >= 3 {
                rows.append(DepthModel.Group(stage: nil, segments: run.flatMap(\.segments)))
            } else {
                rows += depth.groups[start...].prefix(max(run.count, 1))
            }
            start += max(run.count, 1)
        }
        return rows
    }

    private func groupTitle(_ group: DepthModel.Group) -> [Markup] {
        guard let index = group.stage, depth.inspection.stages.indices.contains(index) else {
            let names = Set(group.segments.map { depth.title(of: $0) })
            return [.element("strong", [:], names.count == 1 ? names.first ?? "" : "blocks")]
        }
        let stage = depth.inspection.stages[index]
        var details: [String] = []
        if let channels = stage.outputChannels { details.append("\(channels) channels") }
        if let extents = stage.spatialExtents { details.append(extents.map(String.init).joined(separator: "×")) }
        return [
            .element("strong", [:], "stage \(index + 1)"),
            .element("span", ["class": "muted"], details.joined(separator: " · ")),
        ]
    }

    /// A card each; of a long network three and more blocks behind each other that look alike and agree fold into one.
    private func cards(_ segments: [Int], folds: Bool) -> [Markup] {
        guard folds else { return segments.map(card) }
        var items: [Markup] = []
        var start = 0
        while start < segments.count {
            var end = start + 1
            while end < segments.count, isAlike(segments[start], segments[end]) { end += 1 }
            let run = Array(segments[start..<end])
            if run.count < 3 {
                items += run.map(card)
            } else {
                let title = "\(depth.title(of: run[0])) … \(depth.title(of: run[run.count - 1])) ×\(run.count)"
                items.append(
                    .element(
                        "li", ["class": "fold"],
                        [
                            .element(
                                "details", [:],
                                [
                                    .element(
                                        "summary", [:],
                                        [
                                            swatch(depth.segments[run[0]].severity),
                                            .element("span", ["class": "name"], [.name(title)]),
                                        ]),
                                    .element("ol", ["class": "blocks"], run.map(card)),
                                ])
                        ]))
            }
            start = end
        }
        return items
    }

    private func isAlike(_ left: Int, _ right: Int) -> Bool {
        let (a, b) = (depth.segments[left], depth.segments[right])
        guard !a.isGuilty, !b.isGuilty, a.severity == b.severity else { return false }
        guard let first = a.block, let second = b.block else { return false }
        let (one, two) = (depth.inspection.blocks[first], depth.inspection.blocks[second])
        return one.kind == two.kind && one.shortcut == two.shortcut && one.outputChannels == two.outputChannels
    }

    private func card(_ index: Int) -> Markup {
        let segment = depth.segments[index]
        let title = depth.title(of: index)
        var head: [Markup] = [
            .element("span", ["class": "name", "title": printable(title)], [.name(depth.shortTitle(of: index))])
        ]
        if !segment.entries.isEmpty {
            let count = segment.entries.count
            head.append(
                .element(
                    "button",
                    [
                        "type": "button", "class": "quiet only-script", "data-show": String(index),
                        "data-name": printable(title), "title": "show them in the table",
                    ],
                    count == 1 ? "1 value" : "\(count) values"))
        }
        var result = segment.severity.verdictText
        if let ratio = depth.worstRatio(of: index) { result += " · \(brief(ratio))\u{A0}×" }
        var foot: [Markup] = [swatch(segment.severity), .text(result)]
        if segment.isGuilty { foot.append(.element("span", ["class": "tag"], "guilty")) }
        return .element(
            "li", ["class": segment.isGuilty ? "card guilty" : "card"],
            [
                .element("div", ["class": "card-head"], head), BlockDrawing(depth, index).markup,
                .element("p", ["class": "muted"], blockText(index)),
                .element("p", ["class": "card-result"], foot),
            ])
    }

    private func blockText(_ index: Int) -> String {
        let segment = depth.segments[index]
        guard let position = segment.block else {
            return segment.layers.count == 1 ? "1 layer" : "\(segment.layers.count) layers"
        }
        let block = depth.inspection.blocks[position]
        var parts = [block.kind.rawValue, "\(block.shortcut.rawValue) shortcut"]
        if block.isStrided {
            let isSquare = Set(block.stride).count == 1
            let extents = (isSquare ? Array(block.stride.prefix(1)) : block.stride).map(String.init)
            parts.append("stride \(extents.joined(separator: "×"))")
        }
        return parts.joined(separator: " · ")
    }
}
