/// Every value in a table, and what a reader has to know.
extension VerificationPage {
    private var showsRecordings: Bool { Set(report.values.compactMap(\.recording)).count > 1 }

    var valueTable: Markup {
        var indexOfKey: [String: Int] = [:]
        for (index, entry) in depth.entries.enumerated() {
            indexOfKey["\(entry.value.order) \(entry.value.name)"] = index
        }
        let rows = report.values
            .map { (index: indexOfKey["\($0.order) \($0.name)"] ?? depth.entries.count, value: $0) }
            .enumerated().sorted { ($0.element.index, $0.offset) < ($1.element.index, $1.offset) }
            .map { row($0.element.index, $0.element.value) }
        return section(
            "values", "All values", nil,
            [
                controls,
                .element(
                    "div",
                    ["class": "scroll table", "tabindex": "0", "role": "region", "aria-labelledby": "values-title"],
                    [
                        .element(
                            "table", ["id": "table"],
                            [
                                .element("thead", [:], [.element("tr", [:], headings)]),
                                .element("tbody", [:], rows),
                            ])
                    ]),
            ])
    }

    private var controls: Markup {
        let boxes = ValueParity.Verdict.allCases.compactMap { verdict -> Markup? in
            let count = report.values.filter { $0.verdict == verdict }.count
            guard count > 0 else { return nil }
            return .element(
                "label", ["class": "check"],
                [
                    .void("input", ["type": "checkbox", "checked": "", "value": verdict.rawValue]),
                    .text("\(verdict.rawValue) \(count)"),
                ])
        }
        return .element(
            "form", ["class": "controls only-script", "id": "controls", "role": "search"],
            [
                .element("label", ["for": "search"], "Search"),
                .void("input", ["type": "search", "id": "search", "autocomplete": "off", "spellcheck": "false"]),
                .element("fieldset", [:], [.element("legend", [:], "Verdict")] + boxes),
                .element("button", ["type": "button", "id": "chip", "class": "quiet", "hidden": ""], ""),
                .element("output", ["id": "shown", "for": "search", "aria-live": "polite"], ""),
            ])
    }

    private var headings: [Markup] {
        var titles = [
            ("#", true), ("Value", false), ("Verdict", false), ("× noise", true), ("local ×", true), ("worst ×", true),
            ("max error", true), ("RMS error", true), ("relative", true), ("cosine", true), ("Layer", false),
            ("Shape", false), ("Match", true),
        ]
        if showsRecordings { titles.append(("Recording", false)) }
        return titles.map { title, isNumber in
            .element(
                "th",
                [
                    "scope": "col", "class": isNumber ? "number" : nil,
                    "aria-sort": title == "#" ? "ascending" : "none",
                ],
                [.element("button", ["type": "button"], title)])
        }
    }

    private func row(_ index: Int, _ value: ValueParity) -> Markup {
        let comparison = value.comparison
        let severity = Severity(of: value)
        func number(_ value: Double?, _ text: (Double) -> String = brief) -> Markup {
            .element("td", ["class": "number"], value.map(text) ?? "–")
        }
        var name: [Markup] = [.element("span", ["class": "name"], [.name(value.name)])]
        if value.referenceName != value.name, !value.referenceName.isEmpty {
            name.append(Self.second("↔ " + value.referenceName))
        }
        if let reason = value.reason { name.append(Self.second(reason)) }
        var layer: [Markup] = []
        if let node = value.node {
            layer.append(.element("span", ["class": "name"], [.name(node)]))
            layer.append(Self.second(value.operatorName ?? ""))
        }
        if let node = value.referenceNode, node != value.node { layer.append(Self.second("↔ " + node)) }
        let entry = depth.entries.indices.contains(index) ? depth.entries[index] : nil
        var cells: [Markup] = [
            .element("td", ["class": "number"], String(index + 1)), .element("th", ["scope": "row"], name),
            .element(
                "td", [:], [.element("span", ["class": "badge"], [swatch(severity), .text(severity.verdictText)])]),
            number(value.ratio), number(value.localRatio), number(value.worstRatio),
            number(comparison?.maximumError, scientific), number(comparison?.rmsError, scientific),
            number(comparison?.maximumRelativeError, scientific), number(comparison?.cosine) { fixed($0, 6) },
            .element("td", ["class": "layer-cell"], layer), .element("td", ["class": "shape"], value.shapeText), match(value),
        ]
        if showsRecordings { cells.append(.element("td", [:], [.name(value.recording ?? "")])) }
        return .element(
            "tr",
            [
                "data-i": String(index), "data-s": entry?.segment.map { String($0) }, "data-v": value.verdict.rawValue,
                "data-e": plotted(value), "class": value.role == .output ? "output" : nil,
            ], cells)
    }

