internal import CONNXSchema
internal import SkiffCore
internal import SkiffGraph

/// Builds a graph of a model's messages, literally: names, order and operators stay as the file has them.
final class GraphImporter {
    private let model: ModelMessage
    private let graph: GraphMessage
    private let reader: TensorReader
    let operatorSets: OperatorSets
    /// Operators that the model defines itself, by domain and name.
    let functions: ModelFunctions
    /// Names of the values that a node, a graph inside a node, or the model's outputs read.
    var readNames: Set<String>
    var builder: GraphBuilder
    /// Names that values of branches, functions and nodes of our own got, some of which are not given yet.
    private var givenNames: Set<String> = []
    /// How often a name that was asked for was taken.
    private var takenNames: [String: Int] = [:]
    /// Nodes that were walked, those of functions once for each call.
    var walkedNodes = 0
    /// The graph, and inside it the branches and functions that are walked at the moment.
    var scopes: [NodeScope] = []
    /// Weights that the user cannot replace, for import functions that depend on their elements.
    private(set) var tensors: [ValueID: Tensor] = [:]
    private var facts = ImportFacts()
    /// Whether the graph is to be looked at, not run: what can be stood in for does not stop the import.
    private let isLenient: Bool
    /// Inputs that stand in for values that nothing gives and weights that cannot be read.
    private(set) var madeUp: Set<String> = []

    /// - Throws: ``ONNXError`` where versions are not supported.
    init(model: ModelMessage, graph: GraphMessage, reader: TensorReader, isLenient: Bool = false) throws(ONNXError) {
        self.isLenient = isLenient
        self.model = model
        self.graph = graph
        self.reader = reader
        operatorSets = try OperatorSets(model, isLenient: isLenient)
        functions = try ModelFunctions(model)
        readNames = Self.readNames(
            messages(graph.n_node, graph.node), outputs: messages(graph.n_output, graph.output).map { text($0.pointee.name) })
        builder = GraphBuilder(
            name: text(graph.name), metadata: GraphMetadata(model: model, operatorSets: operatorSets))
    }

    /// - Throws: ``ONNXError`` with node or tensor in its place.
    func importGraph() throws(ONNXError) -> Graph {
        if let sparse = messages(graph.n_sparse_initializer, graph.sparse_initializer).first {
            let name = sparse.pointee.values.map { text($0.pointee.name) } ?? ""
            throw ONNXError(.refused("is a sparse initializer, which is not read"), at: Place(tensor: name))
        }
        try importInputsAndWeights()
        try declareValues()
        if isLenient { try makeUpInputs() }
        // A branch of an `If` that is known is walked in the place of the node, before the nodes behind it.
        scopes = [NodeScope(messages(graph.n_node, graph.node))]
        while let message = scopes[scopes.count - 1].next() {
            do throws(ONNXError) {
                try importNode(message.node.pointee, index: message.index)
            } catch {
                guard isLenient else { throw error }
                try standIn(for: message.node.pointee, error)
            }
            while scopes.count > 1, scopes[scopes.count - 1].isAtEnd { try leave(scopes.removeLast()) }
        }
        for message in messages(graph.n_output, graph.output) {
            let name = text(message.pointee.name)
            if isLenient, !builder.isDefined(name) { continue }
            builder.addOutput(name, builder.value(named: name))
        }
        let finished = builder
        return try connected { () throws(GraphError) in try finished.build() }
    }

    // MARK: Lenience

    /// Gives what nodes read and nothing gives as inputs.
    private func makeUpInputs() throws(ONNXError) {
        let nodes = messages(graph.n_node, graph.node)
        var given: Set<String> = [""]
        for node in nodes { given.formUnion(texts(node.pointee.n_output, node.pointee.output)) }
        for node in nodes {
            for name in texts(node.pointee.n_input, node.pointee.input) where !given.contains(name) && !builder.isDefined(name) {
                try makeUp(name)
            }
        }
    }

