internal import SkiffCore
internal import SkiffGraph
internal import SkiffVerify

extension Network {
    /// Zeros added before and after each spatial axis, by label; `nil` where a node adds something else.
    func padding(of node: Node) -> [Int: (before: Int, after: Int)]? {
        guard case .pad(let pad) = node.operator, pad.mode == .constant, let source = node.inputs.first ?? nil,
            let labels = side.axes(of: source)
        else { return nil }
        func integers(_ position: Int) -> [Int]? {
            guard node.inputs.indices.contains(position), let id = node.inputs[position] else { return nil }
            return graph[id].fact?.integers
        }
        let value = node.inputs.count > 2 ? node.inputs[2].flatMap { graph.smallConstant($0)?.first } : nil
        if node.inputs.count > 2, node.inputs[2] != nil, value == nil { return nil }
        guard (value ?? Double(pad.value)) == 0, let pads = integers(1) ?? pad.pads else { return nil }
        if node.inputs.count > 3, node.inputs[3] != nil, integers(3) == nil { return nil }
        let axes = (integers(3) ?? Array(labels.indices)).map { $0 < 0 ? $0 + labels.count : $0 }
        guard pads.count == 2 * axes.count, axes.allSatisfy(labels.indices.contains) else { return nil }
        var result: [Int: (before: Int, after: Int)] = [:]
        for (position, axis) in axes.enumerated() {
            let (before, after) = (pads[position], pads[axes.count + position])
            if before == 0, after == 0 { continue }
            guard labels[axis].count == 1, let label = labels[axis].first?.label, label >= PairedFlows.spatialLabel,
                label < PairedFlows.spatialLabel + 8, before >= 0, after >= 0
            else { return nil }
            result[label] = (before, after)
        }
        return result
    }
}
