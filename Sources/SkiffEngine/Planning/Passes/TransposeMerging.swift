internal import SkiffCore
internal import SkiffGraph

/// Makes one `Transpose` of every chain, drops those that cancel, and makes a `Reshape` of those that move only
/// axes of extent one.
func mergeTransposes(_ draft: inout Draft) -> Int {
    let wiring = Wiring(draft)
    var changes = 0
    var isDropped = [Bool](repeating: false, count: draft.nodes.count)
    var replacements = Array(draft.values.indices)
    for index in draft.nodes.indices {
        guard let input = draft.input(index, 0), var permutation = draft.permutation(index) else { continue }
        let output = draft.nodes[index].outputs[0]
        var source = replacements[input]
        if let producer = wiring.producers[source], let earlier = draft.permutation(producer),
            let first = draft.input(producer, 0)
        {
            permutation = permutation.map { earlier[$0] }
            source = replacements[first]
        }
        let shape = draft.values[source].shape
        let work: Operator
        if permutation == Array(shape.indices) {
            isDropped[index] = true
            replacements[output] = source
            changes += 1
            continue
        } else if permutation.filter({ shape[$0] != 1 }) == shape.indices.filter({ shape[$0] != 1 }) {
            work = .reshape(Reshape(shape: draft.values[output].shape, allowsZero: true))
        } else {
            work = .transpose(Transpose(permutation: permutation))
        }
        guard draft.operation(index) != work || source != input else { continue }
        draft.nodes[index].work = .operation(work)
        draft.nodes[index].inputs = [source]
        changes += 1
    }
    draft.drop(isDropped, reading: replacements)
    draft.dropUnread()
    return changes
}

extension Draft {
    /// The permutation of node `index` with axes counted from the start, where it is a `Transpose`.
    func permutation(_ index: Int) -> [Int]? {
        guard case .transpose(let transpose) = operation(index), let output = nodes[index].outputs.first else {
            return nil
        }
        let rank = values[output].shape.count
        return transpose.permutation ?? (0..<rank).reversed()
    }
}
