internal import SkiffCore

/// A Keras model as its configuration says it: layers and how their calls are connected.
///
/// A Sequential model is held in the same form, its chain written out.
struct ModelConfiguration: Sendable {
    var className: String
    var name: String
    /// In the model's own order, which is the order of weights in files.
    var layers: [LayerConfiguration]
    var inputs: [TensorReference]
    var outputs: [NamedReference]
    var isTrainable: Bool

    /// Layers by name; the parser has seen that names are unique.
    let positions: [String: Int]

    struct NamedReference: Hashable, Sendable {
        /// The key of an output that stands in a dictionary.
        var name: String?
        var reference: TensorReference
    }

    func layer(_ name: String) -> LayerConfiguration? { positions[name].map { layers[$0] } }
}

/// An output of one call of a layer. `call` is a position in ``LayerConfiguration/calls``.
struct TensorReference: Hashable, Sendable {
    var layer: String
    var call: Int
    var tensor: Int
}

/// What a call gets for a parameter.
enum CallArgument: Hashable, Sendable {
    /// `shape` is what Keras 3 notes of the tensor.
    case tensor(TensorReference, shape: SymbolicShape?)
    case list([CallArgument])
    case constant(JSONValue)

    /// The tensors in it, in order. Configurations nest no deeper than the JSON reader allows.
    var tensors: [TensorReference] {
        switch self {
        case .tensor(let reference, _): [reference]
        case .list(let elements): elements.flatMap(\.tensors)
        case .constant: []
        }
    }

    /// The shapes noted in it.
    var shapes: [(TensorReference, SymbolicShape)] {
        switch self {
        case .tensor(let reference, let shape): shape.map { [(reference, $0)] } ?? []
        case .list(let elements): elements.flatMap(\.shapes)
        case .constant: []
        }
    }
}

/// One call of a layer.
struct LayerCall: Hashable, Sendable {
    var arguments: [CallArgument]
    var keywords: [String: CallArgument]

    var tensors: [TensorReference] {
        arguments.flatMap(\.tensors) + keywords.sorted { $0.key < $1.key }.flatMap(\.value.tensors)
    }
}

/// One layer: its class, its configuration, its calls.
struct LayerConfiguration: Sendable {
    /// What the reader makes of a layer.
    enum Role: Sendable {
        case input
        case model(Box)
        case layer(any LayerDefinition)
        /// Carried, not run; the reason in words.
        case unknown(String)
    }

    /// A nested model; a reference, because models nest.
    final class Box: Sendable {
        let model: ModelConfiguration
        init(_ model: ModelConfiguration) { self.model = model }
    }

    var className: String
    var name: String
    var options: LayerOptions
    /// Python module that the class lies in, where the file says so (Keras 3).
    var module: String?
    var calls: [LayerCall]
    var role: Role
    var isTrainable: Bool

    /// Whether this is a bare function of `keras.ops`, no layer. In HDF5 files, which leave modules out, what tells
    /// is that layers always write whether they are trainable.
    var isFunction: Bool {
        if let module { return module.split(separator: ".").contains("ops") }
        return options.major >= 3 && options.object["trainable"] == nil && OperationLayer.knows(className)
    }

    var place: Place { Place(node: name, operatorName: className) }
}
