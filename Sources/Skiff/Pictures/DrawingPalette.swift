/// Colours of drawings, for light and dark; forms and words say the same wherever a colour does.
enum DrawingPalette {
    private struct Rule {
        var selector: String
        var property: String
        var light: String
        var dark: String

        init(_ selector: String, _ property: String, _ light: String, _ dark: String) {
            self.selector = selector
            self.property = property
            self.light = light
            self.dark = dark
        }
    }

    /// Fill and border of the boxes of a kind of layer.
    private static let kinds: [(NetworkDrawing.Piece.Kind, light: (String, String), dark: (String, String))] = [
        (.convolution, ("#cfe2f6", "#7ba6d2"), ("#1f4266", "#4f83ba")),
        (.pointwise, ("#eef4fb", "#a5bfdc"), ("#17293d", "#476b91")),
        (.depthwise, ("#d2eee3", "#74b49b"), ("#16463a", "#429279")),
        (.grouped, ("#cdebf2", "#69aec0"), ("#13434e", "#4092a6")),
        (.dilated, ("#dcddf8", "#9397da"), ("#2e3166", "#7277c9")),
        (.matrix, ("#e9def6", "#a98acd"), ("#3c2a57", "#8866b8")),
        (.attention, ("#f8dbe9", "#ce8aad"), ("#54243c", "#b4628c")),
        (.pooling, ("#fcebc9", "#d5af5f"), ("#483610", "#a88430")),
        (.gate, ("#fad8d1", "#d38f84"), ("#54281f", "#b7685b")),
        (.resampling, ("#e1eec8", "#9fba67"), ("#34441a", "#7e9c41")),
        (.joining, ("#f0f3f5", "#a7b2bc"), ("#29323b", "#687480")),
        (.other, ("#f0f3f5", "#a7b2bc"), ("#29323b", "#687480")),
    ]

    private static let rules: [Rule] = [
        Rule(".back", "fill", "#ffffff", "#151b22"), Rule(".back", "stroke", "#dfe5ea", "#2b353f"),
        Rule("text", "fill", "#19212a", "#e6ecf2"), Rule(".small", "fill", "#51606d", "#a3b1be"),
        Rule(".port", "fill", "#51606d", "#a3b1be"), Rule(".wire", "stroke", "#74828f", "#8593a1"),
        Rule(".wire-tip", "fill", "#74828f", "#8593a1"), Rule(".box", "fill", "#fafbfd", "#1b232c"),
        Rule(".box", "stroke", "#b4c0cb", "#4a5763"), Rule(".frame", "stroke", "#b4c0cb", "#4a5763"),
        Rule(".label-box", "fill", "#ffffff", "#151b22"), Rule(".sum", "fill", "#ffffff", "#151b22"),
        Rule(".sum", "stroke", "#3c4853", "#c3ced9"), Rule(".plus", "stroke", "#3c4853", "#c3ced9"),
        Rule(".arc", "stroke", "#1d5f9e", "#6fb0ea"), Rule(".tip", "fill", "#1d5f9e", "#6fb0ea"),
        Rule(".arc.projection", "stroke", "#9c3d06", "#f2a65c"), Rule(".tip.projection", "fill", "#9c3d06", "#f2a65c"),
        Rule(".arc.pool", "stroke", "#7a6410", "#dcbf52"), Rule(".tip.pool", "fill", "#7a6410", "#dcbf52"),
        Rule(".arc.pad", "stroke", "#7a2f8f", "#d79be8"), Rule(".tip.pad", "fill", "#7a2f8f", "#d79be8"),
        Rule(".arc.other", "stroke", "#51606d", "#a3b1be"), Rule(".tip.other", "fill", "#51606d", "#a3b1be"),
        Rule(".tip.wire-tip", "fill", "#74828f", "#8593a1"), Rule(".skip", "stroke", "#8a98a5", "#76838f"),
        Rule(".tip.skip-tip", "fill", "#8a98a5", "#76838f"),
        Rule(".activation", "fill", "#e07a1c", "#f2a04a"), Rule(".bracket", "stroke", "#3c4853", "#c3ced9"),
        Rule(".stride", "fill", "#fdf0e3", "#3a2410"), Rule(".stride-text", "fill", "#9c3d06", "#f2a65c"),
        Rule(".track", "fill", "#e6ebef", "#2b353f"), Rule(".share", "fill", "#5b93c9", "#5f9bd4"),
        Rule(".share.work", "fill", "#8a76c0", "#a28fd8"), Rule(".grid", "stroke", "#dfe5ea", "#2b353f"),
        Rule(".axis", "stroke", "#8a98a5", "#76838f"),
        Rule(".series.shortcut", "stroke", "#1d5f9e", "#6fb0ea"), Rule(".series.branch", "stroke", "#c25b10", "#f2a65c"),
        Rule(".series.cosine", "stroke", "#7a2f8f", "#d79be8"), Rule(".lesion", "fill", "#c25b10", "#f2a65c"),
        Rule(".agreement", "stroke", "#1d5f9e", "#6fb0ea"), Rule(".agreement", "fill", "#ffffff", "#151b22"),
        Rule(".badge.added", "fill", "#1a7f47", "#3fb370"), Rule(".badge.removed", "fill", "#b3261e", "#f28b82"),
        Rule(".badge.changed", "fill", "#9c5d00", "#f2b24e"), Rule(".badge-text", "fill", "#ffffff", "#151b22"),
        Rule(".mark-added .box", "stroke", "#1a7f47", "#3fb370"), Rule(".mark-removed .box", "stroke", "#b3261e", "#f28b82"),
        Rule(".mark-changed .box", "stroke", "#9c5d00", "#f2b24e"),
        Rule(".unit .chip.added", "stroke", "#1a7f47", "#3fb370"), Rule(".unit .chip.removed", "stroke", "#b3261e", "#f28b82"),
        Rule(".unit .chip.changed", "stroke", "#9c5d00", "#f2b24e"),
    ]

