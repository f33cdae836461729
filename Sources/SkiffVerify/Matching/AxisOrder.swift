internal import SkiffCore

extension AxisLabels {
    enum Order: Equatable {
        /// Elements lie in one order; ranks may differ in axes of one element.
        case same
        /// Axis `i` of the second value is that axis of the first.
        case permuted([Int])
        case incompatible
        case untold
    }

    /// How the axes of two values correspond.
    static func order(_ one: [Axis]?, _ other: [Axis]?) -> Order {
        guard let one, let other else { return .untold }
        let (left, right) = (plain(one), plain(other))
        if one.count != other.count {
            return left.filter { !$0.isEmpty } == right.filter { !$0.isEmpty } ? .same : .incompatible
        }
        var result = [Int](repeating: -1, count: right.count)
        var isTaken = [Bool](repeating: false, count: left.count)
        for (axis, factors) in right.enumerated() where !factors.isEmpty {
            let same = left.indices.filter { !isTaken[$0] && left[$0] == factors }
            guard let found = same.contains(axis) ? axis : same.first else { continue }
            result[axis] = found
            isTaken[found] = true
        }
        // What is left are axes of one element, on one side at least: any order of them is the same.
        var rest = left.indices.filter { !isTaken[$0] }
        for axis in right.indices where result[axis] < 0 {
            let fitting = rest.firstIndex(of: axis) ?? 0
            let taken = rest.remove(at: fitting)
            guard left[taken].isEmpty || right[axis].isEmpty else { return .incompatible }
            result[axis] = taken
        }
        return result == Array(result.indices) ? .same : .permuted(result)
    }

    /// The factors of more than one element, spatial axes counted without the others.
    private static func plain(_ axes: [Axis]) -> [[Int]] {
        let labels = axes.map { $0.filter { $0.extent != .fixed(1) }.map(\.label) }
        let spatials = Set(labels.joined().filter { (spatial..<other).contains($0) }).sorted()
        guard let first = spatials.first, spatials != Array(spatial..<spatial + spatials.count) || first != spatial else {
            return labels
        }
        return labels.map { $0.map { label in spatials.firstIndex(of: label).map { $0 + spatial } ?? label } }
    }
}
