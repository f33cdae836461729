internal import SkiffCore
internal import SkiffGraph

/// Changes that take two layers: a stride that moved, weights of two layers exchanged, layers in another order.
enum PairExperiments {
    /// Pairs that are tried in one piece.
    private static let most = 200

    static func experiments(of sites: [Site]) -> [Experiment] {
        guard sites.count > 1 else { return [] }
        return strides(sites) + exchanged(sites) + orders(sites)
    }

    private static func strides(_ sites: [Site]) -> [Experiment] {
        let windows = sites.compactMap { site -> (site: Site, sliding: WindowExperiments.Sliding)? in
            WindowExperiments.sliding(site).map { (site, $0) }
        }
        var result: [Experiment] = []
        for strided in windows where strided.sliding.window.strides.contains(where: { $0 > 1 }) {
            for plain in windows where plain.site.id != strided.site.id && result.count < most {
                guard plain.sliding.window.strides.allSatisfy({ $0 == 1 }),
                    plain.sliding.kernel.count == strided.sliding.kernel.count
                else { continue }
                result += moved(strided, plain)
            }
        }
        return result
    }

    private static func moved(
        _ from: (site: Site, sliding: WindowExperiments.Sliding), _ to: (site: Site, sliding: WindowExperiments.Sliding)
    ) -> [Experiment] {
        let steps = from.sliding.window.strides
        var plain = from.sliding.window
        plain.strides = steps.map { _ in 1 }
        var strided = to.sliding.window
        strided.strides = steps
        // A map of even extents has one element less to pad where the stride is taken.
        let half = to.sliding.kernel.map { ($0 - 1) / 2 }
        let rest = zip(to.sliding.kernel, half).map { $0 - 1 - $1 }
        let paddings = [strided.padding, .explicit(before: half, after: rest), .sameUpper]
        return paddings.enumerated().map { position, padding in
            var window = strided
            window.padding = padding
            return Experiment(
                kind: .strideSite, node: to.site.name, parameter: "stride",
                found: "it at \(escaped(from.site.name))", expected: "\(listText(steps)) here",
                edit: Edit(operators: [
                    from.site.id: from.sliding.rebuilt(plain), to.site.id: to.sliding.rebuilt(window),
                ]),
                rank: 0.3 + 0.2 * Double(position))
        }
    }

    /// Weights of two nodes of the piece that have one shape.
    private static func exchanged(_ sites: [Site]) -> [Experiment] {
        var result: [Experiment] = []
        for (place, one) in sites.enumerated() {
            for other in sites[(place + 1)...] where one.node.operator.kind == other.node.operator.kind {
                guard result.count < most else { return result }
                var (here, there): ([Int: Tensor], [Int: Tensor]) = ([:], [:])
                let positions = one.node.inputs.indices.filter { position in
                    guard let own = one.weight(position), let others = other.weight(position) else { return false }
                    return own.shape == others.shape && own.elementCount > 1
                }
                guard !positions.isEmpty else { continue }
                for position in positions {
                    (here[position], there[position]) = (other.weight(position), one.weight(position))
                }
                result.append(
                    Experiment(
                        kind: .swappedWeights, node: one.name, parameter: "weights exchanged with",
                        found: "both in place", expected: escaped(other.name),
                        edit: Edit(tensors: [one.id: here, other.id: there]), rank: 1.5))
            }
        }
        return result
    }

    /// Two elementwise layers, one behind the other, in the other order: a normalization and an activation.
    private static func orders(_ sites: [Site]) -> [Experiment] {
        sites.compactMap { first in
            guard let output = first.node.outputs.first, first.readers.count == 1,
                let second = sites.first(where: { $0.node.inputs.first == output }),
                first.isElementwise, second.isElementwise, first.node.operator != second.node.operator
            else { return nil }
            func operands(_ site: Site) -> [Tensor?] { site.node.inputs.indices.dropFirst().map { site.weight($0) } }
            let passed: Operator = .identity(Identity())
            let turned = [first, second].map { site in
                Edit.Inserted(operator: site.node.operator, operands: operands(site))
            }
            var removed: [NodeID: Set<Int>] = [:]
            for site in [first, second] where site.node.inputs.count > 1 {
                removed[site.id] = Set(site.node.inputs.indices.dropFirst())
            }
            let edit = Edit(
                operators: [first.id: passed, second.id: passed], removed: removed, behind: [second.id: turned.reversed()])
            return Experiment(
                kind: .operandOrder, node: second.name, parameter: "place before", found: "it behind",
                expected: escaped(first.name), edit: edit, rank: 1)
        }
    }
}

extension Site {
    /// Whether the node works on single elements, or channels, of one map, with weights for all other operands.
    fileprivate var isElementwise: Bool {
        switch node.operator {
        case .unary, .clip, .parametricReLU, .batchNormalization, .pooling: break
        default: return false
        }
        return node.outputs.count == 1 && node.inputs.indices.dropFirst().allSatisfy { node.inputs[$0] == nil || weight($0) != nil }
    }
}
