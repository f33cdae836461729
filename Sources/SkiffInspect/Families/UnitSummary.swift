internal import SkiffGraph

extension Family {
    /// Recognises a network by its units' kinds, stages and channels.
    init(of topology: ResidualTopology) {
        let network = UnitSummary(of: topology)
        guard !network.units.isEmpty else {
            self.init(name: "no residual blocks", variant: nil, text: "no residual blocks", evidence: [])
            return
        }
        self = network.knownFamily() ?? network.genericFamily()
    }
}

/// The units of a network and what most of them share.
struct UnitSummary {
    let units: [ResidualBlock]
    let stages: [Stage]
    let shape: FamilySignature.Shape?
    let isPreActivation: Bool
    let hasSqueezeExcitation: Bool
    let groups: Int
    private let blocks: [ResidualBlock]

    init(of topology: ResidualTopology) {
        blocks = topology.blocks
        units = topology.units.map { topology.blocks[$0] }
        stages = topology.stages
        func most(_ test: (ResidualBlock) -> Bool) -> Bool { topology.units.count { test(topology.blocks[$0]) } * 2 > topology.units.count }
        isPreActivation = most { $0.activation == .before }
        hasSqueezeExcitation = most(\.hasSqueezeExcitation)
        groups = units.map(\.groups).max() ?? 1
        shape =
            if most({ $0.kind == .basic || $0.kind == .preActivation }) { .basic }
            else if most({ $0.kind == .bottleneck || $0.kind == .preActivationBottleneck }) { .bottleneck }
            else if most({ $0.kind == .inverted }) { .inverted }
            else if most({ $0.kind == .separable }) { .separable }
            else if most({ $0.kind == .uShaped }) { .uShaped }
            else { nil }
    }

    var counts: [Int] { stages.map(\.blocks.count) }
    var channels: [Int?] { stages.map(\.outputChannels) }

    /// Output channels of the wide convolution of a stage's first bottleneck.
    private func innerChannels(ofStage stage: Int) -> Int? {
        guard let first = stages[stage].blocks.first else { return nil }
        return blocks[first].convolutions.first { !$0.isPointwise }?.outputChannels
    }

    func knownFamily() -> Family? {
        if shape == .uShaped { return uSquared() }
        guard let (signature, scale) = match() else { return nil }
        var name = signature.name
        var evidence = ["\(units.count) \(kindText) blocks in \(stages.count) stages: \(stagesText)"]
        evidence.append("channels \(channelsText)" + (scale == 1 ? "" : ", \(ratioText(scale)) of the published ones"))
        if signature.shape == .bottleneck, let inner = innerChannels(ofStage: 0), let outer = channels[0], inner > 0 {
            if groups > 1 {
                name = name.replacingPrefix("ResNet", with: "ResNeXt")
                name += " \(groups)×\(inner / groups)d"
                evidence.append("\(groups) groups of \(inner / groups) channels in the first stage's wide convolution")
            } else if outer == inner * 2 {
                name = "Wide \(name)-2"
                evidence.append("the wide convolution has half the block's channels, in ResNet a quarter")
            }
        }
        if hasSqueezeExcitation, signature.shape == .basic || signature.shape == .bottleneck {
            name = "SE-\(name)"
            evidence.append("squeeze-and-excitation on the branches")
        }
        name = scaledName(name, signature: signature, scale: scale)
        let variant = variant(of: signature)
        evidence.append(contentsOf: commonEvidence)
        let text = ([name, variant].compactMap { $0 }.joined(separator: " "))
        let parts = [text, "stages \(stagesText)", strideText].compactMap { $0 }
        return Family(name: name, variant: variant, text: parts.joined(separator: ", "), evidence: evidence)
    }

    /// The signature with these stages whose channels are in one ratio to the network's.
    private func match() -> (FamilySignature, Double)? {
        guard let shape else { return nil }
        var candidates = FamilySignature.table.filter { $0.shape == shape && $0.stages == counts }
        if counts.count == 3, Set(counts).count == 1, let count = counts.first, shape == .basic || shape == .bottleneck {
            candidates.append(.cifar(blocksPerStage: count, shape: shape))
        }
        for candidate in candidates {
            if candidate.hasSqueezeExcitation, !units.contains(where: \.hasSqueezeExcitation) { continue }
            guard let scale = ratio(to: candidate.channels, isLoose: candidate.scaling == .multiplier) else { continue }
            return (candidate, scale)
        }
        return nil
    }

    /// What the channels of all stages are multiplied by; width multipliers are rounded to whole eights.
    private func ratio(to published: [Int], isLoose: Bool) -> Double? {
        var ratios: [Double] = []
        for (found, published) in zip(channels, published) {
            guard let found else { return nil }
            ratios.append(Double(found) / Double(published))
        }
        guard let last = ratios.last, let least = ratios.min(), let most = ratios.max() else { return nil }
        return most <= least * (isLoose ? 1.35 : 1.001) ? last : nil
    }

    private func scaledName(_ name: String, signature: FamilySignature, scale: Double) -> String {
        guard scale != 1 else { return name }
        switch signature.scaling {
        case .none: return name
        case .multiplier: return "\(name) ×\(shortText(scale))"
        case .wideCIFAR where scale > 1:
            return "Wide ResNet-\(6 * (counts.first ?? 0) + 4)-\(shortText(scale))"
        case .thinOrWide, .wideCIFAR:
            return scale < 1 ? "thin \(name) (channels/\(shortText(1 / scale)))" : "wide \(name) (channels×\(shortText(scale)))"
        }
    }

