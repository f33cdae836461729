internal import SkiffCore

/// Turns the call numbers of a file into positions in `inbound_nodes`.
///
/// A nested Functional model has a call of its own before those its file lists, and versions differ in whether
/// they count it: lists of Keras 1 and 2 count it everywhere, Keras 3 counts it in `output_layers` and, up to
/// some version, in `inbound_nodes`.
struct CallResolver {
    var layers: [LayerConfiguration]
    let positions: [String: Int]
    var outputs: [ModelConfiguration.NamedReference] = []

    init(layers: [LayerConfiguration], positions: [String: Int]) {
        self.layers = layers
        self.positions = positions
    }

    mutating func resolve(outputs: [ModelConfiguration.NamedReference]) throws(KerasError) {
        let inner = bases(of: layers.flatMap { $0.calls.flatMap(\.tensors) }, areOutputs: false)
        for index in layers.indices {
            for call in layers[index].calls.indices {
                do throws(KerasError) {
                    layers[index].calls[call] = try shifted(layers[index].calls[call], inner)
                } catch {
                    throw error.at(layers[index].place)
                }
            }
        }
        let outer = bases(of: outputs.map(\.reference), areOutputs: true)
        for output in outputs {
            self.outputs.append(.init(name: output.name, reference: try shifted(output.reference, outer)))
        }
    }

    /// What is to be taken from the call numbers of nested models, by layer.
    private func bases(of references: [TensorReference], areOutputs: Bool) -> [String: Int] {
        var lowest: [String: Int] = [:]
        var highest: [String: Int] = [:]
        for reference in references {
            lowest[reference.layer] = min(lowest[reference.layer] ?? .max, reference.call)
            highest[reference.layer] = max(highest[reference.layer] ?? 0, reference.call)
        }
        var bases: [String: Int] = [:]
        for (name, first) in lowest where first > 0 {
            guard let position = positions[name], case .model(let nested) = layers[position].role else { continue }
            let layer = layers[position]
            let countsOwn = areOutputs ? nested.model.className != "Sequential" || isLegacy : isLegacy
            if countsOwn || (highest[name] ?? 0) >= layer.calls.count { bases[name] = 1 }
        }
        return bases
    }

    /// Whether the file was written before Keras 3, as far as nested models go.
    private var isLegacy: Bool { (layers.first?.options.major ?? 1) < 3 }

    private func shifted(_ call: LayerCall, _ bases: [String: Int]) throws(KerasError) -> LayerCall {
        var result = LayerCall(arguments: [], keywords: [:])
        for argument in call.arguments { result.arguments.append(try shifted(argument, bases)) }
        for (key, argument) in call.keywords { result.keywords[key] = try shifted(argument, bases) }
        return result
    }

    private func shifted(_ argument: CallArgument, _ bases: [String: Int]) throws(KerasError) -> CallArgument {
        switch argument {
        case .tensor(let reference, let shape): return .tensor(try shifted(reference, bases), shape: shape)
        case .list(let elements):
            var result: [CallArgument] = []
            for element in elements { result.append(try shifted(element, bases)) }
            return .list(result)
        case .constant: return argument
        }
    }

    private func shifted(
        _ reference: TensorReference, _ bases: [String: Int]
    ) throws(KerasError) -> TensorReference {
        var result = reference
        result.call -= bases[reference.layer] ?? 0
        let isKnown: Bool
        if let position = positions[reference.layer] {
            let layer = layers[position]
            let calls = if case .input = layer.role { max(layer.calls.count, 1) } else { layer.calls.count }
            isKnown = result.call >= 0 && result.call < calls
        } else {
            isKnown = false
        }
        guard isKnown else {
            throw KerasError(.danglingReference(layer: reference.layer, call: reference.call))
        }
        return result
    }
}
