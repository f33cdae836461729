internal import SkiffCore
internal import SkiffGraph
internal import SkiffVerify

/// One step of a network's function, with the nodes that make it: what exporters write in one node or in several.
struct Piece: Sendable {
    enum Kind: Sendable {
        /// A product with a weight at this input, and what is done to each channel of it behind.
        case contraction(weight: Int)
        /// Multiples and shifts of each channel, one after the other.
        case affine
        case plain
    }

    var kind: Kind
    /// The node that names the piece; the affine steps behind it follow it.
    var nodes: [NodeID]
    /// A padding with zeros that only this piece reads.
    var pad: NodeID?
    /// Computed values that it reads, in the operator's order.
    var operands: [ValueID]
    /// What its last node gives.
    var outputs: [ValueID]

    var head: NodeID { nodes[0] }
    /// The affine steps of it.
    var steps: ArraySlice<NodeID> {
        switch kind {
        case .contraction: nodes[1...]
        case .affine: nodes[...]
        case .plain: []
        }
    }
    var isContraction: Bool { if case .contraction = kind { true } else { false } }
}

/// A network as the pieces that make its function. What only moves elements or changes nothing is no piece.
struct Network: Sendable {
    /// Where a value comes from, past all that only moves its elements.
    enum Origin: Hashable, Sendable {
        /// The graph's input at that position.
        case input(Int)
        case piece(Int, output: Int)
    }

    let side: PairedFlows.Side
    private(set) var pieces: [Piece] = []
    /// By node; `nil` for what is no part of one.
    private(set) var pieceOfNode: [Int?]
    private(set) var origins: [Origin?]
    private(set) var consumers: [[NodeID]]
    private(set) var isOutput: [Bool]
    /// Whether an output of the network hangs on a piece.
    private(set) var isLive: [Bool] = []
    /// Paddings that are part of what reads them.
    private var mergedPads: Set<NodeID> = []
    /// Whether rounding of values to whole numbers and back is passed over, since the other network has none.
    private let passesQuantization: Bool
    /// Values that are rounded to whole numbers and back, where that is passed over.
    private(set) var roundedValues = 0
    /// Roundings that cut off what is below zero, which is what an activation does.
    private(set) var saturations: Set<NodeID> = []
    /// Whether what a piece gives is never below zero.
    private var isNonnegative: [Bool] = []

    var graph: Graph { side.graph }

    init(_ side: PairedFlows.Side, passesQuantization: Bool = false) {
        self.side = side
        self.passesQuantization = passesQuantization
        let graph = side.graph
        pieceOfNode = [Int?](repeating: nil, count: graph.nodes.count)
        origins = [Origin?](repeating: nil, count: graph.values.count)
        consumers = graph.consumers()
        isOutput = [Bool](repeating: false, count: graph.values.count)
        for output in graph.outputs { isOutput[output.value.index] = true }
        for (position, input) in graph.inputs.enumerated() { origins[input.index] = .input(position) }
        for id in graph.nodeIDs { add(id) }
        findLive()
    }

    private mutating func add(_ id: NodeID) {
        let node = graph[id]
        guard !side.isConstant(id), let output = node.outputs.first else { return }
        let parent = side.parent(of: output)
        if let parent, narrows(node, parent) { return addStep(id, node) }
        if let parent, passesQuantization, isRounding(node, output) {
            if case .quantize = node.operator {
                roundedValues += 1
                if cutsBelowZero(node), !isNonnegative(parent) {
                    saturations.insert(id)
                    return addStep(id, node)
                }
            }
            origins[output.index] = origins[parent.index]
            return
        }
        switch side.carry(to: output) {
        case .layout?, .identity?:
            for value in node.outputs { if let source = side.parent(of: value) { origins[value.index] = origins[source.index] } }
            return
        case .affine?:
            if let parent, isChannelwise(node, of: parent) {
                if let index = tail(for: parent) {
                    pieces[index].nodes.append(id)
                    pieces[index].outputs = node.outputs
                    pieceOfNode[id.index] = index
                    for (position, value) in node.outputs.enumerated() {
                        origins[value.index] = .piece(index, output: position)
                    }
                } else {
                    add(Piece(kind: .affine, nodes: [id], operands: [parent], outputs: node.outputs))
                }
                return
            }
        case .pad?:
            if let parent, padding(of: node) != nil, let reader = computingReader(of: output),
                takesPadding(graph[reader], of: parent)
            {
                mergedPads.insert(id)
                return
            }
        default: break
        }
        addStep(id, node)
    }

    /// Whether a cast rounds to fewer bits.
    private func narrows(_ node: Node, _ source: ValueID) -> Bool {
        guard case .cast(let cast) = node.operator, let before = graph[source].fact?.elementType,
            let bits = before.bitWidth, let left = cast.elementType.bitWidth
        else { return false }
        return before.isFloatingPoint && cast.elementType.isFloatingPoint && left < bits
    }

