internal import SkiffGraph

extension UnitSummary {
    /// Most deviations that are listed.
    private static let mostDeviations = 24

    /// Where the network leaves the family: stages first, then single blocks.
    func deviations(from match: FamilyMatch, name: String) -> [Family.Deviation] {
        let signature = match.signature
        var found: [Family.Deviation] = []
        func note(stage: Int, _ text: String) {
            found.append(Family.Deviation(block: nil, stage: stage < stages.count ? stage : nil, text: text))
        }
        for (stage, difference) in match.difference.enumerated() where difference != 0 {
            let published = signature.stages[stage]
            guard stage < match.stages.count else {
                note(stage: stage, "stage \(stage + 1) is missing, \(name) has \(published) blocks there")
                continue
            }
            let count = match.stages[stage].count
            let blocks = count == 1 ? "1 block" : "\(count) blocks"
            note(stage: stage, "stage \(stage + 1) has \(blocks), \(name) has \(published)")
        }
        for stage in match.otherChannels {
            let channels = match.stages[stage].last.flatMap { units[$0].outputChannels }.map(String.init) ?? "?"
            let published = shortText(Double(signature.channels[stage]) * match.scale)
            note(stage: stage, "stage \(stage + 1) has \(channels) channels, \(name) would have \(published)")
        }
        let isResidual = signature.name.hasPrefix("ResNet") || signature.name.hasPrefix("RegNet")
        if isResidual {
            found += unstrided(match, name: name)
            let stem = foreignStem(signature, name: name)
            found += stem.isEmpty ? otherReduction(signature, name: name) : stem
            found += otherWidth(match, name: name)
            found += bareBranches(match)
        }
        found += outliers(stages: match.stages, family: signature)
        return Array(found.prefix(Self.mostDeviations))
    }

    /// Later stages that neither stride nor dilate.
    private func unstrided(_ match: FamilyMatch, name: String) -> [Family.Deviation] {
        let strides = match.stages.map { stage in stage.contains { units[$0].isStrided } }
        guard strides.count(where: { $0 }) < match.stages.count - 1 else { return [] }
        return match.stages.indices.dropFirst().compactMap { stage in
            guard !strides[stage], match.stages[stage].allSatisfy({ units[$0].dilation == 1 }) else { return nil }
            return Family.Deviation(
                block: nil, stage: stage, text: "stage \(stage + 1) keeps its extent, \(name) halves it there")
        }
    }

    /// A stem of 3×3 convolutions at stride one before the stages of a network for ImageNet.
    private func foreignStem(_ signature: FamilySignature, name: String) -> [Family.Deviation] {
        let layers = surroundings.stemLayers
        guard signature.stages.count >= 4, signature.name.hasPrefix("ResNet"), layers.count == 1,
            let layer = layers.first, layer.strides.allSatisfy({ $0 == 1 }), !surroundings.poolsInStem
        else { return [] }
        return [
            Family.Deviation(
                block: nil, stage: nil,
                text: "the stem is a \(layer.kernelText) convolution at stride 1 without pooling, as for small images; "
                    + "\(name) has 7×7 at stride 2 and a max pool")
        ]
    }

    /// A stem that reduces the extent otherwise than by four, as that of networks for ImageNet does.
    private func otherReduction(_ signature: FamilySignature, name: String) -> [Family.Deviation] {
        guard signature.stages.count == 4, signature.name.hasPrefix("ResNet"), !surroundings.stem.isEmpty,
            surroundings.stemLayers.first?.kernel.count == 2
        else { return [] }
        let reduction = surroundings.stem.reduce(1) { $0.multipliedReportingOverflow(by: $1.strides.max() ?? 1).partialValue }
        guard reduction == 1 || reduction == 2 || reduction == 8 else { return [] }
        let pooling = surroundings.poolsInStem ? "" : ", with no max pool in it"
        return [
            Family.Deviation(
                block: nil, stage: nil,
                text: "the stem reduces the extent by \(reduction), that of \(name) by 4\(pooling)")
        ]
    }

