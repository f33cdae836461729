internal import SkiffGraph

/// The nodes of a path from a global pooling up to the product that multiplies them back onto it.
struct Gate {
    private(set) var nodes: Set<NodeID> = []
    /// Whether something is computed between and multiplied back.
    private(set) var closes = false
    /// Layers between.
    private(set) var layers = 0
    /// Parts are weighed against each other.
    private(set) var hasSoftmax = false
    private(set) var normalizes = false
    /// Along the channels, as ECA does.
    private(set) var hasKernel = false
    /// The first product that closes it.
    private(set) var product: NodeID?

    init(among path: [NodeID], in finder: BlockFinder) {
        let flow = finder.flow
        for id in path {
            let role = flow.role(of: id)
            if role == .globalPool {
                nodes.insert(id)
                continue
            }
            guard !nodes.isEmpty else { continue }
            let inputs = flow.dataInputs(of: id)
            let gated = inputs.count { input in flow.graph.producer(of: input).map { nodes.contains($0) } ?? false }
            if gated == 0 { continue }
            if gated < inputs.count, role == .product || role == .sum {
                guard role == .product, layers > 0 else { continue }
                closes = true
                if product == nil { product = id }
                continue
            }
            nodes.insert(id)
            if case .softmax = flow.graph[id].operator { hasSoftmax = true }
            if role == .normalization { normalizes = true }
            if role == .convolution || role == .matrix {
                layers += 1
                if let layer = finder.measures.layerOfNode[id.index], !layer.isPointwise { hasKernel = true }
            }
        }
    }

    /// What such a gate is called; `nil` where there is none.
    var trait: ResidualBlock.Trait? {
        guard closes else { return nil }
        if hasSoftmax { return .splitAttention }
        return hasKernel || layers == 1 ? .channelAttention : .squeezeExcitation
    }
}
