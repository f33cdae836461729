internal import SkiffCore
internal import SkiffGraph
internal import SkiffVerify

extension LayerComparison {
    // MARK: Constants

    /// Constants that hang on shapes only a run knows are one where they are computed alike from the same values.
    func compareComputed(_ one: NodeID, _ other: NodeID, _ layer: inout Layer) {
        func given(_ id: NodeID, _ network: Network) -> [(position: Int, value: ValueID)] {
            network.graph[id].inputs.enumerated().compactMap { position, input in
                guard let input, !network.side.isComputed(input) else { return nil }
                // An empty list stands for an input that is left out.
                let isEmpty = network.graph[input].fact?.shape?.fixedShape?.checkedElementCount == 0
                return isEmpty ? nil : (position, input)
            }
        }
        let (ones, others) = (given(one, left), given(other, right))
        var budget = 2000
        let isSame =
            ones.map(\.position) == others.map(\.position)
            && zip(ones, others).allSatisfy { isSameConstant($0.value, $1.value, depth: 0, &budget) }
        if !isSame { layer.unknowns.append("a constant is computed from shapes") }
    }

    /// Bounded in depth and in steps, so that no file decides how far it goes.
    private func isSameConstant(_ one: ValueID, _ other: ValueID, depth: Int, _ budget: inout Int) -> Bool {
        budget -= 1
        guard budget > 0, depth < 48 else { return false }
        if left.side.isComputed(one) || right.side.isComputed(other) {
            guard let origin = left.origins[one.index], let otherOrigin = right.origins[other.index] else { return false }
            // Of a shape that is read, the order of axes has to be the same.
            return matching.translated(origin) == otherOrigin
                && PairedFlows.order(left.side.axes(of: one), right.side.axes(of: other)) == .same
        }
        if let values = left.graph.smallConstant(one) { return values == right.graph.smallConstant(other) }
        guard let node = left.graph.producer(of: one).map({ left.graph[$0] }),
            let otherNode = right.graph.producer(of: other).map({ right.graph[$0] }),
            node.operator == otherNode.operator, node.inputs.count == otherNode.inputs.count
        else { return false }
        for (input, otherInput) in zip(node.inputs, otherNode.inputs) {
            guard let input, let otherInput else {
                if input == nil, otherInput == nil { continue }
                return false
            }
            if !isSameConstant(input, otherInput, depth: depth + 1, &budget) { return false }
        }
        return true
    }

    // MARK: Wiring

    /// Checks that both read the same values, whose axes correspond as the operator needs it.
    mutating func wire(_ one: Int, _ other: Int, _ layer: inout Layer) {
        let (piece, partner) = (left.pieces[one], right.pieces[other])
        guard piece.operands.count == partner.operands.count else {
            layer.attributes.append("\(piece.operands.count) operands → \(partner.operands.count)")
            isRewired = true
            return
        }
        let isFree = left.graph[piece.head].operator.isCommutative
        // A constant in front and one behind are different functions: x − c and c − x.
        if case .plain = piece.kind, !isFree,
            left.computedInputs(of: piece.head) != right.computedInputs(of: partner.head)
        {
            layer.attributes.append("operands in another order")
        }
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
            if !node.operator.namesItsAxes { layer.unknowns.append("what it does to axes in another order") }
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