    /// Wide convolutions of bottlenecks that have other channels than a quarter of the block's.
    private func otherWidth(_ match: FamilyMatch, name: String) -> [Family.Deviation] {
        guard match.signature.shape == .bottleneck, name.hasPrefix("ResNet-") || name.hasPrefix("SE-ResNet-"), groups == 1,
            let unit = match.stages.first?.first, let outer = units[unit].outputChannels, outer >= 4,
            let inner = wideLayer(ofUnit: unit)?.outputChannels, inner != outer / 4
        else { return [] }
        return [
            Family.Deviation(
                block: nil, stage: 0,
                text: "wide convolutions have \(inner) channels in stage 1, in \(name) \(outer / 4)")
        ]
    }

    /// Convolutions between two blocks as of a block, with no shortcut around them.
    private func bareBranches(_ match: FamilyMatch) -> [Family.Deviation] {
        match.stages.flatMap { stage in
            stage.compactMap { unit -> Family.Deviation? in
                guard let layers = surroundings.between[positions[unit]], unit > 0 else { return nil }
                let found = layers.map(\.kernel)
                let beside = [unit, unit - 1].filter { units.indices.contains($0) }
                guard beside.contains(where: { units[$0].convolutions.map(\.kernel) == found }) else {
                    let convolutions = layers.count == 1 ? "lies a convolution" : "lie convolutions"
                    return Family.Deviation(
                        block: positions[unit], stage: nil,
                        text: "before \(units[unit].name) \(convolutions) \(kernelsText(layers)) outside of blocks")
                }
                return Family.Deviation(
                    block: positions[unit], stage: nil,
                    text: "before \(units[unit].name) lie convolutions \(kernelsText(layers)) as of a block, with no "
                        + "shortcut around them")
            }
        }
    }

    private func kernelsText(_ layers: [ResidualBlock.Layer]) -> String {
        layers.map(\.kernelText).joined(separator: ", ")
    }
}

extension ResidualBlock {
    /// `1×1, 3×3, 1×1`; fixed filters beside convolutions are left out.
    fileprivate var kernelsText: String {
        let mixes = convolutions.contains { !$0.isPointwise && !$0.isDepthwise }
        return convolutions.filter { !(mixes && $0.isDepthwise) }.map(\.kernelText).joined(separator: ", ")
    }
}

/// Something that most blocks of one class share.
private struct Habit: Sendable {
    /// The value of a block; `nil` where the habit is not about it.
    var value: @Sendable (ResidualBlock) -> String?
    /// What a block that leaves it says: its value, and that of its siblings.
    var text: @Sendable (_ own: String, _ siblings: String) -> String
}

extension UnitSummary {
    /// Blocks that differ from their siblings.
    ///
    /// A habit is one that three in four share; outside of known families, eight in nine.
    func outliers(stages: [[Int]]?, family: FamilySignature?) -> [Family.Deviation] {
        let isResidual = family.map { $0.name.hasPrefix("ResNet") || $0.name.hasPrefix("RegNet") } ?? false
        var found: [(unit: Int, text: String)] = []
        let everything = [Array(units.indices)]
        let byClass = [units.indices.filter { isTransition($0) }, units.indices.filter { !isTransition($0) }]
        let groups = stages ?? everything
        if isResidual || shape == .darknet || family == nil && (shape == .basic || shape == .bottleneck) {
            let habits = Self.activationHabits(isPreActivation: isPreActivation)
            collect(habits, in: everything, isKnown: isResidual, into: &found)
            collect(Self.branchHabits, in: byClass, isKnown: isResidual, into: &found)
            collect(Self.shortcutHabits, in: byClass, isKnown: isResidual, into: &found)
        }
        if isResidual {
            collect(Self.layerHabits, in: groups, isKnown: true, into: &found)
            collect([Self.dilationHabit], in: groups.map { Array($0.dropFirst()) }, isKnown: true, into: &found)
        }
        return found.sorted { ($0.unit, $0.text) < ($1.unit, $1.text) }.map {
            Family.Deviation(block: positions[$0.unit], stage: nil, text: "\(units[$0.unit].name) \($0.text)")
        }
    }

