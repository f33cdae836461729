internal import SkiffCore

/// Weights as Keras 3 lays them out in `.weights.h5`: `layers/<class>[_k]/vars/<i>`, the class in snake case and
/// counted in the model's order of layers, nested models in the same form inside.
struct ArchiveWeights {
    let root: HDF5Group

    func stored(for model: ModelConfiguration) throws(KerasError) -> StoredWeights {
        var result: StoredWeights = [:]
        try collect(model, group: root, path: "", prefix: "", into: &result)
        return result
    }

    private func collect(
        _ model: ModelConfiguration, group: HDF5Group, path: String, prefix: String,
        into result: inout StoredWeights
    ) throws(KerasError) {
        let container = group.group("layers") ?? HDF5Group()
        let places = try places(of: model, in: container, path: path + "/layers")
        for (layer, place) in zip(model.layers, places) {
            guard let place, let own = container.group(place) else { continue }
            let inner = path + "/layers/" + place
            if case .model(let nested) = layer.role {
                try collect(
                    nested.model, group: own, path: inner, prefix: layerPath(prefix, layer.name), into: &result)
            } else {
                result[layerPath(prefix, layer.name)] = try variables(of: own, path: inner)
            }
        }
        let used = Set(places.compactMap { $0 })
        let extra = container.members.keys.filter { !used.contains($0) && hasVariables(container.group($0)) }
        guard extra.isEmpty else {
            let lacking = zip(model.layers, places).filter { $1 == nil }.map(\.0.name)
            throw KerasError(
                .layersDiffer(onlyInConfiguration: lacking, onlyInWeights: extra.sorted()),
                at: Place(member: path + "/layers"))
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
        var counts: [String: Int] = [:]
        var places: [String?] = []
        for layer in model.layers {
            // Functions of keras.ops are no layers: they are neither counted nor saved.
            if layer.isFunction {
                places.append(nil)
                continue
            }
            let kind = snakeCase(layer.className)
            let count = counts[kind, default: 0]
            counts[kind] = count + 1
            let counted = count == 0 ? kind : "\(kind)_\(count)"
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

    private func hasVariables(_ group: HDF5Group?) -> Bool {
        guard let group else { return false }
        if let variables = group.group("vars"), !variables.members.isEmpty { return true }
        return group.group("layers")?.members.values.contains { member in
            if case .group(let inner) = member { hasVariables(inner) } else { false }
        } ?? false
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
