internal import SkiffCore
internal import SkiffGraph

extension Slice: EvaluableOperator {
    func evaluate<A: Arithmetic>(_ step: Step<A>) throws(EngineError) -> [Buffer<A.Stored>] {
        let (shape, output) = (try step.shape(0), try step.output.shape)
        let (starts, ends) = (try step.integers(1), try step.integers(2))
        let axes = step.has(3) ? try step.integers(3).map { Int($0) } : Array(starts.indices)
        let steps = step.has(4) ? try step.integers(4) : starts.map { _ in 1 }
        let strides = shape.rowMajorStrides
        var view = StridedView(extents: output, strides: strides)
        for (index, axis) in axes.enumerated() {
            let axis = try checkedAxis(axis, rank: shape.count)
            let range: SlicedRange
            do throws(GraphError) {
                range = try SlicedRange(
                    start: .fixed(Int(starts[index])), end: .fixed(Int(ends[index])), step: .fixed(Int(steps[index])),
                    of: .fixed(shape[axis]))
            } catch { throw EngineError(error) }
            guard output[axis] > 0 else { continue }
            view.offset += range.first * strides[axis]
            view.strides[axis] = output[axis] == 1 ? 0 : strides[axis] * range.step
        }
        return [try step.gathered(view)]
    }
}
