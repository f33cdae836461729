internal import SkiffCore
internal import SkiffGraph

extension Reduction: EvaluableOperator {
    func evaluate<A: Arithmetic>(_ step: Step<A>) throws(EngineError) -> [Buffer<A.Stored>] {
        let (shape, output) = (try step.shape(0), try step.output)
        let given = step.has(1) ? try step.integers(1).map { Int($0) } : axes ?? []
        if given.isEmpty, emptyAxesMeanNone, !changesElements { return [try step.buffer(0)] }
        var isReduced = shape.map { _ in given.isEmpty && !emptyAxesMeanNone }
        for axis in given { isReduced[try checkedAxis(axis, rank: shape.count)] = true }
        let sets = try ReducedSets(shape, isReduced, reserve: step.reserve)
        switch try step.buffer(0) {
        case .real(let elements): return [.real(try reals(A.self, elements, sets, threads: step.threads))]
        case .integer(let elements): return [.integer(integers(elements, sets, output.elementType))]
        case .boolean(let elements):
            let isAll = kind == .minimum
            return [.boolean(sets.map { set in isAll ? set.allSatisfy { elements[$0] } : set.contains { elements[$0] } })]
        }
    }

    /// Whether a reduction over one element gives another one.
    private var changesElements: Bool {
        switch kind {
        case .sum, .mean, .maximum, .minimum, .product, .logarithmOfSumOfExponentials: false
        case .sumOfSquares, .norm1, .norm2, .logarithmOfSum: true
        }
    }

    private func reals<A: Arithmetic>(
        _ arithmetic: A.Type, _ elements: [A.Stored], _ sets: ReducedSets, threads: Int
    ) throws(EngineError) -> [A.Stored] {
        let count = A.Sum(rounding: Double(sets.offsets.count))
        return elements.withUnsafeBufferPointer { source in
            @inline(__always)
            func folded(_ first: A.Sum, _ add: (A.Sum, A.Sum) -> A.Sum, _ finish: (A.Sum) -> A.Sum = { $0 }) -> [A.Stored] {
                filled(sets.starts.count, cost: sets.offsets.count, threads: threads) { target, range in
                    for set in range {
                        let start = sets.starts[set]
                        var total = first
                        for offset in sets.offsets { total = add(total, A.widened(source[start &+ offset])) }
                        target[set] = A.rounded(finish(total))
                    }
                }
            }
            switch kind {
            case .sum: return folded(0, +)
            case .mean: return folded(0, +) { $0 / count }
            case .maximum: return folded(-.infinity) { larger($1, $0) }
            case .minimum: return folded(.infinity) { smaller($1, $0) }
            case .product: return folded(1, *)
            case .sumOfSquares: return folded(0) { $0 + $1 * $1 }
            case .norm1: return folded(0) { $0 + $1.magnitude }
            case .norm2: return folded(0, { $0 + $1 * $1 }) { $0.squareRoot() }
            case .logarithmOfSum: return folded(0, +) { A.Sum.logarithm($0) }
            case .logarithmOfSumOfExponentials:
                return sets.map { set in
                    var largest = -A.Sum.infinity
                    for index in set { largest = larger(A.widened(source[index]), largest) }
                    let shift = largest.isFinite ? largest : 0
                    var sum = A.Sum.zero
                    for index in set { sum += A.Sum.exponential(A.widened(source[index]) - shift) }
                    return A.rounded(A.Sum.logarithm(sum) + shift)
                }
            }
        }
    }

    private func integers(_ elements: [Int64], _ sets: ReducedSets, _ type: ElementType) -> [Int64] {
        let flip: Int64 = type == .uint64 ? .min : 0
        let count = Int64(sets.offsets.count)
        return sets.map { set in
            let result: Int64
            switch kind {
            case .sum: result = set.reduce(0) { $0 &+ elements[$1] }
            case .mean: result = count == 0 ? 0 : set.reduce(0) { $0 &+ elements[$1] } / count
            case .product: result = set.reduce(1) { $0 &* elements[$1] }
            case .sumOfSquares: result = set.reduce(0) { $0 &+ elements[$1] &* elements[$1] }
            case .norm1: result = set.reduce(0) { $0 &+ Int64(truncatingIfNeeded: elements[$1].magnitude) }
            case .maximum: result = (set.map { elements[$0] ^ flip }.max() ?? .min) ^ flip
            case .minimum: result = (set.map { elements[$0] ^ flip }.min() ?? .max) ^ flip
            case .norm2:
                result = realToInteger(set.reduce(0.0) { $0 + Double(elements[$1]) * Double(elements[$1]) }.squareRoot(), type)
            case .logarithmOfSum:
                result = realToInteger(Double.logarithm(set.reduce(0.0) { $0 + Double(elements[$1]) }), type)
            case .logarithmOfSumOfExponentials:
                result = realToInteger(Double.logarithm(set.reduce(0.0) { $0 + Double.exponential(Double(elements[$1])) }), type)
            }
            return wrapped(result, to: type)
        }
    }
}

