public import SkiffCore
public import SkiffGraph
public import SkiffInspect

/// How the tensors of two files differ that hold weights of no known architecture: tensor by tensor, by name.
///
/// Without an architecture nothing is known of what they compute, so only equal tensors under equal names are the same.
public struct TensorDifference: Sendable {
    public let difference: ModelDifference
    /// The tensors as values of graphs without operators, a node for each layer; the difference's nodes and values are theirs.
    public let left: Graph
    public let right: Graph

    /// - Parameters:
    ///   - formats: what people call the files' formats.
    ///   - isHeadersOnly: whether elements are left unread.
    /// - Throws: ``GraphError`` where names stand twice.
    public init(
        _ left: WeightSet, _ right: WeightSet, formats: (left: String, right: String), isHeadersOnly: Bool = false
    ) throws(GraphError) {
        let graphs = (try Self.graph(left), try Self.graph(right))
        (self.left, self.right) = graphs
        var layers: [ModelDifference.Layer] = []
        let comparator = WeightComparator(isHeadersOnly: isHeadersOnly)
        let values = (Self.values(graphs.0), Self.values(graphs.1))
        let others = Dictionary(right.layers.enumerated().map { ($1.name, $0) }, uniquingKeysWith: { first, _ in first })
        for (index, layer) in left.layers.enumerated() {
            let other = others[layer.name]
            var found = ModelDifference.Layer(
                change: other == nil ? .removed : .same, left: [NodeID(index)], right: other.map { [NodeID($0)] } ?? [],
                attributes: [], weights: [], operation: "tensors")
            let variables = other.map { right.layers[$0].variables } ?? []
            for variable in layer.variables {
                let partner = variables.first { $0.name == variable.name }
                found.weights.append(
                    Self.weight(variable, partner, values, graphs, comparator))
            }
            for variable in variables where !layer.variables.contains(where: { $0.name == variable.name }) {
                found.weights.append(Self.weight(nil, variable, values, graphs, comparator))
            }
            if other != nil, found.weights.contains(where: { !$0.state.keepsFunction }) { found.change = .changed }
            layers.append(found)
        }
        let names = Set(left.layers.map(\.name))
        for (index, layer) in right.layers.enumerated() where !names.contains(layer.name) {
            let weights = layer.variables.map { Self.weight(nil, $0, values, graphs, comparator) }
            layers.append(
                ModelDifference.Layer(
                    change: .added, left: [], right: [NodeID(index)], attributes: [], weights: weights, operation: "tensors"))
        }
        let verdict = Self.verdict(layers)
        var difference = ModelDifference(
            left: Inspection(of: graphs.0, format: formats.left), right: Inspection(of: graphs.1, format: formats.right),
            isSameFunction: verdict == .same, interfaceChanges: [], blocks: [], layers: layers, verdict: verdict)
        let all = layers.flatMap(\.weights)
        let same = all.count { $0.state.keepsFunction }
        difference.summary =
            verdict == .same
            ? "the same \(all.count) tensors under the same names" : "\(same) of \(all.count) tensors are the same"
        difference.remarks = ["no architecture is known for them: tensors are compared by name"]
        self.difference = difference
    }

    private static func weight(
        _ one: WeightSet.Variable?, _ other: WeightSet.Variable?, _ values: ([String: ValueID], [String: ValueID]),
        _ graphs: (Graph, Graph), _ comparator: WeightComparator
    ) -> ModelDifference.Weight {
        let (left, right) = (one.flatMap { values.0[$0.name] }, other.flatMap { values.1[$0.name] })
        var weight = ModelDifference.Weight(
            state: one == nil ? .added : other == nil ? .removed : .changed, left: left, right: right,
            name: one?.name ?? other?.name ?? "", text: one == nil ? "only on the right" : "only on the left",
            role: one?.role ?? other?.role ?? "")
        guard let one, let other, let left, let right else { return weight }
        func stored(_ id: ValueID, _ shape: Shape, _ graph: Graph) -> WeightRef? {
            WeightRef(id, keys: shape.indices.map { [.init(key: .axis($0), extent: shape[$0])] }, in: graph)
        }
        guard one.tensor.shape == other.tensor.shape, let first = stored(left, one.tensor.shape, graphs.0),
            let second = stored(right, other.tensor.shape, graphs.1)
        else {
            weight.text = "shape \(one.tensor.shape.shapeText) → \(other.tensor.shape.shapeText)"
            return weight
        }
        weight.take(comparator.compare(first, second, digests: (nil, nil)))
        return weight
    }

    private static func verdict(_ layers: [ModelDifference.Layer]) -> ModelDifference.Verdict {
        let weights = layers.flatMap(\.weights)
        if weights.contains(where: { $0.state == .added || $0.state == .removed || $0.text.hasPrefix("shape ") }) {
            return .different
        }
        if weights.contains(where: \.isUnread) { return .unknown }
        if weights.contains(where: { $0.state == .changed }) { return .otherWeights }
        return weights.contains { $0.state == .rounded } ? .rounded : .same
    }

    private static func values(_ graph: Graph) -> [String: ValueID] {
        Dictionary(graph.weights.map { (graph[$0].name, $0) }, uniquingKeysWith: { first, _ in first })
    }

    /// A node for each layer, in order, that hands an input on; the layer's tensors are values beside it.
    private static func graph(_ set: WeightSet) throws(GraphError) -> Graph {
        var builder = GraphBuilder(metadata: set.metadata)
        let input = try builder.addInput("", Fact(.float32, nil))
        for layer in set.layers {
            for variable in layer.variables { try builder.addWeight(variable.name, variable.tensor) }
            let output = builder.unnamedValue()
            try builder.addNode(
                layer.name, sourceOperator: "tensors", .identity(Identity()), inputs: [input], outputs: [output])
            builder.addOutput(layer.name, output)
        }
        if set.layers.isEmpty { builder.addOutput("", input) }
        return try builder.build()
    }
}
