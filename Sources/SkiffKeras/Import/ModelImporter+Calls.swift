internal import SkiffCore
internal import SkiffGraph

/// One call of one layer of a model, by position.
private struct CallID: Hashable {
    var layer: Int
    var call: Int
}

/// Where a model stands: at the top, or inside others.
struct ModelScope {
    /// Prefix of value names: the calls of the models around, `tower:1`.
    var names = ""
    /// Prefix of weight paths: the names of the models around, `tower`.
    var weights = ""
    var isTop: Bool { names.isEmpty }
}

extension ModelImporter {
    /// Adds the nodes of all calls of a model.
    /// - Parameter inputs: values of the model's inputs; none at the top, where they become the graph's.
    /// - Returns: the model's outputs.
    mutating func add(
        _ model: ModelConfiguration, inputs: [ValueID], scope: ModelScope
    ) throws(KerasError) -> [ValueID] {
        var given: [CallID: [ValueID]] = [:]
        try bindInputs(of: model, inputs, scope, &given)
        let notes = notes(of: model)
        for id in try order(of: model) where given[id] == nil {
            let layer = model.layers[id.layer]
            do throws(KerasError) {
                given[id] = try add(layer, call: id.call, of: model, given, notes[id] ?? [nil], scope)
            } catch {
                throw error.at(Place(node: layerPath(scope.names, layer.name), operatorName: layer.className))
            }
        }
        var outputs: [ValueID] = []
        for output in model.outputs { outputs.append(try value(output.reference, of: model, given)) }
        return outputs
    }

    private mutating func bindInputs(
        of model: ModelConfiguration, _ inputs: [ValueID], _ scope: ModelScope, _ given: inout [CallID: [ValueID]]
    ) throws(KerasError) {
        if scope.isTop {
            var listed = model.inputs.compactMap { model.positions[$0.layer] }
            for (position, layer) in model.layers.enumerated() {
                if case .input = layer.role, !listed.contains(position) { listed.append(position) }
            }
            for position in listed where given[CallID(layer: position, call: 0)] == nil {
                let layer = model.layers[position]
                do throws(KerasError) {
                    let fact = try layer.inputFact(isOnly: listed.count == 1)
                    let value = try addInput(layer.name, fact)
                    given[CallID(layer: position, call: 0)] = [try converted(value, fact, name: layer.name)]
                } catch {
                    throw error.at(layer.place)
                }
            }
            return
        }
        guard inputs.count == model.inputs.count else {
            throw KerasError(.configuration(
                key: "inbound_nodes", expected: "\(model.inputs.count) inputs", found: "\(inputs.count)"))
        }
        for (reference, value) in zip(model.inputs, inputs) {
            guard let position = model.positions[reference.layer] else {
                throw KerasError(.danglingReference(layer: reference.layer, call: reference.call))
            }
            given[CallID(layer: position, call: 0)] = [value]
        }
    }

    /// Keras converts whole numbers to the layers' type; so does the graph.
    private mutating func converted(_ value: ValueID, _ fact: Fact?, name: String) throws(KerasError) -> ValueID {
        guard let type = fact?.elementType, type.isInteger || type == .bool else { return value }
        return try addPlain(name + "/cast", "Cast", .cast(Cast(to: .float32)), value)
    }

    private mutating func add(
        _ layer: LayerConfiguration, call position: Int, of model: ModelConfiguration,
        _ given: [CallID: [ValueID]], _ notes: [SymbolicShape?], _ scope: ModelScope
    ) throws(KerasError) -> [ValueID] {
        let call = position < layer.calls.count ? layer.calls[position] : LayerCall(arguments: [], keywords: [:])
        var inputs: [ValueID] = []
        for reference in call.tensors { inputs.append(try value(reference, of: model, given)) }
        let name = layerPath(scope.names, position == 0 ? layer.name : "\(layer.name):\(position)")
        if case .layer = layer.role { inputs = try converted(inputs, for: layer, name: name) }
        let site = CallSite(
            layer: layer, call: call, name: name, weightPath: layerPath(scope.weights, layer.name), inputs: inputs)
        switch layer.role {
        case .input: throw KerasError(.missing("the value of an input layer inside a model"))
        case .unknown(let why): return try addUnknown(site, why: why, outputs: notes)
        case .layer(let definition):
            do throws(KerasError) {
                return [try definition.emit(site, into: &self)]
            } catch {
                guard case .unsupported(let why) = error.reason else { throw error }
                return try addUnknown(site, why: why, outputs: notes)
            }
        case .model(let nested):
            let inner = ModelScope(names: name, weights: site.weightPath)
            let outputs = try add(nested.model, inputs: inputs, scope: inner)
            var named: [ValueID] = []
            for (index, output) in outputs.enumerated() {
                let alias = index == 0 ? name : "\(name)#\(index)"
                named.append(try addPlain(alias, layer.className, .identity(Identity()), output))
            }
            return named
        }
    }

    private func value(
        _ reference: TensorReference, of model: ModelConfiguration, _ given: [CallID: [ValueID]]
    ) throws(KerasError) -> ValueID {
        guard let position = model.positions[reference.layer],
            let values = given[CallID(layer: position, call: reference.call)],
            values.indices.contains(reference.tensor)
        else { throw KerasError(.danglingReference(layer: reference.layer, call: reference.call)) }
        return values[reference.tensor]
    }

