internal import SkiffCore
internal import SkiffGraph

extension Unary: EvaluableOperator {
    func evaluate<A: Arithmetic>(_ step: Step<A>) throws(EngineError) -> [Buffer<A.Stored>] {
        let operand = try step.operand(0)
        switch operand.buffer {
        case .boolean(let elements):
            guard kind == .not else { throw refusal(operand.elementType) }
            return [.boolean(elements.map { !$0 })]
        case .integer(let elements): return [.integer(try integers(elements, operand.elementType))]
        case .real(let elements): return [try reals(A.self, elements, operand.elementType, threads: step.threads)]
        }
    }

    private func refusal(_ elementType: ElementType) -> EngineError {
        EngineError(.operand("does not take \(elementType.rawValue)"))
    }

    private func integers(_ elements: [Int64], _ type: ElementType) throws(EngineError) -> [Int64] {
        let isUnsigned = type == .uint64
        switch kind {
        case .relu: return elements.map { $0 < 0 && !isUnsigned ? 0 : $0 }
        case .absolute: return elements.map { $0 < 0 && !isUnsigned ? wrapped(0 &- $0, to: type) : $0 }
        case .negative: return elements.map { wrapped(0 &- $0, to: type) }
        case .sign: return elements.map { $0 == 0 ? 0 : $0 < 0 && !isUnsigned ? -1 : 1 }
        case .bitwiseNot: return elements.map { wrapped(~$0, to: type) }
        case .floor, .ceiling, .round: return elements
        default: throw refusal(type)
        }
    }

    private func reals<A: Arithmetic>(
        _ arithmetic: A.Type, _ elements: [A.Stored], _ type: ElementType, threads: Int
    ) throws(EngineError) -> Buffer<A.Stored> {
        switch kind {
        case .relu: return .real(mapped(elements, threads: threads) { $0 < 0 ? 0 : $0 })
        case .isNaN: return .boolean(elements.map(\.isNaN))
        case .isInfinite(let detectsPositive, let detectsNegative):
            return .boolean(elements.map { $0.isInfinite && ($0 > 0 ? detectsPositive : detectsNegative) })
        case .not, .bitwiseNot: throw refusal(type)
        default:
            let function = Self.activation(kind, A.Sum.self) ?? Self.function(kind, A.Sum.self)
            return .real(mapped(elements, cost: 16, threads: threads) { A.rounded(function(A.widened($0))) })
        }
    }

    /// The formulas that networks call activations.
    private static func activation<Sum: Real>(_ kind: Kind, _ type: Sum.Type) -> ((Sum) -> Sum)? {
        func real(_ value: Float) -> Sum { Sum(rounding: value.double) }
        switch kind {
        case .generalReLU(let maximum, let negativeSlope, let threshold):
            let (slope, threshold) = (real(negativeSlope), real(threshold))
            let maximum = maximum.map(real) ?? .infinity
            return { $0 < threshold ? slope * ($0 - threshold) : $0 > maximum ? maximum : $0 }
        case .leakyReLU(let alpha):
            let alpha = real(alpha)
            return { $0 < 0 ? alpha * $0 : $0 }
        case .thresholdedReLU(let alpha):
            let alpha = real(alpha)
            return { $0 <= alpha ? 0 : $0 }
        case .elu(let alpha):
            let alpha = real(alpha)
            return { $0 > 0 ? $0 : alpha * Sum.exponentialLessOne($0) }
        case .selu(let alpha, let gamma):
            let (alpha, gamma) = (real(alpha), real(gamma))
            return { gamma * ($0 > 0 ? $0 : alpha * Sum.exponentialLessOne($0)) }
        case .celu(let alpha):
            let alpha = real(alpha)
            return { larger(0, $0) + smaller(0, alpha * Sum.exponentialLessOne($0 / alpha)) }
        case .sigmoid: return { sigmoid($0) }
        case .softplus: return { softplus($0) }
        case .softsign: return { $0 / (1 + $0.magnitude) }
        case .hardSigmoid(let alpha, let beta):
            let (alpha, beta) = (real(alpha), real(beta))
            return { unitClamped(alpha * $0 + beta) }
        case .hardSwish: return { $0 * unitClamped($0 / 6 + Sum(rounding: 0.5)) }
        case .swish(let alpha):
            let alpha = real(alpha)
            return { $0 * sigmoid(alpha * $0) }
        case .mish: return { $0 * Sum.hyperbolicTangent(softplus($0)) }
        case .gelu(approximate: false):
            let (half, scale) = (Sum(rounding: 0.5), Sum(rounding: 0.5).squareRoot())
            return { half * $0 * (1 + Sum.error($0 * scale)) }
        case .gelu(approximate: true):
            let (half, scale) = (Sum(rounding: 0.5), (2 / Sum.pi).squareRoot())
            let cubic = Sum(rounding: 0.044715)
            return { half * $0 * (1 + Sum.hyperbolicTangent(scale * ($0 + cubic * $0 * $0 * $0))) }
        case .shrink(let bias, let lambda):
            let (bias, lambda) = (real(bias), real(lambda))
            return { $0 < -lambda ? $0 + bias : $0 > lambda ? $0 - bias : 0 }
        default: return nil
        }
    }

