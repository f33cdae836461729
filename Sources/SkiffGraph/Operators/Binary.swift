internal import SkiffCore

/// A function of two elements, shapes broadcast as NumPy does. Inputs: 0 and 1.
/// Source: the ONNX operators of the kinds' names; Keras Add, Subtract, Multiply, Maximum, Minimum of two inputs.
public struct Binary: OperatorAttributes {
    public enum Kind: String, Hashable, Sendable, CaseIterable {
        case add, subtract, multiply, divide, power
        /// Remainder with the divisor's sign (ONNX Mod fmod 0).
        case modulo
        /// Remainder with the dividend's sign (ONNX Mod fmod 1).
        case remainder
        case equal, less, lessOrEqual, greater, greaterOrEqual
        case and, or, exclusiveOr
        case bitwiseAnd, bitwiseOr, bitwiseExclusiveOr, shiftLeft, shiftRight
    }

    public var kind: Kind
    public init(_ kind: Kind) { self.kind = kind }

    /// Whether the output is bool whatever the inputs are.
    public var isComparison: Bool {
        switch kind {
        case .equal, .less, .lessOrEqual, .greater, .greaterOrEqual: true
        default: false
        }
    }
}

/// The sum, mean, maximum or minimum of any number of inputs, shapes broadcast as NumPy does; of two or more
/// inputs the product too (Keras Multiply). Source: ONNX Sum, Mean, Max, Min; Keras merging layers.
public struct Variadic: OperatorAttributes {
    public enum Kind: String, Hashable, Sendable, CaseIterable { case sum, mean, maximum, minimum, product }

    public var kind: Kind
    public init(_ kind: Kind) { self.kind = kind }
}

/// y = condition ? a : b, shapes broadcast. Inputs: 0 condition (bool); 1 a; 2 b. Source: ONNX Where.
public struct Select: OperatorAttributes {
    public init() {}
}

extension Binary {
    public func infer(_ inputs: [Fact?], outputCount: Int) throws(GraphError) -> [Fact] {
        let inputs = try Operands(inputs, ["A", "B"], required: 2, outputCount: outputCount)
        let left = try inputs.required(0)
        let right = try inputs.required(1)
        if let accepted {
            try left.require(accepted)
            try right.require(accepted)
        }
        // The exponent of ONNX Pow may be of another type.
        if kind != .power { try right.require(sameTypeAs: left) }
        let shape = try broadcast(left.shape, right.shape)
        let output = Fact(isComparison ? .bool : left.elementType, shape)
        return [output.holding(foldedBinary(kind, left.fact, right.fact, shape: shape))]
    }

    private var accepted: TypeClass? {
        switch kind {
        case .add, .subtract, .multiply, .divide, .power, .modulo, .remainder: .number
        case .less, .lessOrEqual, .greater, .greaterOrEqual: .number
        case .equal: nil
        case .and, .or, .exclusiveOr: .bool
        case .bitwiseAnd, .bitwiseOr, .bitwiseExclusiveOr, .shiftLeft, .shiftRight: .integer
        }
    }
}

extension Variadic {
    public func infer(_ inputs: [Fact?], outputCount: Int) throws(GraphError) -> [Fact] {
        let names = inputs.indices.map { "input \($0)" }
        let operands = try Operands(inputs, names, required: max(inputs.count, 1), outputCount: outputCount)
        let first = try operands.required(0)
        try first.require(kind == .mean ? .floatingPoint : .number)
        try operands.requireSameTypes()
        var result = Fact(first.elementType, first.shape, contents: first.fact.contents)
        if kind == .mean { result.contents = nil }
        for operand in operands.all.dropFirst() {
            let shape = try broadcast(result.shape, operand.shape)
            let contents = pairwise.flatMap { foldedBinary($0, result, operand.fact, shape: shape) }
            result = Fact(first.elementType, shape).holding(contents)
        }
        return [result]
    }

    /// The function of two inputs that makes this one of all, where contents are folded by it.
    private var pairwise: Binary.Kind? {
        switch kind {
        case .sum: .add
        case .product: .multiply
        case .mean, .maximum, .minimum: nil
        }
    }
}

