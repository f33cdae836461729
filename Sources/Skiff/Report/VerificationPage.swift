/// What `skiff verify --html` writes: one page that shows where two networks agree, where they part, and why.
///
/// It has the verdict, the explanations, the network's residual blocks coloured by how far their values are off, the
/// error along the depth, each guilty layer with its histograms, every value in a table, and what was assumed.
/// The page loads nothing and sends nothing; names from the models are text in it, whatever they hold.
public struct VerificationPage {
    let report: ParityReport
    let depth: DepthModel
    let candidate: Model
    let reference: String
    let seconds: Double?

    /// - Parameters:
    ///   - candidate: The model that was verified; its residual blocks are drawn.
    ///   - reference: Path of what it was compared with.
    ///   - seconds: How long that took.
    public init(_ report: ParityReport, candidate: Model, reference: String, seconds: Double? = nil) {
        self.report = report
        self.candidate = candidate
        self.reference = reference
        self.seconds = seconds
        depth = DepthModel(report, candidate)
    }

    /// The file's text.
    public var html: String { page.html }

    /// Writes the page, whole or not at all.
    /// - Throws: ``SkiffError`` where the path is the model or the reference, or cannot be written.
    public func write(to path: String) throws(SkiffError) {
        try page.write(to: path, sources: [candidate.path, reference])
    }

    private var page: Page {
        let names = "\(fileName(candidate.path)) ↔ \(fileName(reference))"
        return Page(
            title: "\(report.passed ? "Parity" : "No parity"): \(names)", kicker: "skiff verify",
            style: PageStyle.common + PageStyle.verification, script: PageScript.common + PageScript.verification,
            main: [hatching, summary, causes, network, growth, guiltyLayers, valueTable, conditions, reading],
            footer: [
                .element(
                    "p", [:],
                    [
                        .text("Written by skiff \(skiffVersion). This page is complete: it loads nothing and sends "),
                        .text("nothing."),
                    ])
            ])
    }

    /// What errors along the depth are counted in.
    var countsNoise: Bool { multiple != nil }

    /// Multiples of the rounding noise that agreement allows; `nil` where tolerances decide.
    var multiple: Double? {
        if case .roundingNoise(let multiple) = report.policy.criterion { multiple } else { nil }
    }

    private func fileName(_ path: String) -> String { path.split(separator: "/").last.map(String.init) ?? path }

    /// A titled part of the page.
    func section(_ identifier: String, _ title: String, _ lead: String? = nil, _ content: [Markup]) -> Markup {
        .element(
            "section", ["id": identifier, "aria-labelledby": "\(identifier)-title"],
            [.element("h2", ["id": "\(identifier)-title"], title)]
                + (lead.map { [.element("p", ["class": "lead"], [.name($0)])] } ?? []) + content)
    }

    // MARK: The verdict

    private var summary: Markup {
        let verdict = report.verdict.rawValue
        return .element(
            "section", ["class": "verdict \(report.passed ? "good" : "bad")", "aria-label": "Verdict"],
            [
                .element("span", ["class": "sign", "aria-hidden": "true"], report.passed ? "✓" : "✕"),
                .element(
                    "div", [:],
                    [
                        .element("h1", [:], report.passed ? "Parity" : "No parity"),
                        .element(
                            "p", ["class": "result"],
                            [
                                .name(report.verdictText), .text(" · verdict "),
                                .element("strong", ["id": "verdict"], verdict),
                            ]),
                        .element("dl", ["class": "facts"], facts),
                    ]),
            ])
    }

    private var facts: [Markup] {
        var facts: [(String, String)] = [
            ("Model", fileName(candidate.path)), ("Compared with", fileName(reference)),
            ("Network", depth.inspection.family.text),
        ]
        let agreeing = report.values.filter(\.verdict.isAgreement).count
        facts.append(("Values that agree", "\(agreeing) of \(report.values.count)"))
        if let worst = report.worst, let ratio = worst.ratio {
            facts.append(("Largest error", "\(brief(ratio)) × noise at \(worst.name)"))
        }
        if report.verdict != .identical, let smallest = report.smallestTolerance {
            let relative = smallest.relative.isFinite ? scientific(smallest.relative) : "none"
            facts.append(
                ("Tolerance that would pass", "absolute \(scientific(smallest.absolute)) or relative \(relative)"))
        }
        if let seconds { facts.append(("Time", "\(brief(seconds)) s")) }
        return facts.map { title, text in
            .element("div", [:], [.element("dt", [:], title), .element("dd", [:], [.name(text)])])
        }
    }

    /// Why there is no agreement, in sentences.
    private var causes: Markup {
        var items = report.allExplanations.map { layer, explanation in
            Markup.element(
                "li", [:],
                [
                    .element("p", ["class": "sentence"], [.name(explanation.sentence)]),
                    .element(
                        "p", ["class": "muted"],
                        [
                            .name(
                                "With that change the error is \(brief(explanation.ratio)) × rounding noise. "
                                    + "This model: \(explanation.parameter) \(explanation.found). "
                                    + "The reference: \(explanation.expected)."),
                        ]),
                ])
        }
        for layer in report.guilty where layer.explanations.isEmpty {
            items.append(
                .element(
                    "li", [:],
                    [
                        .element(
                            "p", ["class": "sentence"],
                            [
                                .name("\(layer.nodes.last ?? layer.name) goes wrong by itself; "
                                    + layer.reasonTexts.joined(separator: " "))
                            ])
                    ]))
        }
        if items.isEmpty, let first = report.firstDivergence {
            items.append(
                .element(
                    "li", [:],
                    [
                        .element(
                            "p", ["class": "sentence"],
                            [.name("First difference: \(first.name)\(first.reason.map { ": " + $0 } ?? "")")])
                    ]))
        }
        guard !items.isEmpty else { return .joined([]) }
        let title = report.allExplanations.isEmpty ? "What goes wrong" : "What explains it"
        return section("causes", title, nil, [.element("ol", ["class": "causes"], items)])
    }
}
