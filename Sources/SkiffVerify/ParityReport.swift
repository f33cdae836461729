public import SkiffCore

/// What came out of comparing one value with its reference.
public struct ValueParity: Sendable {
    public enum Role: String, Sendable { case output, intermediate }

    public enum Verdict: String, Hashable, Sendable, CaseIterable {
        /// Every element is the same.
        case identical
        /// The error is within the policy: rounding, or the tolerances asked for.
        case rounding
        /// The error is beyond the policy.
        case differs
        /// There is nothing to compare: shapes differ, nothing is there, or it is there on one side only.
        case incomparable

        public var isAgreement: Bool { self == .identical || self == .rounding }
    }

    public var role: Role
    /// The value's name in the candidate and in the reference.
    public var name: String
    public var referenceName: String
    /// The node that gives it in the candidate, and its operator.
    public var node: String?
    public var operatorName: String?
    /// Which of several recordings it belongs to.
    public var recording: String?
    public var shape: Shape
    /// `nil` where nothing could be compared.
    public var comparison: Comparison?
    /// RMS distance of this network's Float and Double runs at this value; `nil` where it was not needed.
    public var noise: Double?
    /// RMS error in units of noise (``ParityPolicy``); `nil` where noise was not needed.
    public var ratio: Double?
    public var verdict: Verdict
    /// Why there is no agreement, in words.
    public var reason: String?
    /// The worst element's error in units of noise.
    public var worstRatio: Double?
    /// RMS error in units of noise where the layer is fed the reference's own inputs; `nil` where that was not tried.
    public var localRatio: Double?
    /// How sure it is that both values are the same step, from 0 to 1, and why; 1 for values of a recording.
    public var confidence = 1.0
    public var evidence: [ValueMatching.Evidence] = []
    /// The reference's node that gives it.
    public var referenceNode: String?
    /// Position of the candidate's node in the order of computation; -1 for inputs.
    public var order = -1
}

/// A layer that goes wrong by itself: fed the reference's own inputs, it does not give the reference's output.
public struct GuiltyLayer: Sendable {
    /// How often absolute errors, or values, fall between bounds: `counts[i]` lie in `bounds[i] ..< bounds[i + 1]`.
    public struct Histogram: Hashable, Sendable {
        public var bounds: [Double]
        public var counts: [Int]
        public init(bounds: [Double], counts: [Int]) {
            self.bounds = bounds
            self.counts = counts
        }
    }

    /// The value that is wrong, in the candidate and in the reference.
    public var name: String
    public var referenceName: String
    /// The nodes between that value and those that the reference has too, as the candidate computes them; the last one
    /// gives the value.
    public var nodes: [String]
    public var operatorNames: [String]
    /// The reference's node that gives it, where the reference is a model.
    public var referenceNode: String?
    /// Which of several recordings it was found in.
    public var recording: String?
    public var shape: Shape
    /// Ours beside the reference's value, from the reference's own inputs.
    public var judgement: Judgement
    /// The first element, in row-major order, that is off by more than rounding.
    public var firstElement: Comparison.Pair?
    /// Elements that are off by more than rounding.
    public var wrongElements: Int
    /// Changes of convention that make the difference vanish, the best one first; empty where none does.
    public var explanations: [Explanation]
    /// How many changes were tried.
    public var experiments: Int
    /// Whether a limit ended the search before all changes were tried.
    public var isExplanationCut = false
    /// Our values, the reference's, and |error| / unit with bounds that are powers of two.
    public var valueHistogram: Histogram?
    public var referenceHistogram: Histogram?
    public var errorHistogram: Histogram?
    /// The piece of the network that goes wrong, with the reference's tensors; `nil` behind the first dozen of layers.
    public var region: Region?
}

/// Whether two models, or a model and recorded values, compute the same function.
public struct ParityReport: Sendable {
    /// An input that both sides were run with.
    public struct Input: Hashable, Sendable {
        public var name: String
        public var elementType: ElementType
        public var shape: Shape
        /// Its shape in the reference, where the axes lie in another order there.
        public var referenceShape: Shape?
    }

