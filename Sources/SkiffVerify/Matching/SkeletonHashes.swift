internal import SkiffCore

/// For every node of a skeleton what lies before it and what lies behind it, each in one word. Linear in its edges.
struct SkeletonHashes {
    /// By node.
    private(set) var before: [UInt64]
    private(set) var behind: [UInt64]

    /// - Parameter names: what inputs and outputs that the other side has, too, are called on both; by node.
    init(_ skeleton: Skeleton, names: [Int: UInt64]) {
        let nodes = skeleton.nodes
        before = [UInt64](repeating: 0, count: nodes.count)
        behind = before
        for (index, node) in nodes.enumerated() {
            var hash = combine(node.label, names[index] ?? 0)
            for (position, operand) in node.operands.enumerated() {
                let place = node.kind == .arithmetic ? 0 : UInt64(position + 1)
                hash &+= combine(combine(before[operand.source], UInt64(operand.output)), combine(operand.part, place))
            }
            before[index] = combine(hash, 0)
        }
        var sums = [UInt64](repeating: 0, count: nodes.count)
        for (index, node) in nodes.enumerated().reversed() {
            // An output that the other side does not have changes nothing of what leads to it.
            if node.kind == .output, names[index] == nil { continue }
            behind[index] = combine(combine(node.label, names[index] ?? 0), sums[index])
            for (position, operand) in node.operands.enumerated() {
                let place = node.kind == .arithmetic ? 0 : UInt64(position + 1)
                sums[operand.source] &+= combine(
                    combine(behind[index], UInt64(operand.output)), combine(operand.part, place))
            }
        }
    }
}
