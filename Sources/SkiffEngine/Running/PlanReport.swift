public import SkiffCore

/// What a plan does, for people and for `skiff bench --plan`.
public struct PlanReport: Sendable {
    /// One pass over the network, in the order in which they ran.
    public struct Pass: Sendable {
        public var name: String
        /// How often it changed something.
        public var changes: Int
    }

    /// One step of a run.
    public struct Step: Sendable {
        /// The source's name of the first node that this step stands for.
        public var name: String
        /// What is computed: `Convolution 3×3/2 + add + ReLU`.
        public var operation: String
        /// How: `Winograd F(4×4, 3×3)`, `direct`, `plain` for the reference evaluator's loops.
        public var algorithm: String
        public var inputShape: Shape
        public var outputShape: Shape
        /// Products that the operator's definition sums.
        public var multiplyAdds: Int
        /// Multiply-adds that the algorithm does, transforms not counted.
        public var plannedMultiplyAdds: Int
        /// Microseconds by the cost model, one thread; `nil` where there is no model.
        public var predictedMicroseconds: Double?
        /// Relative RMS error by the error model, over that of a direct kernel; `nil` where there is no choice.
        public var predictedErrorRatio: Double?
        /// Has no fast kernel: runs in the reference evaluator.
        public var isFallback: Bool

        public init(
            name: String, operation: String, algorithm: String, inputShape: Shape, outputShape: Shape,
            multiplyAdds: Int = 0, plannedMultiplyAdds: Int = 0, predictedMicroseconds: Double? = nil,
            predictedErrorRatio: Double? = nil, isFallback: Bool = false
        ) {
            self.name = name
            self.operation = operation
            self.algorithm = algorithm
            self.inputShape = inputShape
            self.outputShape = outputShape
            self.multiplyAdds = multiplyAdds
            self.plannedMultiplyAdds = plannedMultiplyAdds
            self.predictedMicroseconds = predictedMicroseconds
            self.predictedErrorRatio = predictedErrorRatio
            self.isFallback = isFallback
        }
    }

    /// Measured error of one step, fed the inputs it has in the run.
    public struct StepError: Sendable {
        /// Index of ``PlanReport/steps``.
        public var step: Int
        /// Relative RMS of this step's output against the same step in Double.
        public var measured: Double
        /// The same of the direct kernel.
        public var direct: Double

        public init(step: Int, measured: Double, direct: Double) {
            self.step = step
            self.measured = measured
            self.direct = direct
        }
    }

    public var passes: [Pass]
    public var steps: [Step]
    /// Bytes of the one region that all intermediate values share.
    public var arenaBytes: Int
    /// Bytes of weights in the order that kernels read them.
    public var packedWeightBytes: Int
    /// The kernels that run: `avx512`, `avx2`, `portable`.
    public var kernels: String

    public init(passes: [Pass], steps: [Step], arenaBytes: Int, packedWeightBytes: Int, kernels: String) {
        self.passes = passes
        self.steps = steps
        self.arenaBytes = arenaBytes
        self.packedWeightBytes = packedWeightBytes
        self.kernels = kernels
    }
}
