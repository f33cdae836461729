internal import SkiffCore
internal import SkiffGraph

/// Most elements of a constant that is rearranged so that a transpose can pass.
private let rearrangedElements = 1 << 20

/// Moves transposes behind what works element by element, so that it stands right behind the product that gives its
/// input, and transposes meet those that undo them.
func moveTransposes(_ draft: inout Draft) -> Int {
    var origins: [Int: TransposedValue] = [:]
    var nodes: [Draft.Node] = []
    nodes.reserveCapacity(draft.nodes.count)
    var changes = 0
    for index in draft.nodes.indices {
        if let permutation = draft.permutation(index), let input = draft.input(index, 0) {
            let earlier = origins[input]
            origins[draft.nodes[index].outputs[0]] = TransposedValue(
                source: earlier?.source ?? input,
                permutation: earlier.map { earlier in permutation.map { earlier.permutation[$0] } } ?? permutation)
            nodes.append(draft.nodes[index])
        } else if let (node, back) = draft.moved(index, before: origins) {
            nodes.append(node)
            if let back {
                nodes.append(back.node)
                origins[back.node.outputs[0]] = back.origin
            }
            changes += 1
        } else {
            nodes.append(draft.nodes[index])
        }
    }
    draft.nodes = nodes
    draft.dropUnread()
    return changes
}

/// A value as what it is a transpose of: its axis i is axis permutation[i] of the source.
private struct TransposedValue {
    var source: Int
    var permutation: [Int]
}

extension Draft {
    /// The permutation that all inputs of node `index` but constants share, if it can be done after the node.
    private func movable(_ index: Int, before origins: [Int: TransposedValue]) -> [Int]? {
        guard let operation = operation(index), nodes[index].outputs.count == 1 else { return nil }
        let permutations = nodes[index].inputs.compactMap { $0.flatMap { origins[$0]?.permutation } }
        guard let permutation = permutations.first, permutations.allSatisfy({ $0 == permutation }),
            permutation != Array(permutation.indices), nodes[index].inputs.first.flatMap({ $0 }) != nil
        else { return nil }
        let rank = permutation.count
        switch operation {
        case .globalPooling: return permutation
        case .unary, .clip, .binary, .variadic, .select, .parametricReLU, .cast, .concatenation, .pad: break
        case .batchNormalization(let normalization) where !normalization.isTraining: return permutation
        default: return nil
        }
        guard values[nodes[index].outputs[0]].shape.count == rank else { return nil }
        for case let input? in nodes[index].inputs where origins[input] == nil {
            let value = values[input]
            guard let constant = value.constant, value.shape.count <= rank, constant.elementCount <= rearrangedElements
            else { return nil }
        }
        return permutation
    }

    /// Node `index` working on what its inputs are transposes of, and the transpose that gives its output then;
    /// `nil` where it cannot.
    fileprivate mutating func moved(
        _ index: Int, before origins: [Int: TransposedValue]
    ) -> (node: Node, back: (node: Node, origin: TransposedValue)?)? {
        guard let permutation = movable(index, before: origins), let operation = operation(index),
            let work = moved(operation, index, permutation)
        else { return nil }
        var node = nodes[index]
        node.work = .operation(work)
        // Lists of pads are in the operator now, and single numbers fit any shape.
        if case .pad = work { node.inputs = [node.inputs[0], nil, input(index, 2)] }
        for (position, input) in node.inputs.enumerated() {
            guard let input else { continue }
            if let origin = origins[input] {
                node.inputs[position] = origin.source
            } else if values[input].constant?.elementCount != 1 || work.joinsInputs, !work.readsVectors {
                guard let rearranged = rearranged(input, permutation) else { return nil }
                node.inputs[position] = rearranged
            }
        }
        let output = node.outputs[0]
        if case .globalPooling(let pooling) = work, !pooling.keepsDimensions { return (node, nil) }
        var value = values[output]
        for (axis, source) in permutation.enumerated() { value.shape[source] = values[output].shape[axis] }
        values.append(value)
        node.outputs = [values.count - 1]
        let back = Node(
            origins: node.origins, work: .operation(.transpose(Transpose(permutation: permutation))),
            inputs: node.outputs, outputs: [output])
        return (node, (back, TransposedValue(source: node.outputs[0], permutation: permutation)))
    }

    /// The operator for inputs that are not transposed yet.
    private func moved(_ operation: Operator, _ index: Int, _ permutation: [Int]) -> Operator? {
        let rank = permutation.count
        switch operation {
        case .concatenation(var concatenation):
            concatenation.axis = permutation[(concatenation.axis + rank) % rank]
            return .concatenation(concatenation)
        case .batchNormalization(var normalization):
            normalization.axis = permutation[(normalization.axis + rank) % rank]
            return .batchNormalization(normalization)
        case .globalPooling(var pooling):
            guard permutation[0] == 0 else { return nil }
            let channel = permutation[pooling.layout.channelAxis(rank: rank)]
            guard let layout = Layout.allCases.first(where: { $0.channelAxis(rank: rank) == channel }) else {
                return nil
            }
            pooling.layout = layout
            return .globalPooling(pooling)
        case .pad(var pad):
            guard let pads = resolvedPads(index) else { return nil }
            var moved = pads
            for (axis, source) in permutation.enumerated() { moved[source] = pads[axis] }
            pad.pads = moved.map(\.before) + moved.map(\.after)
            return .pad(pad)
        default: return operation
        }
    }

    /// A constant broadcast as before, to values whose axes are not transposed yet.
    private mutating func rearranged(_ index: Int, _ permutation: [Int]) -> Int? {
        var value = values[index]
        guard let constant = value.constant else { return nil }
        let shape = Array(repeating: 1, count: permutation.count - value.shape.count) + value.shape
        var inverse = permutation
        for (axis, source) in permutation.enumerated() { inverse[source] = axis }
        value.shape = inverse.map { shape[$0] }
        let isInOrder = inverse.filter { shape[$0] != 1 } == shape.indices.filter { shape[$0] != 1 }
        guard
            let widened = try? Tensor(
                elementType: constant.elementType, shape: isInOrder ? value.shape : shape, storage: constant.storage,
                byteRange: constant.byteRange, byteOrder: constant.byteOrder),
            let tensor = isInOrder ? widened : try? widened.permuted(inverse)
        else { return nil }
        value.constant = tensor
        values.append(value)
        return values.count - 1
    }
}

extension Operator {
    /// Whether the inputs stand beside each other, and are not broadcast.
    fileprivate var joinsInputs: Bool { if case .concatenation = self { true } else { false } }

    /// Whether constants are read element by element along one axis that the operator names.
    fileprivate var readsVectors: Bool { if case .batchNormalization = self { true } else { false } }
}
