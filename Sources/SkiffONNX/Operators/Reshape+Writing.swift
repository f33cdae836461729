internal import SkiffCore
internal import SkiffGraph

extension Transpose {
    /// The order of axes that input and output have in the file goes into the permutation; where nothing is left of it the
    /// value is passed on.
    func write(_ node: NodeExport) throws(ONNXError) {
        guard let input = node.input(0), let rank = node.rank(0), let output = node.node.outputs.first else {
            return try node.give("Transpose", try node.names(), [permutation.map { attribute("perm", $0) }])
        }
        let permutation = permutation ?? (0..<rank).reversed()
        let from = node.exporter.order(of: input)
        let wanted: AxisOrder =
            node.exporter.preference.wantsChannelsFirst(output) ? .channelsFirst(rank: rank) : .natural
        if from.isNatural, wanted.isNatural {
            return try node.give("Transpose", try node.names(), [self.permutation.map { attribute("perm", $0) }])
        }
        func steps(to order: AxisOrder) -> [Int] { (0..<rank).map { from.position(of: permutation[order.axis(at: $0)]) } }
        let order = [wanted, .natural, .channelsFirst(rank: rank)].first { steps(to: $0) == Array(0..<rank) } ?? wanted
        let name = try node.name(0, from)
        if steps(to: order) == Array(0..<rank) { return try node.give("Identity", [name], in: order) }
        try node.give("Transpose", [name], [attribute("perm", steps(to: order))], in: order)
    }
}

extension Reshape {
    func write(_ node: NodeExport) throws(ONNXError) {
        guard let target = shape else {
            if allowsZero { try writeZeros(node) } else { try node.give("Reshape", [try node.flatName(0), try node.name(1)]) }
            return
        }
        let output = node.node.outputs[0]
        if keepsBatch, try writeFlattened(node, target) { return }
        // A zero copies the batch, so other zeros cannot be said beside it.
        var extents = target
        if keepsBatch {
            guard !target.contains(0) else { throw node.inexpressible("an extent of 0 beside an open batch") }
            extents = [0] + target
        }
        let needsZeros = !keepsBatch && allowsZero && target.contains(0)
        if needsZeros { try node.require(14, "Reshape to an extent of 0") }
        // (N, 1, 1, C) is (N, C, 1, 1): no Transpose is needed where such a value is wanted channels-first.
        var order = AxisOrder.natural
        let wanted = AxisOrder.channelsFirst(rank: extents.count)
        if node.exporter.preference.wantsChannelsFirst(output),
            wanted.keepsElements(of: node.exporter.graph[output].fact?.shape), !extents.dropFirst().contains(0)
        {
            order = wanted
        }
        let inputs = [try node.flatName(0), try node.constant("shape", integers: order.arranged(extents))]
        try node.give("Reshape", inputs, [needsZeros ? attribute("allowzero", 1) : nil], in: order)
    }

    /// A shape that is computed, or a weight, in which zeros mean what they say.
    private func writeZeros(_ node: NodeExport) throws(ONNXError) {
        let known = try node.integers(1)
        if known == nil || known?.contains(0) == true { try node.require(14, "Reshape that takes extents of 0 as they are") }
        try node.prefer(14, "Reshape that takes extents of 0 as they are")
        if node.opset < 14 { node.exporter.restate() }
        try try node.give(
            "Reshape", [try node.flatName(0), try node.name(1)], [node.opset < 14 ? nil : attribute("allowzero", 1)])
    }

    /// A reshape that flattens, before fully connected layers.
    private func writeFlattened(_ node: NodeExport, _ target: [Int]) throws(ONNXError) -> Bool {
        guard target.count == 1, let shape = node.shape(0), shape.count > 2 else { return false }
        let extents = Array(shape.dropFirst()).fixedShape
        guard target[0] == -1 || target[0] == extents?.checkedElementCount else { return false }
        return try node.giveFlattenedMap()
    }
}

