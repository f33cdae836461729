/// Drops nodes that nothing needs.
func dropDeadNodes(_ draft: inout Draft) -> Int {
    var isRead = [Bool](repeating: false, count: draft.values.count)
    var isDropped = [Bool](repeating: false, count: draft.nodes.count)
    for output in draft.outputs { isRead[output.value] = true }
    for (index, node) in draft.nodes.enumerated().reversed() {
        guard node.outputs.contains(where: { isRead[$0] && draft.values[$0].constant == nil }) else {
            isDropped[index] = true
            continue
        }
        for case let input? in node.inputs { isRead[input] = true }
    }
    draft.drop(isDropped)
    return isDropped.count { $0 }
}
