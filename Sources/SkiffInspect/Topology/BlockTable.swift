internal import SkiffCore

extension Inspection {
    /// The most blocks that are listed one by one.
    private static let blocksBeforeCollapsing = 60

    func blockLines(width: Int, style: TextStyle, allBlocks: Bool) -> [String] {
        let kinds = ResidualBlock.Shortcut.allCases.compactMap { kind -> String? in
            let count = blocks.count { $0.shortcut == kind }
            return count == 0 ? nil : "\(groupedText(count)) \(kind.rawValue)"
        }
        let summary = "  \(groupedText(blocks.count)), shortcuts: \(kinds.joined(separator: ", "))"
        let showsDilation = blocks.contains { $0.dilation > 1 }
        let showsGroups = blocks.contains { $0.groups > 1 }
        var table = TextTable(columns: [
            .init(title: "block", alignment: .left, leastWidth: 12),
            .init(title: "kind", alignment: .left),
            .init(title: "shortcut", alignment: .left), .init(title: "channels", alignment: .right),
            .init(title: "stride", alignment: .left),
        ])
        if showsDilation { table.columns.append(.init(title: "dilation", alignment: .right)) }
        if showsGroups { table.columns.append(.init(title: "groups", alignment: .right)) }
        table.columns += [
            .init(title: "parameters", alignment: .right, isOptional: true),
            .init(title: "mult-adds", alignment: .right, isOptional: true),
        ]
        for run in runs(collapses: !allBlocks && blocks.count > Self.blocksBeforeCollapsing) {
            let block = blocks[run.lowerBound]
            var row = [
                title(of: run), block.kindText(isShort: width < 100), block.shortcut.rawValue, block.channelsText,
                block.strideText(isShort: width < 100),
            ]
            if showsDilation { row.append(String(block.dilation)) }
            if showsGroups { row.append(String(block.groups)) }
            row += [groupedText(block.parameters), multiplyAddsText(block.multiplyAdds)]
            table.rows.append(row)
        }
        return [style.heading("Residual blocks") + style.faint(summary)] + table.lines(width: width, style: style)
    }

    /// Ranges of blocks that one row shows: single blocks, or three and more equal ones behind each other.
    private func runs(collapses: Bool) -> [Range<Int>] {
        var runs: [Range<Int>] = []
        var start = 0
        while start < blocks.count {
            var end = start + 1
            while collapses, end < blocks.count, blocks[end].isAlike(blocks[start]) { end += 1 }
            if end - start >= 3 {
                runs.append(start..<end)
            } else {
                runs += (start..<end).map { $0..<($0 + 1) }
            }
            start = end
        }
        return runs
    }

    private func title(of run: Range<Int>) -> String {
        let first = blocks[run.lowerBound]
        let indent = String(repeating: "  ", count: min(first.depth, 8))
        guard run.count > 1 else { return indent + escaped(first.name) }
        return "\(indent)\(escaped(first.name)) … \(escaped(blocks[run.upperBound - 1].name)) ×\(run.count)"
    }
}

extension ResidualBlock {
    /// The kind, with what else marks the branch.
    fileprivate func kindText(isShort: Bool) -> String {
        var text = kind.rawValue
        if isShort, kind == .preActivationBottleneck { text = "pre-act bottleneck" }
        return hasSqueezeExcitation ? "\(text) + SE" : text
    }

    fileprivate var channelsText: String {
        "\(inputChannels.map(String.init) ?? "?") → \(outputChannels.map(String.init) ?? "?")"
    }

    /// `2 (3×3 conv #2)`, or `2 (conv #2)`.
    fileprivate func strideText(isShort: Bool) -> String {
        let text = extentsText(stride)
        guard var site = strideSite else { return text }
        if isShort { site = site.split(separator: " ").suffix(2).joined(separator: " ") }
        return "\(text) (\(site))"
    }

    /// Whether a table row would say the same of both, names aside.
    fileprivate func isAlike(_ other: ResidualBlock) -> Bool {
        kind == other.kind && shortcut == other.shortcut && activation == other.activation
            && hasSqueezeExcitation == other.hasSqueezeExcitation && inputChannels == other.inputChannels
            && outputChannels == other.outputChannels && stride == other.stride && strideSite == other.strideSite
            && dilation == other.dilation && groups == other.groups && parameters == other.parameters
            && multiplyAdds == other.multiplyAdds && depth == other.depth
    }
}
