public import SkiffCore
public import SkiffGraph

/// What the Keras reader refuses.
public struct KerasError: LocatedError {
    public enum Reason: Hashable, Sendable {
        /// The bytes are no Keras model; the sentence says what they are.
        case notKeras(String)
        /// Weights without an architecture: a file that names layers but does not say how they are connected.
        case weightsOnly(String)
        /// libhdf5 failed while doing something.
        case hdf5(doing: String, complaint: String)
        /// The HDF5 file has what Skiff does not follow or read.
        case refused(String)
        /// A named limit would be passed.
        case limit(name: String, declared: Int, allowed: Int)
        /// Something the model must have is missing.
        case missing(String)
        /// The configuration says something else than expected at `key`.
        case configuration(key: String, expected: String, found: String)
        /// A layer that is carried, but cannot be run, and why.
        case unsupported(String)
        /// A layer has another number of weights than its configuration asks for.
        case weightCount(expected: [String], found: [String])
        /// A weight's shape is not what the configuration asks for; open extents are written `?`.
        case weightShape(expected: String, found: String)
        /// Layers of the configuration and of the weights differ: names that only one of them has.
        case layersDiffer(onlyInConfiguration: [String], onlyInWeights: [String])
        /// A layer's input refers to a layer or call that is not there.
        case danglingReference(layer: String, call: Int)
        /// Layers form a cycle.
        case cycle(layers: [String])
        /// Graph refusal.
        case graph(GraphError.Reason)
        /// Ground-layer refusal.
        case core(CoreError.Reason)
    }

    public var reason: Reason
    public var place: Place

    public init(_ reason: Reason, at place: Place = Place()) {
        self.reason = reason
        self.place = place
    }

    public init(_ error: CoreError) { self.init(.core(error.reason), at: error.place) }

    public init(_ error: GraphError) { self.init(.graph(error.reason), at: error.place) }

    public var message: String {
        switch reason {
        case .notKeras(let text): "is no Keras model: \(text)"
        case .weightsOnly(let text): "holds weights without an architecture: \(text)"
        case .hdf5(let doing, let complaint): "HDF5 library failed while \(doing): \(escaped(complaint))"
        case .refused(let text): text
        case .limit(let name, let declared, let allowed): "\(name) is \(declared), allowed are \(allowed)"
        case .missing(let what): "\(what) is missing"
        case .configuration(let key, let expected, let found):
            "configuration \"\(escaped(key))\" is \(escaped(found)), expected \(expected)"
        case .unsupported(let text): text
        case .weightCount(let expected, let found):
            "has \(found.count) weights \(list(found)), expected \(expected.count) \(list(expected))"
        case .weightShape(let expected, let found): "has shape \(found), expected \(expected)"
        case .layersDiffer(let configured, let stored):
            "layers differ: only in the configuration \(list(configured)), only in the weights \(list(stored))"
        case .danglingReference(let layer, let call):
            "reads call \(call) of layer \"\(escaped(layer))\", which does not exist"
        case .cycle(let layers): "layers form a cycle: " + layers.map { escaped($0) }.joined(separator: " → ")
        case .graph(let reason): GraphError(reason).message
        case .core(let reason): CoreError(reason).message
        }
    }

    public var hint: String? {
        switch reason {
        case .weightsOnly: "save the whole model with model.save(\"model.keras\")"
        default: nil
        }
    }

    private func list(_ names: [String]) -> String {
        let shown = names.prefix(8).map { "\"\(escaped($0))\"" }.joined(separator: ", ")
        return names.count > 8 ? "(\(shown), …)" : "(\(shown))"
    }
}