extension Select {
    public func infer(_ inputs: [Fact?], outputCount: Int) throws(GraphError) -> [Fact] {
        let inputs = try Operands(inputs, ["condition", "X", "Y"], required: 3, outputCount: outputCount)
        let condition = try inputs.required(0)
        let (one, other) = (try inputs.required(1), try inputs.required(2))
        try condition.require(.bool)
        try other.require(sameTypeAs: one)
        let shape = try broadcast(condition.shape, broadcast(one.shape, other.shape))
        var contents: Fact.Contents?
        if let choice = condition.fact.broadcastIntegers(to: shape), let taken = one.fact.broadcastIntegers(to: shape),
            let left = other.fact.broadcastIntegers(to: shape)
        {
            contents = .integers(
                choice.indices.map { index in
                    switch choice[index] {
                    case 1: taken[index]
                    case 0: left[index]
                    default: taken[index] == left[index] ? taken[index] : .unknown
                    }
                })
        }
        return [Fact(one.elementType, shape).holding(contents)]
    }
}

extension Fact {
    /// The whole-number elements when this is broadcast to `shape`, where they are few.
    fileprivate func broadcastIntegers(to shape: SymbolicShape?) -> [Dimension]? {
        guard let elements = integerElements, let positions = broadcastPositions(from: self.shape, to: shape),
            case .integers(let picked) = Contents.integers(elements).picking(positions)
        else { return nil }
        return picked
    }

    fileprivate func broadcastReals(to shape: SymbolicShape?) -> [Double]? {
        guard let elements = realElements, let positions = broadcastPositions(from: self.shape, to: shape),
            case .reals(let picked) = Contents.reals(elements).picking(positions)
        else { return nil }
        return picked
    }
}

/// The elements of a binary operator's output, where its inputs' are known and few.
private func foldedBinary(_ kind: Binary.Kind, _ left: Fact, _ right: Fact, shape: SymbolicShape?) -> Fact.Contents? {
    if let one = left.broadcastReals(to: shape), let other = right.broadcastReals(to: shape) {
        let function: (Double, Double) -> Double
        switch kind {
        case .add: function = { $0 + $1 }
        case .subtract: function = { $0 - $1 }
        case .multiply: function = { $0 * $1 }
        case .divide: function = { $0 / $1 }
        default: return nil
        }
        return .reals(zip(one, other).map(function))
    }
    guard let function = foldedFunction(kind), let one = left.broadcastIntegers(to: shape),
        let other = right.broadcastIntegers(to: shape)
    else { return nil }
    return .integers(zip(one, other).map(function))
}

/// `kind` on whole numbers that may be open; `nil` where shapes are not computed with it.
private func foldedFunction(_ kind: Binary.Kind) -> ((Dimension, Dimension) -> Dimension)? {
    switch kind {
    case .add: { $0 + $1 }
    case .subtract: { $0 - $1 }
    case .multiply: { $0 * $1 }
    case .divide: { $0 / $1 }
    case .modulo:
        { left, right in
            guard let left = left.fixedValue, let right = right.fixedValue, right > 0 else { return .unknown }
            let rest = left % right
            return .fixed(rest < 0 ? rest + right : rest)
        }
    case .equal: { left, right in left.isEqual(to: right).map { $0 ? 1 : 0 } ?? .unknown }
    case .less: foldedComparison(<)
    case .lessOrEqual: foldedComparison(<=)
    case .greater: foldedComparison(>)
    case .greaterOrEqual: foldedComparison(>=)
    case .and: foldedComparison { $0 != 0 && $1 != 0 }
    case .or: foldedComparison { $0 != 0 || $1 != 0 }
    default: nil
    }
}

private func foldedComparison(_ holds: @escaping (Int, Int) -> Bool) -> (Dimension, Dimension) -> Dimension {
    { left, right in
        guard let left = left.fixedValue, let right = right.fixedValue else { return .unknown }
        return holds(left, right) ? 1 : 0
    }
}
