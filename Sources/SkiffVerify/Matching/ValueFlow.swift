internal import SkiffCore
internal import SkiffGraph

/// How a network's inputs flow through it: which values hang on them, and which nodes only carry one map on.
///
/// Nodes that contract with a weight, pool, or merge several computed maps are the network's *skeleton*; all others
/// are *steps* on the edges between skeleton nodes. Steps are what exports differ in.
struct ValueFlow {
    /// What a node is to the flow.
    enum NodeRole {
        /// It computes shapes or constants.
        case constant
        case step
        /// Its computed operands, by position.
        case skeleton([Int])
    }

    let graph: Graph
    /// Whether a value hangs on the contents of an input, by value.
    private(set) var isComputed: [Bool]
    private(set) var roles: [NodeRole] = []
    /// The value that a step carries on, by its output; -1 for others.
    private(set) var parents: [Int]
    /// The role of the step that gives a value.
    private(set) var steps: [StepRole?]
    /// Which part of its skeleton value a value is; 0 for the whole.
    private(set) var parts: [UInt64]

    init(_ graph: Graph) {
        self.graph = graph
        isComputed = [Bool](repeating: false, count: graph.values.count)
        parents = [Int](repeating: -1, count: graph.values.count)
        steps = [StepRole?](repeating: nil, count: graph.values.count)
        parts = [UInt64](repeating: 0, count: graph.values.count)
        roles.reserveCapacity(graph.nodes.count)
        for input in graph.inputs { isComputed[input.index] = true }
        for node in graph.nodes { roles.append(add(node)) }
    }

    func parent(of value: ValueID) -> ValueID? {
        let parent = parents[value.index]
        return parent < 0 ? nil : ValueID(parent)
    }

    private mutating func add(_ node: Node) -> NodeRole {
        switch node.operator {
        case .shapeOf, .sizeOf, .constantOfShape: return .constant
        default: break
        }
        let operands = node.inputs.indices.filter { node.inputs[$0].map { isComputed[$0.index] } ?? false }
        guard !operands.isEmpty else { return .constant }
        for output in node.outputs { isComputed[output.index] = true }
        if operands.count == 1, !node.operator.isPooling, !(node.operator.isContraction && operands[0] < 2),
            let source = node.inputs[operands[0]]
        {
            for (position, output) in node.outputs.enumerated() {
                carry(output, StepRole(node, from: operands[0], output: position, in: graph), from: source)
            }
            return .step
        }
        if operands.count > 1, node.operator.isArithmetic, let output = node.outputs.first,
            let source = commonSource(operands.compactMap { node.inputs[$0] })
        {
            carry(output, .activation(.formula), from: source)
            return .step
        }
        return .skeleton(operands)
    }

    private mutating func carry(_ output: ValueID, _ role: StepRole, from source: ValueID) {
        parents[output.index] = source.index
        steps[output.index] = role
        parts[output.index] = parts[source.index]
        if case .part(let hash) = role { parts[output.index] = combine(parts[source.index], hash) }
    }

    /// Most steps of a formula.
    private static let formulaSteps = 24

    /// The value of which all operands are formulas, element by element: what the operator is an activation of.
    private func commonSource(_ operands: [ValueID]) -> ValueID? {
        guard var common = operands.first else { return nil }
        for operand in operands.dropFirst() {
            var above: [ValueID] = [common]
            while above.count < Self.formulaSteps, let parent = elementwiseParent(above[above.count - 1]) {
                above.append(parent)
            }
            var current = operand
            var walked = 0
            while !above.contains(current) {
                walked += 1
                guard walked < Self.formulaSteps, let parent = elementwiseParent(current) else { return nil }
                current = parent
            }
            common = current
        }
        return common
    }

    private func elementwiseParent(_ value: ValueID) -> ValueID? {
        guard steps[value.index]?.isElementwise ?? false else { return nil }
        return parent(of: value)
    }
}

extension Operator {
    /// A product of a map with a weight, where its other operand is one.
    var isContraction: Bool {
        switch self {
        case .convolution, .convolutionTranspose, .dense, .gemm, .matrixMultiplication, .einsum: true
        default: false
        }
    }

    var isPooling: Bool {
        switch self {
        case .pooling, .globalPooling, .reduction: true
        default: false
        }
    }

    /// Whether it computes each element from the elements at its place.
    var isArithmetic: Bool {
        switch self {
        case .binary, .variadic, .select, .parametricReLU, .clip: true
        default: false
        }
    }

    /// Whether its operands may change places.
    var isCommutative: Bool {
        switch self {
        case .variadic: true
        case .binary(let binary):
            switch binary.kind {
            case .add, .multiply, .equal, .and, .or, .exclusiveOr, .bitwiseAnd, .bitwiseOr, .bitwiseExclusiveOr: true
            default: false
            }
        default: false
        }
    }
}
