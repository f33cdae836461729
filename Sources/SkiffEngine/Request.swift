internal import SkiffCore
internal import SkiffGraph

/// What one run is to do: checked inputs, the nodes that the observed values need, and how often each value is
/// read by them.
struct Request {
    /// Given tensors by value index, with the element type each is taken for.
    var given: [Int: (tensor: Tensor, elementType: ElementType)] = [:]
    /// Indices of the nodes to run, in order.
    var nodes: [Int] = []
    /// Reads by the nodes to run, by value index.
    var reads: [Int32]
    var isObserved: [Bool]
    /// Observed values stay in memory until the run ends.
    let holdsObserved: Bool

    init(
        _ graph: Graph, inputs: [String: Tensor], observing: Evaluator.Observation, holdsObserved: Bool
    ) throws(EngineError) {
        self.holdsObserved = holdsObserved
        reads = [Int32](repeating: 0, count: graph.values.count)
        isObserved = [Bool](repeating: false, count: graph.values.count)
        try observe(observing, in: graph)
        findNodes(in: graph)
        for index in nodes {
            guard let why = graph.nodes[index].operator.refusal else { continue }
            throw EngineError(.notRunnable(why), at: graph.place(of: NodeID(index)))
        }
        try bind(inputs, in: graph)
        try loadWeights(of: graph)
    }

    /// Decodes the weights that are read and lie encoded in their file, several at a time.
    /// - Throws: ``EngineError`` with the first weight that is damaged.
    private func loadWeights(of graph: Graph) throws(EngineError) {
        do throws(CoreError) {
            try graph.loadWeights { id in
                (reads[id.index] > 0 || isObserved[id.index]) && given[id.index] == nil
            }
        } catch {
            throw EngineError(error)
        }
    }

    private mutating func observe(_ observation: Evaluator.Observation, in graph: Graph) throws(EngineError) {
        switch observation {
        case .outputs:
            for output in graph.outputs { isObserved[output.value.index] = true }
        case .all:
            for output in graph.outputs { isObserved[output.value.index] = true }
            for node in graph.nodes {
                for output in node.outputs { isObserved[output.index] = true }
            }
        case .values(let values):
            for value in values {
                guard graph.values.indices.contains(value.index) else {
                    throw EngineError(.unknownValue(index: value.index, count: graph.values.count))
                }
                isObserved[value.index] = true
            }
        }
    }

    private mutating func findNodes(in graph: Graph) {
        var isNeeded = isObserved
        for index in graph.nodes.indices.reversed() {
            let node = graph.nodes[index]
            guard node.outputs.contains(where: { isNeeded[$0.index] }) else { continue }
            nodes.append(index)
            for case let input? in node.inputs {
                isNeeded[input.index] = true
                reads[input.index] += 1
            }
        }
        nodes.reverse()
    }

    private mutating func bind(_ inputs: [String: Tensor], in graph: Graph) throws(EngineError) {
        var identifiers: [String: ValueID] = [:]
        for id in graph.inputs { identifiers[graph[id].name] = id }
        if inputs.keys.contains(where: { identifiers[$0] == nil }) {
            for id in graph.valueIDs {
                if case .weight(_, isOverridable: true) = graph[id].source { identifiers[graph[id].name] = id }
            }
        }
        let names = graph.inputs.map { graph[$0].name }
        for name in inputs.keys.sorted() where identifiers[name] == nil {
            throw EngineError(.unexpectedInput(name, expected: names))
        }
        var extents: [String: Int] = [:]
        for id in graph.inputs where inputs[graph[id].name] == nil {
            throw EngineError(.missingInput(graph[id].name))
        }
        for name in inputs.keys.sorted() {
            guard let tensor = inputs[name], let id = identifiers[name] else { continue }
            do throws(EngineError) {
                let elementType = try checkedType(of: tensor, against: graph[id].fact)
                try checkShape(tensor.shape, against: graph[id].fact?.shape, extents: &extents)
                given[id.index] = (tensor, elementType)
            } catch {
                throw error.at(Place(tensor: name))
            }
        }
    }

    private func checkedType(of tensor: Tensor, against fact: Fact?) throws(EngineError) -> ElementType {
        guard let declared = fact?.elementType, declared != tensor.elementType else { return tensor.elementType }
        guard declared.isFloatingPoint, tensor.elementType.isFloatingPoint else {
            throw EngineError(.inputType(expected: declared, found: tensor.elementType))
        }
        return declared
    }

    private func checkShape(
        _ shape: Shape, against declared: SymbolicShape?, extents: inout [String: Int]
    ) throws(EngineError) {
        guard let declared else { return }
        guard declared.count == shape.count else {
            throw EngineError(.inputRank(expected: declared.shapeText, found: shape))
        }
        for (axis, dimension) in declared.enumerated() {
            var expected: Int?
            switch dimension {
            case .fixed(let extent): expected = extent
            case .symbolic(let name):
                expected = extents[name]
                extents[name] = shape[axis]
            case .unknown: break
            }
            if let expected, expected != shape[axis] {
                let text = dimension.fixedValue == nil ? "\(expected) (\(dimension))" : "\(expected)"
                throw EngineError(.inputExtent(axis: axis, expected: text, found: shape))
            }
        }
    }
}
