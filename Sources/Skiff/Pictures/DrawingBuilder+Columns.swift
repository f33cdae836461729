internal import SkiffInspect

extension DrawingBuilder {
    /// Columns of one resolution beyond which stages of equal extents share one.
    private static let manyStages = 10
    /// Columns beyond which those in the middle are left out.
    private static let mostColumns = 28
    /// Connections past other boxes beyond which none is drawn.
    private static let mostSkips = 16

    mutating func drawing(title: String) -> NetworkDrawing {
        let items = framedItems(makeItems())
        var drawing = NetworkDrawing(
            title: inspection.family.text, subtitle: subtitle, inputs: inspection.inputs.map { Self.port($0) },
            outputs: inspection.outputs.map { Self.port($0) }, units: [], columns: [], skips: [])
        if inspection.blocks.isEmpty, inspection.denseStages.isEmpty { drawing.title = title }
        drawing.columns = columns(of: items, omissions: &drawing.omissions)
        drawing.skips = skips(among: items, &drawing)
        drawing.units = units
        drawing.isUShaped = Self.isUShaped(drawing.columns)
        return drawing
    }

    private var subtitle: String {
        var parts = ["\(countText(inspection.parameters.total)) parameters"]
        if inspection.multiplyAdds != nil { parts.append(multiplyAddsText(inspection.multiplyAdds)) }
        let shortcuts = ResidualBlock.Shortcut.allCases.compactMap { kind -> String? in
            let count = inspection.blocks.count { $0.shortcut == kind }
            return count == 0 ? nil : "\(count) \(kind.rawValue)"
        }
        if !shortcuts.isEmpty {
            let count = inspection.blocks.count
            parts.append("\(count) residual block\(count == 1 ? "" : "s"): \(shortcuts.joined(separator: ", ")) shortcuts")
        }
        let dense = inspection.denseStages.reduce(0) { $0 + $1.concatenations.count }
        if dense > 0 {
            let count = inspection.denseStages.count
            parts.append("\(dense) dense layers in \(count) stage\(count == 1 ? "" : "s")")
        }
        return parts.joined(separator: " · ")
    }

    private static func port(_ port: Inspection.Port) -> String {
        let name = String(printable(port.name).prefix(28))
        guard let shape = port.shape, shape.count > 1 else { return name }
        return name + " " + shape.dropFirst().map { String(printable($0.description).prefix(8)) }.joined(separator: "×")
    }

    // MARK: Columns

    private mutating func columns(of items: [Item], omissions: inout [String]) -> [NetworkDrawing.Column] {
        let keys = inspection.blocks.isEmpty ? plainKeys(items) : stageKeys(items)
        var columns: [NetworkDrawing.Column] = []
        var last: Int?
        for (item, key) in zip(items, keys) {
            if columns.isEmpty || key != last { columns.append(column(key, item)) }
            last = key
            columns[columns.count - 1].units.append(item.unit)
            add(item.unit, to: &columns[columns.count - 1])
        }
        guard columns.count > Self.mostColumns else { return columns }
        let removed = columns.count - Self.mostColumns + 1
        omissions.append("\(removed) of \(columns.count) columns in the middle are not drawn")
        var gap = NetworkDrawing.Column(title: "…", details: ["\(removed) more"], units: [])
        for column in columns[(Self.mostColumns / 2)..<(Self.mostColumns / 2 + removed)] {
            gap.parameters = clampedSum(gap.parameters, column.parameters)
            gap.multiplyAdds = sum(gap.multiplyAdds, column.multiplyAdds)
        }
        columns.replaceSubrange((Self.mostColumns / 2)..<(Self.mostColumns / 2 + removed), with: [gap])
        return columns
    }

    /// Without blocks: a column for each resolution; what has none is the head.
    private func plainKeys(_ items: [Item]) -> [Int] {
        var key = -1
        var extents: [Int]?
        return items.map { item in
            if key < 0 || item.extents != extents, item.extents.map({ $0.contains { $0 > 1 } }) ?? (extents != nil) {
                key += 1
                extents = item.extents
            }
            return key
        }
    }

    /// -1 for the stem, the stage, or the number of stages for the head. Stages of equal extents share a key where
    /// there are many.
    private func stageKeys(_ items: [Item]) -> [Int] {
        var merged = Array(inspection.stages.indices)
        if inspection.stages.count > Self.manyStages {
            for index in merged.indices.dropFirst()
            where inspection.stages[index].spatialExtents == inspection.stages[index - 1].spatialExtents {
                merged[index] = merged[index - 1]
            }
        }
        var keys = [Int](repeating: inspection.stages.count, count: items.count)
        var next = inspection.stages.count
        for index in items.indices.reversed() {
            if let stage = items[index].stage { next = merged[stage] }
            keys[index] = next
        }
        for index in items.indices {
            guard items[index].stage == nil else { break }
            keys[index] = -1
        }
        return keys
    }

