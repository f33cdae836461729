extension Plan {
    /// The steps with weights in the order of a Keras model's layers: by depth from the output, at one depth in the
    /// order in which a walk from the output meets them. Source: keras/src/ops/function.py, `map_graph`.
    var kerasOrder: [LayerRole] {
        guard let last = steps.indices.last else { return [] }
        var depth = [Int](repeating: 0, count: steps.count)
        // Inputs stand before their readers, so one pass from the end sees every reader first.
        for index in steps.indices.reversed() {
            for input in steps[index].inputs { depth[input] = max(depth[input], depth[index] + 1) }
        }
        var met = [Int?](repeating: nil, count: steps.count)
        var count = 0
        var stack = [last]
        while let index = stack.popLast() {
            guard met[index] == nil else { continue }
            met[index] = count
            count += 1
            stack.append(contentsOf: steps[index].inputs.reversed())
        }
        return steps.indices.filter { met[$0] != nil }
            .sorted { (-depth[$0], met[$0] ?? 0) < (-depth[$1], met[$1] ?? 0) }
            .compactMap { steps[$0].role }
    }
}
