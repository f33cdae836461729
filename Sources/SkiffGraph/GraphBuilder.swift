public import SkiffCore

/// Collects values and nodes in any order and makes a validated ``Graph`` of them.
///
/// Values may be referred to before they are given: ``value(named:)`` makes the identifier, a later call says
/// what the value is.
public struct GraphBuilder {
    public var name: String
    public var metadata: GraphMetadata
    private var values: [PendingValue] = []
    private var identifiers: [String: ValueID] = [:]
    private var nodes: [Node] = []
    private var inputs: [ValueID] = []
    private var outputs: [GraphOutput] = []

    private struct PendingValue {
        var name: String
        var source: Value.Source?
        var declared: Fact?
    }

    public init(name: String = "", metadata: GraphMetadata = GraphMetadata()) {
        self.name = name
        self.metadata = metadata
    }

    /// The value of that name, made where it is new.
    public mutating func value(named name: String) -> ValueID {
        if let id = identifiers[name] { return id }
        let id = ValueID(values.count)
        values.append(PendingValue(name: name))
        identifiers[name] = id
        return id
    }

    /// A value without a name: an output that the model leaves out.
    public mutating func unnamedValue() -> ValueID {
        values.append(PendingValue(name: ""))
        return ValueID(values.count - 1)
    }

    /// Whether an input, weight or node already gives the value of that name.
    public func isDefined(_ name: String) -> Bool {
        guard let id = identifiers[name] else { return false }
        return values[id.index].source != nil
    }

    /// The fact declared for a value, where one was.
    public func declaredFact(of id: ValueID) -> Fact? { values[id.index].declared }

    /// Gives a value from outside.
    /// - Throws: ``GraphError`` `redefinedValue` where the value is given already.
    @discardableResult
    public mutating func addInput(_ name: String, _ fact: Fact?) throws(GraphError) -> ValueID {
        let id = try define(value(named: name), as: .input)
        values[id.index].declared = fact
        inputs.append(id)
        return id
    }

    /// Gives a value from the file. `isOverridable`: the model also lists it as an input.
    /// - Throws: ``GraphError`` `redefinedValue`.
    @discardableResult
    public mutating func addWeight(
        _ name: String, _ tensor: Tensor, isOverridable: Bool = false
    ) throws(GraphError) -> ValueID {
        try define(value(named: name), as: .weight(tensor, isOverridable: isOverridable))
    }

    /// Gives the values of `outputs` by an operator.
    /// - Throws: ``GraphError`` `redefinedValue`, `limit`.
    @discardableResult
    public mutating func addNode(
        _ name: String, sourceOperator: String, _ operator: Operator, inputs: [ValueID?], outputs: [ValueID]
    ) throws(GraphError) -> NodeID {
        guard nodes.count < Limits.nodes else {
            throw GraphError(.limit(name: "nodes", declared: nodes.count + 1, allowed: Limits.nodes))
        }
        let id = NodeID(nodes.count)
        for (position, output) in outputs.enumerated() {
            do throws(GraphError) {
                try define(output, as: .node(id, output: position))
            } catch {
                throw error.at(Place(node: name, operatorName: sourceOperator))
            }
        }
        nodes.append(
            Node(name: name, sourceOperator: sourceOperator, operator: `operator`, inputs: inputs, outputs: outputs))
        return id
    }

    /// Gives one value by an operator and returns it.
    /// - Throws: ``GraphError`` `redefinedValue`, `limit`.
    public mutating func addNode(
        _ name: String, sourceOperator: String, _ operator: Operator, inputs: [ValueID?], output: String
    ) throws(GraphError) -> ValueID {
        let id = value(named: output)
        try addNode(name, sourceOperator: sourceOperator, `operator`, inputs: inputs, outputs: [id])
        return id
    }

    /// Declares what the source says of a value; inference is checked against it and fills its gaps.
    public mutating func declare(_ id: ValueID, _ fact: Fact) { values[id.index].declared = fact }

    public mutating func addOutput(_ name: String, _ value: ValueID) {
        outputs.append(GraphOutput(name: name, value: value))
    }

    @discardableResult
    private mutating func define(_ id: ValueID, as source: Value.Source) throws(GraphError) -> ValueID {
        guard values[id.index].source == nil else {
            throw GraphError(.redefinedValue(values[id.index].name))
        }
        values[id.index].source = source
        return id
    }

    /// Sorts, validates and infers.
    ///
    /// Nodes keep the source's order where it is topological already. Values nothing reads and nothing gives
    /// are an error only when they are read.
    /// - Throws: ``GraphError`` for values that are read and never given, cycles, missing outputs, and for
    ///   operators whose inputs do not fit (the node in its place).
    public consuming func build() throws(GraphError) -> Graph {
        guard !outputs.isEmpty else { throw GraphError(.noOutputs) }
        try checkReads()
        let order = try topologicalOrder(
            nodes: nodes,
            producers: values.map { pending in
                if case .node(let node, _) = pending.source { node } else { nil }
            })
        var position = [Int](repeating: 0, count: nodes.count)
        for (index, node) in order.enumerated() { position[node.index] = index }
        let sorted = order.map { nodes[$0.index] }
        let kept = compacted()
        let finished = kept.values.map { pending, source in
            let placed: Value.Source =
                if case .node(let node, let output) = source {
                    .node(NodeID(position[node.index]), output: output)
                } else { source }
            return Value(name: pending.name, source: placed, fact: pending.declared)
        }
        let renumbered = sorted.map { node in
            var node = node
            node.inputs = node.inputs.map { $0.map { kept.identifier[$0.index] } }
            node.outputs = node.outputs.map { kept.identifier[$0.index] }
            return node
        }
        let graph = Graph(
            name: name, values: finished, nodes: renumbered, inputs: inputs.map { kept.identifier[$0.index] },
            outputs: outputs.map { GraphOutput(name: $0.name, value: kept.identifier[$0.value.index]) },
            metadata: metadata)
        return try graph.inferred()
    }

    /// - Throws: ``GraphError`` `undefinedValue` for the first value that is read and never given.
    private func checkReads() throws(GraphError) {
        for node in nodes {
            for case let input? in node.inputs where values[input.index].source == nil {
                throw GraphError(
                    .undefinedValue(values[input.index].name),
                    at: Place(node: node.name, operatorName: node.sourceOperator))
            }
        }
        for output in outputs where values[output.value.index].source == nil {
            throw GraphError(.undefinedValue(values[output.value.index].name), at: Place(tensor: output.name))
        }
    }

    /// The values that something gives, renumbered without gaps.
    private func compacted() -> (values: [(PendingValue, Value.Source)], identifier: [ValueID]) {
        var kept: [(PendingValue, Value.Source)] = []
        var identifier = [ValueID](repeating: ValueID(-1), count: values.count)
        for (index, pending) in values.enumerated() {
            guard let source = pending.source else { continue }
            identifier[index] = ValueID(kept.count)
            kept.append((pending, source))
        }
        return (kept, identifier)
    }
}
