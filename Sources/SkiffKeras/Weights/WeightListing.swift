internal import SkiffCore
internal import SkiffGraph

/// Lists weights by layer, for files without an architecture.
struct WeightListing {
    /// A layer's name and weights, before tensors are made.
    struct Entry {
        var name: String
        var weights: [(role: String, weight: StoredWeight)]
    }

    var entries: [Entry] = []
    var isInModelOrder = true

    /// The weights of a model whose configuration is known, in its order.
    init(of model: ModelConfiguration, _ stored: StoredWeights) {
        append(model, stored, prefix: "")
    }

    init(_ files: WeightFiles) throws(KerasError) {
        switch files.layout {
        case .legacy(let path): try append(LegacyWeights(root: files.root, path: path, major: 2))
        case .archive: append(files.root, path: "")
        }
    }

    private mutating func append(_ model: ModelConfiguration, _ stored: StoredWeights, prefix: String) {
        for layer in model.layers {
            let path = layerPath(prefix, layer.name)
            if case .model(let nested) = layer.role {
                append(nested.model, stored, prefix: path)
                continue
            }
            let weights = stored[path] ?? []
            guard !weights.isEmpty else { continue }
            let roles = layer.requirements.map { $0.map(\.role) } ?? []
            let named = weights.enumerated().map { index, weight in
                let own = WeightName(weight.name, group: layer.name).role
                return (role: roles.count == weights.count ? roles[index] : own, weight: weight)
            }
            entries.append(Entry(name: layer.name, weights: named))
        }
    }

    // MARK: Keras 3

    /// Catalogues are no deeper than the limit of nesting.
    private mutating func append(_ group: HDF5Group, path: String) {
        if let variables = group.group("vars") {
            var weights: [(role: String, weight: StoredWeight)] = []
            for name in variables.members.keys.sorted(by: isCountedBefore) {
                guard case .dataset(let dataset)? = variables.members[name] else { continue }
                let whole = layerPath(path, "vars/" + name)
                weights.append((name, StoredWeight(name: whole, dataset: dataset)))
            }
            if !weights.isEmpty {
                let name = variables.attributes["name"]?.text
                entries.append(Entry(name: name ?? (path.isEmpty ? "vars" : path), weights: weights))
            }
        }
        for name in group.members.keys.sorted(by: isCountedBefore) where name != "vars" {
            // The state of random numbers is no weight.
            guard let inner = group.group(name), !name.hasPrefix("seed_generator") else { continue }
            append(inner, path: layerPath(path, name))
        }
    }

    // MARK: Keras 1 and 2

    private mutating func append(_ legacy: LegacyWeights) throws(KerasError) {
        for name in try legacy.layerNames() {
            let weights = try legacy.weights(of: name)
            guard !weights.isEmpty else { continue }
            let names = weights.map { WeightName($0.name, group: name) }
            var positions: [String: Int] = [:]
            var own: [Entry] = []
            for (parsed, weight) in zip(names, weights) {
                let position = positions[parsed.scope] ?? own.count
                if position == own.count {
                    positions[parsed.scope] = position
                    own.append(Entry(name: parsed.layer, weights: []))
                }
                own[position].weights.append((parsed.role, weight))
            }
            // A group of one layer is that layer, whatever TensorFlow made of the name when it was taken.
            if own.count == 1, Self.isRenamed(own[0].name, from: name) { own[0].name = name }
            if own.count > 1, Self.hasFrozenLayers(names) { isInModelOrder = false }
            entries += own
        }
        // Not listed among the layers: variables of a model's own.
        if let group = legacy.root.group("top_level_model_weights"), !group.members.isEmpty {
            let weights = try legacy.weights(of: "top_level_model_weights")
            let named = weights.map { (WeightName($0.name, group: "top_level_model_weights").role, $0) }
            if !named.isEmpty { entries.append(Entry(name: "top_level_model_weights", weights: named)) }
        }
    }

    /// `conv1_1` from `conv1`.
    private static func isRenamed(_ name: String, from group: String) -> Bool {
        guard name.hasPrefix(group + "_") else { return false }
        return name.dropFirst(group.count + 1).allSatisfy(\.isNumber)
    }

    /// Whether a nested model, whose trained weights come before all others, has layers that were not trained: they
    /// then stand behind layers that they were before. What tells are statistics right behind gamma and beta, where
    /// other layers have theirs at the end.
    private static func hasFrozenLayers(_ names: [WeightName]) -> Bool {
        var whole = 0
        var split = 0
        for (index, name) in names.enumerated() where index > 0 && name.isStatistic {
            let before = names[index - 1]
            if before.scope == name.scope, before.isStatistic { continue }
            if before.scope == name.scope { whole += 1 } else { split += 1 }
        }
        return whole > 0 && split > 0
    }