    private func makeUp(_ name: String, _ fact: Fact? = nil) throws(ONNXError) {
        let id = try connected { () throws(GraphError) in try builder.addInput(name, fact) }
        facts.know(id, fact)
        madeUp.insert(name)
    }

    /// Puts an operator that is not known in the place of a node that breaks a rule.
    private func standIn(for message: NodeMessage, _ error: ONNXError) throws(ONNXError) {
        let outputs = texts(message.n_output, message.output).map { resolved($0) }
        guard !outputs.contains(where: { builder.isDefined($0) }) else { throw error }
        let inputs = texts(message.n_input, message.input).map { name in
            let name = resolved(name)
            return name.isEmpty ? nil : builder.value(named: name)
        }
        let operatorName = text(message.op_type)
        try add(
            name: text(message.name), sourceOperator: operatorName,
            .unknown(UnknownOperator(name: operatorName, domain: "", reason: error.message)), inputs: trimmed(inputs),
            outputs: outputs)
    }

    // MARK: Values

    private func importInputsAndWeights() throws(ONNXError) {
        let inputs = messages(graph.n_input, graph.input)
        let inputNames = Set(inputs.map { text($0.pointee.name) })
        let initializers = messages(graph.n_initializer, graph.initializer)
        let initialized = Set(initializers.map { text($0.pointee.name) })
        for input in inputs {
            let name = text(input.pointee.name)
            guard !name.isEmpty else { throw ONNXError(.missing("name for an input")) }
            if initialized.contains(name) { continue }
            let fact = try Fact(value: input.pointee)
            let id = try connected { () throws(GraphError) in try builder.addInput(name, fact) }
            facts.know(id, fact)
        }
        for initializer in initializers {
            let name = text(initializer.pointee.name)
            guard !name.isEmpty else { throw ONNXError(.missing("name for an initializer")) }
            try addWeight(name, initializer, sourceOperator: "initializer", isOverridable: inputNames.contains(name))
        }
    }

    /// Gives `name` by a tensor of the file; text, which a tensor cannot hold, by an operator that is not run.
    func addWeight(
        _ name: String, _ message: UnsafePointer<TensorMessage>, sourceOperator: String, isOverridable: Bool = false
    ) throws(ONNXError) {
        do throws(ONNXError) {
            try addWeight(name, try reader.tensor(message), isOverridable: isOverridable)
        } catch {
            guard case .textTensor = error.reason else {
                guard isLenient, !builder.isDefined(name) else { throw error.at(Place(tensor: name)) }
                try makeUp(name)
                return
            }
            let text = UnknownOperator(name: sourceOperator, domain: "", reason: "a tensor of strings")
            try add(name: "", sourceOperator: sourceOperator, .unknown(text), inputs: [], outputs: [name])
        }
    }

    @discardableResult
    private func addWeight(_ name: String, _ tensor: Tensor, isOverridable: Bool) throws(ONNXError) -> ValueID {
        let id = try connected { () throws(GraphError) in
            try builder.addWeight(name, tensor, isOverridable: isOverridable)
        }
        if !isOverridable { tensors[id] = tensor }
        facts.know(id, Fact(of: tensor))
        return id
    }

    /// Takes what the model says of values that nodes give. Inference fills the rest.
    private func declareValues() throws(ONNXError) {
        let declared = messages(graph.n_value_info, graph.value_info) + messages(graph.n_output, graph.output)
        for value in declared {
            let name = text(value.pointee.name)
            guard !name.isEmpty, !builder.isDefined(name), let fact = try Fact(value: value.pointee) else { continue }
            let id = builder.value(named: name)
            builder.declare(id, fact)
            facts.declare(id, fact)
        }
    }

    /// What is known of a value before the graph runs.
    func fact(of id: ValueID) -> Fact? { facts.fact(of: id) }

