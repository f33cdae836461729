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
    /// Channels whose output spread, |gamma|·√(variance / (variance + epsilon)), is below 1/10000 of the RMS of all.
    public var scaledAway: [Int]
    /// Channels whose variance is below epsilon.
    public var belowEpsilon: Int
}

/// How a residual block scales the last thing on its branch before the addition.
public struct BlockGain: Sendable {
    /// An index into ``Inspection/blocks``.
    public var block: Int
    /// The last BatchNormalization, or the last convolution where none follows it.
    public var node: NodeID
    public var isOfNormalization: Bool
    /// Root of the mean square of the scales, or of the kernel's elements.
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
            let spreads = zip(scales, numbers.variance).map { scale, variance in
                variance > 0 ? scale * (variance / (variance + epsilon)).squareRoot() : 0
            }
            let usual = rootMeanSquare(spreads)
            return NormalizationHealth(
                node: step.id, name: context.graph.displayName(of: step.id), channels: scales.count, epsilon: epsilon,
                scaleRMS: rootMeanSquare(scales), leastScale: scales.min() ?? 0, greatestScale: scales.max() ?? 0,
                leastVariance: numbers.variance.min() ?? 0, greatestVariance: numbers.variance.max() ?? 0,
                scaledAway: spreads.indices.filter { spreads[$0] < 1e-4 * usual },
                belowEpsilon: numbers.variance.count { $0 < epsilon })
        }
    }
}

extension BlockGain {
    static func all(of context: LintContext) -> [BlockGain] {
        context.inspection.blocks.indices.compactMap { index in
            let block = context.inspection.blocks[index]
            // From the addition back along the branch to the first layer that scales; activations and gates end the way.
            guard context.graph[block.join].operator.role == .sum else { return nil }
            let branch = Set(block.branch)
            for id in block.branch.reversed() {
                let step = LintContext.Step(id: id, node: context.graph[id])
                guard context.endsBranch(step, of: branch, at: block.join) else { continue }
                return gain(of: step, block: index, context)
            }
            return nil
        }
    }

    private static func gain(of step: LintContext.Step, block: Int, _ context: LintContext) -> BlockGain? {
        switch step.node.operator {
        case .batchNormalization:
            guard step.node.inputs.count > 1, let scales = context.numbers(step.node.inputs[1]) else { return nil }
            return BlockGain(block: block, node: step.id, isOfNormalization: true, rms: rootMeanSquare(scales))
        case .convolution, .dense:
            guard step.node.inputs.count > 1, let kernel = step.node.inputs[1],
                let weight = context.graph.storedWeight(kernel)?.id,
                let tensor = context.statistics?.tensors.first(where: { $0.value == weight }), tensor.nonFinite == 0
            else { return nil }
            let rms = (tensor.mean * tensor.mean + tensor.standardDeviation * tensor.standardDeviation).squareRoot()
            return BlockGain(block: block, node: step.id, isOfNormalization: false, rms: rms)
        default: return nil
        }
    }
}

extension LintContext {
    /// Whether a node of the branch is the last that scales: what reads it is the addition, behind nodes that pass it on.
    fileprivate func endsBranch(_ step: Step, of branch: Set<NodeID>, at join: NodeID) -> Bool {
        switch step.node.operator.role {
        case .normalization, .convolution, .matrix: break
        default: return false
        }
        guard var value = step.node.outputs.first else { return false }
        for _ in 0..<8 {
            guard readers[value.index].count == 1, let reader = readers[value.index].first else { return false }
            if reader == join { return true }
            guard branch.contains(reader), graph[reader].operator.role == .transparent, let next = graph[reader].outputs.first
            else { return false }
            value = next
        }
        return false
    }
}

private func rootMeanSquare(_ numbers: [Double]) -> Double {
    numbers.isEmpty ? 0 : (numbers.reduce(0) { $0 + $1 * $1 } / Double(numbers.count)).squareRoot()
}
