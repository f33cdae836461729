internal import SkiffCore
internal import SkiffGraph

extension WeightStatistics {
    /// All that is known of one tensor as a terminal shows it.
    ///
    /// - Parameters:
    ///   - index: into ``tensors``.
    ///   - listsChannels: whether all channels are listed, else the most unusual ones.
    public func detail(
        of index: Int, _ inspection: Inspection?, width: Int = 100, colors: Bool = false, listsChannels: Bool = false
    ) -> String {
        let tensor = tensors[index]
        let style = TextStyle(colors: colors)
        var lines = [style.heading(escaped(tensor.name))]
        lines += factLines(tensor, inspection, width, style)
        guard tensor.isMeasured, tensor.elements > 0 else { return lines.joined(separator: "\n") + "\n" }
        if tensor.histogram.counts.count > 1 {
            lines += ["", style.heading("Values")] + tensor.histogram.bars(style, width: width)
        }
        if !tensor.exponents.counts.isEmpty { lines += ["", style.heading("Magnitudes")] + exponentLines(tensor, width, style) }
        if let channels = tensor.channels, channels.count > 1 {
            lines += [""] + channelLines(channels, all: listsChannels, width, style)
        }
        return lines.joined(separator: "\n") + "\n"
    }

    private func factLines(
        _ tensor: TensorStatistics, _ inspection: Inspection?, _ width: Int, _ style: TextStyle
    ) -> [String] {
        var facts: [(String, String)] = [
            ("type", "\(tensor.elementType.rawValue), \(bytesText(tensor.bytes))"), ("shape", tensor.shape.shapeText),
            ("role", tensor.role.rawValue),
        ]
        if let layer = tensor.layer, let layers = inspection?.layers, layers.indices.contains(layer) {
            facts.append(("layer", "\(escaped(layers[layer].name)) (\(escaped(layers[layer].operator)))"))
        }
        if tensor.isMeasured, tensor.minimum <= tensor.maximum {
            facts += [
                ("mean", numberText(tensor.mean)), ("spread", numberText(tensor.standardDeviation)),
                ("range", "\(numberText(tensor.minimum)) to \(numberText(tensor.maximum))"),
                ("zeros", "\(groupedText(tensor.zeros)) of \(groupedText(tensor.elements))"),
                ("precision", "\(countText(tensor.fractionBits, "fraction bit")) used"),
                ("distinct", tensor.distinct.map { groupedText($0) } ?? "more than 256"),
            ]
        }
        let notes = notes(of: tensor)
        if !notes.isEmpty { facts.append(("notes", notes.joined(separator: ", "))) }
        let column = (facts.map(\.0.count).max() ?? 0) + 2
        return facts.flatMap { title, text -> [String] in
            var rows = wrapped(text, width: width, indent: column + 2)
            let first = String(rows.removeFirst().dropFirst(column + 2))
            let space = String(repeating: " ", count: column - title.count)
            rows.insert("  " + style.faint(title) + space + first, at: 0)
            return rows
        }
    }

    private func exponentLines(_ tensor: TensorStatistics, _ width: Int, _ style: TextStyle) -> [String] {
        let counts = tensor.exponents.counts
        let most = max(1, counts.max() ?? 1)
        let room = max(10, width - 32)
        // What is empty between denormal numbers and the others says nothing row by row.
        var rows: [Int?] = []
        var index = counts.count - 1
        while index >= 0 {
            let empty = counts[...index].reversed().prefix { $0 == 0 }.count
            if empty > 3 {
                rows.append(nil)
                index -= empty
            } else {
                rows.append(index)
                index -= 1
            }
        }
        return rows.map { index in
            guard let index else { return "  " + style.faint(String(repeating: " ", count: 6) + "…") }
            let exponent = tensor.exponents.lowest + index
            let length = Int((Double(counts[index]) / Double(most) * Double(room)).rounded(.up))
            let label = "2^\(exponent)"
            return "  " + String(repeating: " ", count: max(0, 7 - label.count)) + label + "  "
                + style.accent(String(repeating: "█", count: length)) + (length > 0 ? " " : "") + groupedText(counts[index])
        }
    }

    private func channelLines(
        _ channels: TensorStatistics.Channels, all: Bool, _ width: Int, _ style: TextStyle
    ) -> [String] {
        let usual = channels.standardDeviation.sorted()[channels.count / 2]
        let order = all || channels.count <= 16
            ? Array(0..<channels.count)
            : Array(
                (0..<channels.count).sorted { left, right in
                    let distances = [left, right].map { abs(channels.standardDeviation[$0] - usual) }
                    return distances[0] == distances[1] ? left < right : distances[0] > distances[1]
                }.prefix(16))
        var table = TextTable(columns: [
            .init(title: "channel", alignment: .right), .init(title: "mean", alignment: .right, isOptional: true),
            .init(title: "spread", alignment: .right), .init(title: "least", alignment: .right, isOptional: true),
            .init(title: "greatest", alignment: .right, isOptional: true), .init(title: "zeros", alignment: .right),
        ])
        table.rows = order.map { index in
            [
                String(index), numberText(channels.mean[index]), numberText(channels.standardDeviation[index]),
                numberText(channels.minimum[index]), numberText(channels.maximum[index]),
                percentText(channels.zeros[index], of: channels.elements),
            ]
        }
        let title = all || channels.count <= 16
            ? "  \(groupedText(channels.count)), each of \(countText(channels.elements, "element"))"
            : "  the 16 of \(groupedText(channels.count)) whose spread is most unusual; --channels lists all"
        return titled("Channels", title, width: width, style: style) + table.lines(width: width, style: style)
    }
}

extension TensorStatistics.Histogram {
    /// Eight lines of blocks, a column for each step, and the ends below.
    fileprivate func bars(_ style: TextStyle, width: Int) -> [String] {
        let merged = max(1, (counts.count + max(16, width - 2) - 1) / max(16, width - 2))
        let counts = stride(from: 0, to: counts.count, by: merged).map { start in
            self.counts[start..<min(self.counts.count, start + merged)].reduce(0, +)
        }
        let most = max(1, counts.max() ?? 1)
        let blocks = Array(" ▁▂▃▄▅▆▇█")
        let rows = 6
        let heights = counts.map { $0 == 0 ? 0 : max(1, Int((Double($0) / Double(most) * Double(rows * 8)).rounded())) }
        var lines = (0..<rows).map { row -> String in
            let base = (rows - 1 - row) * 8
            return "  " + style.accent(String(heights.map { blocks[min(8, max(0, $0 - base))] }))
        }
        let ends = (numberText(lower), numberText(upper))
        let gap = max(1, counts.count - ends.0.count - ends.1.count)
        lines.append("  " + style.faint(ends.0 + String(repeating: " ", count: gap) + ends.1))
        return lines
    }
}
