/// A residual block as a row of squares, one a layer, under the line of its shortcut; other layers without the line.
struct BlockDrawing {
    private let depth: DepthModel
    private let segment: DepthModel.Segment
    private let title: String
    private var branch: [Int] = []
    private var shortcut: [Int] = []
    private var joins: [Int] = []
    private var behind: [Int] = []

    private static let width = 184.0
    private static let top = 11.0
    private static let baseline = 34.0
    private static let perRow = 12

    init(_ depth: DepthModel, _ index: Int) {
        self.depth = depth
        segment = depth.segments[index]
        title = depth.title(of: index)
        guard let position = segment.block else {
            branch = segment.layers
            return
        }
        let block = depth.inspection.blocks[position]
        let onShortcut = Set(block.shortcutNodes.map(\.index))
        let onBranch = Set(block.branch.map(\.index))
        for layer in segment.layers {
            if onShortcut.contains(layer) {
                shortcut.append(layer)
            } else if layer == block.join.index {
                joins.append(layer)
            } else if onBranch.contains(layer) || layer < block.join.index {
                branch.append(layer)
            } else {
                behind.append(layer)
            }
        }
    }

    var markup: Markup {
        var shapes: [Markup] = []
        let isBlock = segment.block != nil
        let rows = max(1, (branch.count + Self.perRow - 1) / Self.perRow)
        let height = isBlock ? Self.baseline + 12 + Double(rows - 1) * 13 : 12 + Double(rows) * 13
        if isBlock {
            shapes.append(Drawing.path("M2 34H182M8 34V15Q8 11 12 11H158Q162 11 162 15V26", style: "wire"))
            shapes += squares(shortcut, from: 20, to: 150, middle: Self.top)
        }
        let first = isBlock ? Self.baseline : 12.5
        for row in 0..<rows {
            let layers = Array(branch.dropFirst(row * Self.perRow).prefix(Self.perRow))
            let reach = isBlock ? (15.0, 151.0) : (4.0, 180.0)
            shapes += squares(layers, from: reach.0, to: reach.1, middle: first + Double(row) * 13)
        }
        if isBlock {
            shapes += joins.prefix(1).map { joint($0) }
            shapes += squares(Array(behind.prefix(1)), from: 172, to: 182, middle: Self.baseline)
        }
        return .element(
            "svg",
            [
                "class": "block", "viewBox": "0 0 184 \(Drawing.number(height))", "role": "img",
                "aria-label": printable(description),
            ], shapes)
    }

    private var description: String {
        let compared = segment.layers.compactMap { depth.entryOfLayer[$0] }
        let wrong = compared.filter { !depth.entries[$0].value.verdict.isAgreement }.count
        return "\(title): \(segment.layers.count) layers, \(compared.count) compared, \(wrong) of them do not agree"
    }

    private func squares(_ layers: [Int], from: Double, to: Double, middle: Double) -> [Markup] {
        guard !layers.isEmpty else { return [] }
        let pitch = min(13, (to - from) / Double(layers.count))
        let size = pitch - 2
        let start = from + (to - from - pitch * Double(layers.count)) / 2 + 1
        return layers.enumerated().map { position, layer in
            let entry = depth.entryOfLayer[layer]
            let shown = depth.layerText(layer)
            return Drawing.rectangle(
                start + pitch * Double(position), middle - size / 2, size, size, style: style(layer), radius: 2,
                index: entry, title: entry == nil ? nil : shown)
        }
    }

    private func joint(_ layer: Int) -> Markup {
        let entry = depth.entryOfLayer[layer]
        return .element(
            "g", ["data-i": entry.map { String($0) }],
            [
                .element("circle", ["class": style(layer), "cx": "162", "cy": "34", "r": "7"], []),
                Drawing.path("M158.5 34H165.5M162 30.5V37.5", style: "plus \(severity(layer).style)"),
                .element("title", [:], [.name(depth.layerText(layer))]),
            ])
    }

    private func severity(_ layer: Int) -> Severity {
        depth.entryOfLayer[layer].map { depth.entries[$0].severity } ?? .uncompared
    }

    private func style(_ layer: Int) -> String {
        "cell \(severity(layer).style)" + (depth.guiltyLayers.contains(layer) ? " marked" : "")
    }
}

extension DepthModel {
    /// `conv1 (Conv2D): 0.92 × noise`.
    func layerText(_ layer: Int) -> String {
        let shown = inspection.layers[layer]
        var text = "\(shown.name) (\(shown.operator))"
        guard let entry = entryOfLayer[layer] else { return text + ": not compared" }
        text += ": " + entries[entry].severity.verdictText
        if let ratio = entries[entry].value.ratio { text += ", \(brief(ratio)) × noise" }
        return text + (guiltyLayers.contains(layer) ? ", guilty" : "")
    }
}
