internal import SkiffCore
internal import SkiffGraph

/// All paths of a block but the shortcut.
struct Branch {
    let nodes: [NodeID]
    let nested: [Int]
    let layers: [ResidualBlock.Layer]
    let weight: Int
    let gate: Gate?
    let marks: BranchMarks
    /// Nodes that only a gate is computed with.
    let gates: Set<NodeID>
    /// Whether it has parallel parts.
    let isForked: Bool
    let hasUpsampling: Bool
    let hasConcatenation: Bool
    let hasPooling: Bool
    let takesPart: Bool
    let multipliesData: Bool
    /// Layers of nested blocks.
    let nestedLayers: Int

    /// Nodes that branch and shortcut share are the shortcut's.
    init(_ paths: [BlockPath], beside shortcut: BlockPath, in finder: BlockFinder) {
        let shared = Set(shortcut.nodes)
        nodes = Array(Set(paths.flatMap(\.nodes)).subtracting(shared)).sorted()
        nested = Array(Set(paths.flatMap(\.nested))).sorted()
        var seen = shared
        layers = paths.flatMap(\.layers).filter { seen.insert($0.node).inserted }.sorted { $0.node < $1.node }
        weight = paths.reduce(0) { $0 + $1.weight }
        nestedLayers = weight - paths.reduce(0) { $0 + $1.layers.count }
        gate = paths.first(where: \.hasGate)?.gate
        hasUpsampling = paths.contains { $0.has(.upsampling) }
        hasConcatenation = paths.contains { $0.has(.concatenation) }
        hasPooling = paths.contains { $0.has(.pool) }
        takesPart = paths.contains(where: \.takesPart)
        multipliesData = paths.contains(where: \.multipliesData)
        isForked = paths.count > 1 || paths.contains { $0.has(.concatenation) || $0.takesPart || $0.has(.sum) }
        gates = paths.reduce(into: Set<NodeID>()) { $0.formUnion($1.gate.nodes) }
        marks = BranchMarks(of: nodes, without: gates, lastLayer: layers.last?.node, in: finder)
    }

    /// Whether all layers are matrix products: values are (…, channels) whatever convolutions say elsewhere.
    private var isMatrixOnly: Bool { !layers.isEmpty && layers.allSatisfy(\.kernel.isEmpty) }

    var spatialRank: Int { layers.map(\.kernel.count).max() ?? 0 }

    /// Product of the strides of its layers, by spatial axis.
    var stride: [Int] { layers.reduce([]) { productOfStrides($0, $1.strides) } }

    /// The node of the first layer; all before it is normalization, activation or passes on.
    var firstLayer: NodeID? { layers.first?.node }

    /// Whether the branch is more than the blocks on it.
    var isOwn: Bool { nested.isEmpty || layers.count >= 2 && layers.count >= nestedLayers }

    func layout(in graph: Graph) -> Layout? {
        for layer in layers {
            if case .convolution(let convolution) = graph[layer.node].operator { return convolution.layout }
        }
        return isMatrixOnly ? .channelsLast : nil
    }

    /// Down and up again, or as RSU-4F of U²-Net does by dilation: shortcuts by concatenation either way.
    var isUShaped: Bool {
        let goesDown = hasPooling || layers.contains { $0.strides.contains { $0 > 1 } }
        let dilations = Set(layers.map { $0.dilations.max() ?? 1 })
        return hasUpsampling && goesDown || hasConcatenation && dilations.count >= 3
    }

    /// The first strided operator.
    func strideSite(in graph: Graph) -> String? {
        let strided = layers.indices.first { layers[$0].strides.contains { $0 > 1 } }
        for node in nodes {
            if let strided, layers[strided].node == node {
                let depthwise = layers[strided].isDepthwise ? "depthwise " : ""
                return "\(layers[strided].kernelText) \(depthwise)conv #\(strided + 1)"
            }
            if case .pooling(let pooling) = graph[node].operator, pooling.window.strides.contains(where: { $0 > 1 }) {
                return pooling.kind == .maximum ? "max pool" : "average pool"
            }
            if case .slice = graph[node].operator { return "slice" }
        }
        return nil
    }
}

/// Normalizations, activation functions and scales of a path, in order.
struct BranchMarks {
    private(set) var normalization: ResidualBlock.Normalization?
    private(set) var normalizations = 0
    private(set) var functions: [String] = []
    /// Times one constant behind the last layer.
    private(set) var isScaled = false
    /// Times a learned scale by channel behind the last layer, with no offset.
    private(set) var hasLayerScale = false
    /// An average pooling that strides.
    private(set) var poolsAverage = false

    init(of nodes: [NodeID], without gates: Set<NodeID>, lastLayer: NodeID?, in finder: BlockFinder) {
        for id in nodes where !gates.contains(id) {
            let operation = finder.flow.graph[id].operator
            switch finder.flow.role(of: id) {
            case .activation: finder.flow.functions.name[id.index].map { functions.append($0) }
            case .normalization: note(id, isLast: lastLayer.map { $0 < id } ?? false, in: finder)
            case .transparent where operation.role == .product:
                isScaled = isScaled || lastLayer.map { $0 < id } ?? false
            case .pool:
                guard case .pooling(let pooling) = operation, case .average = pooling.kind else { continue }
                poolsAverage = poolsAverage || pooling.window.strides.contains { $0 > 1 }
            default: break
            }
        }
    }

    private mutating func note(_ id: NodeID, isLast: Bool, in finder: BlockFinder) {
        let flow = finder.flow
        let operation = flow.graph[id].operator
        let before = flow.dataInputs(of: id).first.map { flow.origin(of: $0) }.flatMap { flow.graph.producer(of: $0) }
        let continues = before.map { flow.role(of: $0) == .normalization && !flow.graph[$0].operator.isAffine } ?? false
        guard operation.role == .normalization else {
            // The affine part of a normalization before it is no second one.
            if continues { return }
            if isLast, !flow.hasOffset(behind: id) {
                hasLayerScale = true
                return
            }
            normalizations += 1
            normalization = normalization ?? .scaleAndOffset
            return
        }
        normalizations += 1
        switch operation {
        case .batchNormalization: normalization = .batch
        case .groupNormalization: normalization = .group
        case .layerNormalization: normalization = .layer
        case .instanceNormalization:
            // Exporters write groups as (batch, groups, …) into an InstanceNormalization.
            let reads = flow.dataInputs(of: id).first.flatMap { flow.graph.producer(of: $0) }
            var isGrouped = false
            if let reads, case .reshape = flow.graph[reads].operator { isGrouped = true }
            normalization = isGrouped ? .group : .instance
        default: break
        }
    }
}

extension Operator {
    /// Whether a normalization scales by itself, so that a scale behind it is another one.
    fileprivate var isAffine: Bool {
        switch self {
        case .batchNormalization, .groupNormalization, .layerNormalization: true
        default: false
        }
    }
}

extension Dataflow {
    /// Whether a weight is added to what a node gives.
    fileprivate func hasOffset(behind id: NodeID) -> Bool {
        guard let output = graph[id].outputs.first, readers[output.index].count == 1,
            let reader = readers[output.index].first
        else { return false }
        return graph[reader].operator.role == .sum && dataInputs(of: reader).count == 1
    }
}

extension ResidualBlock.Layer {
    /// `3×3`, `3-tap` along one axis, `dense` for a matrix product.
    var kernelText: String {
        let extents = kernel.map { $0 == 0 ? "?" : String($0) }
        switch extents.count {
        case 0: return "dense"
        case 1: return "\(extents[0])-tap"
        default: return extents.joined(separator: "×")
        }
    }
}
