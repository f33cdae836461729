internal import SkiffCore
internal import SkiffGraph

/// What rules look at: a network, who reads what, and where weights were read their statistics.
struct LintContext: Sendable {
    let graph: Graph
    let inspection: Inspection
    let statistics: WeightStatistics?
    /// By value, the nodes that read it.
    let readers: [[NodeID]]
    /// By value, whether it is an output of the model.
    let isOutput: [Bool]

    init(_ graph: Graph, _ inspection: Inspection, statistics: WeightStatistics?) {
        self.graph = graph
        self.inspection = inspection
        self.statistics = statistics
        readers = graph.consumers()
        var isOutput = [Bool](repeating: false, count: graph.values.count)
        for output in graph.outputs { isOutput[output.value.index] = true }
        self.isOutput = isOutput
    }

    /// A node with what it does.
    struct Step {
        var id: NodeID
        var node: Node
    }

    var steps: [Step] { graph.nodeIDs.map { Step(id: $0, node: graph[$0]) } }

    /// The place of a value that a weight or an input is.
    func place(of value: ValueID) -> Place { Place(tensor: graph[value].name) }

    /// The node that gives a value, behind nodes that leave each element alone.
    ///
    /// - Parameter passesReshapes: whether nodes that only rearrange axes count among those.
    func source(of value: ValueID?, passesReshapes: Bool = false) -> Step? {
        guard var value else { return nil }
        for _ in 0..<16 {
            guard let id = graph.producer(of: value) else { return nil }
            let node = graph[id]
            switch node.operator {
            case .identity: break
            case .reshape, .flatten, .squeeze, .unsqueeze:
                guard passesReshapes else { return Step(id: id, node: node) }
            default: return Step(id: id, node: node)
            }
            guard let next = node.inputs.first ?? nil else { return nil }
            value = next
        }
        return nil
    }

    /// Whether a node stands for text among the weights, which tensors cannot hold, and nothing reads it.
    func isUnusedText(_ step: Step) -> Bool {
        guard case .unknown = step.node.operator, step.node.inputs.isEmpty, step.node.sourceOperator == "initializer" else {
            return false
        }
        return step.node.outputs.allSatisfy { readers[$0.index].isEmpty && !isOutput[$0.index] }
    }

    /// The values that the outputs hang on, and the nodes that give them.
    func reached() -> (values: [Bool], nodes: [Bool]) {
        var values = [Bool](repeating: false, count: graph.values.count)
        var nodes = [Bool](repeating: false, count: graph.nodes.count)
        var pending = graph.outputs.map(\.value)
        while let value = pending.popLast() {
            guard !values[value.index] else { continue }
            values[value.index] = true
            guard let node = graph.producer(of: value), !nodes[node.index] else { continue }
            nodes[node.index] = true
            for case let input? in graph[node].inputs { pending.append(input) }
        }
        return (values, nodes)
    }

    /// The values that hang on the inputs' data. Shapes read from a value are not its data.
    func varying() -> [Bool] {
        var varies = [Bool](repeating: false, count: graph.values.count)
        for input in graph.inputs { varies[input.index] = true }
        for node in graph.nodes {
            if case .shapeOf = node.operator { continue }
            if case .sizeOf = node.operator { continue }
            let reads = node.inputs.contains { $0.map { varies[$0.index] } ?? false }
            if reads { for output in node.outputs { varies[output.index] = true } }
        }
        return varies
    }

    /// The real numbers of a small weight, and of what carries it.
    func numbers(_ value: ValueID?) -> [Double]? {
        guard let value, let tensor = graph.storedWeight(value)?.tensor, tensor.elementCount <= 1 << 20 else { return nil }
        return try? tensor.doubles()
    }
}

/// `3 others have 1e-05`: a number as people write it.
func numberText(_ value: Double) -> String {
    guard value.isFinite else { return value.isNaN ? "NaN" : value < 0 ? "-∞" : "∞" }
    if value == value.rounded(), abs(value) < 1e6 { return String(Int(value)) }
    let magnitude = abs(value)
    let isSmall = magnitude < 0.0995 || magnitude >= 999_500
    var exponent = 0
    var significand = value
    if isSmall {
        while abs(significand) >= 9.995 {
            significand /= 10
            exponent += 1
        }
        while abs(significand) < 0.9995 {
            significand *= 10
            exponent -= 1
        }
    }
    let decimals = isSmall ? 3 : magnitude < 9.995 ? 3 : magnitude < 99.95 ? 2 : 1
    var scale = 1.0
    for _ in 0..<decimals { scale *= 10 }
    let rounded = (abs(significand) * scale).rounded()
    var digits = String(Int(rounded))
    while digits.count <= decimals { digits = "0" + digits }
    var text = digits.dropLast(decimals) + "." + digits.suffix(decimals)
    while text.hasSuffix("0") { text.removeLast() }
    if text.hasSuffix(".") { text.removeLast() }
    return (value < 0 ? "-" : "") + text + (isSmall && exponent != 0 ? "e\(exponent)" : "")
}

/// `1 channel`, `12 channels`.
func countText(_ count: Int, _ noun: String, plural: String? = nil) -> String {
    "\(groupedText(count)) \(count == 1 ? noun : plural ?? noun + "s")"
}
