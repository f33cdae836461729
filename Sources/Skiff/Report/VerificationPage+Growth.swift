/// Error along the depth.
extension VerificationPage {
    var growth: Markup {
        guard depth.entries.count > 1 else { return .joined([]) }
        let unit = countsNoise ? "RMS error in multiples of the rounding noise at each value" : "Relative RMS error"
        return section(
            "growth", "Error along the depth", unit + ", in the order of computation.",
            [
                .element(
                    "figure", [:],
                    [
                        keys,
                        .element(
                            "div",
                            [
                                "class": "scroll", "tabindex": "0", "role": "region",
                                "aria-label": "Chart of the error along the depth",
                            ],
                            [chart.markup]),
                        .element(
                            "figcaption", ["class": "only-script"],
                            [
                                .element("label", ["for": "position"], "Value"),
                                .void(
                                    "input",
                                    [
                                        "type": "range", "id": "position", "min": "0",
                                        "max": String(depth.entries.count - 1), "value": String(start),
                                    ]),
                                .element("output", ["id": "readout", "for": "position", "aria-live": "polite"], ""),
                            ]),
                    ])
            ])
    }

    /// What the reader is shown first: what is wrong, or else the largest error.
    private var start: Int {
        if let guilty = guiltyEntries.first { return guilty }
        let entries = depth.entries
        if let wrong = entries.firstIndex(where: { !$0.value.verdict.isAgreement }) { return wrong }
        return entries.indices.max { (entries[$0].value.ratio ?? 0) < (entries[$1].value.ratio ?? 0) } ?? 0
    }

    private var guiltyEntries: [Int] {
        report.guilty.compactMap { layer in depth.entries.firstIndex { $0.value.name == layer.name } }
    }

    private var keys: Markup {
        var items = [key("total", "M1 6H23", "with what it inherits")]
        if chart.points.contains(where: { $0.local != nil }) {
            items.append(
                key("local", "M12 1.5l4.5 4.5-4.5 4.5-4.5-4.5z", "of the layer itself, fed the reference's own inputs"))
        }
        if countsNoise { items.append(key("threshold", "M1 6H23", "the most that counts as rounding")) }
        return .element("ul", ["class": "legend", "aria-label": "Key"], items)
    }

    private func key(_ style: String, _ path: String, _ text: String) -> Markup {
        .element(
            "li", [:],
            [
                .element(
                    "svg", ["class": "key", "viewBox": "0 0 24 12", "aria-hidden": "true"],
                    [Drawing.path(path, style: style)]),
                .text(text),
            ])
    }

    private var chart: GrowthChart {
        var local: [String: Double] = [:]
        for layer in report.guilty { local[layer.name] = max(local[layer.name] ?? 0, layer.judgement.ratio) }
        let points = depth.entries.map { entry in
            let total = countsNoise
                ? entry.value.verdict == .identical ? 0 : entry.value.ratio : entry.value.comparison?.relativeRMS
            return GrowthChart.Point(
                total: total, local: entry.value.localRatio ?? local[entry.value.name], severity: entry.severity)
        }
        let wrong = depth.entries.filter { !$0.value.verdict.isAgreement }.count
        var description = "Chart of \(points.count) values along the depth; \(wrong) do not agree."
        if let first = depth.entries.first(where: { !$0.value.verdict.isAgreement }) {
            description += " The first that does not is \(first.value.name)."
        }
        return GrowthChart(
            points: points, threshold: multiple, sections: sections, guilty: guiltyEntries, description: description)
    }

    /// Where stages begin among the entries.
    private var sections: [(start: Int, title: String)] {
        var groupOfSegment: [Int: Int] = [:]
        for (index, group) in depth.groups.enumerated() {
            for segment in group.segments { groupOfSegment[segment] = index }
        }
        var sections: [(start: Int, title: String)] = []
        var current: Int?
        for (index, entry) in depth.entries.enumerated() {
            guard let segment = entry.segment, let group = groupOfSegment[segment], group > current ?? -1 else {
                continue
            }
            current = group
            let shown = depth.groups[group]
            sections.append((index, shown.stage.map { "stage \($0 + 1)" } ?? depth.title(of: segment)))
        }
        return sections
    }
}
