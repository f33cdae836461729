internal import SkiffCore
internal import SkiffGraph

extension Inspection {
    /// The inspection as a terminal shows it.
    ///
    /// - Parameters:
    ///   - width: columns of the terminal.
    ///   - colors: whether to use ANSI colours.
    ///   - allBlocks: whether to list every block where runs of equal blocks would be drawn together.
    public func text(width: Int = 100, colors: Bool = false, allBlocks: Bool = false) -> String {
        let style = TextStyle(colors: colors)
        var sections = [overview(width: width, style: style), operatorLines(width: width, style: style)]
        if !blocks.isEmpty {
            sections.append(blockLines(width: width, style: style, allBlocks: allBlocks))
            if stages.count > 1 { sections.append(stageLines(width: width, style: style)) }
        }
        if !denseStages.isEmpty { sections.append(denseLines(width: width, style: style)) }
        sections.append(familyLines(width: width, style: style))
        if !family.deviations.isEmpty { sections.append(deviationLines(width: width, style: style)) }
        if let paths, paths.blocks > 2 { sections.append(pathLines(paths, width: width, style: style)) }
        if !assumptions.isEmpty { sections.append(assumptionLines(style: style)) }
        if !warnings.isEmpty { sections.append(warningLines(style: style)) }
        return sections.map { $0.joined(separator: "\n") }.joined(separator: "\n\n") + "\n"
    }

    private func overview(width: Int, style: TextStyle) -> [String] {
        var facts: [(String, String)] = []
        facts.append(("format", ([format] + (fileBytes.map { [bytesText($0)] } ?? [])).joined(separator: ", ")))
        if !metadata.sourceFormat.isEmpty, metadata.sourceFormat != format {
            facts.append(("source", escaped(metadata.sourceFormat)))
        }
        if !producer.isEmpty { facts.append(("producer", escaped(producer))) }
        for (title, ports) in [("input", inputs), ("output", outputs)] {
            for (index, port) in ports.enumerated() {
                facts.append((index > 0 ? "" : ports.count == 1 ? title : title + "s", port.text))
            }
        }
        facts.append(("parameters", parameterText))
        facts.append(("weights", bytesText(weightBytes)))
        facts.append(("multiply-adds", multiplyAddsText(multiplyAdds) + (multiplyAdds == nil ? "" : " per run")))
        if let peak = activationMemory.peak {
            facts.append(("activations", "\(bytesText(peak)) at once, batch \(activationMemory.batch)"))
        }
        let column = (facts.map(\.0.count).max() ?? 0) + 2
        return [style.heading("Model")]
            + facts.map { title, fact in
                let padding = String(repeating: " ", count: column - title.count)
                return "  " + style.faint(title) + padding + fact
            }
    }

    /// What the source could not tell, as the metadata lists it.
    var assumptions: [String] { metadata.entries.filter { $0.key == "assumption" }.map(\.value) }

    private func assumptionLines(style: TextStyle) -> [String] {
        var lines = [style.heading("Assumed") + style.faint("  the source held weights alone")]
        lines += assumptions.map { "  " + printable($0) }
        if let rivals = metadata["architectures_that_fit_too"] {
            lines.append("  fits too: \(escaped(rivals)); --architecture chooses")
        }
        if let evidence = metadata["architecture_evidence"] { lines.append("  " + printable(evidence)) }
        return lines
    }

    private var parameterText: String {
        guard parameters.movingStatistics > 0 else { return groupedText(parameters.total) }
        return "\(groupedText(parameters.total)), \(groupedText(parameters.movingStatistics)) of them moving statistics"
    }

    private func operatorLines(width: Int, style: TextStyle) -> [String] {
        var lines = [style.heading("Operators") + style.faint("  \(groupedText(layers.count))")]
        var line = ""
        for entry in operators {
            let item = "\(groupedText(entry.count)) \(escaped(entry.name))"
            if !line.isEmpty, 2 + line.displayWidth + 3 + item.displayWidth > width {
                lines.append("  " + line)
                line = ""
            }
            line += (line.isEmpty ? "" : " · ") + item
        }
        return line.isEmpty ? lines : lines + ["  " + line]
    }

    private func stageLines(width: Int, style: TextStyle) -> [String] {
        var table = TextTable(columns: [
            .init(title: "stage", alignment: .right), .init(title: "blocks", alignment: .right),
            .init(title: "channels", alignment: .right), .init(title: "extent", alignment: .right),
            .init(title: "stride", alignment: .right, isOptional: true),
            .init(title: "parameters", alignment: .right, isOptional: true),
            .init(title: "mult-adds", alignment: .right, isOptional: true),
        ])
        for (index, stage) in stages.enumerated() {
            table.rows.append([
                String(index + 1), String(stage.blocks.count), stage.outputChannels.map(String.init) ?? "?",
                stage.spatialExtents.map { $0.map(String.init).joined(separator: "×") } ?? "?",
                extentsText(stage.stride), groupedText(stage.parameters), multiplyAddsText(stage.multiplyAdds),
            ])
        }
        return [style.heading("Stages")] + table.lines(width: width, style: style)
    }

    private func warningLines(style: TextStyle) -> [String] {
        let shown = warnings.prefix(20).map { "  " + style.warning($0.text) }
        let rest = warnings.count - shown.count
        return [style.heading("Warnings")] + shown + (rest > 0 ? ["  and \(groupedText(rest)) more"] : [])
    }
}

extension Inspection.Port {
    /// `images float32 [N, 3, 224, 224]`.
    fileprivate var text: String {
        [escaped(name), elementType?.rawValue, shape?.shapeText].compactMap { $0 }.joined(separator: "  ")
    }
}
