internal import SkiffCore

/// Weights as Keras 3 lays them out in `.weights.h5`: `layers/<class>[_k]/vars/<i>`, the class in snake case and
/// counted in the model's order of layers, nested models in the same form inside.
///
/// Keras 2.12 and 2.13 say `_layer_checkpoint_dependencies` for `layers`, and list layers that have weights twice, so
/// these count for two.
struct ArchiveWeights {
    let root: HDF5Group
    private static let oldContainer = "_layer_checkpoint_dependencies"

    func stored(for model: ModelConfiguration) throws(KerasError) -> StoredWeights {
        var result: StoredWeights = [:]
        try collect(model, group: root, path: "", prefix: "", into: &result)
        return result
    }

    private func collect(
        _ model: ModelConfiguration, group: HDF5Group, path: String, prefix: String,
        into result: inout StoredWeights
    ) throws(KerasError) {
        let name = group.group("layers") == nil ? Self.oldContainer : "layers"
        let container = group.group(name) ?? HDF5Group()
        let path = path + "/" + name
        let places = try places(of: model, in: container, path: path)
        for (layer, place) in zip(model.layers, places) {
            guard let place, let own = container.group(place) else { continue }
            let inner = path + "/" + place
            if case .model(let nested) = layer.role {
                try collect(
                    nested.model, group: own, path: inner, prefix: layerPath(prefix, layer.name), into: &result)
            } else {
                result[layerPath(prefix, layer.name)] = try variables(of: own, path: inner)
            }
        }
        let used = Set(places.compactMap { $0 })
        let extra = container.members.keys.filter { !used.contains($0) && container.group($0).map(Self.hasVariables) == true }
        let lacking = zip(model.layers, places).compactMap { layer, place -> String? in
            let stored = place.flatMap { container.group($0) }.map(Self.hasVariables) ?? false
            return stored || !layer.hasWeights ? nil : layer.name + (place.map { " (\($0))" } ?? "")
        }
        guard extra.isEmpty, lacking.isEmpty else {
            throw KerasError(
                .layersDiffer(onlyInConfiguration: lacking, onlyInWeights: extra.sorted()),
                at: Place(member: path))
        }
    }

    /// The group of each layer: the one that bears its name where groups bear names, else by class and count.
    private func places(
        of model: ModelConfiguration, in container: HDF5Group, path: String
    ) throws(KerasError) -> [String?] {
        var byName: [String: String] = [:]
        for (place, member) in container.members {
            guard case .group(let group) = member, let name = group.group("vars")?.attributes["name"]?.text else {
                continue
            }
            byName[name] = place
        }
        let isOld = path.hasSuffix(Self.oldContainer)
        var counts: [String: Int] = [:]
        var places: [String?] = []
        for layer in model.layers {
            // Functions of keras.ops are no layers: they are neither counted nor saved.
            if layer.isFunction {
                places.append(nil)
                continue
            }
            let kind = layer.className == "Model" ? "functional" : snakeCase(layer.className)
            let count = counts[kind, default: 0]
            let counted = count == 0 ? kind : "\(kind)_\(count)"
            let isTwice = isOld && container.group(counted).map(Self.hasVariables) == true
            counts[kind] = count + (isTwice ? 2 : 1)
            let found = container.group(counted)?.group("vars")?.attributes["name"]?.text
            if let found, found != layer.name, isLayer(layer) {
                guard let place = byName[layer.name] else {
                    throw KerasError(
                        .layersDiffer(onlyInConfiguration: [layer.name], onlyInWeights: [found]),
                        at: Place(member: "\(path)/\(counted)"))
                }
                places.append(place)
            } else {
                places.append(container.group(counted) == nil ? byName[layer.name] : counted)
            }
        }
        return places
    }

    /// Nested models and input layers have no variables of their own, so their groups may bear no name of use.
    private func isLayer(_ layer: LayerConfiguration) -> Bool {
        switch layer.role {
        case .input, .model: false
        case .layer, .unknown: true
        }
    }

    /// Whether there are weights in a group, however deep. Catalogues are no deeper than the limit of nesting.
    static func hasVariables(_ group: HDF5Group) -> Bool {
        group.members.contains { name, member in
            guard case .group(let inner) = member else { return false }
            guard name == "vars" else { return hasVariables(inner) }
            return inner.members.values.contains { if case .dataset = $0 { true } else { false } }
        }
    }

    private func variables(of group: HDF5Group, path: String) throws(KerasError) -> [StoredWeight] {
        let variables = group.group("vars") ?? HDF5Group()
        var weights: [StoredWeight] = []
        for index in 0..<variables.members.count {
            guard case .dataset(let dataset)? = variables.members[String(index)] else {
                throw KerasError(.missing("dataset \"\(index)\""), at: Place(member: path + "/vars"))
            }
            weights.append(StoredWeight(name: "\(path)/vars/\(index)", dataset: dataset))
        }
        return weights
    }
}
