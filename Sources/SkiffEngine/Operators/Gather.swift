internal import SkiffCore
internal import SkiffGraph

extension Gather: EvaluableOperator {
    func evaluate<A: Arithmetic>(_ step: Step<A>) throws(EngineError) -> [Buffer<A.Stored>] {
        let shape = try step.shape(0)
        let axis = try checkedAxis(axis, rank: shape.count)
        let strides = shape.rowMajorStrides
        let indices = try step.integers(1).map { (index) throws(EngineError) in
            try checkedIndex(index, extent: shape[axis]) * strides[axis]
        }
        let outer = shape[..<axis].reduce(1, *)
        let inner = shape[(axis + 1)...].reduce(1, *)
        return [try step.gathered(IndexedView(offsets: [
            (0..<outer).map { $0 * inner * shape[axis] }, indices, Array(0..<inner),
        ]))]
    }
}

/// An index from the start of an axis, for one that may count from its end.
/// - Throws: ``EngineError`` `operand` where it is outside the axis.
private func checkedIndex(_ index: Int64, extent: Int) throws(EngineError) -> Int {
    let limit = Int64(extent)
    guard index >= -limit, index < limit else {
        throw EngineError(.operand("index \(index) is outside an axis of \(extent)"))
    }
    return Int(index < 0 ? index + limit : index)
}

extension GatherElements: EvaluableOperator {
    func evaluate<A: Arithmetic>(_ step: Step<A>) throws(EngineError) -> [Buffer<A.Stored>] {
        let shape = try step.shape(0)
        let axis = try checkedAxis(axis, rank: shape.count)
        var strides = shape.rowMajorStrides
        let along = strides[axis]
        strides[axis] = 0
        let output = try step.output
        var offsets = try step.integers(1).map { (index) throws(EngineError) in
            try checkedIndex(index, extent: shape[axis]) * along
        }
        Broadcast(extents: output.shape, strides: [strides], count: output.count).forEach { offsets[$0] += $1[0] }
        return [try step.gathered(IndexedView(offsets: [offsets]))]
    }
}
