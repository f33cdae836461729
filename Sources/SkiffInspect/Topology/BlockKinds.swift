internal import SkiffCore
internal import SkiffGraph

extension BlockPath {
    /// What orders paths by how near they are to a plain shortcut.
    var rank: (Int, Int, Int, Int) {
        (weight, isPlain ? 0 : 1, layers.flatMap(\.kernel).max() ?? 1, nodes.count)
    }

    /// The kind of shortcut this path is beside the others; `nil` where it is none.
    func shortcutKind(beside others: [BlockPath]) -> ResidualBlock.Shortcut? {
        let heaviest = others.map(\.weight).max() ?? 0
        guard heaviest >= 1, starts.count == 1, others.contains(where: { starts.isSubset(of: $0.starts) }), !takesPart, !has(.globalPool), !has(.concatenation), !hasGate else { return nil }
        if weight == 0 {
            if padsChannels { return .pad }
            if has(.pool) || has(.slice) { return .pool }
            return isPlain ? .identity : .other
        }
        if layers.count == 1, nestedLayers == 0, layers[0].isPointwise, !has(.upsampling) {
            let isOutweighed = heaviest >= 2 || others.contains { $0.layers.contains { !$0.isPointwise } }
            return isOutweighed ? .projection : nil
        }
        return weight <= 2 && nested.isEmpty && weight < heaviest ? .other : nil
    }
}

/// All paths of a block but the shortcut.
struct Branch {
    let nodes: [NodeID]
    let nested: [Int]
    let layers: [ResidualBlock.Layer]
    let weight: Int
    let hasGate: Bool
    /// Whether it has parallel parts.
    let isForked: Bool
    private let hasUpsampling: Bool
    private let hasConcatenation: Bool
    private let hasPooling: Bool
    private let multipliesData: Bool

    /// Nodes that branch and shortcut share are the shortcut's.
    init(_ paths: [BlockPath], beside shortcut: BlockPath) {
        let shared = Set(shortcut.nodes)
        nodes = Array(Set(paths.flatMap(\.nodes)).subtracting(shared)).sorted()
        nested = Array(Set(paths.flatMap(\.nested))).sorted()
        var seen = shared
        layers = paths.flatMap(\.layers).filter { seen.insert($0.node).inserted }.sorted { $0.node < $1.node }
        weight = paths.reduce(0) { $0 + $1.weight }
        hasGate = paths.contains(where: \.hasGate)
        hasUpsampling = paths.contains { $0.has(.upsampling) }
        hasConcatenation = paths.contains { $0.has(.concatenation) }
        hasPooling = paths.contains { $0.has(.pool) }
        multipliesData = paths.contains(where: \.multipliesData)
        isForked = paths.count > 1 || paths.contains { $0.has(.concatenation) || $0.takesPart || $0.has(.sum) }
    }

    /// Whether all layers are matrix products: values are (…, channels) whatever convolutions say elsewhere.
    private var isMatrixOnly: Bool { !layers.isEmpty && layers.allSatisfy(\.kernel.isEmpty) }

    var spatialRank: Int { layers.map(\.kernel.count).max() ?? 0 }

    func layout(in graph: Graph) -> Layout? {
        for layer in layers {
            if case .convolution(let convolution) = graph[layer.node].operator { return convolution.layout }
        }
        return isMatrixOnly ? .channelsLast : nil
    }

    func kind(isPreActivation: Bool) -> ResidualBlock.Kind {
        if isUShaped { return .uShaped }
        guard let first = layers.first, let last = layers.last, nested.isEmpty else { return .other }
        if isMatrixOnly { return multipliesData ? .attention : .fullyConnected }
        let wide = layers.filter { !$0.isPointwise }
        guard !wide.isEmpty else { return .other }
        if wide.allSatisfy(\.isDepthwise), layers.count > wide.count {
            let inner = layers.dropLast().compactMap(\.outputChannels).max() ?? 0
            return wide.count == 1 && inner > (last.outputChannels ?? inner) ? .inverted : .separable
        }
        if first.isPointwise, last.isPointwise, layers.count >= 3 {
            return isPreActivation ? .preActivationBottleneck : .bottleneck
        }
        if wide.count == layers.count, !hasConcatenation { return isPreActivation ? .preActivation : .basic }
        return .other
    }

    /// Down and up again, or as RSU-4F of U²-Net does by dilation: shortcuts by concatenation either way.
    private var isUShaped: Bool {
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

    /// The node of the first layer; all before it is normalization, activation or passes on.
    var firstLayer: NodeID? { layers.first?.node }
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

extension Dataflow {
    /// Where the activation of a block sits.
    ///
    /// Before: the branch activates before its first layer, or the fork itself is the activation of a
    /// normalization (ResNetV2 projects from there) and nothing is normalized between the last layer and the sum.
    func activationPosition(join: ValueID, fork: ValueID, branch: Branch) -> ResidualBlock.ActivationPosition {
        guard let first = branch.firstLayer, branch.nested.isEmpty else { return isActivated(join) ? .after : .none }
        for node in branch.nodes {
            guard node < first else { break }
            if graph[node].operator.role == .activation { return .before }
        }
        if isActivated(join) { return .after }
        guard let last = branch.layers.last?.node else { return .none }
        let normalizesLate = branch.nodes.contains { $0 > last && isNormalization($0) }
        return isNormalizedActivation(fork) && !normalizesLate ? .before : .none
    }

    private func isActivated(_ value: ValueID) -> Bool {
        let readers = effectiveReaders(of: value)
        return readers.count == 1 && graph[readers[0]].operator.role == .activation
    }

    private func isNormalization(_ node: NodeID) -> Bool {
        switch graph[node].operator.role {
        case .normalization: true
        case .product: dataInputs(of: node).count == 1
        default: false
        }
    }

    private func isNormalizedActivation(_ value: ValueID) -> Bool {
        guard let activation = graph.producer(of: origin(of: value)), graph[activation].operator.role == .activation,
            let input = dataInputs(of: activation).first, let node = graph.producer(of: origin(of: input))
        else { return false }
        if isNormalization(node) { return true }
        // A normalization taken apart: scale, then offset.
        guard graph[node].operator.role == .sum, dataInputs(of: node).count == 1,
            let scaled = dataInputs(of: node).first, let scale = graph.producer(of: origin(of: scaled))
        else { return false }
        return isNormalization(scale)
    }
}