    /// The functions of mathematics. Kinds that do not give reals are not asked for.
    private static func function<Sum: Real>(_ kind: Kind, _ type: Sum.Type) -> (Sum) -> Sum {
        switch kind {
        case .absolute: { $0.magnitude }
        case .negative: { -$0 }
        case .reciprocal: { 1 / $0 }
        case .squareRoot: { $0.squareRoot() }
        case .exponential: { Sum.exponential($0) }
        case .logarithm: { Sum.logarithm($0) }
        case .error: { Sum.error($0) }
        case .sign: { $0.isNaN ? $0 : $0 > 0 ? 1 : $0 < 0 ? -1 : 0 }
        case .floor: { $0.rounded(.down) }
        case .ceiling: { $0.rounded(.up) }
        case .round: { $0.rounded(.toNearestOrEven) }
        case .tanh: { Sum.hyperbolicTangent($0) }
        case .sine: { Sum.sine($0) }
        case .cosine: { Sum.cosine($0) }
        case .tangent: { Sum.tangent($0) }
        case .arcSine: { Sum.arcSine($0) }
        case .arcCosine: { Sum.arcCosine($0) }
        case .arcTangent: { Sum.arcTangent($0) }
        case .hyperbolicSine: { Sum.hyperbolicSine($0) }
        case .hyperbolicCosine: { Sum.hyperbolicCosine($0) }
        case .areaSine: { Sum.areaSine($0) }
        case .areaCosine: { Sum.areaCosine($0) }
        case .areaTangent: { Sum.areaTangent($0) }
        case .relu, .generalReLU, .leakyReLU, .thresholdedReLU, .elu, .selu, .celu, .sigmoid, .softplus, .softsign,
            .hardSigmoid, .hardSwish, .swish, .mish, .gelu, .shrink, .not, .isNaN, .isInfinite, .bitwiseNot:
            { $0 }
        }
    }
}

private func sigmoid<Sum: Real>(_ x: Sum) -> Sum { 1 / (1 + Sum.exponential(-x)) }

private func softplus<Sum: Real>(_ x: Sum) -> Sum {
    larger(x, 0) + Sum.logarithmOfOnePlus(Sum.exponential(-x.magnitude))
}

private func unitClamped<Sum: Real>(_ x: Sum) -> Sum { x < 0 ? 0 : x > 1 ? 1 : x }

extension ParametricReLU: EvaluableOperator {
    func evaluate<A: Arithmetic>(_ step: Step<A>) throws(EngineError) -> [Buffer<A.Stored>] {
        let pair = try Pair<A>(
            view: Broadcast([step.shape(0), step.shape(1)], to: step.output.shape), threads: step.threads)
        if case .integer(let x) = try step.buffer(0) {
            let type = try step.output.elementType
            return [.integer(pair.map(x, try step.integers(1)) { $0 < 0 ? wrapped($0 &* $1, to: type) : $0 })]
        }
        return [.real(pair.reals(try step.reals(0), try step.reals(1)) { $0 < 0 ? $0 * $1 : $0 })]
    }
}

extension Clip: EvaluableOperator {
    func evaluate<A: Arithmetic>(_ step: Step<A>) throws(EngineError) -> [Buffer<A.Stored>] {
        let type = try step.output.elementType
        if type.isInteger {
            let flip: Int64 = type == .uint64 ? .min : 0
            let minimum = step.has(1) ? try step.integers(1).first : nil
            let maximum = step.has(2) ? try step.integers(2).first : nil
            return [.integer(try step.integers(0).map { element in
                var element = element
                if let minimum, element ^ flip < minimum ^ flip { element = minimum }
                if let maximum, element ^ flip > maximum ^ flip { element = maximum }
                return element
            })]
        }
        let minimum = (step.has(1) ? try step.reals(1).first : nil) ?? -A.Stored.infinity
        let maximum = (step.has(2) ? try step.reals(2).first : nil) ?? A.Stored.infinity
        return [.real(mapped(try step.reals(0), threads: step.threads) { element in
            let raised = element < minimum ? minimum : element
            return raised > maximum ? maximum : raised
        })]
    }
}

/// `function` of every element.
@inline(__always)
func mapped<Element: BitwiseCopyable, Result: BitwiseCopyable>(
    _ elements: [Element], cost: Int = 1, threads: Int, _ function: (Element) -> Result
) -> [Result] {
    elements.withUnsafeBufferPointer { source in
        filled(source.count, cost: cost, threads: threads) { target, range in
            for index in range { target[index] = function(source[index]) }
        }
    }
}
