internal import SkiffInspect

extension DrawingBuilder {
    /// A box for each segment that has something to show; nodes that only pass values on belong to the box before.
    mutating func makeItems() -> [Item] {
        let segments = inspection.outline.segments
        var items: [Item] = []
        var waiting: [Int] = []
        for segment in segments {
            if let block = segment.block {
                units.append(unit(of: block, layers: segment.layers))
                var item = Item(unit: units.count - 1, stage: stageOfBlock[block])
                item.frames = frames(around: inspection.blocks[block].parent)
                items.append(item)
            } else {
                let made = plainUnits(segment)
                if made.isEmpty {
                    if let last = items.last { units[last.unit].layers += segment.layers } else { waiting += segment.layers }
                    continue
                }
                let frames = frames(around: segment.around)
                for unit in made {
                    units.append(unit)
                    var item = Item(unit: units.count - 1, stage: nil, frames: frames)
                    item.extents = unit.pieces.first?.extents
                    items.append(item)
                }
            }
            if !waiting.isEmpty, let first = items.first {
                units[first.unit].layers = waiting + units[first.unit].layers
                waiting = []
            }
        }
        return items
    }

    private func unit(of index: Int, layers: [Int]) -> NetworkDrawing.Unit {
        let block = inspection.blocks[index]
        var unit = NetworkDrawing.Unit(block: index, title: block.name, layers: layers)
        let branch = Set(block.branch.map(\.index))
        pieces(of: layers.filter { branch.contains($0) }, into: &unit)
        unit.activatesLast = block.activation == .after
        unit.isUShaped = block.kind == .uShaped
        if !unit.isUShaped, unit.pieces.count > 6 { unit.pieces = Self.compressed(unit.pieces) }
        unit.parameters = block.parameters
        unit.multiplyAdds = block.multiplyAdds
        unit.shortcut = NetworkDrawing.Shortcut(kind: block.shortcut, labels: shortcutLabels(of: block))
        return unit
    }

    /// `pool 2×2, /2` and `1×1`: what lies on the shortcut.
    private func shortcutLabels(of block: ResidualBlock) -> [String] {
        var labels: [String] = []
        for node in block.shortcutNodes {
            if let layer = glimpse.layers[node.index] {
                let kernel = layer.kernel.isEmpty ? "fc" : PieceTexts.extents(layer.kernel)
                labels.append(kernel + PieceTexts.stride(layer.strides))
                continue
            }
            switch graph[node].operator {
            case .pooling(let pooling): labels.append(PieceTexts.pooling(pooling))
            case .slice where !labels.contains { $0.hasPrefix("slice") }:
                labels.append("slice" + (block.isStrided ? ", /\(block.stride.first ?? 2)" : ""))
            case .pad where block.shortcut == .pad, .concatenation where block.shortcut == .pad: labels.append("+ zeros")
            default: continue
            }
        }
        if block.shortcut == .pad, !labels.contains("+ zeros") { labels.append("+ zeros") }
        return labels.count > 3 ? Array(labels.prefix(2)) + ["…"] : labels
    }

    /// Layers outside of blocks: one box, or, where they are many, one for each part between joins.
    private func plainUnits(_ segment: Outline.Segment) -> [NetworkDrawing.Unit] {
        var left: Set<Int> = []
        if let around = segment.around {
            let block = inspection.blocks[around]
            left = Set(block.shortcutNodes.map(\.index) + [block.join.index])
        }
        let shown = segment.layers.filter { !left.contains($0) }
        var whole = NetworkDrawing.Unit(title: "", layers: segment.layers)
        pieces(of: shown, into: &whole)
        guard !whole.pieces.isEmpty else { return [] }
        if whole.pieces.count <= 10, !inspection.blocks.isEmpty {
            whole.pieces = Self.compressed(whole.pieces)
            count(&whole)
            return [whole]
        }
        return parts(of: segment.layers, hidden: left)
    }