    /// Whether a node is one half of a rounding to whole numbers and back.
    private func isRounding(_ node: Node, _ output: ValueID) -> Bool {
        func isDequantize(_ id: NodeID) -> Bool { if case .dequantize = graph[id].operator { true } else { false } }
        switch node.operator {
        case .quantize: return !isOutput[output.index] && consumers[output.index].allSatisfy(isDequantize)
        case .dequantize:
            guard let source = node.inputs.first ?? nil, let producer = graph.producer(of: source),
                case .quantize = graph[producer].operator
            else { return false }
            return !isOutput[source.index] && consumers[source.index].allSatisfy(isDequantize)
        default: return false
        }
    }

    /// Whether zero is the least number that a rounding keeps.
    private func cutsBelowZero(_ node: Node) -> Bool {
        guard case .quantize(let quantize) = node.operator else { return false }
        guard node.inputs.count > 2, let point = node.inputs[2] else { return quantize.elementType == .uint8 }
        guard let zero = graph.smallConstant(point)?.first else { return false }
        let type = graph[point].fact?.elementType ?? quantize.elementType
        return type == .uint8 && zero == 0 || type == .int8 && zero == -128
    }

    private mutating func addStep(_ id: NodeID, _ node: Node) {
        if joinGate(id, node) { return }
        let computed = node.inputs.indices.filter { node.inputs[$0].map(side.isComputed) ?? false }
        var operands = computed.compactMap { node.inputs[$0] }
        var kind = Piece.Kind.plain
        var pad: NodeID?
        if node.operator.isProduct, computed.count == 1, node.inputs.count > 1, computed[0] < 2 {
            kind = .contraction(weight: 1 - computed[0])
        }
        if let first = operands.first, let producer = mergedPad(before: first),
            let source = graph[producer].inputs.first ?? nil
        {
            pad = producer
            // What stands between only moves elements; where it does, origin and axes are those behind the padding.
            if graph[producer].outputs.first == first { operands[0] = source }
            origins[first.index] = origins[source.index]
        }
        add(Piece(kind: kind, nodes: [id], pad: pad, operands: operands, outputs: node.outputs))
    }

    private mutating func add(_ piece: Piece) {
        isNonnegative.append(staysNonnegative(piece))
        for node in piece.nodes { pieceOfNode[node.index] = pieces.count }
        if let pad = piece.pad { pieceOfNode[pad.index] = pieces.count }
        for (position, value) in piece.outputs.enumerated() {
            origins[value.index] = .piece(pieces.count, output: position)
        }
        pieces.append(piece)
    }

    /// Takes x · sigmoid(x) for one step, which is what others write in one node.
    private mutating func joinGate(_ id: NodeID, _ node: Node) -> Bool {
        guard case .binary(let binary) = node.operator, binary.kind == .multiply, node.inputs.count == 2,
            let one = node.inputs[0], let other = node.inputs[1], side.isComputed(one), side.isComputed(other)
        else { return false }
        for (gate, value) in [(one, other), (other, one)] {
            guard onlyReader(of: gate) == id, case .piece(let index, _) = origins[gate.index],
                case .plain = pieces[index].kind, pieces[index].nodes.count == 1, pieces[index].outputs == [gate],
                pieces[index].operands == [value], graph[pieces[index].head].operator.isGate
            else { continue }
            pieces[index].nodes.append(id)
            pieces[index].outputs = node.outputs
            isNonnegative[index] = false
            pieceOfNode[id.index] = index
            for (position, value) in node.outputs.enumerated() {
                origins[value.index] = .piece(index, output: position)
            }
            return true
        }
        return false
    }

    /// The one node that reads a value which is no output of the network.
    private func onlyReader(of value: ValueID) -> NodeID? {
        let readers = consumers[value.index]
        return readers.count == 1 && !isOutput[value.index] ? readers[0] : nil
    }

    /// The piece whose affine steps go on behind a value: nobody else reads what lies between.
    private func tail(for value: ValueID) -> Int? {
        var current = value
        for _ in 0..<16 {
            guard onlyReader(of: current) != nil else { return nil }
            guard case .piece(let index, _) = origins[current.index] else { return nil }
            if pieces[index].outputs.first == current {
                switch pieces[index].kind {
                case .contraction, .affine: return index
                case .plain: return nil
                }
            }
            guard let parent = side.parent(of: current) else { return nil }
            current = parent
        }
        return nil
    }

