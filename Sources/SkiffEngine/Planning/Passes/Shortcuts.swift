internal import SkiffGraph

/// Makes the other operand of an addition the addend of a product that nothing else reads.
///
/// Of two products the later one takes the earlier's result. It moves to the addition's place, where all that it
/// reads has been given.
func fuseShortcuts(_ draft: inout Draft) -> Int {
    var wiring = Wiring(draft)
    var isDropped = [Bool](repeating: false, count: draft.nodes.count)
    for index in draft.nodes.indices {
        guard draft.isAddition(index), let left = draft.input(index, 0), let right = draft.input(index, 1),
            let output = draft.nodes[index].outputs.first,
            draft.isFloatMap(output), draft.isSummand(left, of: output), draft.isSummand(right, of: output)
        else { continue }
        let candidates = [(left, right), (right, left)].compactMap { own, other -> (producer: Int, addend: Int)? in
            guard let producer = wiring.producers[own], wiring.reads[own] == 1, let product = draft.product(producer),
                !product.isClamped, draft.input(producer, 2) == nil
            else { return nil }
            return (producer, other)
        }
        guard let chosen = candidates.max(by: { $0.producer < $1.producer }),
            let product = draft.product(chosen.producer)
        else { continue }
        draft.fuse(chosen.producer, into: index, product, addend: chosen.addend)
        wiring.producers[output] = index
        isDropped[chosen.producer] = true
    }
    draft.drop(isDropped)
    return isDropped.count { $0 }
}

extension Draft {
    /// Whether a value is computed by the run, of the output's type and shape.
    fileprivate func isSummand(_ value: Int, of output: Int) -> Bool {
        values[value].constant == nil && values[value].elementType == values[output].elementType
            && values[value].shape == values[output].shape
    }

    fileprivate func isAddition(_ index: Int) -> Bool {
        switch operation(index) {
        case .binary(let binary): binary.kind == .add
        case .variadic(let variadic): variadic.kind == .sum && nodes[index].inputs.count == 2
        default: false
        }
    }
}
