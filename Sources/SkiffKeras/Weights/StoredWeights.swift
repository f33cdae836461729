internal import SkiffCore

/// A weight as a file stores it.
struct StoredWeight: Sendable {
    /// The file's name for it, for messages.
    var name: String
    var dataset: HDF5Dataset
}

/// The weights of every layer, by the layer's name behind those of the models it is nested in, in the order in
/// which Keras saves them.
typealias StoredWeights = [String: [StoredWeight]]

extension LayerConfiguration {
    /// The weights the layer must have; `nil` where that is not known: for layers that are carried only, and for
    /// those whose state does not matter when a network runs.
    var requirements: [WeightRequirement]? {
        switch role {
        case .input: []
        case .model: nil
        case .layer(let definition): definition is IdentityLayer ? nil : definition.weights
        case .unknown: nil
        }
    }
}

extension LayerConfiguration {
    /// Whether weights must be stored for the layer, or for one inside it. Models nest no deeper than the limit.
    var hasWeights: Bool {
        if case .model(let nested) = role { return nested.model.layers.contains(where: \.hasWeights) }
        return !(requirements ?? []).isEmpty
    }
}

/// A path of layer names: `nested/layer`.
func layerPath(_ prefix: String, _ name: String) -> String { prefix.isEmpty ? name : prefix + "/" + name }
