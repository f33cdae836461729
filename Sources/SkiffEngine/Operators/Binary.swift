internal import SkiffCore
internal import SkiffGraph

extension Binary: EvaluableOperator {
    func evaluate<A: Arithmetic>(_ step: Step<A>) throws(EngineError) -> [Buffer<A.Stored>] {
        let view = try Broadcast([step.shape(0), step.shape(1)], to: step.output.shape)
        let pair = try Pair<A>(view: view, threads: step.threads)
        let (left, right) = (try step.operand(0), try step.operand(1))
        switch (left.buffer, right.buffer) {
        case (.real(let x), .real(let y)): return [try reals(pair, x, y)]
        case (.integer(let x), .integer(let y)): return [try integers(pair, x, y, left.elementType)]
        case (.boolean(let x), .boolean(let y)): return [try booleans(pair, x, y)]
        case (.real(let x), .integer(let y)) where kind == .power:
            return [try reals(pair, x, y.map { A.Stored(rounding: Double($0)) })]
        case (.integer(let x), .real(let y)) where kind == .power:
            let type = left.elementType
            return [.integer(pair.map(x, y) { realToInteger(Double.power(Double($0), $1.double), type) })]
        default: throw refusal(left.elementType)
        }
    }

    private func refusal(_ elementType: ElementType) -> EngineError {
        EngineError(.operand("\(kind.rawValue) does not take \(elementType.rawValue)"))
    }

    private func reals<A: Arithmetic>(
        _ pair: Pair<A>, _ x: [A.Stored], _ y: [A.Stored]
    ) throws(EngineError) -> Buffer<A.Stored> {
        switch kind {
        case .add: .real(pair.reals(x, y) { $0 + $1 })
        case .subtract: .real(pair.reals(x, y) { $0 - $1 })
        case .multiply: .real(pair.reals(x, y) { $0 * $1 })
        case .divide: .real(pair.reals(x, y) { $0 / $1 })
        case .power: .real(pair.reals(x, y) { A.Sum.power($0, $1) })
        case .remainder: .real(pair.reals(x, y) { A.Sum.remainder($0, $1) })
        case .modulo:
            .real(pair.reals(x, y) { x, y in
                let rest = A.Sum.remainder(x, y)
                return rest != 0 && (rest < 0) != (y < 0) ? rest + y : rest
            })
        case .equal: .boolean(pair.map(x, y) { $0 == $1 })
        case .less: .boolean(pair.map(x, y) { $0 < $1 })
        case .lessOrEqual: .boolean(pair.map(x, y) { $0 <= $1 })
        case .greater: .boolean(pair.map(x, y) { $0 > $1 })
        case .greaterOrEqual: .boolean(pair.map(x, y) { $0 >= $1 })
        case .and, .or, .exclusiveOr, .bitwiseAnd, .bitwiseOr, .bitwiseExclusiveOr, .shiftLeft, .shiftRight:
            throw refusal(.float32)
        }
    }

    private func booleans<A: Arithmetic>(
        _ pair: Pair<A>, _ x: [Bool], _ y: [Bool]
    ) throws(EngineError) -> Buffer<A.Stored> {
        switch kind {
        case .and, .bitwiseAnd, .multiply: .boolean(pair.map(x, y) { $0 && $1 })
        case .or, .bitwiseOr, .add: .boolean(pair.map(x, y) { $0 || $1 })
        case .exclusiveOr, .bitwiseExclusiveOr: .boolean(pair.map(x, y) { $0 != $1 })
        case .equal: .boolean(pair.map(x, y) { $0 == $1 })
        case .subtract, .divide, .power, .modulo, .remainder, .less, .lessOrEqual, .greater, .greaterOrEqual,
            .shiftLeft, .shiftRight:
            throw refusal(.bool)
        }
    }

