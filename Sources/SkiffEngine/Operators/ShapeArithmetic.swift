internal import SkiffCore
internal import SkiffGraph

extension ShapeOf: EvaluableOperator {
    func evaluate<A: Arithmetic>(_ step: Step<A>) throws(EngineError) -> [Buffer<A.Stored>] {
        let shape = try step.shape(0)
        func clamped(_ axis: Int) -> Int { min(max(axis < 0 ? axis + shape.count : axis, 0), shape.count) }
        let first = clamped(start)
        return [.integer(shape[first..<max(first, clamped(end ?? shape.count))].map { Int64($0) })]
    }
}

extension SizeOf: EvaluableOperator {
    func evaluate<A: Arithmetic>(_ step: Step<A>) throws(EngineError) -> [Buffer<A.Stored>] {
        [.integer([Int64(try checkedProduct(step.shape(0)))])]
    }
}

extension ConstantOfShape: EvaluableOperator {
    func evaluate<A: Arithmetic>(_ step: Step<A>) throws(EngineError) -> [Buffer<A.Stored>] {
        let count = try step.output.count
        if elementType == .bool { return [.boolean(Array(repeating: value != 0, count: count))] }
        if elementType.isFloatingPoint { return [.real(Array(repeating: A.Stored(rounding: value), count: count))] }
        guard elementType.isInteger else {
            throw EngineError(.notRunnable("elements of type \(elementType.rawValue) cannot be computed with"))
        }
        return [.integer(Array(repeating: realToInteger(value, elementType), count: count))]
    }
}

extension RangeOfNumbers: EvaluableOperator {
    func evaluate<A: Arithmetic>(_ step: Step<A>) throws(EngineError) -> [Buffer<A.Stored>] {
        let output = try step.output
        if output.elementType.isInteger {
            guard let start = try step.integers(0).first, let by = try step.integers(2).first else {
                throw EngineError(.operand("start and step are not scalars"))
            }
            return [.integer((0..<output.count).map { wrapped(start &+ Int64($0) &* by, to: output.elementType) })]
        }
        guard let start = try step.sums(0).first, let by = try step.sums(2).first else {
            throw EngineError(.operand("start and step are not scalars"))
        }
        return [.real((0..<output.count).map { A.rounded(start + A.Sum(rounding: Double($0)) * by) })]
    }
}
