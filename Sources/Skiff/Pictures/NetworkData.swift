/// What the page's script shows of boxes that are opened: names, layers, tensors. Bounded, whatever the network is.
struct NetworkData {
    private let page: NetworkPage
    /// Layers and tensors beyond which the rest is left out.
    private static let mostLayers = 20_000
    private static let mostTensors = 6_000
    private static let mostUnits = 20_000
    /// Characters of a name.
    private static let longestName = 160

    init(_ page: NetworkPage) { self.page = page }

    private var layerCount: Int { min(page.inspection.layers.count, Self.mostLayers) }

    var omissions: [String] {
        var texts: [String] = []
        let layers = page.inspection.layers.count
        if layers > Self.mostLayers { texts.append("\(layers - Self.mostLayers) of \(layers) layers cannot be opened or found") }
        let tensors = page.weights?.tensors.count ?? 0
        if tensors > Self.mostTensors {
            texts.append("\(tensors - Self.mostTensors) of \(tensors) tensors have no histogram here")
        }
        return texts
    }

    var markup: Markup {
        .data("data", ["layers": layers, "units": units, "runs": runs, "tensors": tensors])
    }

    private func short(_ name: String) -> JSONValue {
        let text = printable(name)
        return .string(text.count > Self.longestName ? String(text.prefix(Self.longestName)) + "…" : text)
    }

    /// In columns: names, operators by index, shapes, parameters, multiply-adds, units.
    private var layers: JSONValue {
        var operators: [String: Int] = [:]
        var names: [JSONValue] = []
        var unitOfLayer = [Int](repeating: -1, count: page.inspection.layers.count)
        for (index, unit) in page.drawing.units.enumerated() {
            for layer in unit.layers where unitOfLayer.indices.contains(layer) { unitOfLayer[layer] = index }
        }
        var kinds: [JSONValue] = []
        let shown = page.inspection.layers.prefix(layerCount)
        for layer in shown {
            let next = operators.count
            let kind = operators[layer.operator] ?? next
            if kind == next {
                operators[layer.operator] = next
                names.append(short(layer.operator))
            }
            kinds.append(.integer(Int64(kind)))
        }
        return [
            "names": .array(shown.map { short($0.name) }), "operators": .array(names), "kind": .array(kinds),
            "shape": .array(shown.map { layer in layer.outputShape.map { .string(text(of: $0)) } ?? .null }),
            "parameters": .array(shown.map { .integer(Int64($0.parameters)) }),
            "multiplyAdds": .array(shown.map { layer in layer.multiplyAdds.map { .integer(Int64($0)) } ?? .null }),
            "unit": .array(unitOfLayer.prefix(layerCount).map { .integer(Int64($0)) }),
        ]
    }

    private func text(of shape: SymbolicShape) -> String { shape.map { String(printable($0.description).prefix(20)) }.joined(separator: "×") }

    /// Title and facts of each box.
    private var units: JSONValue {
        .array(
            page.drawing.units.prefix(Self.mostUnits).indices.map { index in
                let unit = page.drawing.units[index]
                var title = unit.title
                if title.isEmpty { title = PieceLanes.text(of: unit.pieces, limit: 3) }
                var value: JSONObject = JSONObject()
                value["title"] = short(title)
                if let block = unit.block {
                    value["block"] = .integer(Int64(block))
                    value["facts"] = .array(facts(of: page.inspection.blocks[block]).map { .array([.string($0.0), .string($0.1)]) })
                } else {
                    value["facts"] = .array([.array([.string("parameters"), .string(groupedText(unit.parameters))])])
                }
                return .object(value)
            })
    }

    private func facts(of block: ResidualBlock) -> [(String, String)] {
        var facts = [("kind", block.kind.rawValue + (block.hasSqueezeExcitation ? " + SE" : ""))]
        facts.append(("shortcut", block.shortcut.rawValue + (block.poolsShortcut && block.shortcut != .pool ? ", pooled" : "")))
        facts.append(("channels", "\(block.inputChannels.map(String.init) ?? "?") → \(block.outputChannels.map(String.init) ?? "?")"))
        var stride = PieceTexts.extents(block.stride)
        if let site = block.strideSite { stride += " in \(site)" }
        facts.append(("stride", stride))
        if block.dilation > 1 { facts.append(("dilation", String(block.dilation))) }
        if block.groups > 1 { facts.append(("groups", String(block.groups))) }
        switch block.activation {
        case .after: facts.append(("activation", "after the addition"))
        case .before: facts.append(("activation", "before the convolutions"))
        case .none: break
        }
        if let extents = block.spatialExtents { facts.append(("extents", PieceTexts.extents(extents))) }
        facts.append(("parameters", groupedText(block.parameters)))
        facts.append(("multiply-adds", multiplyAddsText(block.multiplyAdds)))
        return facts
    }

    /// By the box that stands for several: all of them.
    private var runs: JSONValue {
        let layout = DrawingLayout(page.drawing, hasTitle: false)
        var runs = JSONObject()
        var pending = layout.columns.map(\.stack)
        while let stack = pending.popLast() {
            for entry in stack.entries {
                pending += entry.sketches.compactMap(\.stack)
                guard entry.run.repeats > 1 else { continue }
                for (position, unit) in entry.run.pattern.enumerated() {
                    let members = stride(from: position, to: entry.run.members.count, by: entry.run.pattern.count)
                    runs[String(unit)] = .array(members.prefix(2000).map { .integer(Int64(entry.run.members[$0])) })
                }
            }
        }
        return .object(runs)
    }

    private var tensors: JSONValue {
        .array(
            (page.weights?.tensors ?? []).prefix(Self.mostTensors).map { tensor in
                var value = JSONObject()
                value["name"] = short(tensor.name)
                value["layer"] = tensor.layer.map { .integer(Int64($0)) } ?? .null
                value["type"] = .string(tensor.elementType.rawValue)
                value["shape"] = .string(tensor.shape.map(String.init).joined(separator: "×"))
                value["mean"] = .string(brief(tensor.mean))
                value["deviation"] = .string(brief(tensor.standardDeviation))
                value["least"] = .string(brief(tensor.minimum))
                value["most"] = .string(brief(tensor.maximum))
                let share = tensor.elements > 0 ? Double(tensor.zeros) / Double(tensor.elements) * 100 : 0
                value["zeros"] = tensor.zeros > 0 ? .string("\(brief(share)) %") : .null
                value["from"] = .string(brief(tensor.histogram.lower))
                value["to"] = .string(brief(tensor.histogram.upper))
                value["counts"] = .array(tensor.histogram.counts.prefix(64).map { .integer(Int64($0)) })
                return .object(value)
            })
    }
}
