internal import SkiffGraph

extension UnitSummary {
    /// The nearest other families and variants, each with what speaks against it.
    func neighbours(of match: FamilyMatch) -> [Family.Neighbour] {
        let signature = match.signature
        var found: [Family.Neighbour] = []
        let others = siblings(of: match)
        let smaller = others.first { $0.signature.blocks < signature.blocks }
        let larger = others.first { $0.signature.blocks > signature.blocks }
        found += [smaller, larger].compactMap { $0 }.map { neighbour($0) }
        found += twins(of: match)
        return Array(found.prefix(5))
    }

    /// Signatures of the same shape and number of stages, nearest first, whatever their channels are.
    private func siblings(of match: FamilyMatch) -> [FamilyMatch] {
        let channels = match.stages.map { stage in stage.last.flatMap { units[$0].outputChannels } }
        let counts = match.stages.map(\.count)
        let prefix = match.signature.name.prefix { $0 != "-" }
        return FamilySignature.table.compactMap { candidate -> FamilyMatch? in
            guard candidate.shape == match.signature.shape, candidate.stages != match.signature.stages,
                candidate.hasGate == match.signature.hasGate, candidate.name.hasPrefix(prefix)
            else { return nil }
            return FamilyMatch(candidate, counts: counts, channels: channels, units: match.stages)
        }.sorted { $0.distance < $1.distance }
    }

    /// Blocks that differ, in words.
    func neighbour(_ match: FamilyMatch) -> Family.Neighbour {
        let signature = match.signature
        var reason = "its channels would be \(signature.channels.map(String.init).joined(separator: "-"))"
        if let stage = match.difference.firstIndex(where: { $0 != 0 }) {
            let worst = match.difference.indices.max { abs(match.difference[$0]) < abs(match.difference[$1]) } ?? stage
            let count = signature.stages[worst]
            reason = "stage \(worst + 1) would have \(count) block\(count == 1 ? "" : "s")"
        }
        return Family.Neighbour(name: signature.name, distance: Double(match.distance), reason: reason)
    }

    /// Networks of the same stages that differ in their blocks.
    private func twins(of match: FamilyMatch) -> [Family.Neighbour] {
        let signature = match.signature
        guard signature.name.hasPrefix("ResNet"), signature.shape == .basic || signature.shape == .bottleneck else {
            return []
        }
        var found: [Family.Neighbour] = []
        let count = Double(units.count)
        let otherShape: FamilySignature.Shape = signature.shape == .basic ? .bottleneck : .basic
        if let twin = FamilySignature.table.first(where: {
            $0.shape == otherShape && $0.stages == signature.stages && $0.hasGate == nil
        }) {
            let reason = signature.shape == .basic
                ? "its blocks would be bottlenecks of three convolutions" : "its blocks would be basic, of two 3×3 convolutions"
            found.append(Family.Neighbour(name: twin.name, distance: count, reason: reason))
        }
        let base = signature.name
        guard signature.shape == .bottleneck, let wide = wideLayer(ofUnit: 0), let channels = wide.outputChannels,
            let outer = units.first?.outputChannels
        else { return found }
        if wide.groups > 1 {
            found.append(Family.Neighbour(name: base, distance: count, reason: "its wide convolutions would have no groups"))
        } else if outer == 4 * channels {
            found.append(
                Family.Neighbour(
                    name: "Wide \(base)-2", distance: count,
                    reason: "the wide convolution of stage 1 would have \(outer / 2) channels, here \(channels)"))
        } else if outer == 2 * channels {
            found.append(
                Family.Neighbour(
                    name: base, distance: count,
                    reason: "the wide convolution of stage 1 would have \(outer / 4) channels, here \(channels)"))
        }
        switch variant(of: signature) {
        case "v1": found.append(Family.Neighbour(name: "\(base) v1.5", distance: Double(strided.count), reason: "the stride would be in the 3×3"))
        case "v1.5": found.append(Family.Neighbour(name: "\(base) v1", distance: Double(strided.count), reason: "the stride would be in the first 1×1"))
        default: break
        }
        return found
    }
}
