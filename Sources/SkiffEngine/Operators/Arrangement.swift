internal import SkiffCore
internal import SkiffGraph

extension Identity: EvaluableOperator {
    func evaluate<A: Arithmetic>(_ step: Step<A>) throws(EngineError) -> [Buffer<A.Stored>] {
        try [step.buffer(0)] + step.outputs.dropFirst().map { .boolean(Array(repeating: true, count: $0.count)) }
    }
}

extension Transpose: EvaluableOperator {
    func evaluate<A: Arithmetic>(_ step: Step<A>) throws(EngineError) -> [Buffer<A.Stored>] {
        let shape = try step.shape(0)
        let strides = shape.rowMajorStrides
        let axes = permutation ?? shape.indices.reversed()
        return [try step.gathered(StridedView(extents: axes.map { shape[$0] }, strides: axes.map { strides[$0] }))]
    }
}

extension Expand: EvaluableOperator {
    func evaluate<A: Arithmetic>(_ step: Step<A>) throws(EngineError) -> [Buffer<A.Stored>] {
        let (shape, output) = (try step.shape(0), try step.output.shape)
        let own = shape.rowMajorStrides
        let lead = output.count - shape.count
        let strides = output.indices.map { $0 < lead || shape[$0 - lead] == 1 ? 0 : own[$0 - lead] }
        return [try step.gathered(StridedView(extents: output, strides: strides))]
    }
}

extension Tile: EvaluableOperator {
    func evaluate<A: Arithmetic>(_ step: Step<A>) throws(EngineError) -> [Buffer<A.Stored>] {
        let (shape, output) = (try step.shape(0), try step.output.shape)
        let own = shape.rowMajorStrides
        // Every axis is one that repeats around one that walks.
        let extents = shape.indices.flatMap { [shape[$0] == 0 ? 0 : output[$0] / shape[$0], shape[$0]] }
        return [try step.gathered(StridedView(extents: extents, strides: shape.indices.flatMap { [0, own[$0]] }))]
    }
}

extension Cast: EvaluableOperator {
    func evaluate<A: Arithmetic>(_ step: Step<A>) throws(EngineError) -> [Buffer<A.Stored>] {
        let operand = try step.operand(0)
        let (from, to) = (operand.elementType, elementType)
        if to == .bool {
            switch operand.buffer {
            case .real(let elements): return [.boolean(elements.map { $0 != 0 })]
            case .integer(let elements): return [.boolean(elements.map { $0 != 0 })]
            case .boolean: return [operand.buffer]
            }
        }
        if to.isInteger {
            switch operand.buffer {
            case .real(let elements): return [.integer(elements.map { realToInteger($0.double, to) })]
            case .integer(let elements): return [.integer(elements.map { wrapped($0, to: to) })]
            case .boolean(let elements): return [.integer(elements.map { $0 ? 1 : 0 })]
            }
        }
        guard to.isFloatingPoint else {
            throw EngineError(.notRunnable("elements of type \(to.rawValue) cannot be computed with"))
        }
        switch operand.buffer {
        case .real: return [operand.buffer]
        case .integer(let elements):
            return [.real(elements.map {
                A.Stored(rounding: from == .uint64 ? Double(UInt64(bitPattern: $0)) : Double($0))
            })]
        case .boolean(let elements): return [.real(elements.map { $0 ? 1 : 0 })]
        }
    }
}

/// A real number as a whole one: towards zero, NaN as zero, what leaves 64 bits cut off there, and the low bits
/// for narrower types.
func realToInteger(_ value: Double, _ elementType: ElementType) -> Int64 {
    if value.isNaN { return 0 }
    if elementType == .uint64 {
        if value >= 0x1p64 { return -1 }
        if value >= 0x1p63 { return Int64(bitPattern: UInt64(value)) }
    }
    if value >= 0x1p63 { return wrapped(.max, to: elementType) }
    if value <= -0x1p63 { return wrapped(.min, to: elementType) }
    return wrapped(Int64(value), to: elementType)
}
