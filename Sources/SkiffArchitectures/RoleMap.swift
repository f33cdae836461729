internal import SkiffGraph
internal import SkiffCore

/// The layers of a residual network by what they are to it.
public struct RoleMap: Sendable {
    public var layers: [LayerRole: TypedLayer]
    /// The scheme of the layers' names; `positional` where their order told what they are.
    public var scheme: NameScheme
    /// What stood before every name: `module.`, `backbone.`, `resnet50/`.
    public var prefix: String
    /// Layers of the file that are none of the network's.
    public var leftOver: [String]
    /// Whether the classifier was taken for one by its shape alone.
    public private(set) var isClassifierAssumed = false

    public init(_ layers: [LayerRole: TypedLayer], scheme: NameScheme, prefix: String = "", leftOver: [String] = []) {
        self.layers = layers
        self.scheme = scheme
        self.prefix = prefix
        self.leftOver = leftOver
    }

    public subscript(role: LayerRole) -> TypedLayer? { layers[role] }

    /// Blocks by stage: as many as the last one of each stage says.
    public var stages: [Int] {
        var counts: [Int] = []
        for role in layers.keys {
            guard let position = role.position else { continue }
            while counts.count <= position.stage { counts.append(0) }
            counts[position.stage] = max(counts[position.stage], position.block + 1)
        }
        return counts
    }

    /// Convolutions on a block's residual branch.
    public var convolutionsPerBlock: Int {
        layers.keys.reduce(0) { if case .convolution(_, let index) = $1 { max($0, index + 1) } else { $0 } }
    }

    public var positions: [BlockPosition] {
        stages.enumerated().flatMap { stage, count in (0..<count).map { BlockPosition(stage: stage, block: $0) } }
    }

    /// Whether kernels are (O, I, H, W); `nil` where their shapes do not say.
    public var kernelsAreOutputFirst: Bool? {
        let votes = layers.values.compactMap { layer -> Bool? in
            let shape = layer.kernelShape
            guard shape.count == 4 else { return nil }
            let (first, last) = (shape[0] == shape[1], shape[2] == shape[3])
            // A square kernel of one tap tells, unless all its channels are one.
            if first == last { return nil }
            return last
        }
        guard let vote = votes.first else { return nil }
        return votes.allSatisfy { $0 == vote } ? vote : nil
    }

    /// Spatial extents, inputs per group and outputs of a convolution's kernel.
    func kernel(_ role: LayerRole, outputFirst: Bool) -> (height: Int, width: Int, inputs: Int, outputs: Int)? {
        guard let shape = layers[role]?.kernelShape, shape.count == 4 else { return nil }
        return outputFirst ? (shape[2], shape[3], shape[1], shape[0]) : (shape[0], shape[1], shape[2], shape[3])
    }
}

extension RoleMap {
    /// The layers that the names of a scheme tell; `nil` where there is no stem or no block among them.
    init?(_ weights: WeightSet, scheme: NameScheme) {
        let names = weights.layers.map(\.name)
        guard let prefix = Self.prefix(of: names, scheme) else { return nil }
        var layers: [LayerRole: TypedLayer] = [:]
        var leftOver: [String] = []
        for layer in weights.layers {
            guard layer.name.hasPrefix(prefix), let role = scheme.role(of: layer.name.dropFirst(prefix.count)),
                layers[role] == nil, let typed = TypedLayer(layer), typed.kind == role.kind.layerKind
            else {
                leftOver.append(layer.name)
                continue
            }
            layers[role] = typed
        }
        self.init(layers, scheme: scheme, prefix: prefix, leftOver: leftOver)
        guard layers[.stemConvolution(0)] != nil, !stages.isEmpty, isPlausible else { return nil }
        if layers[.classifier] == nil { takeClassifier(from: weights) }
    }

    /// The classifier may stand beside the trunk and not under its prefix (`resnet.embedder…`, `classifier.1`), or be
    /// somebody's own: then the one fully connected layer that takes the last stage's channels.
    private mutating func takeClassifier(from weights: WeightSet) {
        let channels = Set(lastChannels)
        let left = Set(leftOver)
        let dense = weights.layers.filter { left.contains($0.name) }.compactMap(TypedLayer.init).filter { $0.kind == .dense }
        let heads = dense.filter { !channels.isDisjoint(with: $0.kernelShape) }
        let named = heads.first { scheme.role(of: $0.name[...]) == .classifier }
        // Several make a head of somebody's own, which the file does not say how to build.
        guard let head = named ?? (dense.count == 1 ? heads.first : nil) else { return }
        layers[.classifier] = head
        isClassifierAssumed = named == nil
        leftOver.removeAll { $0 == head.name }
    }

    /// Output channels of the last stage's convolutions, by either order of axes.
    private var lastChannels: [Int] {
        guard let position = positions.last, let shape = layers[.convolution(position, convolutionsPerBlock - 1)]?.kernelShape,
            shape.count == 4
        else { return [] }
        return [kernelsAreOutputFirst ?? scheme.outputFirst ? shape[0] : shape[3]]
    }

    /// Whether the blocks that names count could be there: each has a layer of its own, so what is built of them stays
    /// in proportion to the file.
    private var isPlausible: Bool {
        stages.count <= layers.count && stages.reduce(0, +) <= 2 * layers.count && convolutionsPerBlock <= 8
    }

    /// The prefix under which most names are the scheme's; the empty one where it is as good.
    private static func prefix(of names: [String], _ scheme: NameScheme) -> String? {
        var best: (prefix: String, count: Int)?
        var tried: Set<String> = []
        for (name, stem) in names.lazy.flatMap({ name in scheme.stemNames.lazy.map { (name, $0) } }) where name.hasSuffix(stem) {
            let prefix = String(name.dropLast(stem.count))
            guard prefix.isEmpty || prefix.hasSuffix(".") || prefix.hasSuffix("/") || prefix.hasSuffix("_"),
                tried.insert(prefix).inserted, tried.count <= 16
            else { continue }
            let count = names.count { $0.hasPrefix(prefix) && scheme.role(of: $0.dropFirst(prefix.count)) != nil }
            if count > best?.count ?? 0 { best = (prefix, count) }
        }
        return best?.prefix
    }
}
