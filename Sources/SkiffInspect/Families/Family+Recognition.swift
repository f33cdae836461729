internal import SkiffGraph

extension Family {
    /// Recognises a network by its units' kinds, stages and channels.
    init(of topology: ResidualTopology) {
        let network = UnitSummary(of: topology)
        self = network.family()
        guard !network.units.isEmpty else { return }
        stem = Surroundings.text(topology.surroundings.stem)
        head = Surroundings.text(topology.surroundings.head)
    }
}

extension UnitSummary {
    func family() -> Family {
        guard !units.isEmpty else { return denseFamily() ?? .none }
        if let family = denseFamily() ?? uSquared() ?? highResolution() { return family }
        let matches = matches()
        var family: Family
        if let match = matches.first(where: \.isNear) {
            family = known(match)
            family.distance = Double(match.distance)
            family.deviations = deviations(from: match, name: family.name)
            family.neighbours = neighbours(of: match)
        } else {
            family = transformer() ?? genericFamily()
            family.deviations = outliers(stages: nil, family: nil)
            family.neighbours = matches.prefix(2).map { neighbour($0) }
        }
        family.evidence += family.neighbours.map { "not \($0.name): \($0.reason)" }
        return family
    }

    private func known(_ match: FamilyMatch) -> Family {
        let signature = match.signature
        let stagesText = match.stages.map { String($0.count) }.joined(separator: "-")
        var evidence = ["\(units.count) \(kindText) blocks in \(match.stages.count) stages: \(stagesText)"]
        evidence.append(
            "channels \(channelsText)" + (match.scale == 1 ? "" : ", \(ratioText(match.scale)) of the published ones"))
        var name = signature.name
        if signature.shape == .basic || signature.shape == .bottleneck, name.hasPrefix("ResNet") {
            name = residualName(match, evidence: &evidence)
        } else if signature.shape == .depthwiseFirst {
            let isFirst = most { $0.traits.contains(.layerScale) }
            if !isFirst { name = "ConvNeXtV2" + name.dropFirst("ConvNeXt".count) }
            evidence.append(isFirst ? "layer scale on the branches" : "no layer scale on the branches")
        }
        name = scaledName(name, match)
        if rank == 1 { name = "1-D \(name)" }
        let variant = variant(of: signature)
        evidence += commonEvidence
        let text = [name, variant].compactMap { $0 }.joined(separator: " ")
        let parts = [text, "stages \(stagesText)", strideText, dilationText].compactMap { $0 }
        return Family(name: name, variant: variant, text: parts.joined(separator: ", "), evidence: evidence)
    }

    private func scaledName(_ name: String, _ match: FamilyMatch) -> String {
        let scale = match.scale
        guard scale != 1 else { return name }
        switch match.signature.scaling {
        case .fixed: return name
        case .multiplier: return "\(name) ×\(shortText(scale))"
        case .wideCIFAR where scale > 1:
            return "Wide ResNet-\(6 * (match.signature.stages.first ?? 0) + 4)-\(shortText(scale))"
        case .thinOrWide, .wideCIFAR:
            return scale < 1
                ? "thin \(name) (channels/\(shortText(1 / scale)))" : "wide \(name) (channels×\(shortText(scale)))"
        }
    }

    /// DenseNet by the layers of its dense stages.
    private func denseFamily() -> Family? {
        let layers = denseStages.map(\.concatenations.count)
        guard denseStages.count >= 2, let growth = denseStages.first?.growthRate,
            denseStages.allSatisfy({ $0.growthRate == growth }), units.count < layers.reduce(0, +)
        else { return nil }
        let known = FamilySignature.dense.first { $0.layers == layers && $0.growth == growth }
        let name = known?.name ?? "densely connected network"
        let text = layers.map(String.init).joined(separator: "-")
        var evidence = ["\(layers.reduce(0, +)) dense concatenations in \(layers.count) stages: \(text)"]
        evidence.append("each layer adds \(growth) channels")
        if let inner = denseStages.first?.bottleneckChannels {
            evidence.append("1×1 convolutions to \(inner) channels before the wide ones (DenseNet-B)")
        }
        let nearest = FamilySignature.dense.filter { $0.name != name && $0.layers.count == layers.count }
            .min { distance($0.layers, layers) < distance($1.layers, layers) }
        var neighbours: [Neighbour] = []
        if let nearest, let stage = zip(nearest.layers, layers).enumerated().first(where: { $1.0 != $1.1 })?.offset {
            neighbours.append(
                Neighbour(
                    name: nearest.name, distance: Double(distance(nearest.layers, layers)),
                    reason: "dense stage \(stage + 1) would have \(nearest.layers[stage]) layers"))
        }
        evidence += neighbours.map { "not \($0.name): \($0.reason)" }
        var family = Family(
            name: name, variant: nil, text: "\(name), dense stages \(text), growth \(growth)", evidence: evidence)
        family.neighbours = neighbours
        family.distance = known == nil ? nil : 0
        return family
    }

