internal import SkiffCore
internal import SkiffGraph

/// Reads configurations of models, of Keras 1, 2 and 3.
struct ModelParser {
    /// First number of the Keras version that wrote the file.
    let major: Int
    /// Whether the model computed with Theano.
    var isTheano = false
    /// The layout of layers that do not say theirs: that of the others in the model.
    private var usualLayout: Layout?

    init(major: Int, isTheano: Bool = false) {
        self.major = major
        self.isTheano = isTheano
    }

    /// - Parameter value: an object with `class_name` and `config`.
    func model(_ value: JSONValue, depth: Int = 0) throws(KerasError) -> ModelConfiguration {
        if depth == 0, major < 2, usualLayout == nil {
            var parser = self
            parser.usualLayout = Self.usualLayout(of: value)
            return try parser.model(value)
        }
        guard depth < Limits.nesting else {
            throw KerasError(.limit(name: "depth of nested models", declared: depth + 1, allowed: Limits.nesting))
        }
        guard let className = value["class_name"]?.stringValue, let config = value["config"] else {
            throw KerasError(.missing("class_name or config of the model"))
        }
        // Keras 1 and early Keras 2 write the layers of a Sequential as a bare list.
        let list = config["layers"]?.arrayValue ?? config.arrayValue
        guard let list, Self.isModel(className: className, value) else {
            throw KerasError(
                .unsupported("model class \"\(escaped(className))\" is not Functional, Model or Sequential"))
        }
        let name = config["name"]?.stringValue ?? value["name"]?.stringValue ?? className.lowercased()
        var layers: [LayerConfiguration] = []
        for element in list { layers.append(try layer(element, depth: depth)) }
        let isTrainable = config["trainable"]?.boolValue ?? true
        if className == "Sequential" {
            return try sequential(name, layers, config, isTrainable: isTrainable)
        }
        let positions = try positions(of: layers)
        var resolver = CallResolver(layers: layers, positions: positions)
        let inputs = references(config["input_layers"]).map(\.reference)
        let outputs = references(config["output_layers"])
        try resolver.resolve(outputs: outputs)
        return ModelConfiguration(
            className: className, name: name, layers: resolver.layers, inputs: inputs,
            outputs: resolver.outputs, isTrainable: isTrainable, positions: positions)
    }

    /// Keras 1 leaves the layout out of ZeroPadding2D and others, whose layers take the one that was set for all.
    private static func usualLayout(of configuration: JSONValue) -> Layout {
        var open = [configuration]
        while let value = open.popLast() {
            if let object = value.objectValue {
                if let name = object["dim_ordering"]?.stringValue { return name == "th" ? .channelsFirst : .channelsLast }
                open += object.members.map(\.value)
            } else if let elements = value.arrayValue {
                open += elements
            }
        }
        return .channelsLast
    }

    /// Whether a layer is a model of Keras' own classes.
    static func isModel(className: String, _ value: JSONValue) -> Bool {
        let registered = value["registered_name"]?.stringValue
        let isKeras = registered.map { !$0.contains(">") || $0 == className } ?? true
        guard isKeras, let config = value["config"] else { return false }
        switch className {
        case "Functional", "Model": return config["layers"]?.arrayValue != nil
        case "Sequential": return config["layers"]?.arrayValue != nil || config.arrayValue != nil
        default: return false
        }
    }

    private func positions(of layers: [LayerConfiguration]) throws(KerasError) -> [String: Int] {
        var positions: [String: Int] = [:]
        for (position, layer) in layers.enumerated() {
            guard positions.updateValue(position, forKey: layer.name) == nil else {
                throw KerasError(.refused("two layers have this name"), at: layer.place)
            }
        }
        return positions
    }

    private func layer(_ value: JSONValue, depth: Int) throws(KerasError) -> LayerConfiguration {
        guard let className = value["class_name"]?.stringValue else {
            throw KerasError(.missing("class_name of a layer"))
        }
        let config = value["config"] ?? .null
        guard let name = value["name"]?.stringValue ?? config["name"]?.stringValue else {
            guard Self.isModel(className: className, value) else {
                throw KerasError(.missing("name of a layer"), at: Place(operatorName: className))
            }
            return try layer(value, named: className.lowercased(), className: className, depth: depth)
        }
        return try layer(value, named: name, className: className, depth: depth)
    }

    private func layer(
        _ value: JSONValue, named name: String, className: String, depth: Int
    ) throws(KerasError) -> LayerConfiguration {
        let place = Place(node: name, operatorName: className)
        do throws(KerasError) {
            guard !name.isEmpty, name.utf8.count <= Limits.nameBytes else {
                throw KerasError(.refused("layer has no usable name"))
            }
            let options = LayerOptions(
                object: value["config"]?.objectValue ?? JSONObject(), major: major, isTheano: isTheano,
                usualLayout: usualLayout ?? .channelsLast)
            var layer = LayerConfiguration(
                className: className, name: name, options: options, module: value["module"]?.stringValue,
                calls: [], role: .unknown(""), isTrainable: options["trainable"]?.boolValue ?? true)
            for call in value["inbound_nodes"]?.arrayValue ?? [] { layer.calls.append(self.call(call)) }
            layer.role = try role(of: layer, value, depth: depth)
            return layer
        } catch {
            throw error.at(place)
        }
    }

