internal import SkiffCore
internal import SkiffGraph

/// Most elements that a folded value may have beyond those it is made of.
private let grownElements = 1 << 20

/// Computes the nodes that hang on no input, and drops them. One whose result is much larger than its inputs stays.
/// - Parameter leavesWeights: leaves the conversion and transposition of large weights that a product can take as
///   they are.
func foldConstants(_ draft: inout Draft, leavesWeights: Bool) throws(EngineError) -> Int {
    let isTakenAsIs = leavesWeights ? weightsTakenAsTheyAre(draft) : []
    var isDropped = [Bool](repeating: false, count: draft.nodes.count)
    for index in draft.nodes.indices {
        let node = draft.nodes[index]
        if node.outputs.allSatisfy({ draft.values[$0].constant != nil }) {
            isDropped[index] = true
            continue
        }
        guard let operation = draft.operation(index), !leavesWeights || !isTakenAsIs[index],
            draft.hangsOnNothing(node), isAffordable(node, in: draft)
        else { continue }
        if let same = draft.reinterpreted(node, operation) {
            draft.values[node.outputs[0]].constant = same
        } else {
            // What cannot be computed here is refused by the run, in its own words.
            guard let tensors = try? draft.folding.apply(
                operation, to: node.inputs.map { $0.map { draft.values[$0] } }, outputCount: node.outputs.count)
            else { continue }
            for (output, tensor) in zip(node.outputs, tensors) { draft.values[output].constant = tensor }
        }
        isDropped[index] = true
    }
    draft.drop(isDropped)
    return isDropped.count { $0 }
}

private func isAffordable(_ node: Draft.Node, in draft: Draft) -> Bool {
    func elements(_ values: [Int]) -> Int {
        values.reduce(0) { sum, value in
            let count = draft.values[value].shape.checkedElementCount ?? Int.max
            let (total, overflow) = sum.addingReportingOverflow(count)
            return overflow ? Int.max : total
        }
    }
    return elements(node.outputs) <= max(grownElements, elements(node.inputs.compactMap { $0 }))
}

extension Draft {
    /// The constant that a node gives, where it has the same elements in the same order and type as its input.
    func reinterpreted(_ node: Node, _ operation: Operator) -> Tensor? {
        switch operation {
        case .identity, .reshape, .flatten, .squeeze, .unsqueeze: break
        default: return nil
        }
        guard node.outputs.count == 1, let input = node.inputs.first ?? nil, let constant = values[input].constant
        else { return nil }
        return try? Tensor(
            elementType: constant.elementType, shape: values[node.outputs[0]].shape, storage: constant.storage,
            byteRange: constant.byteRange, byteOrder: constant.byteOrder)
    }
}

/// Marks the nodes that convert or transpose a large weight for products alone, which read it without them.
private func weightsTakenAsTheyAre(_ draft: Draft) -> [Bool] {
    var isRead = [Bool](repeating: false, count: draft.values.count)
    var isReadOtherwise = isRead
    var isConvolved = isRead
    for index in draft.nodes.indices {
        for (position, input) in draft.nodes[index].inputs.enumerated() {
            guard let input else { continue }
            isRead[input] = true
            switch draft.operation(index) {
            case .convolution where position == 1: isConvolved[input] = true
            case .dense where position == 1, .gemm where position == 1, .matrixMultiplication where position == 1: break
            default: isReadOtherwise[input] = true
            }
        }
    }
    for output in draft.outputs { isReadOtherwise[output.value] = true }
    return draft.nodes.indices.map { index in
        guard let input = draft.input(index, 0), let output = draft.nodes[index].outputs.first, isRead[output],
            !isReadOtherwise[output], draft.values[output].elementType == .float32,
            (draft.values[input].constant?.elementCount ?? 0) > Fact.contentsLimit
        else { return false }
        switch draft.operation(index) {
        case .cast: return draft.isNumeric(input)
        case .transpose: return draft.values[output].shape.count == 2 && !isConvolved[output]
        default: return false
        }
    }
}

extension Draft {
    /// Whether elements are read as Double without loss.
    func isNumeric(_ value: Int) -> Bool {
        let type = values[value].elementType
        return type.isFloatingPoint || type.isInteger && (type.bitWidth ?? 64) <= 32
    }
}
