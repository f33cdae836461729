internal import SkiffCore

/// Weights as Keras 1 and 2 lay them out, and Keras 3 in `.h5`: one group per layer of the outermost model, its
/// weights in the order of `weight_names`, those of nested models flattened.
struct LegacyWeights {
    let root: HDF5Group
    /// Path of `root` in the file, for messages.
    let path: String
    let major: Int

    func stored(for model: ModelConfiguration) throws(KerasError) -> StoredWeights {
        let names = try layerNames()
        var result: StoredWeights = [:]
        var extra: [String] = []
        for name in names {
            let weights = try weights(of: name)
            guard let layer = model.layer(name) else {
                if !weights.isEmpty { extra.append(name) }
                continue
            }
            if case .model(let nested) = layer.role {
                do throws(KerasError) {
                    try distribute(weights, over: nested.model, prefix: name, into: &result)
                } catch {
                    throw error.at(layer.place)
                }
            } else {
                result[name] = weights
            }
        }
        let known = Set(names)
        let lacking = model.layers.filter { !known.contains($0.name) && $0.hasWeights }.map(\.name)
        guard extra.isEmpty, lacking.isEmpty else {
            throw KerasError(
                .layersDiffer(onlyInConfiguration: lacking, onlyInWeights: extra), at: Place(member: path))
        }
        return result
    }

    /// The layers of the outermost model, in its order.
    func layerNames() throws(KerasError) -> [String] {
        guard let names = try Self.names("layer_names", of: root, at: path) else {
            throw KerasError(.missing("attribute \"layer_names\""), at: Place(member: path.isEmpty ? "/" : path))
        }
        return names
    }

    func weights(of layer: String) throws(KerasError) -> [StoredWeight] {
        let groupPath = path + "/" + layer
        guard case .group(let group)? = root.member(at: layer) else {
            throw KerasError(.missing("group of layer \"\(escaped(layer))\""), at: Place(member: path))
        }
        var weights: [StoredWeight] = []
        for name in try Self.names("weight_names", of: group, at: groupPath) ?? [] {
            guard case .dataset(let dataset)? = group.member(at: name) else {
                throw KerasError(.missing("dataset"), at: Place(member: groupPath, tensor: name))
            }
            weights.append(StoredWeight(name: name, dataset: dataset))
        }
        return weights
    }

    /// A list of names, which is cut into `name0`, `name1`, … where an attribute would not hold it.
    static func names(_ name: String, of group: HDF5Group, at path: String) throws(KerasError) -> [String]? {
        if let attribute = group.attributes[name] { return try names(attribute, name, path) }
        var all: [String] = []
        var index = 0
        while let part = group.attributes["\(name)\(index)"] {
            all += try names(part, name, path)
            index += 1
        }
        return index == 0 ? nil : all
    }

    private static func names(
        _ attribute: HDF5Attribute, _ name: String, _ path: String
    ) throws(KerasError) -> [String] {
        guard let texts = attribute.texts else {
            throw KerasError(.refused("attribute \"\(name)\" is not a list of names"), at: Place(member: path))
        }
        return texts
    }

    // MARK: Nested models

    /// Gives the flattened weights of a nested model to its layers, as Keras does by position: all that are
    /// trained first, then the rest, so frozen layers move behind.
    private func distribute(
        _ weights: [StoredWeight], over model: ModelConfiguration, prefix: String, into result: inout StoredWeights
    ) throws(KerasError) {
        let slots = slots(of: model, prefix: prefix)
        let order = slots.trained + slots.rest
        var listed = weights
        if order.count != listed.count {
            // What layers of unknown classes have is told by name.
            let unknown = unknownLayers(of: model, prefix: prefix)
            listed = []
            for weight in weights {
                let parts = weight.name.split(separator: "/").map(String.init)
                if let owner = unknown.first(where: { parts.contains($0.name) }) {
                    result[owner.path, default: []].append(weight)
                } else {
                    listed.append(weight)
                }
            }
        }
        guard order.count == listed.count else {
            throw KerasError(.weightCount(expected: order.map(\.path), found: weights.map(\.name)))
        }
        var byLayer: [String: [Int: StoredWeight]] = [:]
        for (slot, weight) in zip(order, listed) {
            byLayer[slot.path, default: [:]][slot.index] = weight
        }
        for (path, weights) in byLayer { result[path] = weights.sorted { $0.key < $1.key }.map(\.value) }
    }

    private func slots(
        of model: ModelConfiguration, prefix: String
    ) -> (trained: [WeightSlot], rest: [WeightSlot]) {
        var trained: [WeightSlot] = []
        var rest: [WeightSlot] = []
        for layer in model.layers {
            let path = layerPath(prefix, layer.name)
            var inner: (trained: [WeightSlot], rest: [WeightSlot]) = ([], [])
            if case .model(let nested) = layer.role {
                inner = slots(of: nested.model, prefix: path)
            } else {
                for (index, weight) in (layer.requirements ?? []).enumerated() {
                    let slot = WeightSlot(path: path, index: index)
                    if weight.isTrainable { inner.trained.append(slot) } else { inner.rest.append(slot) }
                }
                if !layer.isTrainable { inner = ([], inner.trained + inner.rest) }
            }
            if model.isTrainable || major < 3 {
                trained += inner.trained
                rest += inner.rest
            } else {
                rest += inner.trained + inner.rest
            }
        }
        return model.isTrainable ? (trained, rest) : ([], trained + rest)
    }

    private func unknownLayers(of model: ModelConfiguration, prefix: String) -> [(name: String, path: String)] {
        model.layers.flatMap { layer -> [(name: String, path: String)] in
            let path = layerPath(prefix, layer.name)
            if case .model(let nested) = layer.role { return unknownLayers(of: nested.model, prefix: path) }
            return layer.requirements == nil ? [(layer.name, path)] : []
        }
    }
}

/// The place of one weight: a layer's path and the position among the layer's own weights.
struct WeightSlot: Hashable, Sendable {
    var path: String
    var index: Int
}
