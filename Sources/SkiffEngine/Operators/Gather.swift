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
func checkedIndex(_ index: Int64, extent: Int) throws(EngineError) -> Int {
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

extension GatherND: EvaluableOperator {
    func evaluate<A: Arithmetic>(_ step: Step<A>) throws(EngineError) -> [Buffer<A.Stored>] {
        let (shape, tuples) = (try step.shape(0), try step.shape(1))
        let depth = tuples.last ?? 0
        let batch = tuples.prefix(batchDimensions).reduce(1, *)
        let offsets = try tupleOffsets(
            try step.integers(1), depth: depth, shape: shape, firstAxis: batchDimensions, batchCount: batch)
        let inner = shape[(batchDimensions + depth)...].reduce(1, *)
        return [try step.gathered(IndexedView(offsets: [offsets, Array(0..<inner)]))]
    }
}

/// The first element that each tuple of indices stands for, in a tensor whose axes from `firstAxis` on they index.
/// The tuples lie in `batchCount` equal parts, one for each position of the axes before.
/// - Throws: ``EngineError`` `operand` for an index outside its axis.
func tupleOffsets(
    _ indices: [Int64], depth: Int, shape: Shape, firstAxis: Int = 0, batchCount: Int = 1
) throws(EngineError) -> [Int] {
    guard depth > 0, batchCount > 0 else { return [] }
    let strides = shape.rowMajorStrides
    let batchStride = shape[firstAxis...].reduce(1, *)
    let count = indices.count / depth
    let perBatch = max(count / batchCount, 1)
    var offsets: [Int] = []
    offsets.reserveCapacity(count)
    for tuple in 0..<count {
        var offset = tuple / perBatch * batchStride
        for position in 0..<depth {
            let axis = firstAxis + position
            offset += try checkedIndex(indices[tuple * depth + position], extent: shape[axis]) * strides[axis]
        }
        offsets.append(offset)
    }
    return offsets
}