    /// v1, v1.5 and v2 of ResNet, with D where projections pool first.
    private func variant(of signature: FamilySignature) -> String? {
        guard signature.shape == .basic || signature.shape == .bottleneck else { return nil }
        if isPreActivation { return "v2" }
        if poolsBeforeProjecting { return "D" }
        guard signature.shape == .bottleneck else { return "v1" }
        let sites = Set(strided.compactMap(\.strideSite))
        guard sites.count == 1, let site = sites.first else { return nil }
        return site.hasSuffix("conv #1") ? "v1" : site.hasSuffix("conv #2") ? "v1.5" : nil
    }

    /// Strided projections pool and then project at stride one: variant D of He et al. 2018 (Bag of Tricks).
    private var poolsBeforeProjecting: Bool {
        let projections = strided.filter { $0.shortcut == .projection }
        return !projections.isEmpty && projections.allSatisfy(\.poolsShortcut)
    }

    private func uSquared() -> Family? {
        guard units.count == FamilySignature.uSquaredBlocks else { return nil }
        let isSmall = Set(units.map(\.outputChannels)) == [64]
        let name = isSmall ? "U²-Net-p" : "U²-Net"
        return Family(
            name: name, variant: nil, text: "\(name), \(units.count) nested residual U-blocks",
            evidence: ["\(units.count) u-shaped blocks: 6 encode, 5 decode", "channels \(channelsText)"] + commonEvidence)
    }

    func genericFamily() -> Family {
        var words: [String] = []
        if units.contains(where: { $0.dilation > 1 }) { words.append("dilated") }
        if hasSqueezeExcitation { words.append("squeeze-and-excitation") }
        if isPreActivation { words.append("pre-activation") }
        switch shape {
        case .inverted: words.append("inverted")
        case .separable: words.append("separable")
        case .uShaped: words.append("u-shaped")
        case .basic, .bottleneck, nil: break
        }
        let name = (words + ["residual network"]).joined(separator: " ")
        let blocks = "\(units.count) block\(units.count == 1 ? "" : "s")"
        let parts = [name, blocks, stages.count > 1 && stages.count <= 12 ? "stages \(stagesText)" : nil, strideText]
        var evidence = ["\(blocks), \(Set(units.map(\.kind)).count == 1 ? kindText : "most of them \(kindText)")"]
        if stages.count <= 12 { evidence.append("channels \(channelsText)") }
        return Family(
            name: name, variant: nil, text: parts.compactMap { $0 }.joined(separator: ", "),
            evidence: evidence + commonEvidence)
    }
}

extension UnitSummary {
    var stagesText: String { counts.map(String.init).joined(separator: "-") }

    private var channelsText: String { channels.map { $0.map(String.init) ?? "?" }.joined(separator: "-") }

    private var kindText: String {
        let kinds = Dictionary(grouping: units, by: \.kind.rawValue).mapValues(\.count)
        return kinds.max { ($0.value, $1.key) < ($1.value, $0.key) }?.key ?? "residual"
    }

    private var strided: [ResidualBlock] { units.filter(\.isStrided) }

    /// `stride in the first 1×1`, where all strided blocks agree.
    private var strideText: String? {
        let layers = Set(strided.map { block in block.convolutions.firstIndex { $0.strides.contains { $0 > 1 } } })
        guard layers.count == 1, case let position?? = layers.first, let block = strided.first else { return nil }
        let layer = block.convolutions[position]
        let isOnly = block.convolutions.count { $0.kernel == layer.kernel } == 1
        let ordinal = isOnly ? "" : ["first ", "second ", "third "][min(position, 2)]
        return "stride in the \(ordinal)\(layer.kernelText)"
    }

    private var commonEvidence: [String] {
        var lines: [String] = []
        let shortcuts = ResidualBlock.Shortcut.allCases.compactMap { kind -> String? in
            let count = units.count { $0.shortcut == kind }
            return count == 0 ? nil : "\(count) \(kind.rawValue)"
        }
        lines.append("shortcuts: " + shortcuts.joined(separator: ", "))
        if let strideText { lines.append(strideText) }
        if poolsBeforeProjecting { lines.append("strided projections pool first") }
        switch (units.count { $0.activation == .after }, units.count { $0.activation == .before }) {
        case (units.count, _): lines.append("activation after the addition")
        case (_, units.count): lines.append("activation before the convolutions")
        case (0, 0): lines.append("no activation after the addition")
        default: break
        }
        let dilations = Set(units.map(\.dilation)).sorted()
        if dilations.contains(where: { $0 > 1 }) {
            lines.append("dilations \(dilations.map(String.init).joined(separator: ", "))")
        }
        return lines
    }

    private func ratioText(_ scale: Double) -> String {
        scale < 1 ? "1/\(shortText(1 / scale))" : "\(shortText(scale))×"
    }
}

/// A number with at most two decimals, without trailing zeros.
func shortText(_ value: Double) -> String {
    let hundredths = (value * 100).rounded()
    guard hundredths.magnitude < 1e15 else { return String(value) }
    let whole = Int(hundredths)
    let (units, rest) = (whole / 100, abs(whole % 100))
    if rest == 0 { return String(units) }
    return rest % 10 == 0 ? "\(units).\(rest / 10)" : "\(units)." + (rest < 10 ? "0" : "") + "\(rest)"
}

extension String {
    fileprivate func replacingPrefix(_ prefix: String, with replacement: String) -> String {
        hasPrefix(prefix) ? replacement + dropFirst(prefix.count) : self
    }
}
