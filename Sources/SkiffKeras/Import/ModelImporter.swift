internal import SkiffCore
internal import SkiffGraph

/// Builds the graph of a model: one node per call of a layer, more where a layer is several operators.
///
/// Nothing is simplified: names, order, padding and normalization stay as the model has them.
struct ModelImporter {
    var builder: GraphBuilder
    private let stored: StoredWeights
    private var payloads: HDF5Payloads
    /// What is known of each value so far; layers ask it for ranks.
    private var facts: [ValueID: Fact] = [:]
    /// Weights that are in the graph, by name.
    private var loaded: [String: ValueID] = [:]
    private var tensors: [String: Tensor] = [:]

    init(builder: GraphBuilder, stored: StoredWeights, payloads: HDF5Payloads) {
        self.builder = builder
        self.stored = stored
        self.payloads = payloads
    }

    // MARK: What layers call

    /// Adds a node of a call. Without `suffix` it gives the layer's output, after the activation where there is one.
    mutating func node(
        _ site: CallSite, _ operation: Operator, _ inputs: [ValueID?], suffix: String? = nil,
        activation: ActivationFunction = .linear
    ) throws(KerasError) -> ValueID {
        if let suffix {
            let name = site.name + "/" + suffix
            return try add(name, site.layer.className, operation, inputs, output: name)
        }
        guard let function = activation.operator else {
            return try add(site.name, site.layer.className, operation, inputs, output: site.name)
        }
        let before = try add(
            site.name, site.layer.className, operation, inputs, output: site.name + "/pre_activation")
        return try add(site.name + "/activation", "Activation", function, [before], output: site.name)
    }

    /// The weight of that role of the call's layer; calls of one layer share it.
    mutating func weight(_ site: CallSite, _ role: String) throws(KerasError) -> ValueID {
        try weight(site, role) { tensor throws(CoreError) in tensor }
    }

    /// The weight in the form that `adapt` gives it.
    mutating func weight(
        _ site: CallSite, _ role: String, adapt: (Tensor) throws(CoreError) -> Tensor
    ) throws(KerasError) -> ValueID {
        let name = site.weightPath + "/" + role
        if let known = loaded[name] { return known }
        let stored = try tensor(site, role)
        let adapted: Tensor
        do throws(CoreError) {
            adapted = try adapt(stored)
        } catch {
            throw KerasError(error).at(Place(tensor: role))
        }
        return try addWeight(name, adapted)
    }

    /// A weight's elements, for weights that are computed with on import and not carried.
    mutating func numbers(_ site: CallSite, _ role: String) throws(KerasError) -> [Double] {
        let tensor = try tensor(site, role)
        do throws(CoreError) {
            return try tensor.doubles()
        } catch {
            throw KerasError(error).at(Place(tensor: role))
        }
    }

    /// Numbers of the configuration as a weight of the type that the call computes in.
    mutating func constant(
        _ site: CallSite, _ name: String, _ numbers: [Double], shape: Shape
    ) throws(KerasError) -> ValueID {
        let name = site.weightPath + "/" + name
        if let known = loaded[name] { return known }
        let type = elementType(of: site)
        let tensor: Tensor
        do throws(CoreError) {
            tensor = type == .float64
                ? try Tensor(doubles: numbers, shape: shape)
                : try Tensor(floats: numbers.map { Float($0) }, shape: shape)
        } catch {
            throw KerasError(error)
        }
        let value = try addWeight(name, tensor)
        guard type == .float16 || type == .bfloat16 else { return value }
        let converted = try addPlain(name + "/cast", "Cast", .cast(Cast(to: type)), value)
        loaded[name] = converted
        return converted
    }

    /// Whole numbers of the configuration as an int64 weight of one axis.
    mutating func constant(_ site: CallSite, _ name: String, integers: [Int]) throws(KerasError) -> ValueID {
        let name = site.weightPath + "/" + name
        if let known = loaded[name] { return known }
        let tensor: Tensor
        do throws(CoreError) {
            tensor = try Tensor(integers: integers.map { Int64($0) }, shape: [integers.count])
        } catch {
            throw KerasError(error)
        }
        return try addWeight(name, tensor)
    }

    /// The type of a call's first input; float32 where that is not known, or no real type.
    private func elementType(of site: CallSite) -> ElementType {
        guard let type = site.inputs.first.flatMap({ facts[$0]?.elementType }), type.isFloatingPoint else {
            return .float32
        }
        return type
    }

    /// The inputs in the type that the layer computes in, as Keras converts them.
    mutating func converted(
        _ inputs: [ValueID], for layer: LayerConfiguration, name: String
    ) throws(KerasError) -> [ValueID] {
        guard let type = layer.computedType else { return inputs }
        var result: [ValueID] = []
        for (index, input) in inputs.enumerated() {
            guard let own = facts[input]?.elementType, own.isFloatingPoint, own != type else {
                result.append(input)
                continue
            }
            result.append(try addPlain("\(name)/cast_\(index)", "Cast", .cast(Cast(to: type)), input))
        }
        return result
    }

    /// The rank of a value, where it is known.
    func rank(of value: ValueID) -> Int? { facts[value]?.shape?.count }

