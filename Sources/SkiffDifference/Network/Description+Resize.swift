internal import SkiffCore
internal import SkiffGraph
internal import SkiffVerify

extension Network {
    func describe(_ resize: Resize, _ node: Node, _ source: ValueID?, _ description: inout Description) {
        description.operation = "resize"
        func constant(_ position: Int) -> [Double]? {
            guard node.inputs.indices.contains(position), let id = node.inputs[position] else { return nil }
            return graph.smallConstant(id)
        }
        let scales = constant(2).flatMap { $0.isEmpty ? nil : $0 }
        description.traits.append(.init("mode", modeText(resize, node, source)))
        if resize.antialias { description.traits.append(.init("antialias", "yes")) }
        if resize.excludesOutside { description.traits.append(.init("excludes outside", "yes")) }
        if resize.coordinates == .tfCropAndResize {
            description.traits.append(.init("region", constant(1).map { "\($0)" } ?? "computed"))
            description.traits.append(.init("beyond the region", "\(resize.extrapolationValue)"))
        }
        addExtents(node, source, scales: scales, &description)
    }

    /// How elements are picked and weighed, ways that come to the same under one name.
    private func modeText(_ resize: Resize, _ node: Node, _ source: ValueID?) -> String {
        let extents = pairs(node, source)
        let isGrown = extents.map { $0.allSatisfy { $0.0 > 0 && $0.1 % $0.0 == 0 } } ?? false
        var coordinates = "\(resize.coordinates)"
        // They differ only where one element is to be made.
        if resize.coordinates == .pytorchHalfPixel, extents?.allSatisfy({ $0.1 > 1 }) ?? false { coordinates = "halfPixel" }
        switch resize.mode {
        case .nearest(let rounding):
            let isPlain =
                resize.coordinates == .asymmetric && rounding == .floor
                || coordinates == "halfPixel" && (rounding == .roundPreferFloor || rounding == .roundPreferCeil)
            return isGrown && isPlain ? "nearest" : "nearest, \(rounding), \(coordinates)"
        case .linear: return "linear, \(coordinates)"
        case .cubic(let coefficient): return "cubic \(coefficient), \(coordinates)"
        }
    }

    /// Extents of each axis before and after; `nil` where one is open that changes.
    private func pairs(_ node: Node, _ source: ValueID?) -> [(Int, Int)]? {
        guard let before = source.flatMap({ graph[$0].fact?.shape }),
            let after = node.outputs.first.flatMap({ graph[$0].fact?.shape }), before.count == after.count
        else { return nil }
        var result: [(Int, Int)] = []
        for (one, other) in zip(before, after) where one != other || one == .unknown {
            guard let one = one.fixedValue, let other = other.fixedValue else { return nil }
            result.append((one, other))
        }
        return result
    }

    /// What extents become: by axis and number where they are known, else by scales.
    func addExtents(_ node: Node, _ source: ValueID?, scales: [Double]?, _ description: inout Description) {
        guard let source, let before = graph[source].fact?.shape, let output = node.outputs.first,
            let after = graph[output].fact?.shape, before.count == after.count, pairs(node, source) != nil
        else {
            var factors = scales
            if case .upsampling(let upsampling) = node.operator {
                let rank = upsampling.factors.count + 2
                var all = [Double](repeating: 1, count: rank)
                for (axis, factor) in upsampling.factors.enumerated() {
                    all[upsampling.layout.firstSpatialAxis + axis] = Double(factor)
                }
                factors = all
            }
            let texts = factors.map { factors in
                factors.indices.filter { factors[$0] != 1 }.map { "\(axisText($0, of: source)) × \(factors[$0])" }.sorted()
            }
            description.traits.append(.init("extents", texts.map { $0.joined(separator: ", ") } ?? "computed"))
            return
        }
        let texts = before.indices.filter { before[$0] != after[$0] }
            .map { "\(axisText($0, of: source)): \(before[$0]) to \(after[$0])" }.sorted()
        description.traits.append(.init("extents", texts.joined(separator: ", ")))
    }
}
