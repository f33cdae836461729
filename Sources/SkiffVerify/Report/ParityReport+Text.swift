internal import SkiffCore

extension ParityReport {
    /// Guilty layers that are described in text; `--json` and the page have all of them.
    private static let describedLayers = 8

    /// The report as `skiff verify` prints it: inputs, a table of outputs, a line on intermediate values, the first
    /// value that differs, the guilty layers with what explains them, the verdict.
    /// - Parameters:
    ///   - width: columns of the terminal; names give way where a table is wider.
    ///   - listsAll: intermediate values get rows too.
    public func text(colors: Bool = false, width: Int = 100, listsAll: Bool = false) -> String {
        var sections = [inputLines, table(listsAll ? values : outputs, colors, width), summaryLines]
        if let first = firstDivergence { sections.append(divergenceLines(first, colors)) }
        sections += guilty.prefix(Self.describedLayers).enumerated().map { layerLines($1, number: $0 + 1, colors) }
        if guilty.count > Self.describedLayers {
            sections.append(["and \(guilty.count - Self.describedLayers) more guilty layers, which --json lists"])
        }
        if !explanations.isEmpty {
            sections.append(explanations.map { Style.bold.applied(to: printable($0.sentence), colors) })
        }
        sections.append([(passed ? Style.green : .red).applied(to: verdictText, colors)])
        return sections.filter { !$0.isEmpty }.map { $0.joined(separator: "\n") }.joined(separator: "\n\n")
    }

    private var inputLines: [String] {
        let origin = seed.map { ", made up from seed \($0)" } ?? ""
        return inputs.map { input in
            let other = input.referenceShape.map { ", \($0.shapeText) in the reference" } ?? ""
            return "input \(escaped(input.name)) \(input.shape.shapeText)\(other)\(origin)"
        } + assumptions.map { "assumed: \(printable($0))" }
    }

    private var summaryLines: [String] {
        var lines = intermediatesText.map { [$0] } ?? []
        if !hidden.isEmpty {
            lines.append(Self.count(hidden.count, "value is", "values are") + " hidden in another step: "
                + Self.list(hidden.map { printable($0) }))
        }
        if !unmatched.isEmpty {
            lines.append(Self.count(unmatched.count, "recorded array is no value", "recorded arrays are no values")
                + " of the model: " + Self.list(unmatched.map { escaped($0) }))
        }
        if verdict != .identical, let smallest = smallestTolerance {
            let relative = smallest.relative.isFinite ? scientific(smallest.relative) : "none"
            let absolute = scientific(smallest.absolute)
            lines.append("smallest tolerance that would pass: absolute \(absolute), or relative \(relative)")
        }
        return lines
    }

    private static func count(_ count: Int, _ one: String, _ many: String) -> String {
        "\(count) \(count == 1 ? one : many)"
    }

    private static func list(_ names: [String]) -> String {
        names.prefix(3).joined(separator: ", ") + (names.count > 3 ? ", …" : "")
    }

    private func divergenceLines(_ first: ValueParity, _ colors: Bool) -> [String] {
        var head = Style.bold.applied(to: "first difference: \(escaped(first.name))", colors)
        if let node = first.node, node != first.name {
            head += ", from \(escaped(node)) (\(escaped(first.operatorName ?? "")))"
        } else if let name = first.operatorName {
            head += " (\(escaped(name)))"
        }
        if first.referenceName != first.name, !first.referenceName.isEmpty {
            head += ", in the reference \(escaped(first.referenceName))"
        }
        var lines = [head]
        if let reason = first.reason { lines.append("  \(printable(reason))") }
        if let worst = first.comparison?.worst { lines.append("  worst \(worst.text)") }
        return lines
    }

    private func layerLines(_ layer: GuiltyLayer, number: Int, _ colors: Bool) -> [String] {
        let label = guilty.count == 1 ? "guilty layer" : "guilty layer \(number) of \(guilty.count)"
        var lines = [Style.bold.applied(to: "\(label): \(layer.title)", colors)]
        if let reference = layer.referenceNode, reference != layer.nodes.last {
            lines[0] += ", in the reference \(escaped(reference))"
        }
        lines.append("  " + layer.errorText(total: value(of: layer)))
        if let text = layer.elementText { lines.append("  " + text) }
        let style = layer.explanations.isEmpty ? Style.dim : .cyan
        lines += layer.reasonTexts.map { "  " + style.applied(to: $0, colors) }
        return lines
    }

    private func table(_ values: [ValueParity], _ colors: Bool, _ width: Int) -> [String] {
        let showsLocal = values.contains { $0.localRatio != nil }
        let showsWorst = values.contains { $0.worstRatio != nil }
        var columns: [TextTable.Column] = [
            .init(title: "value", alignment: .left, leastWidth: 12),
            .init(title: "shape", alignment: .left, leastWidth: 8, elision: .end),
            .init(title: "max error", alignment: .right), .init(title: "RMS error", alignment: .right, isOptional: true),
            .init(title: "cosine", alignment: .right, isOptional: true), .init(title: "× noise", alignment: .right),
        ]
        if showsWorst { columns.append(.init(title: "worst", alignment: .right, isOptional: true)) }
        if showsLocal { columns.append(.init(title: "local", alignment: .right, isOptional: true)) }
        columns.append(.init(title: "verdict", alignment: .left))
        let severalRecordings = Set(values.compactMap(\.recording)).count > 1
        var table = TextTable(columns: columns)
        table.rows = values.map { value in
            let comparison = value.comparison
            let prefix = severalRecordings ? value.recording.map { escaped($0) + ": " } ?? "" : ""
            var row = [
                prefix + escaped(value.name), value.shapeText, comparison.map { scientific($0.maximumError) } ?? "–",
                comparison.map { scientific($0.rmsError) } ?? "–", comparison.map { fixed($0.cosine, 6) } ?? "–",
                value.ratio.map(brief) ?? "–",
            ]
            if showsWorst { row.append(value.worstRatio.map(brief) ?? "–") }
            if showsLocal { row.append(value.localRatio.map(brief) ?? "–") }
            return row + [value.verdict.rawValue]
        }
        let verdicts = values.map(\.verdict)
        table.paint = { row, column, text in
            column == columns.count - 1 ? Style(verdict: verdicts[row]).applied(to: text, colors) : text
        }
        return table.lines(width: width, style: TextStyle(colors: colors))
    }
}

/// Terminal colours (ECMA-48, "Select graphic rendition").
enum Style: String {
    case bold = "1"
    case dim = "2"
    case red = "31"
    case green = "32"
    case cyan = "36"

    init(verdict: ValueParity.Verdict) { self = verdict.isAgreement ? .green : .red }

    func applied(to text: String, _ isOn: Bool) -> String {
        isOn ? "\u{1B}[\(rawValue)m\(text)\u{1B}[0m" : text
    }
}