    /// What no scheme changes.
    private static let form = """
        text{font:11px %F}.title{font:700 17px %F}.stage{font:700 13px %F}
        .small,.port{font:11px %F}.chip-text{font:11.5px %F}.arc-text{font:10.5px %F}.repeat{font:700 12px %F}
        .stride-text{font:700 11px %F}.badge-text{font:700 12px %F}
        .back{stroke-width:1}.wire,.arc,.skip,.bracket,.plus,.series,.grid,.axis{fill:none}
        .wire{stroke-width:1.3}.arc{stroke-width:1.6}.skip{stroke-width:1.1;stroke-dasharray:3 3}
        .arc.projection{stroke-dasharray:1.5 3.6;stroke-linecap:round;stroke-width:2}.arc.pool{stroke-dasharray:7 4}
        .arc.pad{stroke-dasharray:8 3 2 3}.arc.other{stroke-dasharray:4 3}
        .box,.chip{stroke-width:1}.frame{fill:none;stroke-width:1.2;stroke-dasharray:5 4}.sum,.plus{stroke-width:1.4}
        .bracket{stroke-width:1.3}.series{stroke-width:1.8;stroke-linejoin:round}.grid{stroke-width:1}
        .agreement{stroke-width:1.6}.mark-added .box,.mark-removed .box,.mark-changed .box{stroke-width:2.4}
        .unit .chip.added,.unit .chip.removed,.unit .chip.changed{stroke-width:2.4}

        """

    static let fonts = "system-ui,-apple-system,'Segoe UI',Roboto,'Noto Sans','DejaVu Sans',sans-serif"

    private static var all: [Rule] {
        rules + kinds.flatMap { kind in
            [
                Rule(".\(kind.0.rawValue)", "fill", kind.light.0, kind.dark.0),
                Rule(".\(kind.0.rawValue)", "stroke", kind.light.1, kind.dark.1),
            ]
        }
    }

    private static func selected(_ rule: Rule) -> String {
        NetworkDrawing.Piece.Kind.allCases.contains { rule.selector == ".\($0.rawValue)" }
            ? ".chip" + rule.selector : rule.selector
    }

    /// For a file of its own: light, and dark where the reader's system is.
    static let file: String = {
        var light = form.replacing("%F", with: fonts)
        var dark = ""
        for rule in all {
            light += "\(selected(rule)){\(rule.property):\(rule.light)}"
            dark += "\(selected(rule)){\(rule.property):\(rule.dark)}"
        }
        return light + "\n@media (prefers-color-scheme:dark){" + dark + "}\n@media print{.back{fill:none;stroke:none}}\n"
    }()

    /// For a page, whose theme can be chosen; every rule lies under `.drawing`.
    static let page: String = {
        var text = ""
        for part in form.replacing("%F", with: "var(--sans)").split(separator: "}") {
            guard let brace = part.firstIndex(of: "{") else { continue }
            let selectors = part[..<brace].split(separator: ",").map { ".drawing " + trimmed($0) }
            text += selectors.joined(separator: ",") + part[brace...] + "}"
        }
        for rule in all {
            text += ".drawing \(selected(rule)){\(rule.property):light-dark(\(rule.light),\(rule.dark))}"
        }
        return text + "\n"
    }()

    private static func trimmed(_ text: Substring) -> Substring { text.drop { $0 == "\n" || $0 == " " } }
}
