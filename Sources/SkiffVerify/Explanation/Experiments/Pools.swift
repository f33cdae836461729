internal import SkiffCore
internal import SkiffGraph

/// What pools do at borders, and what they take of a window.
enum PoolExperiments {
    static func experiments(at site: Site) -> [Experiment] {
        switch site.node.operator {
        case .pooling(let pooling): borders(pooling, site) + kinds(pooling, site)
        case .globalPooling(let pooling): kinds(pooling, site)
        case .reduction(let reduction): kinds(reduction, site)
        default: []
        }
    }

    private static func borders(_ pooling: Pooling, _ site: Site) -> [Experiment] {
        var result: [Experiment] = []
        if case .average(let counts) = pooling.kind {
            var other = pooling
            other.kind = .average(countsPadding: !counts)
            result.append(
                site.replacing(
                    .countIncludePadding, rank: 0, "count_include_pad", found: counts ? "1" : "0",
                    expected: counts ? "0" : "1", .pooling(other)))
        }
        var other = pooling
        other.ceilMode.toggle()
        result.append(
            site.replacing(
                .ceilMode, rank: 0, "ceil_mode", found: pooling.ceilMode ? "1" : "0", expected: other.ceilMode ? "1" : "0",
                .pooling(other)))
        result += zeroPadded(pooling, site)
        return result
    }

    /// A maximum over zeros outside the map. The pool then has windows that lie in the padded map whole.
    private static func zeroPadded(_ pooling: Pooling, _ site: Site) -> [Experiment] {
        guard pooling.kind == .maximum, let sliding = WindowExperiments.sliding(site), site.node.outputs.count == 1
        else { return [] }
        let own = WindowExperiments.resolved(pooling.window, sliding)
        // In ceil mode the last window leaves the padding behind the map.
        let after = own.after.indices.map { axis in
            let span = (sliding.kernel[axis] - 1) * pooling.window.dilations[axis] + 1
            let covered = (sliding.output[axis] - 1) * pooling.window.strides[axis] + span
            return max(own.after[axis], covered - sliding.input[axis] - own.before[axis])
        }
        guard (own.before + after).contains(where: { $0 > 0 }) else { return [] }
        let first = pooling.layout.firstSpatialAxis
        let rank = sliding.input.count + 2
        var pads = [Int](repeating: 0, count: 2 * rank)
        for axis in own.before.indices {
            pads[first + axis] = own.before[axis]
            pads[rank + first + axis] = after[axis]
        }
        var other = pooling
        other.window.padding = .valid
        other.ceilMode = false
        let edit = Edit(
            operators: [site.id: .pooling(other)],
            before: [site.id: [Edit.Inserted(operator: .pad(Pad(mode: .constant, pads: pads)))]])
        return [
            site.experiment(.poolPaddingValue, rank: 0, "padding value", found: "-inf", expected: "0", edit: edit)
        ]
    }

    private static func kinds(_ pooling: Pooling, _ site: Site) -> [Experiment] {
        guard site.node.outputs.count == 1 else { return [] }
        let all: [(Pooling.Kind, String)] = [
            (.maximum, "maximum"), (.average(countsPadding: false), "average"),
            (.average(countsPadding: true), "average with padding"),
        ]
        let isAverage = if case .average = pooling.kind { true } else { false }
        return all.compactMap { kind, name in
            guard kind != pooling.kind, !(isAverage && kind != .maximum) else { return nil }
            var other = pooling
            other.kind = kind
            return site.replacing(
                .operation, rank: 1, "pooling", found: isAverage ? "average" : "maximum", expected: name, .pooling(other))
        }
    }

    private static func kinds(_ pooling: GlobalPooling, _ site: Site) -> [Experiment] {
        [(GlobalPooling.Kind.maximum, "maximum"), (.average, "average")].compactMap { kind, name in
            guard kind != pooling.kind else { return nil }
            var other = pooling
            other.kind = kind
            return site.replacing(
                .operation, rank: 0, "global pooling", found: pooling.kind == .average ? "average" : "maximum",
                expected: name, .globalPooling(other))
        }
    }

    private static func kinds(_ reduction: Reduction, _ site: Site) -> [Experiment] {
        [Reduction.Kind.mean, .maximum, .sum, .norm2].compactMap { kind in
            guard kind != reduction.kind else { return nil }
            var other = reduction
            other.kind = kind
            return site.replacing(
                .operation, rank: 1, "reduction", found: reduction.kind.rawValue, expected: kind.rawValue,
                .reduction(other))
        }
    }
}