    private func role(
        of layer: LayerConfiguration, _ value: JSONValue, depth: Int
    ) throws(KerasError) -> LayerConfiguration.Role {
        if Self.isModel(className: layer.className, value) {
            return .model(LayerConfiguration.Box(try model(value, depth: depth + 1)))
        }
        if layer.className == "InputLayer" { return .input }
        if let foreign = foreignOrigin(value, className: layer.className) {
            return .unknown("\(foreign) is not one of Keras' own layers")
        }
        guard let type = definition(of: layer) else {
            return .unknown(
                layer.className == "Lambda"
                    ? "holds Python code, which is never decoded" : "layer class is not known")
        }
        do throws(KerasError) {
            return .layer(try type.init(layer.options, layer))
        } catch {
            guard case .unsupported(let why) = error.reason else { throw error }
            return .unknown(why)
        }
    }

    private func definition(of layer: LayerConfiguration) -> (any LayerDefinition.Type)? {
        layer.isFunction ? OperationLayer.self : layerDefinitions[layer.className]
    }

    /// The module or registered name of a class that is not Keras' own; `nil` for Keras' own.
    private func foreignOrigin(_ value: JSONValue, className: String) -> String? {
        if let registered = value["registered_name"]?.stringValue, registered != className,
            layerDefinitions[registered] == nil
        { return registered }
        if let module = value["module"]?.stringValue {
            let roots = ["keras", "tf_keras", "tensorflow"]
            let root = module.split(separator: ".").first.map(String.init) ?? module
            if !roots.contains(root) { return module }
        }
        return className.contains(">") && layerDefinitions[className] == nil ? className : nil
    }

    // MARK: Calls

    /// One entry of `inbound_nodes`: a list up to Keras 2, an object from Keras 3 on, in files of either kind.
    private func call(_ value: JSONValue) -> LayerCall {
        if let object = value.objectValue, object["args"] != nil || object["kwargs"] != nil {
            var keywords: [String: CallArgument] = [:]
            for member in object["kwargs"]?.objectValue ?? JSONObject() { keywords[member.key] = argument(member.value) }
            return LayerCall(arguments: (object["args"]?.arrayValue ?? []).map(argument), keywords: keywords)
        }
        var tensors: [CallArgument] = []
        var keywords: [String: CallArgument] = [:]
        var entries = value.arrayValue ?? value.objectValue.map { $0.members.map(\.value) } ?? []
        if value[0]?.stringValue != nil { entries = [value] }
        for entry in entries {
            tensors.append(legacyTensor(entry))
            for member in entry[3]?.objectValue ?? JSONObject() { keywords[member.key] = legacyKeyword(member.value) }
        }
        let isSingle = tensors.count == 1
        return LayerCall(arguments: isSingle ? tensors : [.list(tensors)], keywords: keywords)
    }

    /// `[layer, call, tensor]`, or `["_CONSTANT_VALUE", -1, value]`.
    private func legacyTensor(_ value: JSONValue) -> CallArgument {
        if value[0]?.stringValue == "_CONSTANT_VALUE" { return .constant(value[2] ?? .null) }
        return reference(value).map { .tensor($0, shape: nil) } ?? .constant(value)
    }

    private func legacyKeyword(_ value: JSONValue) -> CallArgument {
        guard let elements = value.arrayValue else { return .constant(value) }
        if let reference = reference(value) { return .tensor(reference, shape: nil) }
        let inner = elements.map(legacyKeyword)
        return inner.contains { !$0.tensors.isEmpty } ? .list(inner) : .constant(value)
    }

    private func argument(_ value: JSONValue) -> CallArgument {
        if value["class_name"]?.stringValue == "__keras_tensor__" {
            let shape = shape(value["config"]?["shape"])
            return reference(value["config"]?["keras_history"] ?? .null).map { .tensor($0, shape: shape) }
                ?? .constant(value)
        }
        if let elements = value.arrayValue {
            let inner = elements.map(argument)
            return inner.contains { !$0.tensors.isEmpty } ? .list(inner) : .constant(value)
        }
        if let object = value.objectValue {
            let inner = object.members.map { argument($0.value) }
            if inner.contains(where: { !$0.tensors.isEmpty }) { return .list(inner) }
        }
        return .constant(value)
    }

    /// Extents as a configuration writes them; open ones but the batch stay unknown.
    private func shape(_ value: JSONValue?) -> SymbolicShape? {
        guard let extents = value?.arrayValue, extents.count <= Limits.rank else { return nil }
        var shape: SymbolicShape = []
        for (axis, extent) in extents.enumerated() {
            guard let number = extent.intValue, number >= 0, number <= Limits.extent else {
                guard extent.isNull else { return nil }
                shape.append(axis == 0 ? .symbolic("batch") : .unknown)
                continue
            }
            shape.append(.fixed(number))
        }
        return shape
    }

    /// `[layer, call, tensor]`, the call as the file counts it.
    private func reference(_ value: JSONValue) -> TensorReference? {
        guard let name = value[0]?.stringValue, let call = value[1]?.intValue, let tensor = value[2]?.intValue,
            call >= 0, tensor >= 0, tensor < 1 << 16, let elements = value.arrayValue, elements.count <= 4
        else { return nil }
        return TensorReference(layer: name, call: call, tensor: tensor)
    }

    /// `input_layers`, `output_layers`: one reference, a list of them, or an object of them.
    private func references(_ value: JSONValue?) -> [ModelConfiguration.NamedReference] {
        guard let value else { return [] }
        if let reference = reference(value) { return [.init(name: nil, reference: reference)] }
        if let object = value.objectValue {
            return object.members.flatMap { member in
                references(member.value).map { .init(name: member.key, reference: $0.reference) }
            }
        }
        return (value.arrayValue ?? []).flatMap { references($0) }
    }
}
