internal import SkiffCore
internal import SkiffGraph

extension Concatenation: EvaluableOperator {
    func evaluate<A: Arithmetic>(_ step: Step<A>) throws(EngineError) -> [Buffer<A.Stored>] {
        let output = try step.output
        let axis = try checkedAxis(axis, rank: output.shape.count)
        let positions = step.inputs.indices.filter { step.has($0) }
        let outer = output.shape[..<axis].reduce(1, *)
        var buffers: [Buffer<A.Stored>] = []
        for position in positions { buffers.append(try step.buffer(position)) }
        switch buffers.first {
        case .real: return [.real(try joined(buffers.map { if case .real(let part) = $0 { part } else { nil } }, outer))]
        case .integer:
            return [.integer(try joined(buffers.map { if case .integer(let part) = $0 { part } else { nil } }, outer))]
        case .boolean:
            return [.boolean(try joined(buffers.map { if case .boolean(let part) = $0 { part } else { nil } }, outer))]
        case nil: throw EngineError(.operand("there is nothing to join"))
        }
    }

    private func joined<Element>(_ parts: [[Element]?], _ outer: Int) throws(EngineError) -> [Element] {
        let parts = parts.compactMap { $0 }
        var result: [Element] = []
        result.reserveCapacity(parts.reduce(0) { $0 + $1.count })
        for block in 0..<outer {
            for part in parts {
                let count = part.count / outer
                result += part[block * count..<(block + 1) * count]
            }
        }
        return result
    }
}

extension Split: EvaluableOperator {
    func evaluate<A: Arithmetic>(_ step: Step<A>) throws(EngineError) -> [Buffer<A.Stored>] {
        let shape = try step.shape(0)
        let axis = try checkedAxis(axis, rank: shape.count)
        let strides = shape.rowMajorStrides
        var view = StridedView(extents: shape, strides: strides)
        var parts: [Buffer<A.Stored>] = []
        for output in step.outputs {
            view.extents = output.shape
            parts.append(try step.gathered(view))
            view.offset += output.shape[axis] * strides[axis]
        }
        return parts
    }
}
