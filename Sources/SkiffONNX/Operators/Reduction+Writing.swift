internal import SkiffCore
internal import SkiffGraph

extension Reduction {
    func write(_ node: NodeExport) throws(ONNXError) {
        guard let plain = OperatorTable.plainReductions.first(where: { $0.kind == kind }) else {
            throw node.inexpressible("ONNX has no such reduction")
        }
        let since = kind == .sum ? 13 : 18
        if emptyAxesMeanNone { try node.require(since, "\(plain.name) that takes no axes as none") }
        let keeps = attribute("keepdims", keepsDimensions)
        let (order, result) = orders(node)
        if !order.isNatural, let rank = node.rank(0), let known = try node.input(1) == nil ? axes : node.integers(1) {
            if let id = node.input(1) { node.exporter.absorb(id) }
            let axes = known.map { order.position(of: node.normalized($0, rank: rank)) }.sorted()
            let input = try node.name(0, order)
            if node.opset < since { return try node.give(plain.name, [input], [attribute("axes", axes), keeps], in: result) }
            return try node.give(plain.name, [input, try node.constant("axes", integers: axes)], [keeps], in: result)
        }
        let list = try node.axesList(axes, since: since, rank: node.rank(0), plain.name)
        var axesAttribute = list.attribute
        // An empty list is all axes, which attributes say by leaving it out.
        if case .integers(let axes)? = axesAttribute?.value, axes.isEmpty { axesAttribute = nil }
        try try node.give(
            plain.name, [try node.name(0), list.input],
            [axesAttribute, keeps, emptyAxesMeanNone ? attribute("noop_with_empty_axes", 1) : nil])
    }

    /// The order in which the map is read, and that of the result: the axes that stay may not change places where the others
    /// go.
    private func orders(_ node: NodeExport) -> (AxisOrder, AxisOrder) {
        if keepsDimensions {
            let order = node.followedOrder()
            return (order, order)
        }
        guard let input = node.input(0), let rank = node.rank(0), let axes, node.input(1) == nil, !axes.isEmpty else {
            return (.natural, .natural)
        }
        let order = node.exporter.order(of: input)
        let gone = axes.map { node.normalized($0, rank: rank) }
        let stay = order.axes?.filter { !gone.contains($0) }
        return stay == stay?.sorted() ? (order, .natural) : (.natural, .natural)
    }
}

extension ArgumentReduction {
    func write(_ node: NodeExport) throws(ONNXError) {
        let name = kind == .maximum ? "ArgMax" : "ArgMin"
        if selectsLast { try node.require(12, "\(name) that takes the last of equals") }
        try try node.give(
            name, try node.names(),
            [
                attribute("axis", node.axis(axis, in: .natural, since: 11)), attribute("keepdims", keepsDimensions),
                selectsLast ? attribute("select_last_index", 1) : nil,
            ])
    }
}

extension Softmax {
    func write(_ node: NodeExport) throws(ONNXError) {
        let name =
            switch kind {
            case .softmax: "Softmax"
            case .logSoftmax: "LogSoftmax"
            case .hardmax: "Hardmax"
            }
        let rank = node.rank(0)
        let isLast = axis == -1 || (rank.map { node.normalized(axis, rank: $0) == $0 - 1 } ?? false)
        if flattensFromAxis, !isLast, node.opset >= 13 { return try writeFlattened(name, node) }
        if flattensFromAxis != (node.opset < 13) { node.exporter.restate() }
        let order = flattensFromAxis ? .natural : node.followedOrder()
        let position = node.axis(axis, in: order, since: 11)
        // Before Softmax-13 only the last axis stands alone.
        if node.opset < 13, !flattensFromAxis, !(order.isNatural && isLast) {
            guard let rank else { return try node.require(13, "\(name) along one axis of a value of unknown rank") }
            let place = order.position(of: node.normalized(axis, rank: rank))
            if place != rank - 1 { return try writeMoved(name, node, order, place, rank) }
        }
        try node.give(name, [try node.name(0, order)], [attribute("axis", position)], in: order)
    }

    /// As a matrix whose rows are what the axes from ``axis`` on hold.
    private func writeFlattened(_ name: String, _ node: NodeExport) throws(ONNXError) {
        let input = try node.name(0)
        let rows = node.derive("Flatten", [input], [attribute("axis", axis)])
        let scaled = node.derive(name, [rows], [attribute("axis", 1)])
        try node.give("Reshape", [scaled, node.derive("Shape", [input])])
    }

    /// With the axis brought to the end and back.
    private func writeMoved(
        _ name: String, _ node: NodeExport, _ order: AxisOrder, _ place: Int, _ rank: Int
    ) throws(ONNXError) {
        let there = (0..<rank).filter { $0 != place } + [place]
        let back = (0..<rank).map { there.firstIndex(of: $0) ?? 0 }
        let moved = node.transposed(try node.name(0, order), there)
        let scaled = node.derive(name, [moved], [attribute("axis", rank - 1)])
        try node.give("Transpose", [scaled], [attribute("perm", back)], in: order)
    }
}

extension CumulativeSum {
    func write(_ node: NodeExport) throws(ONNXError) {
        try node.require(11, "CumSum")
        try node.give("CumSum", try node.names(), [attribute("exclusive", isExclusive), attribute("reverse", isReversed)])
    }
}

extension TopK {
    func write(_ node: NodeExport) throws(ONNXError) {
        if takesSmallest { try node.require(11, "TopK of the smallest") }
        let axis = attribute("axis", axis)
        let largest = node.opset < 11 ? nil : attribute("largest", !takesSmallest)
        guard node.opset < 10 else {
            let count = if let k { try node.constant("k", integers: [k]) } else { try node.name(1) }
            return try node.give("TopK", [try node.name(0), count], [axis, largest])
        }
        var count = k
        if let id = node.input(1) {
            count = try node.integers(1)?.first
            node.exporter.absorb(id)
        }
        guard let count else { return try node.require(10, "TopK of a number that is computed") }
        try node.give("TopK", [try node.name(0)], [axis, attribute("k", count)])
    }
}
