internal import SkiffCore
internal import SkiffGraph

/// The activation functions of a graph by name, those that an exporter took apart too: x · sigmoid(x) is swish.
struct ActivationFunctions {
    /// Most steps from either factor of a product back to the value that both are made of.
    private static let steps = 8

    /// By node: the function that the node completes.
    private(set) var name: [String?]
    /// By node: whether it is a step of a function that another node completes.
    private(set) var isStep: [Bool]

    init(of graph: Graph, isData: [Bool], facts: [Fact?]) {
        name = [String?](repeating: nil, count: graph.nodes.count)
        isStep = [Bool](repeating: false, count: graph.nodes.count)
        for id in graph.nodeIDs {
            let node = graph[id]
            switch node.operator {
            case .unary(let unary): name[id.index] = unary.kind.activationName
            case .parametricReLU: name[id.index] = "prelu"
            case .clip: name[id.index] = Self.clipName(node, facts: facts)
            case .variadic(let variadic) where variadic.kind == .maximum || variadic.kind == .minimum:
                name[id.index] = "relu"
            case .binary(let binary) where binary.kind == .multiply: noteSelfGate(id, in: graph, isData: isData)
            case .variadic(let variadic) where variadic.kind == .product: noteSelfGate(id, in: graph, isData: isData)
            default: break
            }
        }
    }

    private static func clipName(_ node: Node, facts: [Fact?]) -> String {
        func bound(_ slot: Int) -> Double? {
            guard slot < node.inputs.count, let input = node.inputs[slot] else { return nil }
            return facts[input.index]?.reals?.first
        }
        guard bound(1) == 0 else { return "clip" }
        guard let upper = bound(2) else { return node.inputs.count < 3 ? "relu" : "clip" }
        return upper == 6 ? "relu6" : upper >= 1e30 ? "relu" : "clip"
    }

    /// A product of a value with a function of it is an activation: the nodes between are its steps.
    private mutating func noteSelfGate(_ id: NodeID, in graph: Graph, isData: [Bool]) {
        let factors = graph[id].inputs.compactMap { $0 }.filter { isData[$0.index] }
        guard factors.count == 2, factors[0] != factors[1] else { return }
        let left = chain(from: factors[0], in: graph, isData: isData)
        let right = chain(from: factors[1], in: graph, isData: isData)
        for (leftSteps, value) in left.values.enumerated() {
            guard let rightSteps = right.values.firstIndex(of: value) else { continue }
            let between = left.nodes.prefix(leftSteps) + right.nodes.prefix(rightSteps)
            guard let gate = Self.gateName(of: between.map { graph[$0].operator }) else { return }
            name[id.index] = gate
            for step in between {
                isStep[step.index] = true
                name[step.index] = nil
            }
            return
        }
    }

    /// A value and those it is made of one by one, element by element.
    private func chain(from value: ValueID, in graph: Graph, isData: [Bool]) -> (values: [ValueID], nodes: [NodeID]) {
        var values = [value]
        var nodes: [NodeID] = []
        while nodes.count < Self.steps, let last = values.last, let node = graph.producer(of: last),
            graph[node].operator.isElementwise
        {
            let inputs = graph[node].inputs.compactMap { $0 }.filter { isData[$0.index] }
            guard inputs.count == 1 else { break }
            nodes.append(node)
            values.append(inputs[0])
        }
        return (values, nodes)
    }

    private static func gateName(of steps: [Operator]) -> String? {
        var found: String?
        for step in steps {
            switch step {
            case .unary(let unary):
                switch unary.kind {
                case .softplus: return "mish"
                case .error, .tanh: found = "gelu"
                case .sigmoid: found = "swish"
                case .hardSigmoid: found = "hardswish"
                default: continue
                }
            case .clip: found = "hardswish"
            default: continue
            }
        }
        return found
    }
}

extension Operator {
    /// Whether each element of the output comes from one element of each input.
    fileprivate var isElementwise: Bool {
        switch self {
        case .unary, .clip, .parametricReLU, .binary, .variadic, .cast, .identity, .quantize, .dequantize: true
        default: false
        }
    }
}

extension Unary.Kind {
    /// The name of an activation function; `nil` for other functions.
    var activationName: String? {
        switch self {
        case .relu: "relu"
        case .generalReLU(let maximum, let slope, _): slope != 0 ? "leaky relu" : maximum == 6 ? "relu6" : maximum == nil ? "relu" : "clip"
        case .leakyReLU: "leaky relu"
        case .thresholdedReLU: "thresholded relu"
        case .elu: "elu"
        case .selu: "selu"
        case .celu: "celu"
        case .sigmoid: "sigmoid"
        case .tanh: "tanh"
        case .softplus: "softplus"
        case .softsign: "softsign"
        case .hardSigmoid: "hard sigmoid"
        case .hardSwish: "hardswish"
        case .swish: "swish"
        case .mish: "mish"
        case .gelu: "gelu"
        default: nil
        }
    }
}
