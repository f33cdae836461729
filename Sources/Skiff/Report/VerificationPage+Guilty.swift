/// The layers that go wrong by themselves.
extension VerificationPage {
    var guiltyLayers: Markup {
        guard !report.guilty.isEmpty else { return .joined([]) }
        let count = report.guilty.count
        let lead = (count == 1 ? "One layer goes" : "\(count) layers go")
            + " wrong by \(count == 1 ? "itself" : "themselves"): fed the reference's own inputs, "
            + (count == 1 ? "it does" : "they do") + " not give the reference's output. "
            + "Layers behind that only pass the error on are not listed."
        return section(
            "guilty", count == 1 ? "The guilty layer" : "The guilty layers", lead,
            report.guilty.enumerated().map { article($0 + 1, $1) })
    }

    private func article(_ number: Int, _ layer: GuiltyLayer) -> Markup {
        .element(
            "article", ["class": "layer", "aria-label": printable(layer.title)],
            [
                .element(
                    "h3", [:],
                    [
                        .element("span", ["class": "number"], "\(number)"),
                        .element("span", ["class": "name"], [.name(layer.title)]),
                    ]),
                .element(
                    "ul", ["class": layer.explanations.isEmpty ? "reasons none" : "reasons"],
                    layer.reasonTexts.map { .element("li", [:], [.name($0)]) }),
                .element(
                    "dl", ["class": "facts"],
                    facts(of: layer).map { title, text in
                        .element("div", [:], [.element("dt", [:], title), .element("dd", [:], [.name(text)])])
                    }),
                .element("div", ["class": "histograms"], histograms(of: layer)),
            ])
    }

    private func facts(of layer: GuiltyLayer) -> [(String, String)] {
        let judgement = layer.judgement
        var facts: [(String, String)] = [
            ("By itself", "\(brief(judgement.ratio)) × noise, worst element \(brief(judgement.worstRatio)) ×")
        ]
        if let total = report.value(of: layer)?.ratio {
            facts.append(("With what it inherits", "\(brief(total)) × noise"))
        }
        facts.append(("Value", "\(layer.name) \(layer.shape.shapeText)"))
        var other = layer.referenceName
        if let node = layer.referenceNode, node != other { other += ", given by \(node)" }
        facts.append(("In the reference", other))
        if layer.nodes.count > 1 { facts.append(("Computed by", layer.nodes.prefix(12).joined(separator: " → "))) }
        if let recording = layer.recording { facts.append(("Recording", recording)) }
        if let first = layer.firstElement { facts.append(("First wrong element", first.text)) }
        let share = Double(layer.wrongElements) / Double(max(judgement.comparison.elementCount, 1)) * 100
        facts.append(
            ("Wrong elements", "\(layer.wrongElements) of \(judgement.comparison.elementCount), \(brief(share)) %"))
        if let worst = judgement.comparison.worst { facts.append(("Worst element", worst.text)) }
        return facts
    }

    private func histograms(of layer: GuiltyLayer) -> [Markup] {
        var figures: [Markup] = []
        if let own = layer.valueHistogram, let other = layer.referenceHistogram {
            figures.append(
                figure(
                    Histogram(bars: other, outline: own, threshold: nil, label: "Values of \(layer.name)"),
                    "Values: the line is ours, the bars are the reference's"))
        }
        if let errors = layer.errorHistogram {
            figures.append(
                figure(
                    Histogram(bars: errors, outline: nil, threshold: multiple, label: "Errors of \(layer.name)"),
                    "Errors in multiples of the rounding noise"
                        + (multiple == nil ? "" : "; the dashed line is what counts as rounding")))
        }
        return figures
    }

    private func figure(_ histogram: Histogram, _ caption: String) -> Markup {
        .element(
            "figure", [:],
            [
                histogram.markup,
                .element("figcaption", [:], caption + ". Heights are logarithms of numbers of elements."),
            ])
    }
}
