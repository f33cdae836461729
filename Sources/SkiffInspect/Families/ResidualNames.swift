internal import SkiffGraph

extension UnitSummary {
    /// Names and variants of networks with the stages of ResNet: what lies on the branches tells them apart.
    ///
    /// Sources: He et al. 2015, 2016; Zagoruyko and Komodakis 2016; Xie et al. 2017; Hu et al. 2018; He et al. 2018 (Bag of
    /// Tricks); Gao et al. 2019; Li et al. 2019; Zhang et al. 2020; Wang et al. 2020; Kolesnikov et al. 2020 (BiT); Bello et
    /// al. 2021; Tran et al. 2018 (R3D, MC3, R(2+1)D).
    func residualName(_ match: FamilyMatch, evidence: inout [String]) -> String {
        var name = match.signature.name
        if rank == 3, let video = videoName(name, evidence: &evidence) { return video }
        var prefix = "ResNet"
        var suffix = ""
        if match.signature.shape == .bottleneck { (prefix, suffix) = bottleneckName(evidence: &evidence) }
        if let gate = gatePrefix(evidence: &evidence) {
            switch gate {
            case "SK-": prefix = "SK-" + prefix
            case "SE-" where prefix != "Wide ResNet" && most(\.gatesInside) && poolsShortcuts ?? false:
                evidence.append("gates behind the wide convolution, as ResNeSt of radix 1")
                prefix = "ResNeSt"
                suffix = " radix 1"
            case "ResNeSt":
                prefix = gate
                suffix = ""
            default: prefix = gate + prefix
            }
        }
        name = prefix + name.dropFirst("ResNet".count) + suffix
        if name == "SE-ResNeXt-152 64×4d", poolsShortcuts == false, deepStem {
            evidence.append("a stem of three 3×3 convolutions, as SENet-154")
            return "SENet-154"
        }
        if prefix == "SE-ResNet", isRevisited {
            evidence.append("convolutions of stride 2 in the stem and no max pool, strided projections pool first")
            return "ResNet-RS" + name.dropFirst("SE-ResNet".count)
        }
        return name
    }

    /// What the wide convolution of a bottleneck makes of the name.
    private func bottleneckName(evidence: inout [String]) -> (prefix: String, suffix: String) {
        guard let first = units.first, let wide = wideLayer(ofUnit: 0), let channels = wide.outputChannels,
            let outer = first.outputChannels, wide.groups > 0, channels > 0
        else { return ("ResNet", "") }
        let width = channels / wide.groups
        if most({ $0.traits.contains(.hierarchicalSplit) }), let reduced = first.convolutions.first?.outputChannels {
            let parts = reduced / channels
            evidence.append("\(parts) parts of \(channels) channels, each added to the next before its convolution")
            return wide.groups > 1
                ? ("Res2NeXt", " \(wide.groups)c×\(width)w×\(parts)s") : ("Res2Net", " \(channels)w×\(parts)s")
        }
        if wide.groups > 1, !wide.isDepthwise {
            evidence.append("\(wide.groups) groups of \(width) channels in the first stage's wide convolution")
            return ("ResNeXt", " \(wide.groups)×\(width)d")
        }
        if outer == channels * 2 {
            evidence.append("the wide convolution has half the block's channels, in ResNet a quarter")
            return ("Wide ResNet", "-2")
        }
        return ("ResNet", "")
    }

    private func gatePrefix(evidence: inout [String]) -> String? {
        if most({ $0.traits.contains(.splitAttention) }) {
            // ResNeSt makes all parts by one grouped convolution, SKNet by several beside each other.
            let isOne = most { $0.convolutions.count { !$0.isPointwise } == 1 }
            evidence.append("parts of the branch weighed against each other by softmax")
            return isOne ? "ResNeSt" : "SK-"
        }
        if most({ $0.traits.contains(.channelAttention) }) {
            evidence.append("channel attention of one layer on the branches")
            return "ECA-"
        }
        guard hasGate else { return nil }
        evidence.append("squeeze-and-excitation on the branches")
        return "SE-"
    }

    private func videoName(_ name: String, evidence: inout [String]) -> String? {
        guard name.hasPrefix("ResNet-") else { return nil }
        let depth = name.dropFirst("ResNet".count)
        let kernels = units.map { $0.convolutions.map(\.kernel).filter { $0.count == 3 } }
        let isFactored = kernels.allSatisfy { $0.contains { $0[0] == 1 && $0[1] > 1 } && $0.contains { $0[0] > 1 && $0[1] == 1 } }
        if isFactored {
            evidence.append("each 3-D kernel as one over space and one over time")
            return "R(2+1)D\(depth)"
        }
        let deep = kernels.map { $0.contains { $0[0] > 1 } }
        if deep.allSatisfy({ $0 }) {
            evidence.append("kernels over space and time")
            return "R3D\(depth)"
        }
        guard deep.first == true, deep.last == false else { return nil }
        evidence.append("kernels over time in the first stages only")
        return "MC3\(depth)"
    }

    /// v1, v1.5 and v2 of ResNet, with C and D of He et al. 2018 by their stem and pooled projections.
    func variant(of signature: FamilySignature) -> String? {
        if signature.name.hasPrefix("Xception"), strided.contains(where: { $0.strideSite?.contains("conv") ?? false }) {
            return "aligned"
        }
        if signature.name.hasPrefix("RegNet"), isPreActivation { return "pre-activation" }
        guard signature.shape == .basic || signature.shape == .bottleneck, signature.name.hasPrefix("ResNet") else {
            return nil
        }
        let pools = poolsShortcuts ?? false
        if isPreActivation {
            let isGrouped = most { $0.normalization == .group }
            return "v2" + (pools ? " D" : "") + (isGrouped ? " with GroupNorm (BiT)" : "")
        }
        if pools { return "D" }
        if deepStem, !hasGate { return "C" }
        guard signature.shape == .bottleneck else { return "v1" }
        guard let site = mostFrequent(strided.compactMap(\.strideSite)) else { return nil }
        if site.hasSuffix("conv #1") { return "v1" }
        return strided.contains { $0.convolutions.first?.strides.contains { $0 > 1 } ?? false && $0.strideSite == site }
            ? "v1" : "v1.5"
    }

    /// Whether strided projections pool and then project at stride one: variant D of He et al. 2018 (Bag of Tricks);
    /// `nil` where nothing is projected with a stride.
    var poolsShortcuts: Bool? {
        let projections = strided.filter { $0.shortcut == .projection }
        return projections.isEmpty ? nil : projections.count(where: \.poolsShortcut) * 2 > projections.count
    }

    /// Three 3×3 convolutions before the blocks in place of one 7×7.
    var deepStem: Bool {
        let layers = surroundings.stemLayers
        return layers.count == 3 && layers.allSatisfy { $0.kernel.allSatisfy { $0 == 3 } && !$0.kernel.isEmpty }
    }

    /// ResNet-RS: a deep stem that strides once more in place of the max pool.
    private var isRevisited: Bool {
        let layers = surroundings.stemLayers
        return layers.count == 4 && !surroundings.poolsInStem && layers.count { $0.strides.contains { $0 > 1 } } == 2
            && poolsShortcuts ?? false
    }
}

/// The element that is there most often, the first of equals.
func mostFrequent<Element: Hashable>(_ elements: [Element]) -> Element? {
    let uses = elements.reduce(into: [Element: Int]()) { $0[$1, default: 0] += 1 }
    let most = uses.values.max() ?? 0
    return elements.first { uses[$0] == most }
}
