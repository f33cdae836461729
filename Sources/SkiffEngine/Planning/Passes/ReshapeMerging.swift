internal import SkiffGraph

/// Makes one `Reshape` to a fixed shape of every chain of operators that keep the elements' order, and drops those
/// that give the shape they started from.
func mergeReshapes(_ draft: inout Draft) -> Int {
    let wiring = Wiring(draft)
    var changes = 0
    var isDropped = [Bool](repeating: false, count: draft.nodes.count)
    var replacements = Array(draft.values.indices)
    for index in draft.nodes.indices {
        guard let operation = draft.operation(index), operation.keepsOrder, draft.nodes[index].outputs.count == 1,
            let input = draft.input(index, 0)
        else { continue }
        let output = draft.nodes[index].outputs[0]
        var source = replacements[input]
        // What stands before has been merged already.
        if let producer = wiring.producers[source], draft.operation(producer)?.keepsOrder == true,
            let earlier = draft.input(producer, 0)
        {
            source = replacements[earlier]
        }
        let reshape = Operator.reshape(Reshape(shape: draft.values[output].shape, allowsZero: true))
        if draft.values[source].shape == draft.values[output].shape {
            isDropped[index] = true
            replacements[output] = source
        } else if operation != reshape || draft.nodes[index].inputs != [source] {
            draft.nodes[index].work = .operation(reshape)
            draft.nodes[index].inputs = [source]
        } else {
            continue
        }
        changes += 1
    }
    draft.drop(isDropped, reading: replacements)
    draft.dropUnread()
    return changes
}

extension Operator {
    /// Whether the elements stay in their row-major order, whatever the shape becomes.
    fileprivate var keepsOrder: Bool {
        switch self {
        case .reshape, .flatten, .squeeze, .unsqueeze: true
        default: false
        }
    }
}
