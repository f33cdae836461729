internal import SkiffCore
internal import SkiffGraph

extension Einsum: EvaluableOperator {
    func evaluate<A: Arithmetic>(_ step: Step<A>) throws(EngineError) -> [Buffer<A.Stored>] {
        let shapes = try step.inputs.indices.map { (position) throws(EngineError) in try step.shape(position) }
        let plan: Plan
        do throws(GraphError) { plan = try self.plan(ranks: shapes.map(\.count)) } catch { throw EngineError(error) }
        let loops = try Loops(plan, shapes)
        let output = try step.output
        if output.elementType.isInteger {
            let operands = try step.inputs.indices.map { (position) throws(EngineError) in try step.integers(position) }
            return [.integer(loops.sums(operands, one: Int64(1), zero: 0, { $0 &* $1 }, { $0 &+ $1 }).map {
                wrapped($0, to: output.elementType)
            })]
        }
        let operands = try step.inputs.indices.map { (position) throws(EngineError) in try step.sums(position) }
        return [.real(loops.sums(operands, one: A.Sum(1), zero: 0, { $0 * $1 }, { $0 + $1 }).map { A.rounded($0) })]
    }

    /// Loops over the result's axes, and inside them over the axes that are summed.
    private struct Loops {
        let outer: Broadcast
        let inner: Broadcast

        init(_ plan: Plan, _ shapes: [Shape]) throws(EngineError) {
            var extents = [Int](repeating: 1, count: plan.labelCount)
            var strides = [[Int]](repeating: [Int](repeating: 0, count: plan.labelCount), count: shapes.count)
            for (operand, shape) in shapes.enumerated() {
                for (label, (extent, stride)) in zip(plan.operands[operand], zip(shape, shape.rowMajorStrides))
                where extent != 1 {
                    extents[label] = extent
                    strides[operand][label] += stride
                }
            }
            func loop(_ labels: [Int]) throws(EngineError) -> Broadcast {
                let own = labels.map { extents[$0] }
                return Broadcast(
                    extents: own, strides: strides.map { stride in labels.map { stride[$0] } },
                    count: try checkedProduct(own))
            }
            outer = try loop(plan.result)
            let kept = Set(plan.result)
            inner = try loop((0..<plan.labelCount).filter { !kept.contains($0) })
        }

        func sums<Element>(
            _ operands: [[Element]], one: Element, zero: Element, _ product: (Element, Element) -> Element,
            _ sum: (Element, Element) -> Element
        ) -> [Element] {
            var result = [Element](repeating: zero, count: outer.count)
            let steps = inner.steps
            outer.forEach { element, start in
                var total = zero
                inner.runs(in: 0..<inner.count) { _, count, from in
                    for offset in 0..<count {
                        var term = one
                        for operand in operands.indices {
                            let place = start[operand] + from[operand] + offset * steps[operand]
                            term = product(term, operands[operand][place])
                        }
                        total = sum(total, term)
                    }
                }
                result[element] = total
            }
            return result
        }
    }
}
