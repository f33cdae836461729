internal import SkiffCore
internal import SkiffGraph

/// What lies between a fork and one operand of the addition that joins it.
struct BlockPath {
    /// Values of the fork that the path starts from: more than one where the fork splits.
    var starts: Set<ValueID>
    /// Nodes in order, those of nested blocks left out.
    var nodes: [NodeID]
    /// Blocks on the path, by position in the finder's list.
    var nested: [Int]
    /// Convolutions and matrix products by a weight, without those of gates.
    private(set) var layers: [ResidualBlock.Layer] = []
    /// Layers of the nested blocks.
    private(set) var nestedLayers = 0
    /// How often each role is there. Gates count for nothing.
    private(set) var roles: [OperatorRole: Int] = [:]
    /// What is pooled to one number per channel, computed on, and multiplied onto the path.
    let gate: Gate
    /// Whether there is such a gate.
    var hasGate: Bool { gate.closes }
    /// Channels of zeros are added.
    private(set) var padsChannels = false
    /// A matrix product of two data: attention.
    private(set) var multipliesData = false
    /// Takes only some channels.
    private(set) var takesPart = false
    /// Product of the strides, by spatial axis.
    private(set) var stride: [Int] = []

    /// Layers, nested ones too: what the path computes.
    var weight: Int { layers.count + nestedLayers }

    func has(_ role: OperatorRole) -> Bool { (roles[role] ?? 0) > 0 }

    /// Whether only positions and order change on the path.
    var isPlain: Bool {
        weight == 0 && nested.isEmpty && !padsChannels && !takesPart
            && roles.keys.allSatisfy { $0 == .transparent || $0 == .normalization }
    }

    init(starts: Set<ValueID>, nodes: [NodeID], nested: [Int], in finder: BlockFinder) {
        self.starts = starts
        self.nodes = nodes
        self.nested = nested
        nestedLayers = nested.reduce(0) { $0 + finder.found[$1].weight }
        gate = Gate(among: nodes, in: finder)
        for id in nodes {
            guard !gate.nodes.contains(id) else { continue }
            note(id, in: finder)
        }
    }

    private mutating func note(_ id: NodeID, in finder: BlockFinder) {
        let (flow, facts) = (finder.flow, finder.costs.facts)
        let graph = flow.graph
        var role = flow.role(of: id)
        switch role {
        case .convolution, .matrix:
            guard let layer = finder.measures.layerOfNode[id.index] else {
                role = .other
                multipliesData = true
                break
            }
            layers.append(layer)
            if case .convolution = graph[id].operator { widen(layer.strides) }
            if case .convolutionTranspose = graph[id].operator { role = .upsampling }
        case .pool:
            if case .pooling(let pooling) = graph[id].operator { widen(pooling.window.strides) }
        case .slice:
            switch graph.sliceUse(of: id, layout: flow.layout, facts: facts) {
            case .strides(let steps): widen(steps)
            case .margin: role = .transparent
            case .part: takesPart = true
            }
        case .pad:
            if graph.padsChannels(id, layout: flow.layout, facts: facts) { padsChannels = true }
            role = .transparent
        case .concatenation:
            guard flow.dataInputs(of: id).count == 1 else { break }
            padsChannels = true
            role = .transparent
        case .part: takesPart = true
        default: break
        }
        roles[role, default: 0] += 1
    }

    private mutating func widen(_ strides: [Int]) {
        stride = productOfStrides(stride, strides)
    }
}

/// Strides of two operators behind each other, by spatial axis; an empty list is all ones.
func productOfStrides(_ left: [Int], _ right: [Int]) -> [Int] {
    (0..<max(left.count, right.count)).map { axis in
        let first = axis < left.count ? left[axis] : 1
        let second = axis < right.count ? right[axis] : 1
        let (product, overflow) = first.multipliedReportingOverflow(by: second)
        return overflow ? Int.max : product
    }
}
