internal import SkiffCore

extension ModelParser {
    /// A Sequential model as a chain of calls, with an input layer in front where the file leaves it out.
    func sequential(
        _ name: String, _ listed: [LayerConfiguration], _ config: JSONValue, isTrainable: Bool
    ) throws(KerasError) -> ModelConfiguration {
        var layers = listed
        guard let first = layers.first else { throw KerasError(.refused("model has no layers"), at: Place(node: name)) }
        if case .input = first.role {} else {
            layers.insert(input(before: first, config), at: 0)
        }
        var positions: [String: Int] = [:]
        for position in layers.indices {
            guard positions.updateValue(position, forKey: layers[position].name) == nil else {
                throw KerasError(.refused("two layers have this name"), at: layers[position].place)
            }
            if position > 0 {
                let before = TensorReference(layer: layers[position - 1].name, call: 0, tensor: 0)
                layers[position].calls = [LayerCall(arguments: [.tensor(before, shape: nil)], keywords: [:])]
            } else {
                layers[position].calls = []
            }
        }
        let last = TensorReference(layer: layers[layers.count - 1].name, call: 0, tensor: 0)
        return ModelConfiguration(
            className: "Sequential", name: name, layers: layers,
            inputs: [TensorReference(layer: layers[0].name, call: 0, tensor: 0)],
            outputs: [.init(name: nil, reference: last)], isTrainable: isTrainable, positions: positions)
    }

    private func input(before first: LayerConfiguration, _ config: JSONValue) -> LayerConfiguration {
        var object = JSONObject()
        var shape = config["build_input_shape"]
        if shape == nil || shape?.isNull == true { shape = inputShape(of: first) }
        object["batch_shape"] = shape
        object["dtype"] = .string("float32")
        let name = major >= 3 ? "input_layer" : first.name + "_input"
        return LayerConfiguration(
            className: "InputLayer", name: name, options: LayerOptions(object: object, major: major), module: nil,
            calls: [], role: .input, isTrainable: true)
    }

    /// The shape that a layer says its input has, that of its first layer where it is a model.
    private func inputShape(of layer: LayerConfiguration) -> JSONValue? {
        if let shape = layer.options["batch_shape", "batch_input_shape"] { return shape }
        if let width = layer.options["input_dim"]?.intValue { return [.null, .integer(Int64(width))] }
        guard case .model(let nested) = layer.role, let reference = nested.model.inputs.first else { return nil }
        return nested.model.layer(reference.layer)?.options["batch_shape", "batch_input_shape"]
    }
}