/// The sets of elements that a reduction takes together, each in row-major order.
private struct ReducedSets {
    /// First element of each set, in the result's order.
    var starts: [Int] = []
    /// Distance of a set's elements from its first.
    var offsets: [Int] = []

    init(_ shape: Shape, _ isReduced: [Bool], reserve: (Int, Int) throws(EngineError) -> Void) throws(EngineError) {
        let strides = shape.rowMajorStrides
        func positions(_ wanted: Bool) throws(EngineError) -> [Int] {
            let axes = shape.indices.filter { isReduced[$0] == wanted }
            let count = try checkedProduct(axes.map { shape[$0] })
            try reserve(count, MemoryLayout<Int>.stride)
            var list: [Int] = []
            list.reserveCapacity(count)
            Broadcast(extents: axes.map { shape[$0] }, strides: [axes.map { strides[$0] }], count: count)
                .forEach { list.append($1[0]) }
            return list
        }
        starts = try positions(false)
        offsets = try positions(true)
    }

    func map<Element>(_ function: (LazyMapSequence<[Int], Int>) -> Element) -> [Element] {
        starts.map { start in function(offsets.lazy.map { start &+ $0 }) }
    }
}

extension ArgumentReduction: EvaluableOperator {
    func evaluate<A: Arithmetic>(_ step: Step<A>) throws(EngineError) -> [Buffer<A.Stored>] {
        let lines = try Lines(step.shape(0), axis: axis)
        let (isMaximum, selectsLast) = (kind == .maximum, selectsLast)
        switch try step.operand(0).buffer {
        case .real(let elements):
            return [.integer(lines.winners(elements) { x, best in
                if x.isNaN || best.isNaN { return x.isNaN && (selectsLast || !best.isNaN) }
                return x == best ? selectsLast : (x > best) == isMaximum
            })]
        case .integer(let elements):
            let flip: Int64 = try step.elementType(0) == .uint64 ? .min : 0
            return [.integer(lines.winners(elements) { x, best in
                x == best ? selectsLast : (x ^ flip > best ^ flip) == isMaximum
            })]
        case .boolean: throw EngineError(.operand("does not take bool"))
        }
    }
}

extension Lines {
    /// The position along each line that `isBetter` prefers to all before it.
    fileprivate func winners<Element>(_ elements: [Element], _ isBetter: (Element, Element) -> Bool) -> [Int64] {
        (0..<count).map { line in
            let start = start(line)
            var best = 0
            for index in 1..<max(1, length) where isBetter(elements[start + index * stride], elements[start + best * stride]) {
                best = index
            }
            return Int64(best)
        }
    }
}

extension CumulativeSum: EvaluableOperator {
    func evaluate<A: Arithmetic>(_ step: Step<A>) throws(EngineError) -> [Buffer<A.Stored>] {
        guard let axis = try step.integers(1).first else { throw EngineError(.operand("axis is empty")) }
        let lines = try Lines(step.shape(0), axis: Int(axis))
        switch try step.operand(0).buffer {
        case .real(let elements):
            return [.real(sums(lines, elements, first: A.Sum.zero, add: { $0 + A.widened($1) }, give: { A.rounded($0) }))]
        case .integer(let elements):
            let type = try step.output.elementType
            return [.integer(sums(lines, elements, first: Int64(0), add: { $0 &+ $1 }, give: { wrapped($0, to: type) }))]
        case .boolean: throw EngineError(.operand("does not take bool"))
        }
    }

    private func sums<Element, Sum>(
        _ lines: Lines, _ elements: [Element], first: Sum, add: (Sum, Element) -> Sum, give: (Sum) -> Element
    ) -> [Element] {
        var result = elements
        guard !elements.isEmpty else { return result }
        for line in 0..<lines.count {
            var sum = first
            for position in 0..<lines.length {
                let along = isReversed ? lines.length - 1 - position : position
                let index = lines.start(line) + along * lines.stride
                if isExclusive { result[index] = give(sum) }
                sum = add(sum, elements[index])
                if !isExclusive { result[index] = give(sum) }
            }
        }
        return result
    }
}
