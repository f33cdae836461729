internal import SkiffCore
internal import SkiffGraph

extension ScatterND: EvaluableOperator {
    func evaluate<A: Arithmetic>(_ step: Step<A>) throws(EngineError) -> [Buffer<A.Stored>] {
        let (shape, tuples) = (try step.shape(0), try step.shape(1))
        let depth = tuples.last ?? 0
        let starts = try tupleOffsets(try step.integers(1), depth: depth, shape: shape)
        let inner = shape[min(depth, shape.count)...].reduce(1, *)
        guard inner > 0 else { return [try step.buffer(0)] }
        let count = try checkedProduct([starts.count, inner])
        return [try scattered(step, reduction, count: count) { starts[$0 / inner] + $0 % inner }]
    }
}

extension ScatterElements: EvaluableOperator {
    func evaluate<A: Arithmetic>(_ step: Step<A>) throws(EngineError) -> [Buffer<A.Stored>] {
        let (shape, picked) = (try step.shape(0), try step.shape(1))
        let axis = try checkedAxis(axis, rank: shape.count)
        var strides = shape.rowMajorStrides
        let along = strides[axis]
        strides[axis] = 0
        var offsets = try step.integers(1).map { (index) throws(EngineError) in
            try checkedIndex(index, extent: shape[axis]) * along
        }
        Broadcast(extents: picked, strides: [strides], count: offsets.count).forEach { offsets[$0] += $1[0] }
        return [try scattered(step, reduction, count: offsets.count) { offsets[$0] }]
    }
}

/// Input 0 with the elements of input 2, of which there are `count`, put where `target` says, in their order.
private func scattered<A: Arithmetic>(
    _ step: Step<A>, _ reduction: ScatterReduction, count: Int, _ target: (Int) -> Int
) throws(EngineError) -> Buffer<A.Stored> {
    func placed<Element>(
        _ elements: [Element], _ updates: [Element], _ combined: (Element, Element) -> Element
    ) throws(EngineError) -> [Element] {
        guard updates.count == count else {
            throw EngineError(.operand("updates are \(updates.count) numbers, expected \(count)"))
        }
        var result = elements
        for (position, update) in updates.enumerated() {
            let place = target(position)
            result[place] = combined(result[place], update)
        }
        return result
    }
    switch try step.buffer(0) {
    case .boolean(let elements): return .boolean(try placed(elements, try step.booleans(2)) { $1 })
    case .integer(let elements):
        let type = try step.elementType(0)
        return .integer(try placed(elements, try step.integers(2)) { reduction.integer($0, $1, type) })
    case .real(let elements):
        return .real(try placed(elements, try step.reals(2)) { left, right in
            reduction == .none ? right : A.rounded(reduction.real(A.widened(left), A.widened(right)))
        })
    }
}

extension ScatterReduction {
    fileprivate func real<Sum: Real>(_ left: Sum, _ right: Sum) -> Sum {
        switch self {
        case .none: right
        case .add: left + right
        case .multiply: left * right
        case .maximum: larger(left, right)
        case .minimum: smaller(left, right)
        }
    }

    fileprivate func integer(_ left: Int64, _ right: Int64, _ type: ElementType) -> Int64 {
        let flip: Int64 = type == .uint64 ? .min : 0
        return switch self {
        case .none: right
        case .add: wrapped(left &+ right, to: type)
        case .multiply: wrapped(left &* right, to: type)
        case .maximum: left ^ flip < right ^ flip ? right : left
        case .minimum: left ^ flip < right ^ flip ? left : right
        }
    }
}