    private func integers<A: Arithmetic>(
        _ pair: Pair<A>, _ x: [Int64], _ y: [Int64], _ type: ElementType
    ) throws(EngineError) -> Buffer<A.Stored> {
        switch kind {
        case .divide, .modulo, .remainder:
            guard !y.contains(0) else { throw EngineError(.operand("divides whole numbers by zero")) }
        default: break
        }
        // Numbers compare as unsigned ones once their top bit is flipped.
        let flip: Int64 = type == .uint64 ? .min : 0
        let bits = Int64(type.bitWidth ?? 64)
        switch kind {
        case .add: return .integer(pair.map(x, y) { wrapped($0 &+ $1, to: type) })
        case .subtract: return .integer(pair.map(x, y) { wrapped($0 &- $1, to: type) })
        case .multiply: return .integer(pair.map(x, y) { wrapped($0 &* $1, to: type) })
        case .divide: return .integer(pair.map(x, y) { wrapped(quotient($0, $1, type), to: type) })
        case .remainder: return .integer(pair.map(x, y) { wrapped($0 &- quotient($0, $1, type) &* $1, to: type) })
        case .modulo:
            return .integer(pair.map(x, y) { x, y in
                let rest = x &- quotient(x, y, type) &* y
                return type != .uint64 && rest != 0 && (rest < 0) != (y < 0) ? rest + y : rest
            })
        case .power: return .integer(pair.map(x, y) { wrapped(integerPower($0, $1), to: type) })
        case .equal: return .boolean(pair.map(x, y) { $0 == $1 })
        case .less: return .boolean(pair.map(x, y) { $0 ^ flip < $1 ^ flip })
        case .lessOrEqual: return .boolean(pair.map(x, y) { $0 ^ flip <= $1 ^ flip })
        case .greater: return .boolean(pair.map(x, y) { $0 ^ flip > $1 ^ flip })
        case .greaterOrEqual: return .boolean(pair.map(x, y) { $0 ^ flip >= $1 ^ flip })
        case .bitwiseAnd: return .integer(pair.map(x, y) { $0 & $1 })
        case .bitwiseOr: return .integer(pair.map(x, y) { $0 | $1 })
        case .bitwiseExclusiveOr: return .integer(pair.map(x, y) { $0 ^ $1 })
        case .shiftLeft:
            return .integer(pair.map(x, y) { $1 < 0 || $1 >= bits ? 0 : wrapped($0 << $1, to: type) })
        case .shiftRight:
            return .integer(pair.map(x, y) { x, y in
                if y < 0 || y >= bits { return x < 0 && type != .uint64 ? -1 : 0 }
                return type == .uint64 ? Int64(bitPattern: UInt64(bitPattern: x) >> UInt64(y)) : x >> y
            })
        case .and, .or, .exclusiveOr: throw refusal(type)
        }
    }
}

/// Division towards zero; the divisor is not zero.
private func quotient(_ x: Int64, _ y: Int64, _ type: ElementType) -> Int64 {
    if type == .uint64 { return Int64(bitPattern: UInt64(bitPattern: x) / UInt64(bitPattern: y)) }
    return y == -1 ? 0 &- x : x / y
}

/// x to the power of y, wrapped; towards zero where y is negative.
private func integerPower(_ x: Int64, _ y: Int64) -> Int64 {
    if y < 0 { return x == 1 ? 1 : x == -1 ? (y & 1 == 0 ? 1 : -1) : 0 }
    var (result, base, exponent) = (Int64(1), x, y)
    while exponent > 0 {
        if exponent & 1 == 1 { result = result &* base }
        base = base &* base
        exponent >>= 1
    }
    return result
}

/// Two broadcast operands combined element by element.
struct Pair<A: Arithmetic> {
    let view: Broadcast
    let threads: Int

    init(view: Broadcast, threads: Int) throws(EngineError) {
        self.view = view
        self.threads = threads
    }

    @inline(__always)
    func reals(_ x: [A.Stored], _ y: [A.Stored], _ function: (A.Sum, A.Sum) -> A.Sum) -> [A.Stored] {
        map(x, y) { A.rounded(function(A.widened($0), A.widened($1))) }
    }

    @inline(__always)
    func map<X: BitwiseCopyable, Y: BitwiseCopyable, Result: BitwiseCopyable>(
        _ x: [X], _ y: [Y], _ function: (X, Y) -> Result
    ) -> [Result] {
        let steps = view.steps
        return x.withUnsafeBufferPointer { x in
            y.withUnsafeBufferPointer { y in
                filled(view.count, threads: threads) { target, range in
                    guard let x = x.baseAddress, let y = y.baseAddress else { return }
                    view.runs(in: range) { first, count, from in
                        let (x, y, target) = (x + from[0], y + from[1], target + first)
                        switch (steps[0], steps[1]) {
                        case (1, 1): for index in 0..<count { target[index] = function(x[index], y[index]) }
                        case (1, 0):
                            let y = y[0]
                            for index in 0..<count { target[index] = function(x[index], y) }
                        case (0, 1):
                            let x = x[0]
                            for index in 0..<count { target[index] = function(x, y[index]) }
                        default:
                            for index in 0..<count { target[index] = function(x[index &* steps[0]], y[index &* steps[1]]) }
                        }
                    }
                }
            }
        }
    }
}