    /// Cut where the extents change and behind joins of several values.
    private func parts(of layers: [Int], hidden: Set<Int>) -> [NetworkDrawing.Unit] {
        var made: [NetworkDrawing.Unit] = []
        var current: [Int] = []
        var extents: [Int]?
        func close() {
            var unit = NetworkDrawing.Unit(title: "", layers: current)
            pieces(of: current.filter { !hidden.contains($0) }, into: &unit)
            current = []
            if unit.pieces.isEmpty, let last = made.indices.last {
                made[last].layers += unit.layers
                return
            }
            unit.pieces = Self.compressed(unit.pieces)
            count(&unit)
            made.append(unit)
        }
        /// What lies between a dense layer's input and its concatenation is a box of its own.
        func closeDense(at join: Int) {
            let sources = glimpse.reads[join].map(\.index).sorted()
            let fork = sources.dropLast().last ?? -1
            let branch = current.filter { $0 > fork }
            current.removeAll { $0 > fork }
            if !current.isEmpty { close() }
            let before = made.count
            current = branch
            if !current.isEmpty { close() }
            guard made.count > before else {
                if let last = made.indices.last { made[last].layers.append(join) }
                return
            }
            made[before].layers.append(join)
            made[before].shortcut = NetworkDrawing.Shortcut(kind: .identity, labels: [])
            made[before].concatenates = true
            extents = self.extents(of: join)
        }
        for layer in layers {
            if denseJoins.contains(layer) {
                closeDense(at: layer)
                continue
            }
            let isShown = gates[layer] == nil && (glimpse.layers[layer] != nil
                || !isPartOfActivation(layer) && PieceTexts.piece(of: graph.nodes[layer], dataOperands: glimpse.dataOperands[layer]) != nil)
            let own = self.extents(of: layer)
            let isJoin = glimpse.dataOperands[layer] > 1 && graph.nodes[layer].operator.role == .concatenation
            if isShown, !current.isEmpty, own != extents || isJoin { close() }
            if isShown { extents = own }
            current.append(layer)
        }
        if !current.isEmpty { close() }
        return made.filter { !$0.pieces.isEmpty }
    }

    private func count(_ unit: inout NetworkDrawing.Unit) {
        for layer in unit.layers {
            unit.parameters = clampedSum(unit.parameters, inspection.layers[layer].parameters)
            unit.multiplyAdds = sum(unit.multiplyAdds, inspection.layers[layer].multiplyAdds)
        }
    }

    func sum(_ left: Int?, _ right: Int?) -> Int? {
        guard let left, let right else { return nil }
        return clampedSum(left, right)
    }

    /// Items with those inside of frames put into boxes of their own.
    mutating func framedItems(_ items: [Item]) -> [Item] {
        var result: [Item] = []
        // Open frames, the outermost first: the block, and what is in it so far.
        var open: [(block: Int, items: [Item])] = []
        for item in items {
            let shared = zip(open.map(\.block), item.frames).prefix { $0 == $1 }.count
            while open.count > shared { close(&open, &result) }
            for block in item.frames.dropFirst(open.count) { open.append((block, [])) }
            if open.isEmpty { result.append(item) } else { open[open.count - 1].items.append(item) }
        }
        while !open.isEmpty { close(&open, &result) }
        return result
    }

    private mutating func close(_ open: inout [(block: Int, items: [Item])], _ result: inout [Item]) {
        guard let frame = open.popLast() else { return }
        let block = inspection.blocks[frame.block]
        var unit = NetworkDrawing.Unit(block: frame.block, title: block.name)
        unit.parameters = block.parameters
        unit.multiplyAdds = block.multiplyAdds
        unit.activatesLast = block.activation == .after
        unit.shortcut = NetworkDrawing.Shortcut(kind: block.shortcut, labels: shortcutLabels(of: block))
        let members = frame.items.map(\.unit)
        unit.inner = members.map { NetworkDrawing.Run(pattern: [$0], members: [$0]) }
        units.append(unit)
        let item = Item(unit: units.count - 1, stage: frame.items.lazy.compactMap(\.stage).first)
        if open.isEmpty { result.append(item) } else { open[open.count - 1].items.append(item) }
    }
}
