internal import SkiffCore

extension Inspection {
    /// The table of layers: name, operator, output shape, parameters, multiply-adds.
    public func layersText(width: Int = 100, colors: Bool = false) -> String {
        let style = TextStyle(colors: colors)
        var table = TextTable(columns: [
            .init(title: "layer", alignment: .left, leastWidth: 16), .init(title: "operator", alignment: .left, leastWidth: 12),
            .init(title: "output shape", alignment: .left), .init(title: "parameters", alignment: .right),
            .init(title: "mult-adds", alignment: .right),
        ])
        table.rows = layers.map { layer in
            [
                escaped(layer.name), escaped(layer.operator), layer.outputShape?.shapeText ?? "?",
                layer.parameters == 0 ? "" : groupedText(layer.parameters),
                layer.multiplyAdds == 0 ? "" : multiplyAddsText(layer.multiplyAdds),
            ]
        }
        var lines = [style.heading("Layers") + style.faint("  \(groupedText(layers.count))")]
        lines += table.lines(width: width, style: style)
        lines.append(
            "  total: \(groupedText(parameters.total)) parameters, \(multiplyAddsText(multiplyAdds))")
        return lines.joined(separator: "\n") + "\n"
    }

    /// The table of layers for a terminal of 100 columns, without colours.
    public var layersText: String { layersText() }
}