extension Variadic: EvaluableOperator {
    func evaluate<A: Arithmetic>(_ step: Step<A>) throws(EngineError) -> [Buffer<A.Stored>] {
        let output = try step.output
        let positions = step.inputs.indices.filter { step.has($0) }
        if output.elementType.isFloatingPoint {
            return [.real(try reals(step, positions, output))]
        }
        var result = try step.integers(positions.first ?? 0)
        var shape = try step.shape(positions.first ?? 0)
        let isUnsigned = output.elementType == .uint64
        for position in positions.dropFirst() {
            let next = try step.integers(position)
            let nextShape = try step.shape(position)
            let merged = position == positions.last ? output.shape : try broadcastShape(shape, nextShape)
            let pair = try Pair<A>(view: Broadcast([shape, nextShape], to: merged), threads: step.threads)
            result = pair.map(result, next) { combined($0, $1, isUnsigned: isUnsigned) }
            shape = merged
        }
        let divisor = Int64(positions.count)
        return [.integer(result.map { wrapped(kind == .mean ? $0 / divisor : $0, to: output.elementType) })]
    }

    private func combined(_ x: Int64, _ y: Int64, isUnsigned: Bool) -> Int64 {
        switch kind {
        case .sum, .mean: x &+ y
        case .product: x &* y
        case .maximum: isUnsigned ? Int64(bitPattern: max(UInt64(bitPattern: x), UInt64(bitPattern: y))) : max(x, y)
        case .minimum: isUnsigned ? Int64(bitPattern: min(UInt64(bitPattern: x), UInt64(bitPattern: y))) : min(x, y)
        }
    }

    private func reals<A: Arithmetic>(
        _ step: Step<A>, _ positions: [Int], _ output: Step<A>.Output
    ) throws(EngineError) -> [A.Stored] {
        if positions.count == 2 {
            let view = try Broadcast([step.shape(positions[0]), step.shape(positions[1])], to: output.shape)
            let pair = try Pair<A>(view: view, threads: step.threads)
            let (x, y) = (try step.reals(positions[0]), try step.reals(positions[1]))
            switch kind {
            case .sum: return pair.reals(x, y) { $0 + $1 }
            case .mean: return pair.reals(x, y) { ($0 + $1) / 2 }
            case .product: return pair.reals(x, y) { $0 * $1 }
            case .maximum: return pair.reals(x, y) { larger($0, $1) }
            case .minimum: return pair.reals(x, y) { smaller($0, $1) }
            }
        }
        try step.reserve(output.count, MemoryLayout<A.Sum>.stride)
        var sums: [A.Sum] = []
        for position in positions {
            let elements = try step.reals(position)
            let view = try Broadcast([step.shape(position)], to: output.shape)
            if sums.isEmpty {
                sums = [A.Sum](repeating: 0, count: output.count)
                view.forEach { sums[$0] = A.widened(elements[$1[0]]) }
                continue
            }
            switch kind {
            case .sum, .mean: view.forEach { sums[$0] = sums[$0] + A.widened(elements[$1[0]]) }
            case .product: view.forEach { sums[$0] = sums[$0] * A.widened(elements[$1[0]]) }
            case .maximum: view.forEach { sums[$0] = larger(sums[$0], A.widened(elements[$1[0]])) }
            case .minimum: view.forEach { sums[$0] = smaller(sums[$0], A.widened(elements[$1[0]])) }
            }
        }
        let divisor = kind == .mean ? A.Sum(rounding: Double(positions.count)) : 1
        return sums.map { A.rounded($0 / divisor) }
    }

    private func broadcastShape(_ left: Shape, _ right: Shape) throws(EngineError) -> Shape {
        let rank = max(left.count, right.count)
        let (l, r) = ([Int](repeating: 1, count: rank - left.count) + left, [Int](repeating: 1, count: rank - right.count) + right)
        return zip(l, r).map { $0 == 1 ? $1 : $0 }
    }
}

/// The larger number; NaN where one is.
@inline(__always)
func larger<Number: Real>(_ x: Number, _ y: Number) -> Number { x > y || x.isNaN ? x : y }

/// The smaller number; NaN where one is.
@inline(__always)
func smaller<Number: Real>(_ x: Number, _ y: Number) -> Number { x < y || x.isNaN ? x : y }

extension Select: EvaluableOperator {
    func evaluate<A: Arithmetic>(_ step: Step<A>) throws(EngineError) -> [Buffer<A.Stored>] {
        let view = try Broadcast([step.shape(0), step.shape(1), step.shape(2)], to: step.output.shape)
        let condition = try step.booleans(0)
        switch (try step.buffer(1), try step.buffer(2)) {
        case (.real(let a), .real(let b)): return [.real(selected(condition, a, b, view))]
        case (.integer(let a), .integer(let b)): return [.integer(selected(condition, a, b, view))]
        case (.boolean(let a), .boolean(let b)): return [.boolean(selected(condition, a, b, view))]
        default: throw EngineError(.operand("its two values are of different types"))
        }
    }

    private func selected<Element>(_ condition: [Bool], _ a: [Element], _ b: [Element], _ view: Broadcast) -> [Element] {
        var result: [Element] = []
        result.reserveCapacity(view.count)
        view.forEach { _, from in result.append(condition[from[0]] ? a[from[1]] : b[from[2]]) }
        return result
    }
}
