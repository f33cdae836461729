internal import SkiffCore
internal import SkiffGraph
internal import SkiffInspect

extension DifferenceReport {
    /// The difference as a terminal shows it.
    /// - Parameters:
    ///   - width: columns of the terminal.
    ///   - all: whether what is the same is listed, too.
    ///   - names: whether to list which layer is which.
    public func text(width: Int = 100, colors: Bool = false, all: Bool = false, names: Bool = false) -> String {
        let paint = Paint(colors: colors)
        var lines = ["\(paint.removed("− \(escaped(files.left))"))  \(paint.faint(difference.left.format))"]
        lines.append("\(paint.added("+ \(escaped(files.right))"))  \(paint.faint(difference.right.format))")
        lines.append("")
        lines.append(paint.heading(difference.summary))
        lines += difference.remarks.map { "  \($0)" }
        func section(_ title: String, _ body: [String]) {
            guard !body.isEmpty else { return }
            lines += ["", paint.heading(title)] + body
        }
        section("Interface", difference.interfaceChanges.map { paint.changed("~ ") + $0 })
        section("Blocks", blockLines(paint, all: all))
        section("Layers", layerLines(paint, all: all))
        section("Written differently, the same function", difference.representation.map { "  " + $0 })
        if names { section("Names", nameLines(width: width, paint: paint)) }
        return lines.joined(separator: "\n") + "\n"
    }

    private func mark(_ change: ModelDifference.Change, _ paint: Paint) -> String {
        switch change {
        case .same: "  "
        case .changed: paint.changed("~ ")
        case .added: paint.added("+ ")
        case .removed: paint.removed("− ")
        }
    }

    private func blockLines(_ paint: Paint, all: Bool) -> [String] {
        var lines: [String] = []
        var same = 0
        func flush() {
            if same > 0 { lines.append(paint.faint("  \(same) \(same == 1 ? "block" : "blocks") the same")) }
            same = 0
        }
        for block in difference.blocks {
            if block.change == .same, !all {
                same += 1
                continue
            }
            flush()
            let side = block.left.map { difference.left.blocks[$0] } ?? block.right.map { difference.right.blocks[$0] }
            let kind = side.map { "\($0.kind.rawValue), \($0.shortcut.rawValue) shortcut" } ?? ""
            lines.append(mark(block.change, paint) + names(block) + "  " + paint.faint(kind))
            if block.change == .changed {
                let shown = block.texts.prefix(all ? .max : 4)
                lines += shown.map { "    \($0)" }
                if block.texts.count > shown.count { lines.append(paint.faint("    and \(block.texts.count - shown.count) more")) }
            }
        }
        flush()
        return lines
    }

    private func layerLines(_ paint: Paint, all: Bool) -> [String] {
        var lines: [String] = []
        var same = 0
        func flush() {
            if same > 0 { lines.append(paint.faint("  \(same) \(same == 1 ? "layer" : "layers") the same")) }
            same = 0
        }
        let removed = Set(difference.blocks.filter { $0.change == .removed }.compactMap(\.left))
        let added = Set(difference.blocks.filter { $0.change == .added }.compactMap(\.right))
        // Where all weights are others, each layer is a line.
        let isLong = !all && difference.layers.count { $0.isOnlyReweighted } > 8
        for layer in difference.layers {
            if !all {
                if layer.change == .same {
                    same += 1
                    continue
                }
                // A block that is gone is said once.
                if layer.change == .removed, let block = layer.leftBlock, removed.contains(block) { continue }
                if layer.change == .added, let block = layer.rightBlock, added.contains(block) { continue }
            }
            flush()
            if isLong, layer.isOnlyReweighted {
                lines.append(mark(.changed, paint) + names(layer) + "  " + paint.faint(briefText(layer)))
                continue
            }
            lines.append(mark(layer.change, paint) + names(layer) + "  " + paint.faint(layer.operation))
            lines += detailLines(layer, paint, all: all)
        }
        flush()
        return lines
    }

    private func briefText(_ layer: ModelDifference.Layer) -> String {
        layer.weights.filter { !$0.state.keepsFunction }.map { weight in
            if let size = weight.relativeError, size.isFinite { return "\(weight.role) \(percentText(size))" }
            return "\(weight.role) \(weight.text)"
        }.joined(separator: ", ")
    }

    private func detailLines(_ layer: ModelDifference.Layer, _ paint: Paint, all: Bool) -> [String] {
        var lines = layer.attributes.map { "    \($0)" }
        if layer.change == .changed || all, !layer.left.isEmpty, !layer.right.isEmpty {
            for weight in layer.weights where all || !weight.state.keepsFunction && !weight.text.hasPrefix("shape ") {
                lines.append("    \(weight.role): \(weight.text)")
            }
        }
        lines += layer.unknowns.map { "    not known: \($0)" }
        if all || layer.change != .same { lines += layer.notes.map { paint.faint("    \($0)") } }
        return lines
    }

    private func nameLines(width: Int, paint: Paint) -> [String] {
        var table = TextTable(columns: [
            .init(title: "left", alignment: .left, leastWidth: 16), .init(title: "right", alignment: .left, leastWidth: 16),
            .init(title: "operation", alignment: .left, isOptional: true),
        ])
        for layer in difference.layers {
            table.rows.append([
                escaped(left.head(of: layer.left).map { left.displayName(of: $0) } ?? "–"),
                escaped(right.head(of: layer.right).map { right.displayName(of: $0) } ?? "–"), layer.operation,
            ])
        }
        return table.lines(width: width, style: TextStyle(colors: paint.colors))
    }
}

/// Colours of a difference.
struct Paint {
    var colors: Bool

    func heading(_ text: String) -> String { styled(text, "1") }
    func faint(_ text: String) -> String { styled(text, "2") }
    func added(_ text: String) -> String { styled(text, "32") }
    func removed(_ text: String) -> String { styled(text, "31") }
    func changed(_ text: String) -> String { styled(text, "33") }

    private func styled(_ text: String, _ code: String) -> String {
        colors && !text.isEmpty ? "\u{1B}[\(code)m\(text)\u{1B}[0m" : text
    }
}