    /// The shape of a value, where it is known.
    func shape(of value: ValueID) -> SymbolicShape? { facts[value]?.shape }

    /// The extent of a weight's axis; 0 where it has none.
    func extent(of weight: ValueID, axis: Int) -> Int {
        guard let shape = facts[weight]?.shape, shape.indices.contains(axis) else { return 0 }
        return shape[axis].fixedValue ?? 0
    }

    // MARK: Values

    private mutating func add(
        _ name: String, _ source: String, _ operation: Operator, _ inputs: [ValueID?], output: String
    ) throws(KerasError) -> ValueID {
        let place = Place(node: name, operatorName: source)
        do throws(GraphError) {
            let known = inputs.map { $0.flatMap { facts[$0] } }
            let value = try builder.addNode(name, sourceOperator: source, operation, inputs: inputs, output: output)
            let isComplete = zip(inputs, known).allSatisfy { $0 == nil || $1 != nil }
            if isComplete, let fact = try operation.infer(known, outputCount: 1).first { facts[value] = fact }
            return value
        } catch {
            throw KerasError(error).at(place)
        }
    }

    private mutating func addWeight(_ name: String, _ tensor: Tensor) throws(KerasError) -> ValueID {
        do throws(GraphError) {
            let value = try builder.addWeight(name, tensor)
            loaded[name] = value
            facts[value] = Fact(of: tensor)
            return value
        } catch {
            throw KerasError(error)
        }
    }

    /// Adds an input of the graph.
    mutating func addInput(_ name: String, _ fact: Fact?) throws(KerasError) -> ValueID {
        do throws(GraphError) {
            let value = try builder.addInput(name, fact)
            facts[value] = fact
            return value
        } catch {
            throw KerasError(error)
        }
    }

    /// Adds a node that is no layer's: the conversion of an input, the output of a nested model.
    mutating func addPlain(
        _ name: String, _ source: String, _ operation: Operator, _ input: ValueID
    ) throws(KerasError) -> ValueID {
        try add(name, source, operation, [input], output: name)
    }

    /// Adds a layer that is carried and not run, with the weights it has in the file.
    mutating func addUnknown(
        _ site: CallSite, why: String, outputs: [SymbolicShape?]
    ) throws(KerasError) -> [ValueID] {
        var inputs: [ValueID?] = site.inputs
        for (index, weight) in (stored[site.weightPath] ?? []).enumerated() {
            let last = weight.name.split(separator: "/").last.map(String.init) ?? ""
            let role = Int(last) == nil && !last.isEmpty ? last : "weight_\(index)"
            let name = site.weightPath + "/" + (role.hasSuffix(":0") ? String(role.dropLast(2)) : role)
            if let known = loaded[name] {
                inputs.append(known)
            } else if let tensor = try? payloads.tensor(of: weight.dataset) {
                inputs.append(try addWeight(name, tensor))
            }
        }
        let operation = UnknownOperator(
            name: site.layer.className, domain: site.layer.module ?? "keras", reason: why)
        let values = outputs.indices.map { index in
            builder.value(named: index == 0 ? site.name : "\(site.name)#\(index)")
        }
        for (value, shape) in zip(values, outputs) {
            guard let shape else { continue }
            let source = site.inputs.first.flatMap { facts[$0] }
            let fact = Fact(source?.elementType ?? .float32, shape)
            facts[value] = fact
            builder.declare(value, fact)
        }
        do throws(GraphError) {
            try builder.addNode(
                site.name, sourceOperator: site.layer.className, .unknown(operation), inputs: inputs,
                outputs: values)
        } catch {
            throw KerasError(error).at(site.layer.place)
        }
        return values
    }

    // MARK: Weights

    private mutating func tensor(_ site: CallSite, _ role: String) throws(KerasError) -> Tensor {
        guard let requirements = site.layer.requirements,
            let position = requirements.firstIndex(where: { $0.role == role })
        else { throw KerasError(.missing("weight \"\(role)\"")) }
        let weights = stored[site.weightPath] ?? []
        guard weights.count == requirements.count else {
            throw KerasError(.weightCount(expected: requirements.map(\.role), found: weights.map(\.name)))
        }
        let weight = weights[position]
        if let shape = requirements[position].shape, !fits(weight.dataset.shape, shape) {
            let expected = "[" + shape.map { $0.map(String.init) ?? "?" }.joined(separator: ", ") + "]"
            throw KerasError(
                .weightShape(expected: expected, found: weight.dataset.shape.shapeText),
                at: Place(member: weight.dataset.path, tensor: role))
        }
        if let known = tensors[weight.dataset.path] { return known }
        let tensor: Tensor
        do throws(KerasError) {
            tensor = try payloads.tensor(of: weight.dataset)
        } catch {
            throw error.at(Place(tensor: role))
        }
        tensors[weight.dataset.path] = tensor
        return tensor
    }

    private func fits(_ shape: Shape, _ pattern: [Int?]) -> Bool {
        shape.count == pattern.count && zip(shape, pattern).allSatisfy { $1 == nil || $0 == $1 }
    }
}
