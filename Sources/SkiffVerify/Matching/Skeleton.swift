internal import SkiffCore
internal import SkiffGraph

/// A network without its steps: inputs, contractions, poolings, merges and outputs, and what each reads of which.
///
/// It is the same for a network with BatchNormalization folded or not, in either layout, with activations, padding and
/// reshapes wherever they are.
struct Skeleton {
    enum Kind: Hashable { case input, contraction, pooling, arithmetic, merge, output }

    struct Operand {
        /// The node read, and which of its outputs.
        var source: Int
        var output: Int
        /// The value as it enters; `nil` where a merge of several operands stands for several nodes.
        var value: ValueID?
        var part: UInt64
    }

    struct Node {
        var kind: Kind
        /// What an exporter keeps of the operator: its kind and, of a weight, the extents.
        var label: UInt64
        /// What of it may differ between exports or by a fault: strides, the kind of a merge.
        var detail: UInt64
        var operands: [Operand]
        var isOrdered: Bool
        /// The graph's node; `nil` for inputs and outputs.
        var node: NodeID?
        /// What it gives; `nil` inside a merge of several operands.
        var outputs: [ValueID?]
        var weight: WeightView?
        /// What is added inside.
        var bias: ValueID?
    }

    struct Reader {
        var node: Int
        var operand: Int
        var output: Int
    }

    let flow: ValueFlow
    private(set) var nodes: [Node] = []
    /// The nodes of the graph's inputs and outputs, in their order.
    private(set) var inputs: [Int] = []
    private(set) var outputs: [Int] = []
    /// Who reads a node, in order.
    private(set) var readers: [[Reader]] = []
    /// The node behind a value and which of its outputs; -1 for what is not computed.
    private(set) var anchors: [(node: Int, output: Int)]

    var graph: Graph { flow.graph }

    init(_ graph: Graph) {
        flow = ValueFlow(graph)
        anchors = [(node: Int, output: Int)](repeating: (-1, 0), count: graph.values.count)
        for input in graph.inputs {
            inputs.append(nodes.count)
            add(Node(kind: .input, label: 1, detail: 0, operands: [], isOrdered: true, node: nil, outputs: [input]))
        }
        for (index, node) in graph.nodes.enumerated() {
            switch flow.roles[index] {
            case .constant: break
            case .step:
                for output in node.outputs {
                    if let parent = flow.parent(of: output) { anchors[output.index] = anchors[parent.index] }
                }
            case .skeleton(let operands): add(node, NodeID(index), operands)
            }
        }
        for output in graph.outputs {
            outputs.append(nodes.count)
            let operands = flow.isComputed[output.value.index] ? [operand(output.value)] : []
            add(Node(kind: .output, label: 2, detail: 0, operands: operands, isOrdered: true, node: nil, outputs: []))
        }
        readers = [[Reader]](repeating: [], count: nodes.count)
        for (index, node) in nodes.enumerated() {
            for (position, operand) in node.operands.enumerated() {
                readers[operand.source].append(Reader(node: index, operand: position, output: operand.output))
            }
        }
    }

    private mutating func add(_ node: Node) {
        for (position, output) in node.outputs.enumerated() {
            if let output { anchors[output.index] = (nodes.count, position) }
        }
        nodes.append(node)
    }

    private func operand(_ value: ValueID) -> Operand {
        let anchor = anchors[value.index]
        return Operand(source: anchor.node, output: anchor.output, value: value, part: flow.parts[value.index])
    }

    private mutating func add(_ node: SkiffGraph.Node, _ id: NodeID, _ positions: [Int]) {
        let values = positions.compactMap { node.inputs[$0] }
        let detail = node.operator.detail
        if node.operator.isContraction, values.count == 1, positions[0] < 2 {
            let view = WeightView(of: node, dataOperand: positions[0], in: graph)
            add(
                Node(
                    kind: .contraction, label: view?.label ?? 3, detail: detail, operands: values.map(operand),
                    isOrdered: true, node: id, outputs: node.outputs, weight: view,
                    bias: node.inputs.count > 2 ? node.inputs[2] : nil))
            return
        }
        if node.operator.isPooling {
            add(
                Node(
                    kind: .pooling, label: 4, detail: detail, operands: values.map(operand), isOrdered: true, node: id,
                    outputs: node.outputs))
            return
        }
        let isArithmetic = node.operator.isArithmetic
        // Exporters write a merge of many operands as merges of two.
        var operands = values.map(operand)
        if case .variadic = node.operator {
            while operands.count > 2 {
                let first = Array(operands.prefix(2))
                operands.removeFirst(2)
                operands.insert(Operand(source: nodes.count, output: 0, value: nil, part: 0), at: 0)
                add(
                    Node(
                        kind: .arithmetic, label: 5, detail: detail, operands: first, isOrdered: false, node: id,
                        outputs: [nil]))
            }
        }
        add(
            Node(
                kind: isArithmetic ? .arithmetic : .merge,
                label: isArithmetic ? 5 : combine(6, UInt64(node.operator.kindIndex)), detail: detail, operands: operands,
                isOrdered: !node.operator.isCommutative, node: id, outputs: node.outputs))
    }
}

extension Operator {
    var kindIndex: Int { Kind.allCases.firstIndex(of: kind) ?? 0 }

    /// What of the attributes two exports of one network mostly share.
    fileprivate var detail: UInt64 {
        func hash(_ window: Window) -> UInt64 {
            (window.strides + window.dilations).filter { $0 > 1 }.reduce(0) { combine($0, UInt64($1.magnitude)) }
        }
        switch self {
        case .convolution(let convolution):
            return combine(hash(convolution.window), UInt64(convolution.groups.magnitude))
        case .convolutionTranspose(let convolution):
            return combine(hash(convolution.window), UInt64(convolution.groups.magnitude))
        case .pooling(let pooling): return pooling.kind == .maximum ? 1 : 2
        case .globalPooling(let pooling): return pooling.kind == .maximum ? 1 : 2
        case .reduction(let reduction): return reduction.kind == .maximum ? 1 : reduction.kind == .mean ? 2 : 3
        case .binary(let binary): return binary.kind == .add ? 1 : binary.kind == .multiply ? 2 : 3
        case .variadic(let variadic): return variadic.kind == .sum ? 1 : variadic.kind == .product ? 2 : 4
        default: return 0
        }
    }
}