    // MARK: The set

    func set(_ payloads: HDF5Payloads, metadata: GraphMetadata) throws(KerasError) -> WeightSet {
        var payloads = payloads
        var layers: [WeightSet.Layer] = []
        var count = 0
        for entry in entries {
            count += entry.weights.count
            guard count <= Limits.tensors else {
                throw KerasError(.limit(name: "tensors", declared: count, allowed: Limits.tensors))
            }
            var variables: [WeightSet.Variable] = []
            for (role, weight) in entry.weights {
                let name = weight.name.hasPrefix("/") ? String(weight.name.dropFirst()) : weight.name
                variables.append(
                    WeightSet.Variable(name: name, role: role, tensor: try payloads.tensor(of: weight.dataset)))
            }
            layers.append(WeightSet.Layer(name: entry.name, variables: variables))
        }
        return WeightSet(layers: layers, isInModelOrder: isInModelOrder, metadata: metadata)
    }
}

/// The parts of a weight's name in a group of the old layout.
///
/// Keras 2 writes `layer/kernel:0`, Keras 3 `layer/kernel` (3.0 to 3.2: `kernel`), Keras 1 `layer_W`; layers of nested
/// models have their own names in the group of the outermost one.
struct WeightName {
    /// What the weights of one layer have in common.
    var scope: String
    var layer: String
    var role: String

    init(_ name: String, group: String) {
        let text = Self.withoutOutput(name)
        let parts = text.split(separator: "/").map(String.init)
        if parts.count > 1 {
            scope = parts.dropLast().joined(separator: "/")
            layer = parts[parts.count - 2]
            role = parts[parts.count - 1]
        } else if text.hasPrefix(group + "_"),
            Self.oldRoles.contains(Self.withoutCount(String(text.dropFirst(group.count + 1)))) {
            (scope, layer) = (group, group)
            role = Self.withoutCount(String(text.dropFirst(group.count + 1)))
        } else if let (owner, role) = Self.split(Self.withoutCount(text)) {
            (scope, layer, self.role) = (owner, owner, role)
        } else if text.hasPrefix(group + "_") {
            (scope, layer, role) = (group, group, String(text.dropFirst(group.count + 1)))
        } else {
            (scope, layer, role) = (group, group, text)
        }
    }

    var isStatistic: Bool { ["moving_mean", "moving_variance", "running_mean", "running_std"].contains(role) }

    /// Names of variables in Keras 1, which stand behind the layer's name and `_`.
    private static let oldRoles = [
        "running_mean", "running_std", "depthwise_kernel", "pointwise_kernel", "gamma", "beta", "alphas", "W", "b",
    ]

    private static func split(_ text: String) -> (layer: String, role: String)? {
        for role in oldRoles where text.hasSuffix("_" + role) && text.utf8.count > role.utf8.count + 1 {
            return (String(text.dropLast(role.count + 1)), role)
        }
        return nil
    }

    /// TensorFlow's `:0`.
    private static func withoutOutput(_ name: String) -> String {
        guard let colon = name.lastIndex(of: ":"), name[name.index(after: colon)...].allSatisfy(\.isNumber) else {
            return name
        }
        return String(name[..<colon])
    }

    /// `W` from `W_1`, which TensorFlow makes of a name that was taken.
    private static func withoutCount(_ text: String) -> String {
        guard let line = text.lastIndex(of: "_"), line != text.startIndex else { return text }
        let rest = text[text.index(after: line)...]
        guard !rest.isEmpty, rest.allSatisfy(\.isNumber) else { return text }
        let before = String(text[..<line])
        return oldRoles.contains(before) || split(before) != nil ? before : text
    }
}

/// The order of `conv2d`, `conv2d_1`, …, `conv2d_10`: by what stands before the number, then by the number.
func isCountedBefore(_ left: String, _ right: String) -> Bool {
    func parts(_ name: String) -> (String, Int) {
        if let number = Int(name), number >= 0 { return ("", number) }
        guard let line = name.lastIndex(of: "_"), let number = Int(name[name.index(after: line)...]), number >= 0 else {
            return (name, 0)
        }
        return (String(name[..<line]), number)
    }
    let (first, second) = (parts(left), parts(right))
    return first == second ? left < right : first < second
}
