internal import SkiffCore
internal import SkiffGraph

extension Draft {
    /// Most elements of a value that is computed at once because shapes may hang on it.
    private static let followedElements = Fact.contentsLimit

    /// A network with inputs of fixed shapes. Only nodes that the outputs need are taken.
    ///
    /// - Parameter inputs: Element type and fixed shape of every graph input that is needed, and of the weights
    ///   that are overridden. Values and weights of the graph keep their index.
    /// - Throws: ``EngineError`` `openShape` with the node in its place where a shape is known only while the
    ///   network runs; `missingInput`, `notRunnable` and what shape rules refuse, as a run does.
    init(
        _ graph: Graph, inputs given: [ValueID: Fact], folding: Folding = Folding()
    ) throws(EngineError) {
        self.folding = folding
        var facts = [Fact?](repeating: nil, count: graph.values.count)
        let needed = Self.needed(in: graph)
        values.reserveCapacity(graph.values.count)
        for (index, value) in graph.values.enumerated() {
            let id = ValueID(index)
            facts[index] = given[id] ?? (value.tensor == nil ? nil : value.fact)
            let fact = facts[index]
            values.append(
                Value(
                    name: value.name, elementType: fact?.elementType ?? .float32, shape: fact?.shape?.fixedShape ?? [],
                    constant: given[id] == nil ? value.tensor : nil))
            if case .input = value.source {
                guard fact != nil || !needed.isRead[index] else { throw EngineError(.missingInput(value.name)) }
                inputs.append(index)
            } else if given[id] != nil {
                inputs.append(index)
            }
        }
        nodes.reserveCapacity(needed.nodes.count)
        for index in needed.nodes {
            do throws(EngineError) {
                try take(graph.nodes[index], NodeID(index), facts: &facts)
            } catch {
                throw error.at(graph.place(of: NodeID(index)))
            }
        }
        outputs = graph.outputs.map { ($0.name, $0.value.index) }
    }

    /// Nodes that the outputs need, in order, and the values that something reads.
    private static func needed(in graph: Graph) -> (nodes: [Int], isRead: [Bool]) {
        var isRead = [Bool](repeating: false, count: graph.values.count)
        for output in graph.outputs { isRead[output.value.index] = true }
        var nodes: [Int] = []
        for (index, node) in graph.nodes.enumerated().reversed() {
            guard node.outputs.contains(where: { isRead[$0.index] }) else { continue }
            nodes.append(index)
            for case let input? in node.inputs { isRead[input.index] = true }
        }
        return (nodes.reversed(), isRead)
    }

    private mutating func take(_ node: SkiffGraph.Node, _ id: NodeID, facts: inout [Fact?]) throws(EngineError) {
        if let refusal = node.operator.refusal { throw EngineError(.notRunnable(refusal)) }
        let count = node.outputs.count
        let results: [Fact]
        do throws(GraphError) {
            results = try node.operator.infer(
                node.inputs.map { $0.flatMap { facts[$0.index] } }, outputCount: count)
        } catch { throw EngineError(error) }
        guard results.count >= count else {
            throw EngineError(.notRunnable("has \(count) outputs, \(results.count) of them can be computed"))
        }
        for (fact, output) in zip(results, node.outputs) {
            guard let shape = fact.shape?.fixedShape else { throw EngineError(.openShape) }
            do throws(CoreError) {
                _ = try checkedTensorBytes(shape: shape, elementType: fact.elementType)
                values[output.index].constant = try fact.wholeNumbers(shape: shape)
            } catch { throw EngineError(error) }
            values[output.index].elementType = fact.elementType
            values[output.index].shape = shape
            facts[output.index] = fact
        }
        let taken = Node(
            origins: [id], work: .operation(node.operator), inputs: node.inputs.map { $0?.index },
            outputs: node.outputs.map(\.index))
        nodes.append(taken)
        try follow(taken, node.operator, facts: &facts)
    }

    /// Computes a small node that hangs on no input, so that shapes can be followed through it.
    private mutating func follow(
        _ node: Node, _ operator: Operator, facts: inout [Fact?]
    ) throws(EngineError) {
        let elements = (node.inputs.compactMap { $0 } + node.outputs).reduce(0) { count, value in
            max(count, values[value].shape.checkedElementCount ?? Int.max)
        }
        guard elements <= Self.followedElements, hangsOnNothing(node),
            node.outputs.contains(where: { values[$0].constant == nil })
        else { return }
        let tensors: [Tensor]
        if let same = reinterpreted(node, `operator`) {
            tensors = [same]
        } else {
            tensors = try folding.apply(
                `operator`, to: node.inputs.map { $0.map { values[$0] } }, outputCount: node.outputs.count)
        }
        for (output, tensor) in zip(node.outputs, tensors) {
            values[output].constant = tensor
            var fact = Fact(of: tensor)
            fact.elementType = values[output].elementType
            facts[output] = fact
        }
    }
}

extension Fact {
    /// The whole numbers or flags of a value of fixed `shape` as a tensor, where inference followed all of them.
    fileprivate func wholeNumbers(shape: Shape) throws(CoreError) -> Tensor? {
        guard elementType.isInteger || elementType == .bool, let integers, integers.count == shape.checkedElementCount
        else { return nil }
        let buffer: Buffer<Float> =
            elementType == .bool ? .boolean(integers.map { $0 != 0 }) : .integer(integers.map { Int64($0) })
        return try Operand(elementType: elementType, shape: shape, buffer: buffer).tensor()
    }
}
