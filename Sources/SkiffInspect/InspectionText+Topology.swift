internal import SkiffCore

extension Inspection {
    func familyLines(width: Int, style: TextStyle) -> [String] {
        [style.heading("Family")] + folded(family.text, width: width).map { "  " + style.accent($0) }
            + family.evidence.flatMap { folded("· " + $0, width: width) }.map { "  " + style.faint($0) }
    }

    func deviationLines(width: Int, style: TextStyle) -> [String] {
        let count = family.deviations.count
        return [style.heading("Deviations") + style.faint("  \(count)")]
            + family.deviations.flatMap { folded("· " + escaped($0.text), width: width) }.map { "  " + style.warning($0) }
    }

    func denseLines(width: Int, style: TextStyle) -> [String] {
        var table = TextTable(columns: [
            .init(title: "stage", alignment: .right), .init(title: "layers", alignment: .right),
            .init(title: "growth", alignment: .right), .init(title: "channels", alignment: .right),
            .init(title: "bottleneck", alignment: .right),
        ])
        func text(_ count: Int?) -> String { count.map { String($0) } ?? "?" }
        for (index, stage) in denseStages.enumerated() {
            table.rows.append([
                String(index + 1), String(stage.concatenations.count), text(stage.growthRate),
                "\(text(stage.inputChannels)) → \(text(stage.outputChannels))",
                stage.bottleneckChannels.map { String($0) } ?? "",
            ])
        }
        let count = concatenations.count { $0.kind == .dense }
        return [style.heading("Dense stages") + style.faint("  \(count) concatenations of what was read and what was made")]
            + table.lines(width: width, style: style)
    }

    func pathLines(_ paths: PathLengths, width: Int, style: TextStyle) -> [String] {
        let summary = "  2^\(shortText(paths.log2Paths)) ways of \(paths.minimum) to \(paths.maximum) layers, "
            + "mean \(shortText(paths.mean)) ± \(shortText(paths.deviation))"
        let bars = paths.histogram(lines: 9, bar: min(40, max(8, width - 40)))
        let titles = bars.map { $0.range.count == 1 ? "\($0.range.lowerBound)" : "\($0.range.lowerBound)…\($0.range.upperBound)" }
        let column = titles.map(\.count).max() ?? 0
        return [style.heading("Path lengths") + style.faint(summary)]
            + zip(titles, bars).map { title, bar in
                let share = shortText((bar.share * 1000).rounded() / 10)
                let padded = String(repeating: " ", count: column - title.count) + title
                return "  \(padded) layers  " + style.accent(bar.bar) + style.faint(" \(share) %")
            }
    }

    /// A line in as many as the width asks for, later ones set in.
    private func folded(_ line: String, width: Int) -> [String] {
        var lines: [String] = []
        var current = ""
        for word in line.split(separator: " ", omittingEmptySubsequences: false) {
            if !current.isEmpty, 2 + current.count + 1 + word.count > width {
                lines.append(current)
                current = "  " + word
            } else {
                current += (current.isEmpty ? "" : " ") + word
            }
        }
        return lines + [current]
    }
}
