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
        guard heaviest >= 1, starts.count == 1, others.contains(where: { starts.isSubset(of: $0.starts) }), !takesPart,
            !has(.globalPool), !has(.concatenation), !hasGate
        else { return nil }
        if weight == 0 {
            if padsChannels { return .pad }
            if has(.pool) || has(.slice) { return .pool }
            return isPlain ? .identity : .other
        }
        if layers.count == 1, nestedLayers == 0, !has(.upsampling) {
            guard layers[0].isPointwise else { return heaviest >= 3 ? .projection : heaviest == 2 ? .other : nil }
            let isOutweighed = heaviest >= 2 || others.contains { $0.layers.contains { !$0.isPointwise } }
            return isOutweighed ? .projection : nil
        }
        return weight <= 2 && nested.isEmpty && weight < heaviest ? .other : nil
    }
}

extension Branch {
    /// - Parameters:
    ///   - depth: layers on its longest path.
    ///   - shortcutComputes: whether something is projected or normalized on the shortcut.
    func kind(
        activation: ResidualBlock.ActivationPosition, depth: Int, shortcutComputes: Bool
    ) -> ResidualBlock.Kind {
        if isUShaped { return .uShaped }
        guard let first = layers.first, let last = layers.last, isOwn else { return .other }
        if multipliesData { return .attention }
        let wide = layers.filter { !$0.isPointwise }
        if depth == 1, !first.kernel.isEmpty, isParallel(besideComputing: shortcutComputes) { return .parallel }
        guard !wide.isEmpty else { return .fullyConnected }
        if wide.allSatisfy(\.isDepthwise), layers.count > wide.count { return depthwiseKind(wide, first, last) }
        let isPreActivation = activation == .before
        if first.isPointwise, last.isPointwise, layers.count >= 3 {
            let inner = wide.compactMap(\.outputChannels).max() ?? 0
            // Wide ResNeXts are wider inside than outside, too; they activate behind the addition.
            if activation == .none, !hasConcatenation, inner > last.outputChannels ?? inner { return .inverted }
            return isPreActivation ? .preActivationBottleneck : .bottleneck
        }
        if wide.count == layers.count, !hasConcatenation || gate?.hasSoftmax ?? false || takesPart {
            return isPreActivation ? .preActivation : .basic
        }
        guard layers.count == 2, let (from, to) = first.outputChannels.flatMap({ from in last.outputChannels.map { (from, $0) } })
        else { return .other }
        if !first.isPointwise, last.isPointwise, from > to { return .fusedInverted }
        return first.isPointwise && !last.isPointwise && from <= to ? .darknet : .other
    }

    /// Depthwise kernels between, before or behind 1×1 convolutions.
    private func depthwiseKind(
        _ wide: [ResidualBlock.Layer], _ first: ResidualBlock.Layer, _ last: ResidualBlock.Layer
    ) -> ResidualBlock.Kind {
        let inner = layers.dropLast().compactMap(\.outputChannels).max() ?? 0
        let outer = last.outputChannels ?? inner
        let isFramed = first.isPointwise && last.isPointwise && layers.count >= 3
        if isFramed, inner < outer { return .bottleneck }
        if inner > outer, layers.count > wide.count + 1 || wide.count == 1 { return .inverted }
        return isFramed && wide.count == 1 ? .inverted : .separable
    }

    /// Convolutions beside each other, or one beside a shortcut that computes too.
    private func isParallel(besideComputing shortcutComputes: Bool) -> Bool {
        guard nested.isEmpty, !hasConcatenation, gate == nil, !takesPart, marks.functions.isEmpty else { return false }
        return layers.count > 1 || shortcutComputes
    }

    /// How much the branch narrows or widens inside.
    func expansion(kind: ResidualBlock.Kind, input: Int?, output: Int?) -> Double? {
        switch kind {
        case .bottleneck, .preActivationBottleneck, .darknet:
            let inner = kind == .darknet ? layers.first : layers.last { !$0.isPointwise }
            guard let inner = inner?.outputChannels, inner > 0, let output else { return nil }
            return Double(output) / Double(inner)
        case .inverted, .fusedInverted:
            guard let most = layers.dropLast().compactMap(\.outputChannels).max(), let input, input > 0 else { return nil }
            return Double(most) / Double(input)
        case .fullyConnected:
            guard layers.count >= 2, let most = layers.dropLast().compactMap(\.outputChannels).max(), let input, input > 0
            else { return nil }
            return Double(most) / Double(input)
        default: return nil
        }
    }

    /// What marks the branch besides its layers.
    func traits(strided: Bool) -> [ResidualBlock.Trait] {
        var traits: [ResidualBlock.Trait] = []
        if let gate = gate?.trait { traits.append(gate) }
        let wide = layers.filter { !$0.isPointwise }
        if takesPart, hasConcatenation, wide.count >= 2, !(gate?.hasSoftmax ?? false) { traits.append(.hierarchicalSplit) }
        if hasConcatenation, !takesPart, !isUShaped, layers.count >= 2 { traits.append(.inceptionBranches) }
        if marks.isScaled { traits.append(.scaledResidual) }
        if marks.hasLayerScale { traits.append(.layerScale) }
        let filters = layers.contains { $0.isDepthwise && $0.strides.contains { $0 > 1 } }
        let isFullyConvolved = wide.contains { !$0.isDepthwise }
        if strided, marks.poolsAverage || filters && isFullyConvolved { traits.append(.antialiasing) }
        return traits
    }
}

extension Dataflow {
    /// Where the activation of a block sits.
    ///
    /// Before: the branch activates before its first layer, or the fork itself is the activation of a
    /// normalization (ResNetV2 projects from there) and nothing is normalized between the last layer and the sum.
    func activationPosition(join: ValueID, fork: ValueID, branch: Branch) -> ResidualBlock.ActivationPosition {
        guard let first = branch.firstLayer, branch.isOwn else {
            return joinActivation(of: join) != nil ? .after : .none
        }
        for node in branch.nodes {
            guard node < first else { break }
            if role(of: node) == .activation, !branch.gates.contains(node) { return .before }
        }
        if joinActivation(of: join) != nil { return .after }
        guard let last = branch.layers.last?.node else { return .none }
        let normalizesLate = branch.nodes.contains { $0 > last && role(of: $0) == .normalization }
        return isNormalizedActivation(fork) && !normalizesLate ? .before : .none
    }

    /// The activation function that all readers of a value are part of.
    func joinActivation(of value: ValueID) -> String? {
        let readers = Set(effectiveReaders(of: value))
        guard readers.count == 1, let reader = readers.first, role(of: reader) == .activation else { return nil }
        return functions.name[reader.index]
    }

    private func isNormalizedActivation(_ value: ValueID) -> Bool {
        guard let activation = graph.producer(of: origin(of: value)), role(of: activation) == .activation,
            let input = dataInputs(of: activation).first, let node = graph.producer(of: origin(of: input))
        else { return false }
        return role(of: node) == .normalization
    }
}