extension Flatten {
    func write(_ node: NodeExport) throws(ONNXError) {
        if axis == 1, try node.giveFlattenedMap() { return }
        try node.give("Flatten", [try node.flatName(0)], [attribute("axis", node.axis(axis, in: .natural, since: 11))])
    }
}

extension NodeExport {
    /// Flattens a channels-first map without bringing its channels back, where nothing but fully connected layers reads it:
    /// the rows of their kernels are written in its order. `false` where that is not so.
    func giveFlattenedMap() throws(ONNXError) -> Bool {
        guard let input = input(0), let output = node.outputs.first, let shape = shape(0),
            let map = Array(shape.dropFirst()).fixedShape, exporter.order(of: input) == .channelsFirst(rank: shape.count),
            !exporter.order(of: input).keepsElements(of: shape), readsAreDense(output)
        else { return false }
        exporter.flattenedMaps[output] = map
        try give("Flatten", [try name(0, exporter.order(of: input))], [attribute("axis", 1)])
        return true
    }

    /// Whether only fully connected layers with weights read a value, through identities.
    private func readsAreDense(_ id: ValueID) -> Bool {
        var pending = [id]
        while let value = pending.popLast() {
            if exporter.outputValues.contains(value) { return false }
            for reader in exporter.consumers[value.index] {
                let node = exporter.graph[reader]
                switch node.operator {
                case .identity where node.outputs.count == 1: pending.append(node.outputs[0])
                case .dense:
                    guard node.inputs.count > 1, node.inputs[0] == value, let kernel = node.inputs[1], kernel != value,
                        case .weight(let tensor, isOverridable: false) = exporter.graph[kernel].source,
                        tensor.elementType.byteWidth != nil
                    else { return false }
                default: return false
                }
            }
        }
        return true
    }
}

extension Squeeze {
    func write(_ node: NodeExport) throws(ONNXError) {
        let rank = node.rank(0)
        if let input = node.input(0), let rank, let axes, node.input(1) == nil, !axes.isEmpty {
            // Axes that stay keep their order: no Transpose is needed.
            let order = node.exporter.order(of: input)
            let gone = axes.map { node.normalized($0, rank: rank) }
            if !order.isNatural, order.axes?.filter({ !gone.contains($0) }) == (0..<rank).filter({ !gone.contains($0) }) {
                return try give(node, try node.name(0, order), gone.map { order.position(of: $0) }.sorted())
            }
        }
        if let axes, node.input(1) == nil { return try give(node, try node.name(0), axes) }
        let list = try node.axesList(nil, since: 13, rank: rank, "Squeeze")
        try node.give("Squeeze", [try node.name(0), list.input], [list.attribute])
    }

    private func give(_ node: NodeExport, _ input: String, _ axes: [Int]) throws(ONNXError) {
        let list = try node.axesList(axes, since: 13, rank: node.rank(0), "Squeeze")
        try node.give("Squeeze", [input, list.input], [list.attribute])
    }
}

extension Unsqueeze {
    func write(_ node: NodeExport) throws(ONNXError) {
        let output = node.node.outputs[0]
        let rank = node.exporter.graph[output].fact?.shape?.count
        if let axes, let rank, node.input(1) == nil, node.exporter.preference.wantsChannelsFirst(output) {
            let order = AxisOrder.channelsFirst(rank: rank)
            let added = axes.map { node.normalized($0, rank: rank) }
            if order.axes?.filter({ !added.contains($0) }) == (0..<rank).filter({ !added.contains($0) }) {
                let places = added.map { order.position(of: $0) }.sorted()
                let list = try node.axesList(places, since: 13, rank: rank, "Unsqueeze")
                return try node.give("Unsqueeze", [try node.name(0), list.input], [list.attribute], in: order)
            }
        }
        let list = try node.axesList(axes, since: 13, rank: rank, "Unsqueeze")
        try node.give("Unsqueeze", [try node.name(0), list.input], [list.attribute])
    }
}
