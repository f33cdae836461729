internal import SkiffCore
public import SkiffFormat
public import SkiffGraph
public import SkiffVerify

/// What outputs are measured on.
public struct BudgetSample: Sendable {
    /// For each run tensors by input name.
    public var runs: [[String: Tensor]]
    /// In words: `made up from seed 0`, a file's name.
    public var name: String

    public init(_ runs: [[String: Tensor]], name: String) {
        self.runs = runs
        self.name = name
    }
}

/// How each weight of a model is stored so that outputs stay within a budget, and what that was measured to do.
public struct BudgetedEncodings: Sendable {
    /// For ``WriteOptions/encodings``.
    public var plan: EncodingPlan
    public var report: BudgetReport
    /// Bytes of the weights that are no candidates: biases, statistics and whatever is small, stored lossless.
    public var otherBytes: Int
    /// What outputs were measured on: its name, and SHA-256 of its tensors.
    public var sampleName: String
    public var sampleChecksum: String

    /// For ``WriteOptions/measurements``.
    public var measurements: [GraphMetadata.Entry] {
        [
            GraphMetadata.Entry("budget", String(report.budget)),
            GraphMetadata.Entry("budget.error", String(report.error)),
            GraphMetadata.Entry("budget.measure", "relative RMS of the outputs against the source's, the worst of them"),
            GraphMetadata.Entry("budget.sample", sampleName),
            GraphMetadata.Entry("budget.sample.sha256", sampleChecksum),
        ]
    }
}

extension Model {
    /// Chooses the smallest encoding for each weight with which outputs stay within a budget, as measured.
    ///
    /// Weights of convolutions and matrix products with 1024 elements or more are candidates for float16, bfloat16 and
    /// int8; all others are lossless.
    /// - Parameters:
    ///   - budget: How far outputs may move: relative RMS against this model's, the worst over the outputs.
    ///   - sample: What is run; made up as the verifier makes it up, from `seed`, where it is `nil`.
    /// - Throws: ``SkiffError`` where the model cannot be run on the sample, and for a budget that is no number or
    ///   negative.
    public func encodings(
        withinBudget budget: Double, sample: BudgetSample? = nil, seed: UInt64 = 0, threads: Int? = nil,
        progress: BudgetSearch.Progress? = nil
    ) throws(SkiffError) -> BudgetedEncodings {
        let sample = if let sample { sample } else { try madeUpSample(seed) }
        return try located(Place(file: path)) {
            let ordered = sample.runs.flatMap { run in
                graph.inputs.compactMap { id in run[graph[id].name].map { (name: graph[id].name, tensor: $0) } }
            }
            let checksum = try checksumText(of: ordered)
            let search = try BudgetSearch(graph, samples: sample.runs, threads: threads)
            let ways = try EncodingWays(of: graph) { progress?("encoding", $0 * 0.1) }
            let report = try search.choose(ways.candidates, within: budget) { progress?($0, 0.1 + $1 * 0.9) }
            var plan = EncodingPlan(.lossless)
            for (choice, positions) in zip(report.choices, ways.positions) {
                guard let encoding = Encoding(rawValue: choice.way), encoding != .lossless else { continue }
                for position in positions { plan.byTensor[ways.names[position]] = encoding }
            }
            return BudgetedEncodings(
                plan: plan, report: report, otherBytes: ways.otherBytes, sampleName: sample.name,
                sampleChecksum: checksum)
        }
    }

    /// How far this model's outputs are from another's: relative RMS, the worst over the outputs, in the fast executor.
    /// - Throws: ``SkiffError`` where one of them cannot be run.
    public func outputError(
        from source: Model, sample: BudgetSample? = nil, seed: UInt64 = 0, threads: Int? = nil
    ) throws(SkiffError) -> Double {
        let sample = if let sample { sample } else { try source.madeUpSample(seed) }
        return try located(Place(file: path)) {
            try BudgetSearch(source.graph, samples: sample.runs, threads: threads).error(of: graph)
        }
    }

    /// Images of one run where the model leaves their number open, else of several: a single one may move little by
    /// chance.
    private func madeUpSample(_ seed: UInt64) throws(SkiffError) -> BudgetSample {
        let count = 4
        var made: [MadeUpInputs] = []
        if let batch = try? madeUpInputs(seed: seed, batch: count), batch.batch == count {
            made = [batch]
        } else {
            for index in 0..<count { made.append(try madeUpInputs(seed: seed &+ UInt64(index))) }
        }
        let shapes = made.first?.inputs.map { "\($0.name) \($0.tensor.shape.shapeText)" }.joined(separator: ", ") ?? ""
        let runs = made.count == 1 ? "" : " to \(seed &+ UInt64(count - 1))"
        return BudgetSample(made.map(\.tensors), name: "made up from seed \(seed)\(runs): \(shapes)")
    }
}

/// The weights of a graph in all encodings.
private struct EncodingWays {
    var names: [String] = []
    var candidates: [BudgetSearch.Candidate] = []
    /// The weights that each candidate stands for.
    var positions: [[Int]] = []
    var otherBytes = 0

    /// Fewer elements than this save nothing worth a measurement.
    private static let leastElementBytes = 4096

    init(of graph: Graph, progress: (Double) -> Void) throws(FormatError) {
        let lossless = try EncodingTrial(of: graph, EncodingPlan(.lossless))
        progress(0.25)
        var lossy: [(encoding: Encoding, trial: EncodingTrial)] = []
        for encoding in [Encoding.float16, .bfloat16, .int8] {
            lossy.append((encoding, try EncodingTrial(of: graph, EncodingPlan(encoding))))
            progress(0.25 * Double(lossy.count + 1))
        }
        names = lossless.weights.map(\.name)
        var groups: [Int: [Int]] = [:]
        for position in lossless.weights.indices {
            groups[lossless.weights[position].sharedWith ?? position, default: []].append(position)
        }
        for first in lossless.weights.indices {
            guard let group = groups[first] else { continue }
            let weight = lossless.weights[first]
            let bytes = group.reduce(0) { $0 + lossless.weights[$1].storedBytes }
            var ways = [BudgetSearch.Way(name: Encoding.lossless.rawValue, bytes: bytes) { () throws(CoreError) in [:] }]
            for (encoding, trial) in lossy where group.allSatisfy({ trial.weights[$0].encoding == encoding }) {
                ways.append(
                    BudgetSearch.Way(
                        name: encoding.rawValue, bytes: group.reduce(0) { $0 + trial.weights[$1].storedBytes }
                    ) { () throws(CoreError) in
                        var tensors: [ValueID: Tensor] = [:]
                        for position in group { tensors[trial.weights[position].id] = try trial.decoded(position) }
                        return tensors
                    })
            }
            if ways.count > 1, weight.elementBytes >= Self.leastElementBytes {
                candidates.append(
                    BudgetSearch.Candidate(name: weight.name, elementBytes: weight.elementBytes, ways: ways))
                positions.append(group)
            } else {
                otherBytes += bytes
            }
        }
    }
}
