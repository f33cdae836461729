internal import SkiffCore
internal import SkiffGraph

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
