internal import SkiffCore
internal import SkiffGraph
internal import SkiffVerify

/// Compares the pieces of two networks that are one step, and lists what only one of them has.
struct LayerComparison {
    typealias Layer = ModelDifference.Layer
    typealias Weight = ModelDifference.Weight

    /// Two weights to compare, and where the answer belongs.
    struct WeightTask: Sendable {
        var layer: Int
        var weight: Int
        var left: WeightRef
        var right: WeightRef
    }

    /// Two pieces of which one may have folded what the other does behind.
    struct FoldTask: Sendable {
        var layer: Int
        var left: Int
        var right: Int
    }

    let left: Network
    let right: Network
    let matching: PieceMatching
    private(set) var layers: [Layer] = []
    private(set) var weightTasks: [WeightTask] = []
    private(set) var foldTasks: [FoldTask] = []
    /// Whether a step is wired otherwise, or its operands' axes are not known to correspond.
    var isRewired = false

    init(_ left: Network, _ right: Network, _ matching: PieceMatching) {
        self.left = left
        self.right = right
        self.matching = matching
        var nextRight = 0
        // What only the right side has stands where the right side has it.
        func addPending(before other: Int, _ layers: inout Self) {
            while nextRight < other {
                if matching.inverse[nextRight] == nil { layers.addAlone(nextRight, isLeft: false) }
                nextRight += 1
            }
        }
        for index in left.pieces.indices {
            if let other = matching.partner[index] {
                if other >= nextRight { addPending(before: other, &self) }
                addPair(index, other)
            } else {
                addAlone(index, isLeft: true)
            }
        }
        addPending(before: right.pieces.count, &self)
    }

    private mutating func addAlone(_ index: Int, isLeft: Bool) {
        let network = isLeft ? left : right
        let piece = network.pieces[index]
        var isPlain = false
        if case .plain = piece.kind { isPlain = true }
        for (position, node) in piece.nodes.enumerated() where position == 0 || !isPlain {
            let nodes = (position == 0 ? piece.pad.map { [$0] } ?? [] : []) + (isPlain ? piece.nodes : [node])
            let description = position == 0 ? network.description(of: piece) : network.describe(node: node, of: piece)
            let weights = network.weights(of: node, in: piece).map { weight in
                Weight(
                    state: isLeft ? .removed : .added, left: isLeft ? weight.value : nil,
                    right: isLeft ? nil : weight.value, name: network.name(of: weight),
                    text: isLeft ? "only on the left" : "only on the right", role: weight.role)
            }
            layers.append(
                Layer(
                    change: isLeft ? .removed : .added, left: isLeft ? nodes : [], right: isLeft ? [] : nodes,
                    attributes: [], weights: weights, operation: description.operation,
                    notes: network.isLive[index] ? [] : ["no output hangs on it"]))
        }
    }

    private mutating func addPair(_ one: Int, _ other: Int) {
        let (piece, partner) = (left.pieces[one], right.pieces[other])
        let isStepwise =
            piece.steps.count == partner.steps.count
            && zip(piece.steps, partner.steps).allSatisfy {
                left.graph[$0].operator.isSameStep(as: right.graph[$1].operator)
                    && left.computedInputs(of: $0) == right.computedInputs(of: $1)
            } && hasBias(piece, left) == hasBias(partner, right)
        if case .plain = piece.kind { return addPlain(one, other) }
        if isStepwise { addSteps(one, other) } else { addWhole(one, other) }
    }

    /// One step that is no layer of weights, in one node or several.
    private mutating func addPlain(_ one: Int, _ other: Int) {
        let (piece, partner) = (left.pieces[one], right.pieces[other])
        guard piece.nodes.count > 1 || partner.nodes.count > 1 else { return addSteps(one, other) }
        let (description, otherDescription) = (left.description(of: piece), right.description(of: partner))
        var layer = Layer(
            change: .same, left: piece.nodes, right: partner.nodes,
            attributes: description.differences(from: otherDescription), weights: [], operation: description.operation)
        if piece.nodes.count != partner.nodes.count, layer.attributes.isEmpty {
            layer.notes.append("\(description.operation) is written as a formula on one side")
        }
        layer.valueTypes = valueTypes(piece.nodes[piece.nodes.count - 1], partner.nodes[partner.nodes.count - 1])
        wire(one, other, &layer)
        if !layer.attributes.isEmpty { layer.change = .changed }
        layers.append(layer)
    }

    private func hasBias(_ piece: Piece, _ network: Network) -> Bool {
        let head = network.graph[piece.head]
        return piece.isContraction && head.inputs.count > 2 && head.inputs[2] != nil
    }

