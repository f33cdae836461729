internal import SkiffCore

/// The factors of axes after a reshape.
struct AxisRegrouping {
    /// `nil` where extents do not tell.
    private(set) var axes: [AxisLabels.Axis]?

    init(_ before: [AxisLabels.Axis], into shape: SymbolicShape) {
        var factors = before.joined().filter { $0.extent != .fixed(1) }[...]
        var result: [AxisLabels.Axis] = []
        for (position, extent) in shape.enumerated() {
            if extent == .fixed(1) {
                result.append([])
                continue
            }
            let isLast = shape[(position + 1)...].allSatisfy { $0 == .fixed(1) }
            if isLast {
                result.append(Array(factors))
                factors = []
            } else if let axis = Self.take(extent, from: &factors) {
                result.append(axis)
            } else {
                return
            }
        }
        axes = factors.isEmpty ? result : nil
    }

    /// The factors whose product is `extent`, taken from the front; one that is too large is cut in two.
    private static func take(
        _ extent: Dimension, from factors: inout ArraySlice<AxisLabels.Factor>
    ) -> AxisLabels.Axis? {
        guard let first = factors.first else { return nil }
        if first.extent == extent || (first.extent.fixedValue == nil && extent.fixedValue == nil) {
            return [factors.removeFirst()]
        }
        guard var rest = extent.fixedValue, rest > 0 else { return nil }
        var axis: AxisLabels.Axis = []
        while rest > 1 {
            guard let next = factors.first, let count = next.extent.fixedValue, count > 0 else { return nil }
            factors.removeFirst()
            if rest % count == 0 {
                axis.append(next)
                rest /= count
            } else if count % rest == 0 {
                axis.append(.init(label: part(next.label, rest, 1), extent: .fixed(rest)))
                factors.insert(
                    .init(label: part(next.label, rest, 2), extent: .fixed(count / rest)), at: factors.startIndex)
                rest = 1
            } else {
                return nil
            }
        }
        return axis
    }

    private static func part(_ label: Int, _ extent: Int, _ position: UInt64) -> Int {
        let hash = combine(combine(UInt64(bitPattern: Int64(label)), UInt64(extent)), position)
        return AxisLabels.other + Int(hash >> 2)
    }
}