    private typealias Neighbour = Family.Neighbour

    private func distance(_ left: [Int], _ right: [Int]) -> Int { zip(left, right).reduce(0) { $0 + abs($1.0 - $1.1) } }

    private func uSquared() -> Family? {
        guard shape == .uShaped, units.count == FamilySignature.uSquaredBlocks else { return nil }
        let isSmall = Set(units.map(\.outputChannels)) == [64]
        let name = isSmall ? "U²-Net-p" : "U²-Net"
        return Family(
            name: name, variant: nil, text: "\(name), \(units.count) nested residual U-blocks",
            evidence: ["\(units.count) u-shaped blocks: 6 encode, 5 decode", "channels \(channelsText)"] + commonEvidence)
    }

    /// HRNet keeps maps of several extents beside each other, each with blocks of its own.
    private func highResolution() -> Family? {
        let basic = units.filter { $0.kind == .basic && $0.shortcut == .identity }
        let uses = basic.reduce(into: [Int: Int]()) { $0[$1.outputChannels ?? 0, default: 0] += 1 }
        let widths = uses.keys.sorted()
        guard !isInRow, basic.count * 2 > units.count, widths.count == 4, let width = widths.first, width > 0,
            widths == [width, 2 * width, 4 * width, 8 * width],
            units.contains(where: { $0.kind == .bottleneck })
        else { return nil }
        let counts = widths.map { uses[$0] ?? 0 }
        // Modules of four blocks on each branch: one of two branches, four of three, three of four.
        let isPublished = counts == [32, 32, 28, 12]
        let name = isPublished ? "HRNet-W\(width)" : "HRNet"
        let widthsText = widths.map(String.init).joined(separator: "-")
        return Family(
            name: name, variant: nil, text: "\(name), \(units.count) blocks, widths \(widthsText)",
            evidence: [
                "basic blocks of \(widthsText) channels beside each other: \(counts.map(String.init).joined(separator: "-"))",
                "\(units.count { $0.kind == .bottleneck }) bottlenecks before and behind",
            ] + commonEvidence)
    }

    private func transformer() -> Family? {
        guard shape == .transformer else { return nil }
        let layers = units.count { $0.kind == .attention }
        guard layers > 0, abs(units.count - 2 * layers) <= units.count / 4 else { return nil }
        let stagesText = counts.map { String(($0 + 1) / 2) }.joined(separator: "-")
        let parts = ["transformer", "\(layers) layers", stages.count > 1 ? "stages \(stagesText)" : nil].compactMap { $0 }
        return Family(
            name: "transformer", variant: nil, text: parts.joined(separator: ", "),
            evidence: ["\(layers) blocks of attention, \(units.count - layers) others", "channels \(channelsText)"]
                + commonEvidence)
    }

    private func genericFamily() -> Family {
        var words: [String] = []
        if units.contains(where: { $0.dilation > 1 }) { words.append("dilated") }
        if most({ $0.traits.contains(.splitAttention) }) {
            words.append("split-attention")
        } else if hasGate {
            words.append("squeeze-and-excitation")
        }
        if isPreActivation { words.append("pre-activation") }
        switch shape {
        case .inverted, .depthwiseFirst: words.append("inverted")
        case .separable: words.append("separable")
        case .uShaped: words.append("u-shaped")
        case .parallel: words.append("parallel-branch")
        case .basic, .bottleneck, .darknet, .transformer, nil: break
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

extension Family {
    fileprivate static let none = Family(
        name: "no residual blocks", variant: nil, text: "no residual blocks", evidence: [])
}