    public var policy: ParityPolicy
    /// Seed of the made-up inputs; `nil` for recorded ones.
    public var seed: UInt64?
    public var inputs: [Input]
    /// Compared values: outputs in the model's order, then intermediate values in the order they are computed.
    public var values: [ValueParity]
    /// What was taken for granted, in words.
    public var assumptions: [String]
    /// Names on the reference's side that the candidate has no value for, and those that it has as weights.
    public var unmatched: [String]

    /// Layers that go wrong by themselves, in the order they are computed.
    public var guilty: [GuiltyLayer] = []
    /// Values that one side computes inside another step, in words.
    public var hidden: [String] = []
    /// Outputs that agree under one change of the whole network (channel order, preprocessing), where no layer alone is
    /// to blame.
    public var explanations: [Explanation] = []

    /// Whether intermediate values are shown and do not count: with `false` those count whose pair is sure.
    public var decidesByOutputs: Bool

    /// The values that the verdict rests on: outputs, and intermediate values that are surely the same step. A value of
    /// one name may be another step of the same computation, as where one side has its BatchNormalization folded.
    public var decidingValues: [ValueParity] {
        decidesByOutputs
            ? outputs : values.filter { $0.role == .output || $0.confidence >= TargetList.sureConfidence }
    }

    /// The worst verdict of the values that count; `incomparable` where there are none, or where none has an element
    /// and no recording says that it has none.
    public var verdict: ValueParity.Verdict {
        let verdicts = decidingValues.map(\.verdict)
        if verdicts.isEmpty || verdicts.contains(.incomparable) { return .incomparable }
        if seed != nil, decidingValues.allSatisfy({ $0.comparison?.elementCount == 0 }) { return .incomparable }
        if verdicts.contains(.differs) { return .differs }
        return verdicts.contains(.rounding) ? .rounding : .identical
    }

    /// Whether there is agreement throughout.
    public var passed: Bool { verdict.isAgreement }

    /// The first value, in the order they are computed, that does not agree; `nil` where there is parity.
    public var firstDivergence: ValueParity?

    public var outputs: [ValueParity] { values.filter { $0.role == .output } }
    public var intermediates: [ValueParity] { values.filter { $0.role == .intermediate } }

    /// The value with the largest error in units of noise.
    public var worst: ValueParity? {
        values.filter { $0.ratio != nil }.max { ($0.ratio ?? 0) < ($1.ratio ?? 0) }
    }

    /// One report of several, each about one recording.
    public init?(joining reports: [ParityReport]) {
        guard var joined = reports.first else { return nil }
        for report in reports.dropFirst() {
            joined.inputs += report.inputs.filter { !joined.inputs.contains($0) }
            joined.values += report.values
            joined.assumptions += report.assumptions.filter { !joined.assumptions.contains($0) }
            joined.unmatched += report.unmatched.filter { !joined.unmatched.contains($0) }
            joined.guilty += report.guilty
            joined.hidden += report.hidden.filter { !joined.hidden.contains($0) }
            joined.explanations += report.explanations.filter { !joined.explanations.contains($0) }
            joined.firstDivergence = joined.firstDivergence ?? report.firstDivergence
        }
        self = joined
    }

    package init(
        policy: ParityPolicy, seed: UInt64?, inputs: [Input], values: [ValueParity], assumptions: [String],
        unmatched: [String], decidesByOutputs: Bool, firstDivergence: ValueParity?
    ) {
        self.policy = policy
        self.seed = seed
        self.inputs = inputs
        self.values = values.map(\.settled)
        self.assumptions = assumptions
        self.unmatched = unmatched
        self.decidesByOutputs = decidesByOutputs
        self.firstDivergence = nil
        if !passed { self.firstDivergence = firstDivergence }
    }
}