    /// The tensor of an attribute.
    func read(_ message: UnsafePointer<TensorMessage>) throws(ONNXError) -> Tensor { try reader.tensor(message) }

    /// A weight that the file has in another form.
    func addDerivedWeight(_ name: String, _ tensor: Tensor) throws(ONNXError) -> ValueID {
        try addWeight(freeName(name), tensor, isOverridable: false)
    }

    /// A node that the file has as a part of another.
    func addDerivedNode(
        _ name: String, sourceOperator: String, _ operator: Operator, inputs: [ValueID?]
    ) throws(ONNXError) -> ValueID {
        let name = freeName(name)
        try add(name: "", sourceOperator: sourceOperator, `operator`, inputs: inputs, outputs: [name])
        return builder.value(named: name)
    }

    func freeName(_ wanted: String) -> String {
        var name = wanted
        while builder.isDefined(name) || givenNames.contains(name) {
            let count = (takenNames[wanted] ?? 0) + 1
            takenNames[wanted] = count
            name = count == 1 ? wanted + "'" : wanted + "'\(count)"
        }
        givenNames.insert(name)
        return name
    }

    // MARK: Nodes

    private func importNode(_ message: NodeMessage, index: Int) throws(ONNXError) {
        let operatorName = text(message.op_type)
        let outputs = trimmed(texts(message.n_output, message.output)).map { resolved($0) }
        let name = text(message.name)
        let place = Place(
            node: name.isEmpty ? outputs.first { !$0.isEmpty } ?? "#\(index)" : name, operatorName: operatorName)
        do throws(ONNXError) {
            guard !operatorName.isEmpty else { throw ONNXError(.missing("operator")) }
            try countNode()
            let call = scopes.last { $0.function != nil }?.function
            let attributes = try AttributeSet(message, of: call)
            let domain = OperatorSets.canonical(text(message.domain))
            if operatorName == "Constant", domain.isEmpty, let output = outputs.first {
                try importConstant(attributes, output: output)
                return
            }
            let inputs = texts(message.n_input, message.input).map { name in
                let name = resolved(name)
                return name.isEmpty ? nil : builder.value(named: name)
            }
            if let function = functions.function(domain: domain, name: operatorName, overload: text(message.overload)) {
                let names = texts(message.n_input, message.input).map { resolved($0) }
                try enter(function.pointee, attributes, inputs: names, outputs: outputs, name: place.node ?? "")
                return
            }
            if operatorName == "If", domain.isEmpty, let branch = try knownBranch(attributes, condition: inputs.first ?? nil) {
                try enter(branch, for: outputs)
                return
            }
            let node = NodeImport(
                graph: self, opset: try (call?.operatorSets ?? operatorSets).version(domain: domain, requiredBy: operatorName),
                operatorName: operatorName, attributes: attributes, inputs: trimmed(inputs), outputs: outputs)
            let result = try imported(node, domain: domain)
            try add(
                name: name, sourceOperator: operatorName, result, inputs: trimmed(node.inputs),
                outputs: node.outputs)
        } catch {
            throw error.at(place)
        }
    }

    /// The node's operator; unknown, with the reason, where Skiff does not have it or not in this form.
    private func imported(_ node: NodeImport, domain: String) throws(ONNXError) -> Operator {
        let inputs = node.inputs
        func unknown(_ reason: String?) -> Operator {
            node.restore(inputs: inputs)
            return .unknown(
                UnknownOperator(
                    name: node.operatorName, domain: domain, reason: reason, attributes: node.attributes.carried))
        }
        guard let entry = OperatorTable.entry(node, domain: domain) else {
            return unknown(OperatorTable.refusal(node, domain: domain))
        }
        // Which inputs a framework may overwrite, in the first versions of elementwise operators.
        if node.opset < 6 { node.attributes.ignore("consumed_inputs") }
        do throws(ONNXError) {
            let result = try entry.read(node)
            let leftOver = node.attributes.leftOver
            guard leftOver.isEmpty else {
                return unknown("\(node.operatorName)-\(node.opset) has no attribute \(leftOver.map { escaped($0) }.joined(separator: ", "))")
            }
            return result
        } catch {
            guard case .inexpressible(let why) = error.reason else { throw error }
            return unknown(why)
        }
    }

