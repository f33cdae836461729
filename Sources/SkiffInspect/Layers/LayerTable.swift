public import SkiffCore

extension Inspection {
    /// The table of layers: name, operator, output shape, parameters, multiply-adds, memory of what the layer gives, and
    /// the share of each in the whole network.
    ///
    /// - Parameters:
    ///   - width: columns of the terminal; shares and windows are left out where it is narrow.
    ///   - colors: whether to use ANSI colours.
    public func layersText(
        _ selection: LayerSelection = LayerSelection(), width: Int = 100, colors: Bool = false
    ) -> String {
        let style = TextStyle(colors: colors)
        let (rows, count) = rows(selection)
        // Narrow terminals lose shares and windows first, then memory and work, then what else there is.
        let isNarrow = width < 100
        var table = TextTable(columns: [
            .init(title: "layer", alignment: .left, leastWidth: isNarrow ? 12 : 24),
            .init(title: "operator", alignment: .left, leastWidth: isNarrow ? 6 : 9, isOptional: width < 50),
            .init(title: "window", alignment: .left, isOptional: true),
            .init(title: "output shape", alignment: .left, leastWidth: width < 70 ? 8 : nil),
            .init(title: "parameters", alignment: .right, isOptional: isNarrow),
            .init(title: "share", alignment: .left, isOptional: true),
            .init(title: "mult-adds", alignment: .right, isOptional: isNarrow),
            .init(title: "share", alignment: .left, isOptional: true),
            .init(title: "memory", alignment: .right, isOptional: isNarrow),
        ])
        table.rows = rows.map { row in
            [
                String(repeating: "  ", count: row.depth) + escaped(row.title), escaped(row.operator), row.window,
                row.shape, row.parameters == 0 ? "" : groupedText(row.parameters),
                shareText(row.parameters, of: parameters.total),
                row.multiplyAdds == 0 ? "" : multiplyAddsText(row.multiplyAdds),
                shareText(row.multiplyAdds, of: multiplyAdds),
                row.memory == 0 ? "" : row.memory.map(bytesText) ?? "?",
            ]
        }
        // Blocks and stages have no window.
        let left = isNarrow ? [7, 5, 2] : rows.allSatisfy(\.window.isEmpty) ? [2] : []
        for column in left {
            table.columns.remove(at: column)
            for row in table.rows.indices { table.rows[row].remove(at: column) }
        }
        if selection.depth != nil {
            table.paint = { row, _, text in rows[row].depth == 0 ? style.heading(text) : text }
        }
        let shown = count == layers.count ? "" : " of \(groupedText(layers.count))"
        var lines = [style.heading("Layers") + style.faint("  \(groupedText(count))\(shown)")]
        lines += rows.isEmpty ? ["  no layer matches the filter"] : table.lines(width: width, style: style)
        if let limit = selection.limit, rows.count == limit, selection.depth == nil, count > limit {
            lines.append(style.faint("  and \(groupedText(count - limit)) more"))
        }
        if count < layers.count { lines.append(filteredLine(selection)) }
        lines += wrapped("total: \(totalText)", width: width, indent: 2)
        lines += memoryLines(width: width)
        return lines.joined(separator: "\n") + "\n"
    }

    /// The table of layers for a terminal of 100 columns, without colours.
    public var layersText: String { layersText() }

    private func filteredLine(_ selection: LayerSelection) -> String {
        let selected = selectedLayers(selection)
        let own = selected.reduce(0) { clampedSum($0, layers[$1].parameters) }
        let work = selected.reduce(0 as Int?) { checkedSum($0, layers[$1].multiplyAdds) }
        return "  shown: \(groupedText(own)) parameters, \(multiplyAddsText(work))"
    }

    private var totalText: String {
        var text = "\(groupedText(parameters.total)) parameters"
        if parameters.movingStatistics > 0 {
            text += " (\(groupedText(parameters.trainable)) trainable, "
                + "\(groupedText(parameters.movingStatistics)) moving statistics)"
        }
        return text + ", \(multiplyAddsText(multiplyAdds))"
    }

    /// `memory: 102 MB of weights; 9.63 MB of activations at once in conv2_block1_0_bn, 83 MB in all`.
    private func memoryLines(width: Int) -> [String] {
        let memory = activationMemory
        let first = "memory: \(bytesText(weightBytes)) of weights; activations of batch \(memory.batch): "
            + "\(memory.peak.map(bytesText) ?? "?") at once, \(memory.total.map(bytesText) ?? "?") in all"
        guard let layer = memory.peakLayer.map({ layers[$0].name }) else { return wrapped(first, width: width, indent: 2) }
        let place = "the most at once in " + shortened(escaped(layer), to: max(12, width - 31))
        return first.count + place.count + 4 <= width
            ? ["  " + first + ", " + place] : wrapped(first, width: width, indent: 2) + ["          " + place]
    }
}

/// A bar of four cells and the per cent; empty for nothing.
func shareText(_ part: Int?, of whole: Int?) -> String {
    guard let part, let whole, part > 0, whole > 0 else { return "" }
    let share = min(1, Double(part) / Double(whole))
    let percent = share * 100
    let number = percent >= 99.95 ? "100 %" : percent < 0.05 ? "<0.1 %" : "\(shortText((percent * 10).rounded() / 10)) %"
    return barText(share, cells: 4) + " " + number
}

/// A bar in eighths of a cell; a sliver for what is not nothing.
package func barText(_ share: Double, cells: Int) -> String {
    let eighths = max(share > 0 ? 1 : 0, Int((min(1, max(0, share)) * Double(cells * 8)).rounded()))
    let (full, rest) = eighths.quotientAndRemainder(dividingBy: 8)
    let parts = ["", "▏", "▎", "▍", "▌", "▋", "▊", "▉"]
    let bar = String(repeating: "█", count: full) + parts[rest]
    return bar + String(repeating: " ", count: cells - full - (rest > 0 ? 1 : 0))
}
