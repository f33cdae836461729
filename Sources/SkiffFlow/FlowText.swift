internal import SkiffCore
public import SkiffInspect

extension SignalFlow {
    /// The most blocks that are listed where not all are asked for.
    private static let mostRows = 60

    /// The measurement as a terminal shows it: a row for each block, curves along the depth, and what they say in
    /// words.
    ///
    /// - Parameters:
    ///   - inspection: the one that was measured.
    ///   - width: columns of the terminal.
    ///   - colors: whether to use ANSI colours.
    ///   - allBlocks: whether to list every block, however many.
    public func text(
        _ inspection: Inspection, width: Int = 100, colors: Bool = false, allBlocks: Bool = false
    ) -> String {
        let style = TextStyle(colors: colors)
        var lines = [style.heading("Signal flow") + style.faint("  " + printable(input))]
        guard !blocks.isEmpty else {
            lines.append("  no residual block whose addition could be measured")
            return lines.joined(separator: "\n") + "\n"
        }
        let shown = shownBlocks(allBlocks)
        lines += table(shown, inspection, width, style)
        if shown.count < blocks.count {
            let text = "\(shown.count) of \(blocks.count) blocks, evenly along the depth; --all-blocks lists all"
            lines.append("  " + style.faint(text))
        }
        lines.append("")
        lines += curves(width: width, style: style)
        lines.append("")
        for sentence in reading(inspection) { lines += wrapped(sentence, width: width - 2).map { "  " + $0 } }
        for remark in remarks { lines += wrapped(remark, width: width - 2).map { "  " + style.faint($0) } }
        return lines.joined(separator: "\n") + "\n"
    }

    /// All, or so many with a lesion, where some have one, evenly spaced.
    private func shownBlocks(_ all: Bool) -> [Block] {
        guard !all, blocks.count > Self.mostRows else { return blocks }
        let tried = blocks.filter { $0.lesion != nil }
        let candidates = tried.isEmpty ? blocks : tried
        guard candidates.count > Self.mostRows else { return candidates }
        return (0..<Self.mostRows).map { candidates[$0 * (candidates.count - 1) / (Self.mostRows - 1)] }
    }

    private func table(_ shown: [Block], _ inspection: Inspection, _ width: Int, _ style: TextStyle) -> [String] {
        let scale = LogScale(blocks.compactMap(\.ratio))
        let hasLesions = blocks.contains { $0.lesion != nil }
        let hasClasses = blocks.contains { $0.lesion?.top1Agreement != nil }
        var table = TextTable(columns: [
            .init(title: "block", alignment: .left, leastWidth: 10),
            .init(title: "shortcut", alignment: .right, isOptional: true),
            .init(title: "branch", alignment: .right, isOptional: true),
            .init(title: "ratio", alignment: .right),
            .init(title: scale.title, alignment: .left, isOptional: true),
            .init(title: "cosine", alignment: .right),
        ])
        let hasScores = blocks.contains { $0.lesion?.scoreChange != nil }
        if hasScores { table.columns.append(.init(title: "scores", alignment: .right)) }
        if hasLesions { table.columns.append(.init(title: "outputs", alignment: .right, isOptional: hasScores)) }
        if hasClasses { table.columns.append(.init(title: "top-1", alignment: .right)) }
        for block in shown {
            let about = inspection.blocks[block.block]
            let indent = String(repeating: "  ", count: min(about.depth, 8))
            var row = [
                indent + escaped(about.name), short(block.shortcutRMS), short(block.branchRMS),
                block.ratio.map(short) ?? "–", block.ratio.map(scale.bar) ?? "",
                block.cosine.map { fixed($0, 3) } ?? "–",
            ]
            if hasScores { row.append(block.lesion?.scoreChange.map(percent) ?? "") }
            if hasLesions { row.append(block.lesion.map { percent($0.outputChange) } ?? "") }
            if hasClasses { row.append(block.lesion?.top1Agreement.map(percent) ?? "") }
            table.rows.append(row)
        }
        table.paint = { row, column, text in
            guard let lesion = shown[row].lesion, column == 0 || column == 6 else { return text }
            return lesion.change < Self.hardlyUsed ? style.faint(text) : lesion.change >= 0.5 && column == 6
                ? style.accent(text) : text
        }
        return table.lines(width: width, style: style)
    }

    /// Curves along the depth, from the first block to the last.
    private func curves(width: Int, style: TextStyle) -> [String] {
        var rows: [(title: String, values: [Double?], ends: String)] = []
        func add(_ title: String, _ values: [Double?], _ text: (Double) -> String) {
            let known = values.compactMap { $0 }.filter(\.isFinite)
            guard known.count > 1, let low = known.min(), let high = known.max() else { return }
            rows.append((title, values, "\(text(low)) to \(text(high))"))
        }
        add("sum", blocks.map(\.sumRMS), short)
        add("ratio", blocks.map(\.ratio), short)
        add("change", blocks.map { $0.lesion?.change }, percent)
        let title = rows.map(\.title.count).max() ?? 0
        let ends = rows.map(\.ends.count).max() ?? 0
        return rows.map { row in
            let padding = String(repeating: " ", count: title - row.title.count)
            let curve = sparkline(row.values, width: max(8, width - title - ends - 8))
            return "  " + style.faint(row.title) + padding + "  " + style.accent(curve) + "  " + style.faint(row.ends)
        }
    }

    /// What a reader has to know of how it was measured.
    private var remarks: [String] {
        var remarks = notes.map { "assumed: " + printable($0) }
        if let omission { remarks.append(omission + "; --lesions says how many") }
        if blocks.contains(where: { $0.lesion != nil }) {
            var text = "outputs: RMS of their change without the branch, over their RMS"
            if blocks.contains(where: { $0.lesion?.scoreChange != nil }) {
                text += "; scores: the same in front of the Softmax"
            }
            if let classes {
                let unit = classes.isPerPosition ? "position" : "sample"
                text += classes.decisions == 1
                    ? "; top-1: whether the one \(unit) keeps the largest of "
                    : "; top-1: share of the \(classes.decisions) \(unit)s that keep the largest of "
                    + "\(classes.count) classes of \(escaped(classes.output))"
            }
            remarks.append(text)
        }
        if isMadeUp { remarks.append("made-up inputs are no real ones: with --input all this is measured on yours") }
        return remarks
    }
}
