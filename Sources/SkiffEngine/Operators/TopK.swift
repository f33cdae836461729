internal import SkiffCore
internal import SkiffGraph

extension TopK: EvaluableOperator {
    func evaluate<A: Arithmetic>(_ step: Step<A>) throws(EngineError) -> [Buffer<A.Stored>] {
        let shape = try step.shape(0)
        let lines = try Lines(shape, axis: axis)
        let k = try step.output(0).shape[checkedAxis(axis, rank: shape.count)]
        let takesSmallest = takesSmallest
        switch try step.operand(0).buffer {
        case .real(let elements):
            let ranked = try ranked(elements, lines, k, step) { x, y in
                if x.isNaN || y.isNaN { return takesSmallest ? y.isNaN && !x.isNaN : x.isNaN && !y.isNaN }
                return takesSmallest ? x < y : x > y
            }
            return Array([.real(ranked.elements), .integer(ranked.positions)].prefix(step.outputs.count))
        case .integer(let elements):
            let flip: Int64 = try step.elementType(0) == .uint64 ? .min : 0
            let ranked = try ranked(elements, lines, k, step) { x, y in
                takesSmallest ? x ^ flip < y ^ flip : x ^ flip > y ^ flip
            }
            return Array([.integer(ranked.elements), .integer(ranked.positions)].prefix(step.outputs.count))
        case .boolean: throw EngineError(.operand("does not take bool"))
        }
    }

    /// The first `k` elements of each line in the order of `isBetter`, equal ones as they stand, and their positions.
    private func ranked<A: Arithmetic, Element>(
        _ elements: [Element], _ lines: Lines, _ k: Int, _ step: Step<A>, _ isBetter: (Element, Element) -> Bool
    ) throws(EngineError) -> (elements: [Element], positions: [Int64]) {
        guard k > 0, let blank = elements.first else { return ([], []) }
        try step.reserve(lines.length, MemoryLayout<Int>.stride)
        let count = try step.output(0).count
        var result = (elements: Array(repeating: blank, count: count), positions: [Int64](repeating: 0, count: count))
        for line in 0..<lines.count {
            let start = lines.start(line)
            let order = (0..<lines.length).sorted { left, right in
                let (x, y) = (elements[start + left * lines.stride], elements[start + right * lines.stride])
                return isBetter(x, y) || left < right && !isBetter(y, x)
            }
            let target = line / lines.stride * lines.stride * k + line % lines.stride
            for (rank, position) in order.prefix(k).enumerated() {
                result.elements[target + rank * lines.stride] = elements[start + position * lines.stride]
                result.positions[target + rank * lines.stride] = Int64(position)
            }
        }
        return result
    }
}
