internal import SkiffCore
internal import SkiffGraph
internal import SkiffInspect

/// What is said first of a difference.
struct Summary {
    private(set) var sentence = ""
    private(set) var remarks: [String] = []

    init(_ difference: ModelDifference, _ left: Network, _ right: Network) {
        let live = difference.layers
        let changed = live.filter { $0.change == .changed }
        let added = live.filter { $0.change == .added }
        let removed = live.filter { $0.change == .removed }
        let blocks = Self.blockTexts(difference)
        switch difference.verdict {
        case .same:
            sentence = difference.interfaceChanges.isEmpty
                ? "the same function: every layer and every weight" : "the same function behind another interface"
        case .sameButRounding: sentence = "the same function but for the rounding of folded BatchNormalization"
        case .rounded:
            let weights = live.flatMap(\.weights)
            let types = Set(weights.compactMap(\.roundedTo)).sorted().joined(separator: " and ")
            let count = weights.count { $0.state == .rounded }
            sentence =
                count > 0
                ? "the same network with \(count) of \(weights.count) weights rounded to \(types)"
                : "the same network, whose values are rounded on the way"
        case .otherWeights: sentence = Self.weightsSentence(difference, left)
        case .unknown:
            sentence = "no difference was found, and not everything is known of both"
        case .different:
            var parts = blocks
            if blocks.isEmpty || !added.isEmpty || !removed.isEmpty {
                let loneAdded = added.filter { $0.rightBlock == nil || blocks.isEmpty }
                let loneRemoved = removed.filter { $0.leftBlock == nil || blocks.isEmpty }
                parts += Self.layersText(loneRemoved, "removed") + Self.layersText(loneAdded, "added")
            }
            let attributes = changed.filter { !$0.attributes.isEmpty }
            if !attributes.isEmpty {
                let named = attributes.prefix(2).compactMap { layer -> String? in
                    guard let node = left.graph.head(of: layer.left) else { return nil }
                    return escaped(left.graph.displayName(of: node)) + ": " + (layer.attributes.first ?? "")
                }
                let list = attributes.count <= 2 ? " (\(named.joined(separator: "; ")))" : ""
                parts.append("\(Self.count(attributes.count, "layer")) with other attributes" + list)
            }
            let weights = changed.filter { $0.attributes.isEmpty && $0.weights.contains { !$0.state.keepsFunction } }
            let rounded = weights.filter { $0.roundedTo != nil }
            if !rounded.isEmpty {
                let types = Set(rounded.compactMap(\.roundedTo)).sorted().joined(separator: " and ")
                parts.append("\(Self.count(rounded.count, "layer")) with weights rounded to \(types)")
            }
            if weights.count > rounded.count {
                parts.append("\(Self.count(weights.count - rounded.count, "layer")) with other weights")
            }
            if parts.isEmpty, !difference.interfaceChanges.isEmpty {
                sentence = "the same layers and weights behind another interface: "
                    + difference.interfaceChanges.prefix(2).joined(separator: ", ")
            } else {
                if parts.isEmpty { parts.append("layers are wired otherwise") }
                sentence = "different: " + parts.joined(separator: ", ")
            }
        }
        addStages(difference)
        addUnread(live)
    }

    /// What several roundings to float32 leave of a weight's size.
    static let float32Rounding = 5e-7

    static func count(_ number: Int, _ noun: String) -> String { "\(number) \(noun)\(number == 1 ? "" : "s")" }

    private static func layersText(_ layers: [ModelDifference.Layer], _ verb: String) -> [String] {
        guard !layers.isEmpty else { return [] }
        var counts: [String: Int] = [:]
        for layer in layers { counts[layer.operation, default: 0] += 1 }
        let most = counts.sorted { ($1.value, $0.key) < ($0.value, $1.key) }.prefix(3)
        let text = most.map { "\($0.value) \($0.key)" }.joined(separator: ", ") + (counts.count > 3 ? ", …" : "")
        return ["\(text) \(verb)"]
    }

    private static func blockTexts(_ difference: ModelDifference) -> [String] {
        var parts: [String] = []
        for (change, verb) in [(ModelDifference.Change.removed, "removed"), (.added, "added")] {
            let found = difference.blocks.filter { $0.change == change }
            guard !found.isEmpty else { continue }
            let names = found.prefix(3).compactMap { block in
                block.left.map { difference.left.blocks[$0].name } ?? block.right.map { difference.right.blocks[$0].name }
            }
            let list = names.joined(separator: ", ") + (found.count > 3 ? ", …" : "")
            parts.append("\(count(found.count, "block")) \(verb) (\(escaped(list)))")
        }
        return parts
    }

    private static func weightsSentence(_ difference: ModelDifference, _ left: Network) -> String {
        let weighted = difference.layers.filter { !$0.weights.isEmpty }
        let changed = weighted.filter { $0.weights.contains { !$0.state.keepsFunction } }
        let contractions = weighted.filter { $0.operation == "convolution" || $0.operation == "matrix product" }
        let changedOnes = contractions.filter { $0.weights.contains { !$0.state.keepsFunction } }
        var text = "same structure, "
        if changed.count == 1, let layer = changed.first, let node = left.graph.head(of: layer.left) {
            let text = layer.weights.first { !$0.state.keepsFunction }?.text ?? ""
            return "same structure, only \(escaped(left.graph.displayName(of: node))) has other weights: \(text)"
        }
        if changedOnes.isEmpty {
            text += "\(count(changed.count, "layer")) with other weights"
        } else {
            text += "\(changedOnes.count) of \(contractions.count) convolutions and matrix products changed"
            if changed.count > changedOnes.count { text += " and \(count(changed.count - changedOnes.count, "other layer"))" }
        }
        var largest: (error: Double, name: String)?
        for layer in changed {
            for weight in layer.weights {
                guard let error = weight.relativeError, error.isFinite, error > largest?.error ?? 0,
                    let node = left.graph.head(of: layer.left)
                else { continue }
                largest = (error, left.graph.displayName(of: node))
            }
        }
        let errors = changed.flatMap(\.weights).filter { !$0.state.keepsFunction }.map { $0.relativeError ?? .infinity }
        if errors.allSatisfy({ $0 < Self.float32Rounding }) {
            return text + ", all within the rounding of float32: folded by other programs, or computed anew"
        }
        if let largest { text += ", most \(escaped(largest.name)), by \(percentText(largest.error)) of its size" }
        return text
    }

    private mutating func addStages(_ difference: ModelDifference) {
        let (one, other) = (difference.left, difference.right)
        if one.family.text != other.family.text, !one.blocks.isEmpty || !other.blocks.isEmpty {
            remarks.append("\(one.family.text) → \(other.family.text)")
        }
        guard one.stages.count == other.stages.count else {
            if one.stages.count + other.stages.count > 0 { remarks.append("stages \(one.stages.count) → \(other.stages.count)") }
            return
        }
        for (position, pair) in zip(one.stages, other.stages).enumerated() {
            let more = pair.1.blocks.count - pair.0.blocks.count
            guard more != 0 else { continue }
            remarks.append("stage \(position + 1) has \(Self.count(abs(more), "block")) \(more > 0 ? "more" : "fewer")")
        }
    }

    private mutating func addUnread(_ layers: [ModelDifference.Layer]) {
        let unread = layers.flatMap(\.weights).count { $0.isUnread }
        if unread > 0 { remarks.append("\(Self.count(unread, "weight")) could not be compared element by element") }
    }
}
