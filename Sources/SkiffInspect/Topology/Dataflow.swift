internal import SkiffCore
internal import SkiffGraph

/// The graph as data flows through it: vertices are one source, the model's inputs and the nodes that read data.
///
/// Data is what depends on the elements of an input. Weights, and shapes read off values, are no data: neither
/// makes a path on which a block's input could reach an addition.
struct Dataflow {
    /// The vertex that all inputs hang from.
    static let source = 0
    /// How many nodes that only pass a value on are looked through.
    private static let transparentSteps = 32

    let graph: Graph
    let layout: Layout
    /// By value.
    let isData: [Bool]
    /// By value; a node that reads a value twice stands once.
    let readers: [[NodeID]]
    /// By value: whether the model gives it as an output.
    let isOutput: [Bool]
    let functions: ActivationFunctions
    /// By node.
    private let roles: [OperatorRole]
    /// By value, the vertex of an input; `nil` elsewhere.
    private let inputVertex: [Int?]
    private let firstNodeVertex: Int

    init(of graph: Graph, facts: [Fact?]) {
        self.graph = graph
        layout = graph.firstLayout()
        var isData = [Bool](repeating: false, count: graph.values.count)
        var inputVertex = [Int?](repeating: nil, count: graph.values.count)
        var vertices = 1
        for id in graph.valueIDs {
            guard case .input = graph[id].source else { continue }
            isData[id.index] = true
            inputVertex[id.index] = vertices
            vertices += 1
        }
        var readers = [[NodeID]](repeating: [], count: graph.values.count)
        let isConcatenated = graph.concatenatedValues()
        for id in graph.nodeIDs {
            var readsData = false
            for case let input? in graph[id].inputs where isData[input.index] {
                readsData = true
                if readers[input.index].last != id { readers[input.index].append(id) }
            }
            guard readsData, !graph[id].operator.readsShapesOnly else { continue }
            if graph.multipliesByZero(id, facts: facts), graph[id].outputs.allSatisfy({ isConcatenated[$0.index] }) {
                continue
            }
            for output in graph[id].outputs { isData[output.index] = true }
        }
        var isOutput = [Bool](repeating: false, count: graph.values.count)
        for output in graph.outputs { isOutput[output.value.index] = true }
        self.isData = isData
        self.readers = readers
        self.isOutput = isOutput
        functions = ActivationFunctions(of: graph, isData: isData, facts: facts)
        roles = graph.roles(functions: functions, isData: isData, facts: facts)
        self.inputVertex = inputVertex
        firstNodeVertex = vertices
    }

    var vertexCount: Int { firstNodeVertex + graph.nodes.count }

    func vertex(of node: NodeID) -> Int { firstNodeVertex + node.index }

    func node(at vertex: Int) -> NodeID? {
        vertex >= firstNodeVertex ? NodeID(vertex - firstNodeVertex) : nil
    }

    /// The vertex that gives a value; the source for weights.
    func vertex(giving value: ValueID) -> Int {
        if let vertex = inputVertex[value.index] { return vertex }
        return graph.producer(of: value).map { vertex(of: $0) } ?? Self.source
    }

    /// What a node does on a path, as its place in the graph decides: a product with a weight is a normalization.
    func role(of node: NodeID) -> OperatorRole { roles[node.index] }

    /// The data a node reads, in the order of its inputs.
    func dataInputs(of node: NodeID) -> [ValueID] {
        graph[node].inputs.compactMap { input in
            guard let input, isData[input.index] else { return nil }
            return input
        }
    }

    /// The value behind the nodes that only pass it on.
    func origin(of value: ValueID) -> ValueID {
        var value = value
        var steps = Self.transparentSteps
        while steps > 0, let node = graph.producer(of: value), roles[node.index] == .transparent,
            let input = dataInputs(of: node).first
        {
            value = input
            steps -= 1
        }
        return value
    }

    /// The nodes that read a value, or read it behind nodes that only pass it on.
    func effectiveReaders(of value: ValueID) -> [NodeID] {
        var found: [NodeID] = []
        var pending = [value]
        var steps = Self.transparentSteps
        while steps > 0, let next = pending.popLast() {
            steps -= 1
            for reader in readers[next.index] {
                if roles[reader.index] == .transparent, let output = graph[reader].outputs.first {
                    pending.append(output)
                } else {
                    found.append(reader)
                }
            }
        }
        return found
    }
}

extension Graph {
    /// Whether a node is a product with zero: its output depends on no input. Concatenated, it makes channels of zeros
    /// (fb.resnet.torch's shortcut of type A); elsewhere it is a scale that was not trained yet (ReZero).
    fileprivate func multipliesByZero(_ id: NodeID, facts: [Fact?]) -> Bool {
        guard self[id].operator.role == .product else { return false }
        return self[id].inputs.contains { input in
            guard let input, let values = facts[input.index]?.reals else { return false }
            return values == [0]
        }
    }

    /// By value: whether a concatenation reads it.
    fileprivate func concatenatedValues() -> [Bool] {
        var isRead = [Bool](repeating: false, count: values.count)
        for node in nodes {
            guard case .concatenation = node.operator else { continue }
            for case let input? in node.inputs { isRead[input.index] = true }
        }
        return isRead
    }

    fileprivate func roles(functions: ActivationFunctions, isData: [Bool], facts: [Fact?]) -> [OperatorRole] {
        nodeIDs.map { id in
            if functions.isStep[id.index] { return .transparent }
            if functions.name[id.index] != nil { return .activation }
            let role = self[id].operator.role
            // Exporters leave concatenations of one value (torchvision's DenseNet).
            if role == .concatenation, self[id].inputs.count == 1 { return .transparent }
            guard role == .sum || role == .product,
                self[id].inputs.count(where: { $0.map { isData[$0.index] } ?? false }) == 1
            else { return role }
            if role == .sum { return .transparent }
            let others = self[id].inputs.compactMap { $0 }.filter { !isData[$0.index] }
            let isScalar = others.allSatisfy { facts[$0.index]?.shape?.fixedShape?.checkedElementCount == 1 }
            return isScalar ? .transparent : .normalization
        }
    }
}
