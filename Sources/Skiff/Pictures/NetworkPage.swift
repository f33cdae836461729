/// What `skiff inspect --html` writes: one page that shows what a network is.
///
/// It has the drawing, which opens each block to its layers and the histograms of their weights, a search over all names,
/// the family with what speaks for it, blocks and stages as tables, and what the blocks do to the signal where that was
/// measured. The page loads nothing and sends nothing; names from the model are text in it, whatever they hold.
public struct NetworkPage {
    /// Inputs or outputs that have a line of their own.
    private static let mostPorts = 5

    let inspection: Inspection
    let drawing: NetworkDrawing
    let path: String
    let weights: WeightStatistics?
    let flow: SignalFlow?
    let findings: [Finding]?
    private let sources: [String]

    /// - Parameters:
    ///   - inspection: of the model.
    ///   - weights: what its weights are like; drawn as histograms.
    ///   - flow: what its blocks do to the signal; drawn as curves.
    ///   - findings: what is suspicious in it; `nil` where nobody looked.
    public init(
        _ model: Model, _ inspection: Inspection, weights: WeightStatistics? = nil, flow: SignalFlow? = nil,
        findings: [Finding]? = nil
    ) {
        self.inspection = inspection
        path = model.path
        drawing = inspection.drawing(of: model.graph, title: Self.fileName(model.path))
        self.weights = weights
        self.flow = flow
        self.findings = findings
        sources = [model.path]
    }

    /// The file's text.
    public var html: String { page.html }

    static func fileName(_ path: String) -> String { path.split(separator: "/").last.map(String.init) ?? path }

    private var page: Page {
        Page(
            title: "\(Self.fileName(path)): \(drawing.title)", kicker: "skiff inspect",
            style: PageStyle.common + DrawingPalette.page + PageStyle.network,
            script: PageScript.common + PageScript.network,
            main: [summary, network, family, flowSection, findingsSection, stageTable, blockTable, leftOut, NetworkData(self).markup],
            footer: [
                .element(
                    "p", [:],
                    [
                        .text("Written by skiff \(skiffVersion). This page is complete: it loads nothing and sends "),
                        .text("nothing."),
                    ])
            ])
    }

    /// A titled part of the page.
    func section(_ identifier: String, _ title: String, _ lead: String? = nil, _ content: [Markup]) -> Markup {
        .element(
            "section", ["id": identifier, "aria-labelledby": "\(identifier)-title"],
            [.element("h2", ["id": "\(identifier)-title"], title)]
                + (lead.map { [.element("p", ["class": "lead"], [.name($0)])] } ?? []) + content)
    }

    // MARK: Summary

    private var summary: Markup {
        var facts: [(String, String)] = [("File", Self.fileName(path))]
        var format = inspection.format
        if let bytes = inspection.fileBytes { format += ", \(bytesText(bytes))" }
        facts.append(("Format", format))
        if !inspection.producer.isEmpty { facts.append(("Producer", inspection.producer)) }
        facts.append(("Parameters", groupedText(inspection.parameters.total)))
        if inspection.multiplyAdds != nil { facts.append(("Multiply-adds", multiplyAddsText(inspection.multiplyAdds) + " per run")) }
        facts += Self.facts("Input", inspection.inputs) + Self.facts("Output", inspection.outputs)
        facts.append(("Layers", groupedText(inspection.layers.count)))
        return .element(
            "section", ["class": "summary", "aria-label": "Summary"],
            [
                .element("h1", ["id": "family-name"], [.name(drawing.title)]),
                .element("p", ["class": "lead"], [.name(drawing.subtitle)]),
                .element(
                    "dl", ["class": "facts"],
                    facts.map { title, text in
                        .element("div", [:], [.element("dt", [:], title), .element("dd", [:], [.name(text)])])
                    }),
            ])
    }

    /// A line for each of the first inputs or outputs, one that counts the others.
    private static func facts(_ title: String, _ ports: [Inspection.Port]) -> [(String, String)] {
        let shown = ports.count > mostPorts ? mostPorts - 1 : ports.count
        let lines = ports.prefix(shown).map { port -> (String, String) in
            let shape = port.shape.map { " [\($0.map(\.description).joined(separator: ", "))]" } ?? ""
            return (title, port.name + shape)
        }
        return lines + (ports.count > shown ? [("\(title)s", "and \(ports.count - shown) more")] : [])
    }

    private var family: Markup {
        let found = inspection.family
        let warnings = inspection.warnings.prefix(20).map(\.text)
            + (inspection.warnings.count > 20 ? ["and \(inspection.warnings.count - 20) more warnings"] : [])
        let parts = [
            ("deviations", "Where it leaves the family", Array(found.deviations.prefix(60).map(\.text))),
            ("speaks", "What speaks for it", found.evidence),
            ("near", "Near, but not it", found.neighbours.prefix(8).map { "\($0.name): \($0.reason)" }),
            ("warnings", "Warnings", warnings),
        ].filter { !$0.2.isEmpty }
        guard !parts.isEmpty else { return .joined([]) }
        return section(
            "family", "The family", found.text,
            [
                .element(
                    "div", ["class": "family"],
                    parts.map { style, title, lines in
                        .element(
                            "div", ["class": style],
                            [
                                .element("h3", [:], title),
                                .element("ul", ["class": "plain"], lines.map { .element("li", [:], [.name($0)]) }),
                            ])
                    })
            ])
    }

    private var findingsSection: Markup {
        guard let findings else { return .joined([]) }
        let shown = findings.prefix(200)
        return section(
            "findings", "What is suspicious", findings.isEmpty ? "Nothing was found." : nil,
            [
                .element(
                    "ul", ["class": "findings"],
                    shown.map { finding in
                        let place = finding.place.text
                        return .element(
                            "li", ["class": finding.severity.rawValue],
                            [
                                .element("strong", [:], finding.severity.rawValue), .text(" "),
                                .element("span", ["class": "name"], [.name(place)]),
                                .text(place.isEmpty ? "" : ": "), .name(finding.message),
                            ] + (finding.hint.map { [.element("span", ["class": "second"], [.name("hint: \($0)")])] } ?? []))
                    })
            ] + (findings.count > 200 ? [.element("p", ["class": "muted"], "and \(findings.count - 200) more")] : []))
    }

    private var leftOut: Markup {
        let texts = drawing.omissions + NetworkData(self).omissions + tableOmissions
        guard !texts.isEmpty else { return .joined([]) }
        return section(
            "left-out", "What is left out", nil,
            [.element("ul", ["class": "plain"], texts.map { .element("li", [:], [.name($0)]) })])
    }
}