    /// What the chart's cursor needs where it is not in the table.
    private func plotted(_ value: ValueParity) -> String? {
        countsNoise ? nil : value.comparison.map { scientific($0.relativeRMS) }
    }

    private static func second(_ text: String) -> Markup { .element("span", ["class": "second"], [.name(text)]) }

    private func match(_ value: ValueParity) -> Markup {
        var content: [Markup] = [.text(value.isMissing ? "–" : "\(brief(value.confidence * 100)) %")]
        if !value.evidence.isEmpty {
            content.append(Self.second(value.evidence.map(\.rawValue).joined(separator: ", ")))
        }
        return .element("td", ["class": "number"], content)
    }

    var conditions: Markup {
        let origin = report.seed.map { ", made up from seed \($0)" } ?? ", recorded"
        var items = report.inputs.map { input in
            let other = input.referenceShape.map { "; in the reference \($0.shapeText)" } ?? ""
            return "Input \(input.name) \(input.elementType.rawValue) \(input.shape.shapeText)\(origin)\(other)"
        }
        items += candidate.assumptions.map { "Assumed of the model: \($0)" }
        items += report.assumptions.map { "Assumed: \($0)" }
        items += report.hidden.map { "Hidden in another step: \($0)" }
        if !report.unmatched.isEmpty {
            items.append("Recorded, and no values of the model: \(report.unmatched.prefix(20).joined(separator: ", "))"
                + (report.unmatched.count > 20 ? ", …" : ""))
        }
        return section(
            "conditions", "What was run, and what was assumed", nil,
            [.element("ul", ["class": "plain"], items.map { .element("li", [:], [.name($0)]) })])
    }

    var reading: Markup {
        var items: [(String, String)] = []
        if let multiple {
            items.append((
                "Rounding noise", "The network was run twice more, in Float and in Double. The RMS distance of the two at "
                    + "a value is the rounding noise of this network on this input; × noise is the RMS error over it."))
            items.append((
                "Verdicts", "identical: the same bits. rounding: at most \(brief(multiple)) × noise, and no single "
                    + "element stands out, or all of the error is inherited as rounding grows along the depth. differs: "
                    + "more than that. incomparable: another shape, or no counterpart."))
        } else {
            items.append((
                "Verdicts", "identical: the same bits. rounding: every element is within the tolerances that were given. "
                    + "differs: some is not. incomparable: another shape, or no counterpart."))
        }
        items.append((
            "Local and inherited", "A layer's local error is what is left when it is fed the reference's own inputs. A "
                + "guilty layer has one; the layers behind it have an error too, which they inherit."))
        items.append((
            "Tolerances", "The largest error is the smallest absolute tolerance that an elementwise check would pass "
                + "with; “relative” is the smallest relative one, each with the other one zero. The verdict needs neither."))
        items.append((
            "Match", "How sure it is that two values are the same step of both networks, and what that rests on."))
        return section(
            "reading", "How to read this", nil,
            [
                .element(
                    "dl", ["class": "notes"],
                    items.map { .element("div", [:], [.element("dt", [:], $0), .element("dd", [:], $1)]) })
            ])
    }
}