    func add(
        name: String, sourceOperator: String, _ operator: Operator, inputs: [ValueID?], outputs: [String]
    ) throws(ONNXError) {
        let ids = outputs.map { $0.isEmpty ? builder.unnamedValue() : builder.value(named: $0) }
        try connected { () throws(GraphError) in
            _ = try builder.addNode(
                name, sourceOperator: sourceOperator, `operator`, inputs: inputs, outputs: ids)
        }
        facts.append(`operator`, inputs: inputs, outputs: ids)
    }

    /// Gives the value of a Constant as a weight. Source: ONNX Constant 1 to 25.
    private func importConstant(_ attributes: AttributeSet, output: String) throws(ONNXError) {
        let names = attributes.leftOver
        guard names.count == 1, let value = attributes[names[0]] else {
            throw ONNXError(.attribute(name: "value", expected: "one value", found: "\(names.count) attributes"))
        }
        func give(_ make: () throws(CoreError) -> Tensor) throws(ONNXError) {
            try addWeight(output, try located(Place(), make), isOverridable: false)
        }
        switch (names[0], value) {
        case ("value", .tensor(let message)): try addWeight(output, message, sourceOperator: "Constant")
        case ("value_float", .real(let number)):
            try give { () throws(CoreError) in try Tensor(floats: [number], shape: []) }
        case ("value_floats", .reals(let numbers)):
            try give { () throws(CoreError) in try Tensor(floats: numbers, shape: [numbers.count]) }
        case ("value_int", .integer(let number)):
            try give { () throws(CoreError) in try Tensor(integers: [number], shape: []) }
        case ("value_ints", .integers(let numbers)):
            try give { () throws(CoreError) in try Tensor(integers: numbers, shape: [numbers.count]) }
        case ("value_string", .text), ("value_strings", .texts):
            let text = UnknownOperator(
                name: "Constant", domain: "", reason: "a tensor of strings", attributes: attributes.carried)
            try add(name: "", sourceOperator: "Constant", .unknown(text), inputs: [], outputs: [output])
        case ("sparse_value", _): throw ONNXError(.refused("is a sparse constant, which is not read"))
        default:
            throw ONNXError(.attribute(name: names[0], expected: "a value of its type", found: value.description))
        }
    }

    /// What `nodes` and the graphs in their attributes read; the scan bounded how deep those lie.
    static func readNames(_ nodes: [UnsafePointer<NodeMessage>], outputs: [String]) -> Set<String> {
        var names = Set(outputs)
        var pending = nodes
        while let node = pending.popLast() {
            names.formUnion(texts(node.pointee.n_input, node.pointee.input))
            for attribute in messages(node.pointee.n_attribute, node.pointee.attribute) {
                var graphs = messages(attribute.pointee.n_graphs, attribute.pointee.graphs)
                if let graph = attribute.pointee.g { graphs.append(UnsafePointer(graph)) }
                for graph in graphs {
                    names.formUnion(messages(graph.pointee.n_output, graph.pointee.output).map { text($0.pointee.name) })
                    pending += messages(graph.pointee.n_node, graph.pointee.node)
                }
            }
        }
        names.remove("")
        return names
    }

    /// `list` without what is left out at its end.
    private func trimmed(_ list: [String]) -> [String] { Array(list.prefix((list.lastIndex { !$0.isEmpty } ?? -1) + 1)) }
    private func trimmed(_ list: [ValueID?]) -> [ValueID?] { Array(list.prefix((list.lastIndex { $0 != nil } ?? -1) + 1)) }
}
