internal import SkiffCore
internal import SkiffGraph

/// A row of the layers table: a layer, or the sum of the layers of a block or stage.
struct LayerRow {
    var title: String
    var `operator` = ""
    var window = ""
    var shape = ""
    var parameters = 0
    var multiplyAdds: Int? = 0
    var memory: Int? = 0
    /// How deep in the tree; 0 for stages and for plain lists.
    var depth = 0

    init(_ title: String, depth: Int = 0) {
        self.title = title
        self.depth = depth
    }

    init(_ layer: Inspection.Layer, depth: Int) {
        title = layer.name
        self.operator = layer.operator
        window = layer.window?.text ?? ""
        shape = layer.outputShape?.shapeText ?? "?"
        parameters = layer.parameters
        multiplyAdds = layer.multiplyAdds
        memory = layer.activationBytes
        self.depth = depth
    }

    mutating func add(_ row: LayerRow) {
        parameters = clampedSum(parameters, row.parameters)
        multiplyAdds = checkedSum(multiplyAdds, row.multiplyAdds)
        memory = checkedSum(memory, row.memory)
    }
}

extension Inspection {
    /// The layers that a selection's filters let through, indices in order.
    public func selectedLayers(_ selection: LayerSelection) -> [Int] {
        guard !selection.filters.isEmpty else { return Array(layers.indices) }
        let filters = selection.filters.map { LayerFilter($0) }
        return layers.indices.filter { index in
            let layer = layers[index]
            let block = (layer.block ?? layer.activatedBlock).map { blocks[$0].name }
            return filters.contains { filter in
                filter.matches(layer.name) || filter.matches(layer.operator) || block.map { filter.matches($0) } ?? false
            }
        }
    }

    /// The rows of the table, and how many layers they stand for.
    func rows(_ selection: LayerSelection) -> (rows: [LayerRow], layers: Int) {
        let selected = selectedLayers(selection)
        var rows: [LayerRow]
        if let depth = selection.depth {
            rows = tree(of: selected, depth, selection.order)
        } else {
            rows = sorted(selected.map { LayerRow(layers[$0], depth: 0) }, by: selection.order)
        }
        if let limit = selection.limit, rows.count > limit { rows.removeLast(rows.count - limit) }
        return (rows, selected.count)
    }

    private func tree(of selected: [Int], _ depth: LayerSelection.Depth, _ order: LayerSelection.Order) -> [LayerRow] {
        let outline = outline
        let isSelected = Set(selected)
        var branches: [(row: LayerRow, rows: [LayerRow])] = []
        for group in outline.groups {
            var inner: [(row: LayerRow, rows: [LayerRow])] = []
            for segment in group.segments {
                let shown = outline.segments[segment].layers.filter { isSelected.contains($0) }
                guard !shown.isEmpty else { continue }
                let leaves = shown.map { LayerRow(layers[$0], depth: group.stage == nil ? 1 : 2) }
                var row = LayerRow(outline.title(of: segment, in: self), depth: group.stage == nil ? 0 : 1)
                if let block = outline.segments[segment].block {
                    row.operator = blocks[block].kind.rawValue
                    row.shape = layers[blocks[block].join.index].outputShape?.shapeText ?? "?"
                } else {
                    row.operator = "\(shown.count) layer\(shown.count == 1 ? "" : "s")"
                }
                for leaf in leaves { row.add(leaf) }
                inner.append((row, depth == .layer ? sorted(leaves, by: order) : []))
            }
            guard !inner.isEmpty else { continue }
            guard let stage = group.stage else {
                branches += inner
                continue
            }
            var row = LayerRow("stage \(stage + 1)")
            let count = stages[stage].blocks.count
            row.operator = "\(groupedText(count)) block\(count == 1 ? "" : "s")"
            row.shape = stageShape(stage)
            for part in inner { row.add(part.row) }
            inner = sorted(inner, by: order)
            branches.append((row, depth == .stage ? [] : inner.flatMap { [$0.row] + $0.rows }))
        }
        return sorted(branches, by: order).flatMap { [$0.row] + $0.rows }
    }

    private func stageShape(_ stage: Int) -> String {
        guard let last = stages[stage].blocks.last else { return "" }
        return layers[blocks[last].join.index].outputShape?.shapeText ?? "?"
    }

    private func sorted(_ rows: [LayerRow], by order: LayerSelection.Order) -> [LayerRow] {
        sorted(rows.map { ($0, []) }, by: order).map(\.row)
    }

    /// Rows with what is below them; equal ones stay as they were.
    private func sorted(
        _ branches: [(row: LayerRow, rows: [LayerRow])], by order: LayerSelection.Order
    ) -> [(row: LayerRow, rows: [LayerRow])] {
        let indexed = branches.enumerated()
        func descending(_ key: (LayerRow) -> Int) -> [(row: LayerRow, rows: [LayerRow])] {
            indexed.sorted { ($1.element.row.sortKey(key), $0.offset) < ($0.element.row.sortKey(key), $1.offset) }
                .map(\.element)
        }
        func ascending(_ key: (LayerRow) -> String) -> [(row: LayerRow, rows: [LayerRow])] {
            indexed.sorted { (key($0.element.row), $0.offset) < (key($1.element.row), $1.offset) }.map(\.element)
        }
        switch order {
        case .order: return branches
        case .name: return ascending(\.title)
        case .operator: return ascending(\.operator)
        case .parameters: return descending(\.parameters)
        case .multiplyAdds: return descending { $0.multiplyAdds ?? -1 }
        case .memory: return descending { $0.memory ?? -1 }
        }
    }
}

extension LayerRow {
    fileprivate func sortKey(_ key: (LayerRow) -> Int) -> Int { key(self) }
}
