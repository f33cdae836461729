internal import SkiffCore
internal import SkiffGraph
internal import SkiffVerify

/// What the affine steps of a piece come to: each channel times ``scale`` plus ``shift``, in Double.
struct AffineMap {
    /// One number for each channel, or one for all.
    private(set) var scale: [Double] = [1]
    private(set) var shift: [Double] = [0]
    /// Sums of the sizes of all that was added to get each shift: what rounding of the sum is counted in.
    private(set) var magnitude: [Double] = [0]

    /// - Returns: `nil` where a constant cannot be read, or numbers of channels differ.
    init?(_ piece: Piece, in network: Network) {
        let graph = network.graph
        if piece.isContraction {
            let head = graph[piece.head]
            if head.inputs.count > 2, let bias = head.inputs[2] {
                guard let values = graph.smallConstant(bias), add(values, sign: 1) else { return nil }
            }
        }
        for id in piece.steps {
            guard apply(graph[id], in: network) else { return nil }
        }
    }

    private mutating func apply(_ node: Node, in network: Network) -> Bool {
        let graph = network.graph
        func values(_ position: Int) -> [Double]? {
            node.inputs.indices.contains(position) ? node.inputs[position].flatMap { graph.smallConstant($0) } : nil
        }
        func isGiven(_ position: Int) -> Bool { node.inputs.indices.contains(position) && node.inputs[position] != nil }
        if case .batchNormalization(let normalization) = node.operator {
            guard let mean = values(3), let variance = values(4), mean.count == variance.count else { return false }
            let gamma = isGiven(1) ? values(1) : [Double](repeating: 1, count: mean.count)
            let beta = isGiven(2) ? values(2) : [Double](repeating: 0, count: mean.count)
            guard let gamma, let beta, gamma.count == mean.count, beta.count == mean.count else { return false }
            let factor = mean.indices.map { gamma[$0] / (variance[$0] + Double(normalization.epsilon)).squareRoot() }
            return add(mean, sign: -1) && multiply(factor) && add(beta, sign: 1)
        }
        if case .unary(let unary) = node.operator { return unary.kind == .negative && multiply([-1]) }
        let computed = node.inputs.indices.first { node.inputs[$0].map(network.side.isComputed) ?? false } ?? 0
        guard node.inputs.count == 2, let constant = values(1 - computed) else { return false }
        switch node.operator {
        case .binary(let binary):
            switch binary.kind {
            case .add: return add(constant, sign: 1)
            case .subtract: return computed == 0 ? add(constant, sign: -1) : multiply([-1]) && add(constant, sign: 1)
            case .multiply: return multiply(constant)
            case .divide: return computed == 0 && multiply(constant.map { 1 / $0 })
            default: return false
            }
        case .variadic(let variadic):
            switch variadic.kind {
            case .sum: return add(constant, sign: 1)
            case .product: return multiply(constant)
            default: return false
            }
        default: return false
        }
    }

    private mutating func add(_ values: [Double], sign: Double) -> Bool {
        guard let shift = Self.combined(shift, values, { $0 + sign * $1 }),
            let magnitude = Self.combined(magnitude, values, { $0 + abs($1) })
        else { return false }
        (self.shift, self.magnitude) = (shift, magnitude)
        return true
    }

    private mutating func multiply(_ values: [Double]) -> Bool {
        guard let scale = Self.combined(scale, values, *), let shift = Self.combined(shift, values, *),
            let magnitude = Self.combined(magnitude, values, { $0 * abs($1) })
        else { return false }
        (self.scale, self.shift, self.magnitude) = (scale, shift, magnitude)
        return true
    }

    static func combined(_ one: [Double], _ other: [Double], _ body: (Double, Double) -> Double) -> [Double]? {
        if one.count == other.count { return zip(one, other).map(body) }
        if one.count == 1 { return other.map { body(one[0], $0) } }
        if other.count == 1 { return one.map { body($0, other[0]) } }
        return nil
    }

    /// Rounding of some steps in float32, as a part of what is rounded.
    static let rounding = 16 * 0x1p-24

    /// The largest distance of two maps' shifts, as a part of the largest shift, and whether all are within rounding.
    func shiftDistance(to other: AffineMap, rounding: Double) -> (isRounding: Bool, relative: Double)? {
        guard let differences = Self.combined(shift, other.shift, -),
            let sizes = Self.combined(magnitude, other.magnitude, max), differences.count == sizes.count
        else { return nil }
        let isRounding = zip(differences, sizes).allSatisfy { abs($0) <= rounding * $1 + 1e-37 }
        let size = shift.reduce(0) { max($0, abs($1)) }
        let largest = differences.reduce(0) { max($0, abs($1)) }
        return (isRounding, size > 0 ? largest / size : largest)
    }

    func scaleDistance(to other: AffineMap, rounding: Double) -> (isRounding: Bool, relative: Double)? {
        guard let differences = Self.combined(scale, other.scale, -),
            let sizes = Self.combined(scale, other.scale, { max(abs($0), abs($1)) })
        else { return nil }
        let isRounding = zip(differences, sizes).allSatisfy { abs($0) <= rounding * $1 + 1e-37 }
        let size = scale.reduce(0) { max($0, abs($1)) }
        let largest = differences.reduce(0) { max($0, abs($1)) }
        return (isRounding, size > 0 ? largest / size : largest)
    }
}