    private func column(_ key: Int, _ item: Item) -> NetworkDrawing.Column {
        guard !inspection.blocks.isEmpty else {
            var column = NetworkDrawing.Column(title: "", details: [], units: [])
            if let extents = item.extents, extents.contains(where: { $0 > 1 }) {
                column.title = PieceTexts.extents(extents)
                column.extents = extents
            } else {
                column.title = "head"
            }
            return column
        }
        guard inspection.stages.indices.contains(key) else {
            return NetworkDrawing.Column(title: key < 0 ? "stem" : "head", details: [], units: [])
        }
        let stage = inspection.stages[key]
        var column = NetworkDrawing.Column(title: "stage \(key + 1)", details: [], units: [], stage: key)
        if let extents = stage.spatialExtents { column.details.append(PieceTexts.extents(extents)) }
        if let channels = stage.outputChannels { column.details.append("\(channels) ch") }
        let stride = PieceTexts.stride(stage.stride)
        column.stride = stride.isEmpty ? nil : String(stride.dropFirst(2))
        column.extents = stage.spatialExtents
        return column
    }

    private func add(_ root: Int, to column: inout NetworkDrawing.Column) {
        var pending = [root]
        while let unit = pending.popLast() {
            for layer in units[unit].layers {
                column.parameters = clampedSum(column.parameters, inspection.layers[layer].parameters)
                column.multiplyAdds = sum(column.multiplyAdds, inspection.layers[layer].multiplyAdds)
            }
            pending += units[unit].inner.flatMap(\.members)
        }
    }

    /// Whether resolution falls and rises again along the columns, as often.
    private static func isUShaped(_ columns: [NetworkDrawing.Column]) -> Bool {
        let sizes = columns.compactMap { $0.extents?.first }
        guard sizes.count >= 5, let least = sizes.min(), let bottom = sizes.firstIndex(of: least) else { return false }
        let falls = zip(sizes[...bottom], sizes[...bottom].dropFirst()).allSatisfy { $0 >= $1 }
        let rises = zip(sizes[bottom...], sizes[bottom...].dropFirst()).allSatisfy { $0 <= $1 }
        return falls && rises && sizes.count - bottom >= 3 && sizes[sizes.count - 1] > least
    }

    // MARK: Connections

    /// Values that go past the next box, between columns; marks boxes that read nothing of the one before.
    private mutating func skips(among items: [Item], _ drawing: inout NetworkDrawing) -> [NetworkDrawing.Skip] {
        var itemOfNode = [Int](repeating: -1, count: graph.nodes.count)
        for (index, item) in items.enumerated() {
            var pending = [item.unit]
            while let unit = pending.popLast() {
                for layer in units[unit].layers where itemOfNode.indices.contains(layer) { itemOfNode[layer] = index }
                pending += units[unit].inner.flatMap(\.members)
            }
        }
        var columnOfUnit: [Int: Int] = [:]
        for (index, column) in drawing.columns.enumerated() { for unit in column.units { columnOfUnit[unit] = index } }
        /// Nodes that the next box reads.
        var gives: Set<Int> = []
        var isFed = [Bool](repeating: false, count: items.count)
        var found: [NetworkDrawing.Skip] = []
        var known: Set<NetworkDrawing.Skip> = []
        for node in graph.nodes.indices where itemOfNode[node] >= 0 {
            let target = itemOfNode[node]
            for read in glimpse.reads[node] {
                let source = itemOfNode[read.index]
                guard source >= 0, source < target else { continue }
                if source == target - 1 {
                    isFed[target] = true
                    gives.insert(read.index)
                    continue
                }
                let skip = NetworkDrawing.Skip(from: items[source].unit, to: items[target].unit)
                guard let from = columnOfUnit[skip.from], let to = columnOfUnit[skip.to], from != to,
                    known.insert(skip).inserted
                else { continue }
                found.append(skip)
            }
        }
        note(isFed, gives, itemOfNode, of: items)
        guard found.count > Self.mostSkips else { return found }
        drawing.omissions.append("\(found.count) connections that go past other boxes are not drawn")
        return []
    }

    /// Writes down which boxes and pieces read something of the box before, and what is read of them behind.
    private mutating func note(_ isFed: [Bool], _ gives: Set<Int>, _ itemOfNode: [Int], of items: [Item]) {
        for unit in units.indices {
            for piece in units[unit].pieces.indices {
                units[unit].pieces[piece].readsBefore = !units[unit].pieces[piece].outside.isEmpty
            }
        }
        for (index, item) in items.enumerated() {
            let isLast = index + 1 == items.count
            if index > 0 { units[item.unit].isFed = isFed[index] }
            units[item.unit].feeds = isLast || isFed[index + 1]
            let isBlock = units[item.unit].block != nil || units[item.unit].concatenates
            for piece in units[item.unit].pieces.indices {
                let outside = units[item.unit].pieces[piece].outside
                units[item.unit].pieces[piece].readsBefore = outside.contains { node in
                    guard graph.nodes.indices.contains(node) else { return index == 0 }
                    return itemOfNode[node] == index - 1 && index > 0
                } || isBlock && !outside.isEmpty
                if !isLast, !isBlock {
                    units[item.unit].pieces[piece].isReadBehind = units[item.unit].pieces[piece].nodes.contains(where: gives.contains)
                }
            }
        }
    }
}
