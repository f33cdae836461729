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
    private(set) var isRewired = false

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
                left.graph[$0].operator.kind == right.graph[$1].operator.kind
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

    // MARK: Wiring

    /// Checks that both read the same values, whose axes correspond as the operator needs it.
    private mutating func wire(_ one: Int, _ other: Int, _ layer: inout Layer) {
        let (piece, partner) = (left.pieces[one], right.pieces[other])
        guard piece.operands.count == partner.operands.count else {
            layer.attributes.append("\(piece.operands.count) operands → \(partner.operands.count)")
            isRewired = true
            return
        }
        let isFree = left.graph[piece.head].operator.isCommutative
        var rest = Array(partner.operands.indices)
        var order: PairedFlows.AxisOrder?
        for (position, operand) in piece.operands.enumerated() {
            guard let origin = left.origins[operand.index] else { continue }
            let translated = matching.translated(origin)
            let found = rest.firstIndex { index in
                (isFree || index == position) && translated != nil
                    && right.origins[partner.operands[index].index] == translated
            }
            guard let found else {
                isRewired = true
                if !isFree, let text = rewiring(origin, right.origins[partner.operands[position].index]) {
                    layer.attributes.append(text)
                }
                continue
            }
            let index = rest.remove(at: found)
            checkAxes(piece, operand, partner, partner.operands[index], &order, &layer)
        }
        if isFree, !rest.isEmpty, let text = freeRewiring(piece, partner, rest) { layer.attributes.append(text) }
    }

    private func rewiring(_ origin: Network.Origin, _ other: Network.Origin?) -> String? {
        // Where what was read is gone, that is said of it.
        guard matching.translated(origin) != nil, let other, isPaired(other) else { return nil }
        return "reads \(name(origin, left)) → \(name(other, right))"
    }

    private func isPaired(_ origin: Network.Origin) -> Bool {
        switch origin {
        case .input(let position): matching.inputs.values.contains(position)
        case .piece(let index, _): matching.inverse[index] != nil
        }
    }

    private func freeRewiring(_ piece: Piece, _ partner: Piece, _ rest: [Int]) -> String? {
        let sources = piece.operands.compactMap { left.origins[$0.index] }
        let others = rest.compactMap { right.origins[partner.operands[$0].index] }
        let unmet = sources.filter { origin in
            guard let translated = matching.translated(origin) else { return true }
            return !partner.operands.contains { right.origins[$0.index] == translated }
        }
        guard unmet.count == others.count, unmet.allSatisfy({ matching.translated($0) != nil }),
            others.allSatisfy(isPaired)
        else { return nil }
        return "reads \(unmet.map { name($0, left) }.joined(separator: ", ")) → "
            + others.map { name($0, right) }.joined(separator: ", ")
    }

    private func name(_ origin: Network.Origin, _ network: Network) -> String {
        switch origin {
        case .input(let position): network.graph[network.graph.inputs[position]].name
        case .piece(let index, _): network.name(of: index)
        }
    }

    private mutating func checkAxes(
        _ piece: Piece, _ operand: ValueID, _ partner: Piece, _ other: ValueID, _ order: inout PairedFlows.AxisOrder?,
        _ layer: inout Layer
    ) {
        let (node, otherNode) = (left.graph[piece.head], right.graph[partner.head])
        let isLaidOut = node.operator.spatialLayout != nil && otherNode.operator.spatialLayout != nil || piece.isContraction
        let one = isLaidOut ? left.orderedAxes(of: operand, for: node, piece) : left.side.axes(of: operand)
        let two = isLaidOut ? right.orderedAxes(of: other, for: otherNode, partner) : right.side.axes(of: other)
        let found = PairedFlows.order(one, two)
        switch found {
        case .same: break
        case .permuted where !isLaidOut:
            // All operands of one step have to be turned alike.
            if let order, order != found, (one?.count ?? 0) > 1 { layer.unknowns.append("the order of its operands' axes") }
        case .permuted, .incompatible:
            isRewired = true
            layer.attributes.append("the order of axes of \(left.graph[operand].name.isEmpty ? "its input" : left.graph[operand].name)")
        case .untold:
            let ranks = (left.graph[operand].fact?.shape, right.graph[other].fact?.shape)
            if ranks.0 == nil || ranks.0 != ranks.1 || node.operator != otherNode.operator {
                layer.unknowns.append("how the axes of its input lie")
            }
        }
        if order == nil { order = found }
    }
}

extension String {
    fileprivate var isPositional: Bool { hasPrefix("input ") }
}

extension Operator {
    var isCommutative: Bool {
        switch self {
        case .variadic: true
        case .binary(let binary): binary.kind == .add || binary.kind == .multiply
        default: false
        }
    }

    /// The layout of the map that the operator reads, where it has one.
    var spatialLayout: Layout? {
        switch self {
        case .convolution(let attributes): attributes.layout
        case .convolutionTranspose(let attributes): attributes.layout
        case .pooling(let attributes): attributes.layout
        case .globalPooling(let attributes): attributes.layout
        case .upsampling(let attributes): attributes.layout
        case .cropping(let attributes): attributes.layout
        default: nil
        }
    }
}

extension Network {
    func name(of weight: LayerWeight) -> String {
        let name = weight.stored?.name ?? graph[weight.value].name
        return name.isEmpty ? weight.role : name
    }

    /// The axes of an operand in the order in which the operator speaks of them: channels first, the axis that is summed
    /// over without the order of its factors.
    func orderedAxes(of value: ValueID, for node: Node, _ piece: Piece) -> [[PairedFlows.AxisFactor]]? {
        guard let axes = side.axes(of: value) else { return nil }
        if let layout = node.operator.spatialLayout, axes.count > 2 {
            let channel = layout.channelAxis(rank: axes.count)
            guard axes.indices.contains(channel) else { return axes }
            return [axes[0], axes[channel]]
                + (0..<axes.count - 2).map { axes[layout.firstSpatialAxis + $0] }
        }
        guard case .contraction(let weight) = piece.kind, axes.count > 1 else { return axes }
        var sum = weight == 1 ? axes.count - 1 : axes.count - 2
        if case .gemm(let gemm) = node.operator, axes.count == 2 {
            sum = weight == 1 ? (gemm.transposesA ? 0 : 1) : (gemm.transposesB ? 1 : 0)
        }
        var ordered = axes
        let summed = ordered.remove(at: sum)
        let labels = summed.filter { $0.extent != .fixed(1) }
        let isTold = Set(labels.map(\.label)).count == labels.count && labels.allSatisfy { $0.extent.fixedValue != nil }
        return ordered + [isTold ? labels.sorted { $0.label < $1.label } : summed]
    }
}
