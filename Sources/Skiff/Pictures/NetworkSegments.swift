/// A network's layers sorted into residual blocks and what lies between them.
struct NetworkSegments {
    /// A residual block without blocks inside, or layers outside of such blocks that lie together.
    struct Segment {
        /// An index into ``Inspection/blocks``.
        var block: Int?
        /// The block around layers that belong to no innermost one.
        var around: Int?
        /// Indices into ``Inspection/layers``, in order.
        var layers: [Int]
    }

    private(set) var segments: [Segment] = []
    /// By layer.
    private(set) var segmentOfLayer: [Int] = []

    /// What lies outside of blocks is parted by the blocks it lies between; an activation behind the addition belongs to
    /// its block.
    init(of inspection: Inspection, in graph: Graph) {
        let blocks = inspection.blocks
        let outer = Set(blocks.compactMap(\.parent))
        var blockOfJoin: [NodeID: Int] = [:]
        for (index, block) in blocks.enumerated() where block.activation == .after { blockOfJoin[block.join] = index }
        var known: [[Int]: Int] = [:]
        var seen = 0
        segmentOfLayer.reserveCapacity(inspection.layers.count)
        for (index, layer) in inspection.layers.enumerated() {
            var block = layer.block
            if block == nil, layer.parameters == 0, layer.node.index < graph.nodes.count {
                let inputs = graph[layer.node].inputs.compactMap { $0 }.filter { graph[$0].tensor == nil }
                if inputs.count == 1, let join = graph.producer(of: inputs[0]) { block = blockOfJoin[join] }
            }
            let isUnit = block.map { !outer.contains($0) } ?? false
            let key = [block ?? -1, isUnit ? 0 : seen]
            if let segment = known[key] {
                segments[segment].layers.append(index)
                segmentOfLayer.append(segment)
                continue
            }
            if isUnit { seen += 1 }
            known[key] = segments.count
            segmentOfLayer.append(segments.count)
            segments.append(Segment(block: isUnit ? block : nil, around: isUnit ? nil : block, layers: [index]))
        }
    }
}