    /// Whether a node's constants are one number, or one for each channel of the map.
    private func isChannelwise(_ node: Node, of parent: ValueID) -> Bool {
        guard let output = node.outputs.first, let rank = graph[output].fact?.shape?.count else { return false }
        if case .batchNormalization(let normalization) = node.operator {
            let axis = normalization.axis < 0 ? normalization.axis + rank : normalization.axis
            guard !normalization.isTraining, node.outputs.count == 1, let labels = side.axes(of: output),
                labels.indices.contains(axis)
            else { return false }
            let factors = labels[axis].filter { $0.extent != .fixed(1) }
            return factors.allSatisfy { $0.label == PairedFlows.channelsLabel } && factors.count < 2
        }
        if case .unary = node.operator { return true }
        let constants = node.inputs.compactMap { $0 }.filter { !side.isComputed($0) }
        guard constants.count == 1, let shape = graph[constants[0]].fact?.shape?.fixedShape, shape.count <= rank else {
            return false
        }
        let large = shape.indices.filter { shape[$0] != 1 }.map { $0 + rank - shape.count }
        guard let axis = large.first else { return true }
        guard large.count == 1, let labels = side.axes(of: output), labels.indices.contains(axis) else { return false }
        let factors = labels[axis].filter { $0.extent != .fixed(1) }
        return factors.count == 1 && factors[0].label == PairedFlows.channelsLabel
            && factors[0].extent.fixedValue == shape[axis - (rank - shape.count)]
    }

    /// The one node that computes with a value, past what only moves its elements.
    private func computingReader(of value: ValueID) -> NodeID? {
        var current = value
        for _ in 0..<8 {
            guard let reader = onlyReader(of: current), let output = graph[reader].outputs.first else { return nil }
            switch side.carry(to: output) {
            case .layout?, .identity?: current = output
            default: return reader
            }
        }
        return nil
    }

    /// The padding behind which a value stands, past what only moves its elements.
    private func mergedPad(before value: ValueID) -> NodeID? {
        var current = value
        for _ in 0..<8 {
            guard let producer = graph.producer(of: current) else { return nil }
            if mergedPads.contains(producer) { return producer }
            switch side.carry(to: current) {
            case .layout?, .identity?: break
            default: return nil
            }
            guard let parent = side.parent(of: current) else { return nil }
            current = parent
        }
        return nil
    }

    /// Whether zeros around a map are what the operator takes beyond its edges.
    private func takesPadding(_ node: Node, of source: ValueID) -> Bool {
        switch node.operator {
        case .convolution: true
        // Beyond the edges there is nothing to be the largest; beside numbers that are not negative, zero is not either.
        case .pooling(let pooling): pooling.kind == .maximum && isNonnegative(source) && node.outputs.count == 1
        default: false
        }
    }

    private func isNonnegative(_ value: ValueID) -> Bool {
        guard case .piece(let index, _) = origins[value.index] else { return false }
        return isNonnegative[index]
    }

    private func staysNonnegative(_ piece: Piece) -> Bool {
        guard case .plain = piece.kind else { return false }
        switch graph[piece.head].operator {
        case .quantize: return saturations.contains(piece.head)
        case .softmax(let softmax): return softmax.kind != .logSoftmax
        case .pooling, .globalPooling, .concatenation, .upsampling: return piece.operands.allSatisfy(isNonnegative)
        case .reduction(let reduction):
            return (reduction.kind == .mean || reduction.kind == .maximum) && piece.operands.allSatisfy(isNonnegative)
        case .variadic, .binary:
            guard graph[piece.head].operator.isCommutative, piece.operands.count == graph[piece.head].inputs.count else {
                return false
            }
            return piece.operands.allSatisfy(isNonnegative)
        case .unary, .clip:
            let description = description(of: piece)
            return ["ReLU", "sigmoid"].contains(description.operation)
                || description.traits.contains { $0.name == "bounds" && $0.text.hasPrefix("0.0 ") }
        default: return false
        }
    }

    private mutating func findLive() {
        isLive = [Bool](repeating: false, count: pieces.count)
        for output in graph.outputs {
            if case .piece(let index, _) = origins[output.value.index] { isLive[index] = true }
        }
        for index in pieces.indices.reversed() where isLive[index] {
            for operand in pieces[index].operands {
                if case .piece(let source, _) = origins[operand.index] { isLive[source] = true }
            }
        }
    }

    func name(of piece: Int) -> String { graph.displayName(of: pieces[piece].head) }
}

extension Operator {
    /// An activation that others are made of by multiplying with it.
    var isGate: Bool {
        guard case .unary(let unary) = self else { return false }
        switch unary.kind {
        case .sigmoid: return true
        case .hardSigmoid(let alpha, let beta): return abs(alpha - 1 / 6) < 1e-6 && beta == 0.5
        default: return false
        }
    }

    /// A product of a map with a weight.
    var isProduct: Bool {
        switch self {
        case .convolution, .convolutionTranspose, .dense, .gemm, .matrixMultiplication: true
        default: false
        }
    }
}
