internal import SkiffCore
public import SkiffGraph

/// How a BatchNormalization scales its channels.
public struct NormalizationHealth: Sendable {
    public var node: NodeID
    /// As layers are shown.
    public var name: String
    public var channels: Int
    public var epsilon: Double
    /// Root of the mean square of the scales (gamma); 1 where there are none.
    public var scaleRMS: Double
    /// Smallest and largest magnitude of a scale.
    public var leastScale: Double
    public var greatestScale: Double
    public var leastVariance: Double
    public var greatestVariance: Double
    /// Channels whose |gamma| is below 1/10000 of ``scaleRMS``. What their input is like does not count.
    public var scaledAway: [Int]
    /// Channels whose variance is below epsilon, without negative ones.
    public var belowEpsilon: Int
}

/// How a residual block scales the last thing on its branch before the addition.
public struct BlockGain: Sendable {
    /// An index into ``Inspection/blocks``.
    public var block: Int
    /// The last BatchNormalization, or the last convolution where none follows it.
    public var node: NodeID
    public var isOfNormalization: Bool
    /// Root of the mean square of the scales, or of the kernel's elements; times that of layer scales behind it.
    public var rms: Double
    /// Whether that is next to nothing: below 1/100 for scales, where what enters has a spread of one, and below 1e-6 for
    /// kernels.
    public var isNearlyIdentity: Bool { rms < (isOfNormalization ? 0.01 : 1e-6) }
}

extension NormalizationHealth {
    static func all(of context: LintContext) -> [NormalizationHealth] {
        context.steps.compactMap { step in
            guard case .batchNormalization(let attributes) = step.node.operator,
                let numbers = context.normalizationNumbers(step), !numbers.variance.isEmpty
            else { return nil }
            let epsilon = Double(attributes.epsilon)
            let scales = (numbers.scale ?? [Double](repeating: 1, count: numbers.variance.count)).map { abs($0) }
            let usual = rootMeanSquare(scales)
            return NormalizationHealth(
                node: step.id, name: context.graph.displayName(of: step.id), channels: scales.count, epsilon: epsilon,
                scaleRMS: usual, leastScale: scales.min() ?? 0, greatestScale: scales.max() ?? 0,
                leastVariance: numbers.variance.min() ?? 0, greatestVariance: numbers.variance.max() ?? 0,
                scaledAway: scales.indices.filter { scales[$0] < 1e-4 * usual },
                belowEpsilon: numbers.variance.count { $0 >= 0 && $0 < epsilon })
        }
    }
}

extension BlockGain {
    static func all(of context: LintContext) -> [BlockGain] {
        context.inspection.blocks.indices.compactMap { index in
            let block = context.inspection.blocks[index]
            let join = context.graph[block.join]
            guard join.operator.role == .sum else { return nil }
            let branch = Set(block.branch)
            let ends = join.inputs.compactMap { $0 }.filter { value in
                context.graph.producer(of: value).map { branch.contains($0) } ?? false
            }
            // Where several paths are added at once, none of them alone makes the block an identity.
            guard ends.count == 1, let last = context.lastScaling(of: ends[0], in: branch) else { return nil }
            return gain(of: last.step, times: last.factor, block: index, context)
        }
    }

    private static func gain(
        of step: LintContext.Step, times factor: Double, block: Int, _ context: LintContext
    ) -> BlockGain? {
        switch step.node.operator {
        case .batchNormalization:
            guard step.node.inputs.count > 1, let scales = context.numbers(step.node.inputs[1]) else { return nil }
            return BlockGain(block: block, node: step.id, isOfNormalization: true, rms: factor * rootMeanSquare(scales))
        case .convolution, .dense, .gemm, .matrixMultiplication:
            guard step.node.inputs.count > 1, let kernel = step.node.inputs[1],
                let weight = context.graph.storedWeight(kernel)?.id,
                let tensor = context.statistics?.tensors.first(where: { $0.value == weight }), tensor.nonFinite == 0
            else { return nil }
            let rms = (tensor.mean * tensor.mean + tensor.standardDeviation * tensor.standardDeviation).squareRoot()
            return BlockGain(block: block, node: step.id, isOfNormalization: false, rms: factor * rms)
        default: return nil
        }
    }
}

