internal import SkiffCore
internal import SkiffGraph

extension Quantize: EvaluableOperator {
    func evaluate<A: Arithmetic>(_ step: Step<A>) throws(EngineError) -> [Buffer<A.Stored>] {
        let output = try step.output
        let scales = try Scales(step, axis: axis, blockSize: blockSize)
        guard let bounds = output.elementType.bounds else {
            throw EngineError(.operand("does not give \(output.elementType.rawValue)"))
        }
        // In the type of the values, as frameworks do: in a wider one a tie would not be one.
        let elements: [A.Stored] = switch try step.buffer(0) {
        case .real(let reals): reals
        case .integer(let integers): integers.map { A.Stored(rounding: Double($0)) }
        case .boolean: throw EngineError(.operand("does not take bool"))
        }
        return [.integer(mapped(elements.count, threads: step.threads) { index in
            let place = scales.place(index)
            let level = (elements[index] / scales.scales[place]).rounded(.toNearestOrEven).double
            if level.isNaN { return min(max(scales.zeros[place], bounds.lowerBound), bounds.upperBound) }
            let shifted = level + Double(scales.zeros[place])
            return Int64(min(max(shifted, Double(bounds.lowerBound)), Double(bounds.upperBound)))
        })]
    }
}

extension Dequantize: EvaluableOperator {
    func evaluate<A: Arithmetic>(_ step: Step<A>) throws(EngineError) -> [Buffer<A.Stored>] {
        let scales = try Scales(step, axis: axis, blockSize: blockSize)
        let elements = try step.integers(0)
        return [.real(mapped(elements.count, threads: step.threads) { index in
            let place = scales.place(index)
            return A.Stored(rounding: Double(elements[index] &- scales.zeros[place])) * scales.scales[place]
        })]
    }
}

private func mapped<Result: BitwiseCopyable>(
    _ count: Int, threads: Int, _ function: (Int) -> Result
) -> [Result] {
    filled(count, cost: 4, threads: threads) { target, range in
        for index in range { target[index] = function(index) }
    }
}

/// Scales and zero points, and which of them an element has.
private struct Scales<Stored: Real> {
    let scales: [Stored]
    let zeros: [Int64]
    /// Elements behind the axis, and along it.
    private let inner: Int
    private let extent: Int
    /// Elements along the axis that share a scale, and how many scales there are along it.
    private let block: Int
    private let blocks: Int
    private let isByBlock: Bool

    init<A: Arithmetic>(_ step: Step<A>, axis: Int, blockSize: Int) throws(EngineError) where A.Stored == Stored {
        let shape = try step.shape(0)
        scales = try step.reals(1)
        let zeros = step.has(2) ? try step.integers(2) : []
        self.zeros = zeros.count == scales.count ? zeros : Array(repeating: zeros.first ?? 0, count: scales.count)
        isByBlock = blockSize > 0 && scales.count > 1
        guard scales.count > 1 else {
            (inner, extent, block, blocks) = (1, 1, 1, 1)
            guard !scales.isEmpty else { throw EngineError(.operand("has no scale")) }
            return
        }
        let axis = try checkedAxis(axis, rank: shape.count)
        inner = max(shape[(axis + 1)...].reduce(1, *), 1)
        extent = max(shape[axis], 1)
        block = max(blockSize, 1)
        blocks = isByBlock ? (extent + block - 1) / block : extent
        let expected = isByBlock ? shape[..<axis].reduce(1, *) * blocks * inner : extent
        guard scales.count == expected else {
            throw EngineError(.operand("scales are \(scales.count) numbers, expected \(expected)"))
        }
    }

    func place(_ index: Int) -> Int {
        guard scales.count > 1 else { return 0 }
        let along = index / inner % extent
        guard isByBlock else { return along }
        return (index / (inner * extent) * blocks + along / block) * inner + index % inner
    }
}

extension ElementType {
    /// The whole numbers of a type of at most 32 bits.
    fileprivate var bounds: ClosedRange<Int64>? {
        switch self {
        case .int8: -128...127
        case .uint8: 0...255
        case .int16: -32768...32767
        case .uint16: 0...65535
        case .int32: Int64(Int32.min)...Int64(Int32.max)
        default: nil
        }
    }
}
