internal import SkiffGraph

extension UnitSummary {
    var stagesText: String { counts.map(String.init).joined(separator: "-") }

    var channelsText: String { channels.map { $0.map(String.init) ?? "?" }.joined(separator: "-") }

    var kindText: String {
        let kinds = units.reduce(into: [String: Int]()) { $0[$1.kind.rawValue, default: 0] += 1 }
        return kinds.max { ($0.value, $1.key) < ($1.value, $0.key) }?.key ?? "residual"
    }

    /// `stride in the first 1×1`, where all strided blocks agree but for one in four.
    var strideText: String? {
        let sites = strided.map { block in block.convolutions.firstIndex { $0.strides.contains { $0 > 1 } } }
        guard let site = mostFrequent(sites), let position = site, sites.count(where: { $0 == site }) * 4 >= sites.count * 3,
            let block = strided.first(where: { block in
                block.convolutions.firstIndex { $0.strides.contains { $0 > 1 } } == position
            })
        else { return nil }
        let layer = block.convolutions[position]
        if layer.isDepthwise, shape == .basic || shape == .bottleneck { return "stride in a depthwise \(layer.kernelText)" }
        let isOnly = block.convolutions.count { $0.kernel == layer.kernel } == 1
        let ordinals = ["first ", "second ", "third "]
        let ordinal = isOnly ? "" : position < ordinals.count ? ordinals[position] : "last "
        return "stride in the \(ordinal)\(layer.kernelText)"
    }

    /// Stages that keep their extent and dilate in place of striding (FCN, DeepLab).
    var dilationText: String? {
        let dilations = stages.map { stage in
            mostFrequent(stage.blocks.map { block in unitOfBlock[block].map { units[$0].dilation } ?? 1 }) ?? 1
        }
        guard stages.count >= 3, dilations.first == 1, dilations.contains(where: { $0 > 1 }) else { return nil }
        return "dilated: \(dilations.map(String.init).joined(separator: "-")) by stage"
    }

    var commonEvidence: [String] {
        var lines: [String] = []
        let shortcuts = ResidualBlock.Shortcut.allCases.compactMap { kind -> String? in
            let count = units.count { $0.shortcut == kind }
            return count == 0 ? nil : "\(count) \(kind.rawValue)"
        }
        lines.append("shortcuts: " + shortcuts.joined(separator: ", "))
        if let strideText { lines.append(strideText) }
        if poolsShortcuts ?? false { lines.append("strided projections pool first") }
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

    func ratioText(_ scale: Double) -> String { scale < 1 ? "1/\(shortText(1 / scale))" : "\(shortText(scale))×" }
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