extension LintContext {
    /// From the value that a branch hands to its addition back to the layer that scales it last: through activations and
    /// poolings that leave zero at zero, nodes that pass values on, gates and layer scales.
    ///
    /// - Returns: the layer, and by what layer scales multiply it.
    fileprivate func lastScaling(of end: ValueID, in branch: Set<NodeID>) -> (step: Step, factor: Double)? {
        var value = end
        var factor = 1.0
        for _ in 0..<32 {
            guard let id = graph.producer(of: value), branch.contains(id) else { return nil }
            let node = graph[id]
            switch node.operator.role {
            case .normalization, .convolution, .matrix: return (Step(id: id, node: node), factor)
            case .transparent, .pool: break
            case .activation where node.operator.keepsZero: break
            case .sum:
                // A bias by itself.
                let operands = node.inputs.compactMap { $0 }
                guard operands.count == 2, let bias = operands.firstIndex(where: { graph.storedWeight($0) != nil }) else { return nil }
                value = operands[1 - bias]
                continue
            case .product:
                guard let data = scaledOperand(of: node) else { return nil }
                value = data.value
                factor *= data.factor
                continue
            default: return nil
            }
            guard let next = node.inputs.first ?? nil else { return nil }
            value = next
        }
        return nil
    }

    /// The operand of a product that is data: the other is a stored scale, or a gate that is computed from this one.
    private func scaledOperand(of node: Node) -> (value: ValueID, factor: Double)? {
        let operands = node.inputs.compactMap { $0 }
        guard operands.count == 2 else { return nil }
        for (value, other) in [(operands[0], operands[1]), (operands[1], operands[0])] {
            if let scale = numbers(other), !scale.isEmpty {
                let rms = rootMeanSquare(scale)
                if case .binary(let binary) = node.operator, binary.kind == .divide {
                    return value == operands[0] && rms > 0 ? (value, 1 / rms) : nil
                }
                return (value, rms)
            }
            if isComputed(other, from: value) { return (value, 1) }
        }
        return nil
    }

    /// Whether one value hangs on another, a few nodes before it.
    private func isComputed(_ value: ValueID, from origin: ValueID) -> Bool {
        var seen: Set<ValueID> = [value]
        var pending = [value]
        var first = 0
        while first < pending.count, first < 128 {
            let next = pending[first]
            first += 1
            guard let producer = graph.producer(of: next) else { continue }
            for case let input? in graph[producer].inputs {
                if input == origin { return true }
                if seen.insert(input).inserted { pending.append(input) }
            }
        }
        return false
    }

    /// Whether the weights are as they are before training: every normalization has scales of 1, or 0, and offsets of 0.
    var looksUntrained: Bool {
        var found = false
        for node in graph.nodes where node.operator.role == .normalization && node.inputs.count > 1 {
            guard let scales = numbers(node.inputs[1]) else { continue }
            let offsets = node.inputs.count > 2 ? numbers(node.inputs[2]) ?? [] : []
            guard scales.allSatisfy({ $0 == 1 || $0 == 0 }), offsets.allSatisfy({ $0 == 0 }) else { return false }
            found = true
        }
        return found
    }

    /// The kernels of the layers that give the outputs, behind softmaxes and what passes values on.
    var headKernels: Set<ValueID> {
        var kernels: Set<ValueID> = []
        for output in graph.outputs {
            var value: ValueID? = output.value
            for _ in 0..<8 {
                guard let current = value, let id = graph.producer(of: current) else { break }
                let node = graph[id]
                value = node.inputs.first ?? nil
                if case .softmax = node.operator { continue }
                switch node.operator.role {
                case .transparent, .activation: continue
                case .sum: value = node.inputs.first { $0.map { graph.storedWeight($0) == nil } ?? false } ?? nil
                case .matrix, .convolution:
                    if node.inputs.count > 1, let kernel = node.inputs[1], let weight = graph.storedWeight(kernel)?.id {
                        kernels.insert(weight)
                    }
                    value = nil
                default: value = nil
                }
            }
        }
        return kernels
    }
}

extension Operator {
    /// Whether an activation gives zero for zero.
    fileprivate var keepsZero: Bool {
        switch self {
        case .unary(let unary):
            switch unary.kind {
            case .sigmoid, .hardSigmoid, .softplus: false
            default: true
            }
        default: true
        }
    }
}

private func rootMeanSquare(_ numbers: [Double]) -> Double {
    numbers.isEmpty ? 0 : (numbers.reduce(0) { $0 + $1 * $1 } / Double(numbers.count)).squareRoot()
}