    /// The outputs of each call that are asked for, with the shapes that configurations note of them.
    private func notes(of model: ModelConfiguration) -> [CallID: [SymbolicShape?]] {
        var notes: [CallID: [SymbolicShape?]] = [:]
        func note(_ reference: TensorReference, _ shape: SymbolicShape?) {
            guard let position = model.positions[reference.layer] else { return }
            let id = CallID(layer: position, call: reference.call)
            while (notes[id]?.count ?? 0) <= reference.tensor { notes[id, default: []].append(nil) }
            if let shape { notes[id]?[reference.tensor] = shape }
        }
        for output in model.outputs { note(output.reference, nil) }
        for call in model.layers.flatMap(\.calls) {
            for reference in call.tensors { note(reference, nil) }
            for (reference, shape) in call.arguments.flatMap(\.shapes) { note(reference, shape) }
        }
        return notes
    }

    /// All calls, each behind those it reads; in the order of the configuration where that allows. Without recursion.
    private func order(of model: ModelConfiguration) throws(KerasError) -> [CallID] {
        var order: [CallID] = []
        var isDone: Set<CallID> = []
        var isOnPath: Set<CallID> = []
        for (layer, configuration) in model.layers.enumerated() {
            let calls = if case .input = configuration.role { 1 } else { configuration.calls.count }
            for call in 0..<calls where !isDone.contains(CallID(layer: layer, call: call)) {
                var path = [(id: CallID(layer: layer, call: call), rest: reads(of: model, layer, call)[...])]
                isOnPath.insert(path[0].id)
                while let top = path.last {
                    guard let next = path[path.count - 1].rest.popFirst() else {
                        path.removeLast()
                        isOnPath.remove(top.id)
                        isDone.insert(top.id)
                        order.append(top.id)
                        continue
                    }
                    if isDone.contains(next) { continue }
                    guard isOnPath.insert(next).inserted else {
                        let cycle = path.drop { $0.id != next }.map { model.layers[$0.id.layer].name }
                        throw KerasError(.cycle(layers: Array(cycle.prefix(8))))
                    }
                    path.append((next, reads(of: model, next.layer, next.call)[...]))
                }
            }
        }
        return order
    }

    private func reads(of model: ModelConfiguration, _ layer: Int, _ call: Int) -> [CallID] {
        let calls = model.layers[layer].calls
        guard calls.indices.contains(call) else { return [] }
        return calls[call].tensors.compactMap { reference in
            model.positions[reference.layer].map { CallID(layer: $0, call: reference.call) }
        }
    }
}

extension LayerConfiguration {
    /// Element type and shape of an input layer. Open extents are named by what they are; the batch of all inputs is
    /// one, other extents are the input's own.
    func inputFact(isOnly: Bool) throws(KerasError) -> Fact? {
        let elementType = try inputType()
        guard let value = options["batch_shape", "batch_input_shape"], let extents = value.arrayValue else {
            return Fact(elementType, nil)
        }
        guard extents.count <= Limits.rank else {
            throw KerasError(.limit(name: "rank", declared: extents.count, allowed: Limits.rank))
        }
        let names = axisNames(extents)
        var shape: SymbolicShape = []
        for (axis, extent) in extents.enumerated() {
            if extent.isNull {
                shape.append(.symbolic(axis == 0 ? "batch" : isOnly ? names[axis] : "\(name)_\(names[axis])"))
            } else if let number = extent.intValue, number >= 0, number <= Limits.extent {
                shape.append(.fixed(number))
            } else {
                throw KerasError(
                    .configuration(key: "batch_shape", expected: "extents", found: String(value.text().prefix(80))))
            }
        }
        return Fact(elementType, shape)
    }

    private func axisNames(_ extents: [JSONValue]) -> [String] {
        let spatial = [1: ["length"], 2: ["height", "width"], 3: ["depth", "height", "width"]][extents.count - 2]
        guard let spatial else { return extents.indices.map { "axis\($0)" } }
        let isFirst = !extents[1].isNull && extents.last?.isNull == true
        return isFirst ? ["batch", "channels"] + spatial : ["batch"] + spatial + ["channels"]
    }

    /// The name of the layer's policy; a bare type is a policy of that name.
    private var policyName: String? {
        options["dtype"]?["config"]?["name"]?.stringValue ?? options["dtype"]?.stringValue
    }

    /// The real type that the layer's inputs are converted to. Policies of mixed types have weights of float32, and
    /// run in it.
    var computedType: ElementType? {
        guard let name = policyName else { return nil }
        if name.hasPrefix("mixed_") { return .float32 }
        return ElementType(rawValue: name).flatMap { $0.isFloatingPoint ? $0 : nil }
    }

    private func inputType() throws(KerasError) -> ElementType {
        let name = policyName ?? "float32"
        if name.hasPrefix("mixed_") { return .float32 }
        guard let type = ElementType(rawValue: name) else {
            throw KerasError(.configuration(key: "dtype", expected: "an element type", found: name))
        }
        return type
    }
}