    /// Both have the same steps: each node is a layer of its own.
    private mutating func addSteps(_ one: Int, _ other: Int) {
        let (piece, partner) = (left.pieces[one], right.pieces[other])
        for (position, nodes) in zip(piece.nodes, partner.nodes).enumerated() {
            let isHead = position == 0
            let pads = (isHead ? piece.pad : nil, isHead ? partner.pad : nil)
            let description = isHead ? left.description(of: piece) : left.describe(node: nodes.0, of: piece)
            let otherDescription = isHead ? right.description(of: partner) : right.describe(node: nodes.1, of: partner)
            var layer = Layer(
                change: .same, left: (pads.0.map { [$0] } ?? []) + [nodes.0],
                right: (pads.1.map { [$0] } ?? []) + [nodes.1],
                attributes: description.differences(from: otherDescription), weights: [],
                operation: description.operation)
            layer.valueTypes = valueTypes(nodes.0, nodes.1)
            if (pads.0 == nil) != (pads.1 == nil), layer.attributes.isEmpty {
                layer.notes.append(pads.0 == nil ? "padding is a node of its own on the right" : "padding is a node of its own on the left")
            }
            if !description.isKnown {
                layer.notes.append("what \(description.operation) computes is not known; attributes and weights are compared")
            }
            if isHead { wire(one, other, &layer) }
            if (description.traits + otherDescription.traits).contains(where: { $0.text.contains("computed") }) {
                compareComputed(nodes.0, nodes.1, &layer)
            }
            addWeights(
                left.weights(of: nodes.0, in: piece), right.weights(of: nodes.1, in: partner), &layer)
            if !layer.attributes.isEmpty { layer.change = .changed }
            layers.append(layer)
        }
    }

    /// Values computed in other bits are other values.
    private func valueTypes(_ one: NodeID, _ other: NodeID) -> String? {
        let types = (left.valueType(of: one), right.valueType(of: other))
        // What rounding to whole numbers gives stands for real numbers.
        guard types.0 != types.1, types.0.isFloatingPoint, types.1.isFloatingPoint else { return nil }
        return "\(types.0.rawValue) → \(types.1.rawValue)"
    }

    private mutating func addWeights(_ ones: [LayerWeight], _ others: [LayerWeight], _ layer: inout Layer) {
        var rest = others
        for one in ones {
            guard let found = rest.firstIndex(where: { $0.role == one.role }) ?? (one.role.isPositional ? rest.indices.first : nil)
            else {
                layer.weights.append(
                    Weight(
                        state: .removed, left: one.value, right: nil, name: left.name(of: one),
                        text: "only on the left", role: one.role))
                continue
            }
            let other = rest.remove(at: found)
            var weight = Weight(
                state: .changed, left: one.value, right: other.value, name: left.name(of: one), text: "", role: one.role)
            if let stored = one.stored, let otherStored = other.stored {
                if Set(stored.axes) != Set(otherStored.axes) {
                    layer.attributes.append(
                        "\(one.role) \(stored.tensor.shape.shapeText) → \(otherStored.tensor.shape.shapeText)")
                }
                weightTasks.append(
                    WeightTask(layer: layers.count, weight: layer.weights.count, left: stored, right: otherStored))
            } else if let values = left.graph.smallConstant(one.value), values == right.graph.smallConstant(other.value) {
                weight.state = .identical
                weight.text = "same numbers"
            } else {
                weight.text = "is computed; not compared"
                weight.isUnread = true
                layer.unknowns.append("\(one.role) is computed from others")
            }
            layer.weights.append(weight)
        }
        for other in rest {
            layer.weights.append(
                Weight(
                    state: .added, left: nil, right: other.value, name: right.name(of: other),
                    text: "only on the right", role: other.role))
        }
    }

    /// One side does in one step what the other does in more.
    private mutating func addWhole(_ one: Int, _ other: Int) {
        let (piece, partner) = (left.pieces[one], right.pieces[other])
        var layer = Layer(
            change: .same, left: (piece.pad.map { [$0] } ?? []) + piece.nodes,
            right: (partner.pad.map { [$0] } ?? []) + partner.nodes, attributes: [], weights: [])
        let description = left.description(of: piece)
        layer.operation = description.operation
        layer.valueTypes = piece.nodes.last.flatMap { last in partner.nodes.last.flatMap { valueTypes(last, $0) } }
        if piece.isContraction { layer.attributes = description.differences(from: right.description(of: partner)) }
        wire(one, other, &layer)
        foldTasks.append(FoldTask(layer: layers.count, left: one, right: other))
        if !layer.attributes.isEmpty { layer.change = .changed }
        layers.append(layer)
    }
}

extension String {
    fileprivate var isPositional: Bool { hasPrefix("input ") }
}

extension Operator {
    /// Whether two affine steps differ in nothing but attributes and numbers.
    fileprivate func isSameStep(as other: Operator) -> Bool {
        switch (self, other) {
        case (.binary(let one), .binary(let two)): one.kind == two.kind
        case (.variadic(let one), .variadic(let two)): one.kind == two.kind
        default: kind == other.kind
        }
    }

    /// Whether the operator's description says its axes by what they are, or it has none.
    var namesItsAxes: Bool {
        switch self {
        case .unary, .clip, .parametricReLU, .binary, .variadic, .select, .softmax, .concatenation, .split, .reduction,
            .globalPooling, .pooling, .pad, .resize, .upsampling, .batchNormalization, .cast, .identity, .quantize,
            .dequantize:
            true
        default: false
        }
    }
}

extension Network {
    /// The positions of a node's inputs that hang on the network's.
    func computedInputs(of id: NodeID) -> [Int] {
        let inputs = graph[id].inputs
        return inputs.indices.filter { inputs[$0].map(side.isComputed) ?? false }
    }
}
