/// Drops nodes that nothing needs.
func dropDeadNodes(_ draft: inout Draft) -> Int { draft.dropUnread() }

extension Draft {
    /// Drops nodes that no output needs. What a pass leaves behind would count as a reader of its input, and keep
    /// others from fusing with that.
    @discardableResult
    mutating func dropUnread() -> Int {
        var isRead = [Bool](repeating: false, count: values.count)
        var isDropped = [Bool](repeating: false, count: nodes.count)
        for output in outputs { isRead[output.value] = true }
        for (index, node) in nodes.enumerated().reversed() {
            guard node.outputs.contains(where: { isRead[$0] && values[$0].constant == nil }) else {
                isDropped[index] = true
                continue
            }
            for case let input? in node.inputs { isRead[input] = true }
        }
        drop(isDropped)
        return isDropped.count { $0 }
    }
}
