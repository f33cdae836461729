internal import SkiffCore
internal import SkiffGraph

extension Pad: EvaluableOperator {
    func evaluate<A: Arithmetic>(_ step: Step<A>) throws(EngineError) -> [Buffer<A.Stored>] {
        let (shape, output) = (try step.shape(0), try step.output.shape)
        let given = step.has(1) ? try step.integers(1).map { Int($0) } : pads ?? []
        let axes = step.has(3) ? try step.integers(3).map { Int($0) } : Array(shape.indices)
        let strides = shape.rowMajorStrides
        let offsets = zip(try sources(shape, output, given: given, axes: axes), strides).map { sources, stride in
            sources.map { $0 < 0 ? -1 : $0 * stride }
        }
        return [try step.gathered(IndexedView(offsets: offsets), fill: try constant(step))]
    }

    /// For each axis and position of the output the input's position along it; −1 for the constant.
    /// - Parameters:
    ///   - given: All begins, then all ends.
    ///   - axes: The axes they speak of.
    func sources(
        _ shape: Shape, _ output: Shape, given: [Int], axes: [Int]
    ) throws(EngineError) -> [[Int]] {
        guard given.count == 2 * axes.count else {
            throw EngineError(.operand("pads are \(given.count) numbers, expected \(2 * axes.count)"))
        }
        var pads = shape.map { _ in (before: 0, after: 0) }
        for (index, axis) in axes.enumerated() {
            pads[try checkedAxis(axis, rank: shape.count)] = (given[index], given[axes.count + index])
        }
        return shape.indices.map { axis in
            let (cutBefore, cutAfter) = (removed(pads[axis].before, shape[axis]), removed(pads[axis].after, shape[axis]))
            let kept = cutBefore..<max(cutBefore, shape[axis] - cutAfter)
            return (0..<output[axis]).map { index -> Int in
                source(of: index &- pads[axis].before, kept: kept, extent: shape[axis]) ?? -1
            }
        }
    }

    /// How many elements a negative number of pads takes away.
    private func removed(_ pads: Int, _ extent: Int) -> Int {
        pads < 0 ? Int(min(pads.magnitude, UInt(extent))) : 0
    }

    private func constant<A: Arithmetic>(_ step: Step<A>) throws(EngineError) -> Double {
        guard step.has(2) else { return value.double }
        switch try step.buffer(2) {
        case .real(let elements): return elements.first?.double ?? 0
        case .integer(let elements): return Double(elements.first ?? 0)
        case .boolean(let elements): return elements.first == true ? 1 : 0
        }
    }

    /// The element that stands at `position` of the padded axis, counted from the first of the input.
    private func source(of position: Int, kept: Range<Int>, extent: Int) -> Int? {
        if mode == .constant { return position >= 0 && position < extent ? position : nil }
        guard !kept.isEmpty else { return nil }
        if kept.contains(position) { return position }
        switch mode {
        case .constant: return nil
        case .edge: return position < kept.lowerBound ? kept.lowerBound : kept.upperBound - 1
        case .reflect:
            let mirror = position < kept.lowerBound ? 2 * kept.lowerBound - position : 2 * (kept.upperBound - 1) - position
            return kept.contains(mirror) ? mirror : nil
        case .wrap:
            let rest = (position - kept.lowerBound) % kept.count
            return kept.lowerBound + (rest < 0 ? rest + kept.count : rest)
        }
    }
}

extension Cropping: EvaluableOperator {
    func evaluate<A: Arithmetic>(_ step: Step<A>) throws(EngineError) -> [Buffer<A.Stored>] {
        let strides = try step.shape(0).rowMajorStrides
        var view = StridedView(extents: try step.output.shape, strides: strides)
        for (axis, margin) in before.enumerated() { view.offset += margin * strides[layout.firstSpatialAxis + axis] }
        return [try step.gathered(view)]
    }
}
