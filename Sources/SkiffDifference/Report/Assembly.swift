internal import SkiffCore
internal import SkiffGraph
internal import SkiffInspect
internal import SkiffVerify

/// Puts together what was found: interfaces, layers, blocks, and the sentence over all.
struct Assembly {
    typealias Layer = ModelDifference.Layer

    let inspections: (left: Inspection, right: Inspection)
    let left: Network
    let right: Network
    let matching: PieceMatching
    let isRewired: Bool
    let options: Differencer
    private(set) var layers: [Layer]

    init(
        _ inspection: Inspection, _ other: Inspection, _ left: Network, _ right: Network, _ matching: PieceMatching,
        _ layers: [Layer], _ isRewired: Bool, _ options: Differencer
    ) {
        inspections = (inspection, other)
        self.left = left
        self.right = right
        self.matching = matching
        self.layers = layers
        self.isRewired = isRewired
        self.options = options
        for index in self.layers.indices {
            self.layers[index].leftBlock = Self.block(self.layers[index].left, inspection, left)
            self.layers[index].rightBlock = Self.block(self.layers[index].right, other, right)
        }
    }

    /// The block that nodes belong to; the activation behind a block's addition is the block's, too.
    private static func block(_ nodes: [NodeID], _ inspection: Inspection, _ network: Network) -> Int? {
        if let block = nodes.lazy.compactMap({ inspection.block(of: $0) }).first { return block }
        guard nodes.count == 1, let piece = nodes.first.flatMap({ network.pieceOfNode[$0.index] }),
            network.pieces[piece].operands.count == 1, case .plain = network.pieces[piece].kind,
            network.graph[nodes[0]].operator.isActivation,
            case .piece(let source, _) = network.origins[network.pieces[piece].operands[0].index]
        else { return nil }
        let join = network.pieces[source].head
        return inspection.block(of: join).flatMap { inspection.blocks[$0].join == join ? $0 : nil }
    }

    func difference() -> ModelDifference {
        let interface = InterfaceDifference(left, right, matching)
        let blocks = BlockComparison(inspections.left, inspections.right, left, right, layers)
        let verdict = verdict(interface)
        var difference = ModelDifference(
            left: inspections.left, right: inspections.right,
            isSameFunction: verdict == .same || verdict == .sameButRounding, interfaceChanges: interface.lines,
            blocks: blocks.blocks, layers: layers, verdict: verdict)
        difference.representation = representation(interface)
        let summary = Summary(difference, left, right)
        difference.summary = summary.sentence
        difference.remarks = summary.remarks + precisionRemarks()
        return difference
    }

    private func precisionRemarks() -> [String] {
        var lines: [String] = []
        var types: [String: Int] = [:]
        for layer in layers { if let type = layer.valueTypes { types[type, default: 0] += 1 } }
        for (type, count) in types.sorted(by: { $0.key < $1.key }) {
            lines.append("values of \(count) layers are computed in other types: \(type)")
        }
        for (network, side) in [(left, "left"), (right, "right")] where network.roundedValues > 0 {
            lines.append(
                "the \(side) one rounds \(network.roundedValues) values to whole numbers and back"
                    + (network.saturations.isEmpty ? "" : ", \(network.saturations.count) of them as activations"))
        }
        return lines
    }

    private func isLive(_ layer: Layer) -> Bool {
        func lives(_ nodes: [NodeID], _ network: Network) -> Bool {
            nodes.contains { node in network.pieceOfNode[node.index].map { network.isLive[$0] } ?? false }
        }
        return lives(layer.left, left) || lives(layer.right, right)
    }

    private func verdict(_ interface: InterfaceDifference) -> ModelDifference.Verdict {
        let live = layers.filter(isLive)
        let hasStructure = live.contains { $0.change == .added || $0.change == .removed || !$0.attributes.isEmpty }
        if hasStructure || interface.isOther { return .different }
        let weights = live.flatMap(\.weights)
        let isUnknown = live.contains { !$0.unknowns.isEmpty } || interface.isUnknown
        if weights.contains(where: { !$0.state.keepsFunction && $0.state != .rounded && !$0.isUnread }) { return .otherWeights }
        // Digests that differ are other weights, even where nobody looked how much.
        if weights.contains(where: { $0.isUnread && $0.text.hasPrefix("other elements") }) { return .otherWeights }
        if isRewired { return .different }
        if isUnknown || weights.contains(where: \.isUnread) { return .unknown }
        let isRounded = left.roundedValues + right.roundedValues > 0 || live.contains { $0.valueTypes != nil }
        if isRounded || weights.contains(where: { $0.state == .rounded }) { return .rounded }
        return weights.contains { $0.state == .folded } ? .sameButRounding : .same
    }

    private func representation(_ interface: InterfaceDifference) -> [String] {
        var lines = interface.notes
        let rearranged = layers.flatMap(\.weights).count { $0.state == .rearranged }
        if rearranged > 0 { lines.append("\(rearranged) weights lie in another order of axes, or as another type") }
        let folded = layers.count { layer in layer.weights.contains { $0.state == .folded } && layer.left.count != layer.right.count }
        if folded > 0 { lines.append("\(folded) layers have BatchNormalization folded in on one side") }
        let pads = layers.count { $0.notes.contains { $0.hasPrefix("padding is a node") } }
        if pads > 0 { lines.append("\(pads) paddings are nodes of their own on one side") }
        let renamed = layers.count { layer in
            guard let one = left.graph.head(of: layer.left), let other = right.graph.head(of: layer.right) else { return false }
            return left.graph.displayName(of: one) != right.graph.displayName(of: other)
        }
        let both = layers.count { !$0.left.isEmpty && !$0.right.isEmpty }
        if renamed > 0 { lines.append("\(renamed) of \(both) layers have other names") }
        let (one, other) = (left.graph.metadata["opset"], right.graph.metadata["opset"])
        if let one, let other, one != other { lines.append("operator set \(one) → \(other)") }
        return lines
    }
}

extension Inspection {
    /// The innermost block a node belongs to, its addition and the activation behind it too.
    func block(of node: NodeID) -> Int? { layers.indices.contains(node.index) ? layers[node.index].block : nil }
}

extension Operator {
    fileprivate var isActivation: Bool {
        switch self {
        case .unary, .clip, .parametricReLU: true
        default: false
        }
    }
}