    private func isTransition(_ unit: Int) -> Bool {
        units[unit].isStrided || units[unit].inputChannels != units[unit].outputChannels
    }

    private func collect(
        _ habits: [Habit], in classes: [[Int]], isKnown: Bool, into found: inout [(unit: Int, text: String)]
    ) {
        for habit in habits {
            for members in classes {
                let values = members.compactMap { unit in habit.value(units[unit]).map { (unit, $0) } }
                guard let usual = mostFrequent(values.map(\.1)) else { continue }
                let outliers = values.filter { $0.1 != usual }
                let followers = values.count - outliers.count
                let isHabit = isKnown
                    ? followers >= 2 && (outliers.count * 3 <= followers || outliers.count == 1)
                    : followers >= 6 && outliers.count * 8 <= followers
                guard isHabit else { continue }
                found += outliers.map { ($0.0, habit.text($0.1, usual)) }
            }
        }
    }

    private static func activationHabits(isPreActivation: Bool) -> [Habit] {
        guard !isPreActivation else { return [] }
        return [
            Habit(
                value: { $0.joinActivation ?? "" },
                text: { own, siblings in
                    if own.isEmpty { return "has no activation after the addition, its siblings have \(siblings)" }
                    if siblings.isEmpty { return "has \(own) after the addition, its siblings have none" }
                    return "has \(own) after the addition, its siblings have \(siblings)"
                }),
            Habit(
                value: { $0.hasSqueezeExcitation ? "a gate" : "no gate" },
                text: { own, siblings in "has \(own) on its branch, its siblings have \(siblings)" }),
        ]
    }

    private static let branchHabits: [Habit] = [
        Habit(
            value: { $0.kind == .attention ? nil : $0.activationFunctions.joined(separator: ", ") },
            text: { own, siblings in
                "has \(own.isEmpty ? "no activation" : own) on its branch, its siblings have "
                    + (siblings.isEmpty ? "none" : siblings)
            }),
        Habit(
            value: { $0.kind == .attention ? nil : String($0.normalizations) },
            text: { own, siblings in "has \(own) normalizations on its branch, its siblings have \(siblings)" }),
        Habit(
            value: { $0.kind == .attention ? nil : $0.kernelsText },
            text: { own, siblings in "has convolutions \(own), its siblings have \(siblings)" }),
        Habit(
            value: { $0.isStrided && $0.kind != .attention ? $0.strideSite : nil },
            text: { own, siblings in "strides in the \(own), its siblings in the \(siblings)" }),
    ]

    private static let shortcutHabits: [Habit] = [
        Habit(
            value: { $0.shortcut.rawValue },
            text: { own, siblings in "has a shortcut by \(own), its siblings by \(siblings)" }),
        Habit(
            value: { $0.shortcut == .projection && $0.isStrided ? ($0.poolsShortcut ? "pooled" : "strided") : nil },
            text: { own, siblings in "has a \(own) projection, its siblings have \(siblings) ones" }),
        Habit(
            value: { $0.shortcut == .projection ? String($0.shortcutNormalizations) : nil },
            text: { own, siblings in
                own == "0" ? "has a projection without normalization, its siblings normalize theirs"
                    : "has \(own) normalizations on its projection, its siblings have \(siblings)"
            }),
    ]

    private static let layerHabits: [Habit] = [
        Habit(
            value: { String($0.groups) },
            text: { own, siblings in
                "has \(own == "1" ? "no groups" : "\(own) groups") in its wide convolution, its siblings have "
                    + (siblings == "1" ? "none" : siblings)
            }),
        Habit(
            value: { block in block.convolutions.first { !$0.isPointwise }?.outputChannels.map(String.init) },
            text: { own, siblings in "has \(own) channels in its wide convolution, its siblings have \(siblings)" }),
    ]

    private static let dilationHabit = Habit(
        value: { String($0.dilation) },
        text: { own, siblings in "has dilation \(own), its siblings have \(siblings)" })
}
