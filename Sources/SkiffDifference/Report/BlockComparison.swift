internal import SkiffCore
internal import SkiffGraph
internal import SkiffInspect

/// Residual blocks of two networks, paired by the layers that they share and then by their order.
struct BlockComparison {
    private(set) var blocks: [ModelDifference.Block] = []

    private let left: Inspection
    private let right: Inspection
    private let networks: (left: Network, right: Network)
    private let layers: [ModelDifference.Layer]

    init(
        _ left: Inspection, _ right: Inspection, _ network: Network, _ other: Network, _ layers: [ModelDifference.Layer]
    ) {
        self.left = left
        self.right = right
        networks = (network, other)
        self.layers = layers
        let partners = paired()
        var next = 0
        let taken = Set(partners.compactMap { $0 })
        for index in left.blocks.indices {
            if let other = partners[index] {
                while next < other {
                    if !taken.contains(next) { blocks.append(.init(change: .added, left: nil, right: next, texts: [])) }
                    next += 1
                }
                next = max(next, other + 1)
                blocks.append(compare(index, other))
            } else {
                blocks.append(.init(change: .removed, left: index, right: nil, texts: []))
            }
        }
        while next < right.blocks.count {
            if !taken.contains(next) { blocks.append(.init(change: .added, left: nil, right: next, texts: [])) }
            next += 1
        }
    }

    /// The right block of each left one: the one with most of its layers.
    private func paired() -> [Int?] {
        struct Couple: Hashable { var left: Int, right: Int }
        var votes: [Couple: Int] = [:]
        for layer in layers {
            guard let one = layer.leftBlock, let other = layer.rightBlock else { continue }
            // Layers with weights say more than activations.
            votes[Couple(left: one, right: other), default: 0] += layer.weights.isEmpty ? 1 : 4
        }
        var partners = [Int?](repeating: nil, count: left.blocks.count)
        var taken: Set<Int> = []
        let order = votes.sorted { ($1.value, $0.key.left, $0.key.right) < ($0.value, $1.key.left, $1.key.right) }
        for (couple, _) in order where partners[couple.left] == nil && !taken.contains(couple.right) {
            partners[couple.left] = couple.right
            taken.insert(couple.right)
        }
        return partners
    }

    private func compare(_ one: Int, _ other: Int) -> ModelDifference.Block {
        let (block, partner) = (left.blocks[one], right.blocks[other])
        var texts: [String] = []
        func add(_ what: String, _ left: String, _ right: String) { if left != right { texts.append("\(what) \(left) → \(right)") } }
        add("kind", block.kind.rawValue, partner.kind.rawValue)
        add("shortcut", block.shortcut.rawValue, partner.shortcut.rawValue)
        add("stride", "\(block.stride)", "\(partner.stride)")
        if block.isStrided, partner.isStrided { add("stride in the", block.strideSite ?? "?", partner.strideSite ?? "?") }
        add("channels", channels(block), channels(partner))
        add("dilation", "\(block.dilation)", "\(partner.dilation)")
        add("groups", "\(block.groups)", "\(partner.groups)")
        add("activation", block.activation.rawValue, partner.activation.rawValue)
        var notes: Set<String> = []
        var reweighted: [ModelDifference.Layer] = []
        for layer in layers where layer.leftBlock == one || layer.rightBlock == other {
            for note in layer.notes { notes.insert(note) }
            guard layer.change != .same else { continue }
            if layer.isOnlyReweighted { reweighted.append(layer) } else { texts += lines(layer) }
        }
        let rounded = reweighted.filter { $0.roundedTo != nil }
        let others = reweighted.filter { $0.roundedTo == nil }
        if rounded.count > 1 {
            let types = Set(rounded.compactMap(\.roundedTo)).sorted().joined(separator: " and ")
            texts.append("weights of \(rounded.count) layers rounded to \(types)" + mostText(rounded))
        } else {
            texts += rounded.flatMap(lines)
        }
        if others.count > 2 {
            texts.append("\(others.count) layers have other weights" + mostText(others))
        } else {
            texts += others.flatMap(lines)
        }
        return .init(
            change: texts.isEmpty ? .same : .changed, left: one, right: other, texts: texts, notes: notes.sorted())
    }

    private func mostText(_ layers: [ModelDifference.Layer]) -> String {
        let found = layers.compactMap { layer in layer.largestRelativeError.map { (error: $0, layer: layer) } }
        guard let most = found.max(by: { $0.error < $1.error }), let node = networks.left.graph.head(of: most.layer.left)
        else { return "" }
        return ", most \(escaped(networks.left.graph.displayName(of: node))), by \(percentText(most.error)) of its size"
    }

    private func channels(_ block: ResidualBlock) -> String {
        "\(block.inputChannels.map(String.init) ?? "?")-\(block.outputChannels.map(String.init) ?? "?")"
    }

    private func lines(_ layer: ModelDifference.Layer) -> [String] {
        let node = networks.left.graph.head(of: layer.left).map { networks.left.graph.displayName(of: $0) }
        let other = networks.right.graph.head(of: layer.right).map { networks.right.graph.displayName(of: $0) }
        let name = escaped(node ?? other ?? "")
        switch layer.change {
        case .same: return []
        case .added: return ["\(layer.operation) \(name) added"]
        case .removed: return ["\(layer.operation) \(name) removed"]
        case .changed:
            var lines = layer.attributes.map { "\(name): \($0)" }
            for weight in layer.weights where !weight.state.keepsFunction && !weight.text.hasPrefix("shape ") {
                lines.append("\(name): \(weight.role) \(weight.text)")
            }
            lines += layer.unknowns.map { "\(name): not known, \($0)" }
            return lines
        }
    }
}

extension ModelDifference.Layer {
    /// Whether nothing but its weights differs.
    var isOnlyReweighted: Bool {
        change == .changed && attributes.isEmpty && unknowns.isEmpty
            && weights.contains { !$0.state.keepsFunction }
            && !weights.contains { $0.state == .added || $0.state == .removed }
    }

    /// The type that all weights which differ are rounded to, the first weight's; `nil` where one differs otherwise.
    var roundedTo: String? {
        let others = weights.filter { !$0.state.keepsFunction }
        return others.allSatisfy { $0.state == .rounded } ? others.first?.roundedTo : nil
    }

    var largestRelativeError: Double? { weights.compactMap(\.relativeError).filter(\.isFinite).max() }
}
