public import SkiffCore
internal import SkiffEngine
public import SkiffGraph

/// Finds out how small a network's weights can be stored while its outputs stay within a budget.
///
/// How far outputs move is measured, by the fast executor on samples: relative RMS over all of them against the network
/// as it is, the worst over the outputs. First every weight is rounded alone, in each way there is. Errors of several weights add
/// nearly in squares, so the ways are ordered by the squared error that each byte saved costs, and make a ladder:
/// each rung stores one more weight in fewer bytes. Then whole rungs are measured, all their weights rounded at once,
/// and the lowest is taken that stays inside. The ladder and the order in which rungs are tried hang on nothing but the
/// network and the samples, so a tighter budget never gives a smaller file.
public struct BudgetSearch: Sendable {
    /// A way to store some weights, none of which has another one than the others.
    public struct Way: Sendable {
        /// `lossless`, `bfloat16` and so on.
        public var name: String
        /// In the file, of all the weights together.
        public var bytes: Int
        /// The weights as they are read back.
        public var rounded: @Sendable () throws(CoreError) -> [ValueID: Tensor]

        public init(
            name: String, bytes: Int, rounded: @escaping @Sendable () throws(CoreError) -> [ValueID: Tensor]
        ) {
            self.name = name
            self.bytes = bytes
            self.rounded = rounded
        }
    }

    /// Weights that are stored alike: one, or several with the same elements.
    public struct Candidate: Sendable {
        public var name: String
        /// Bytes of one weight's elements in memory.
        public var elementBytes: Int
        /// The first of them changes nothing.
        public var ways: [Way]

        public init(name: String, elementBytes: Int, ways: [Way]) {
            self.name = name
            self.elementBytes = elementBytes
            self.ways = ways
        }
    }

    /// Told what part of all measurements is done, from 0 to 1.
    public typealias Progress = @Sendable (_ phase: String, _ fraction: Double) -> Void

    private let graph: Graph
    private let samples: [[String: Tensor]]
    private let threads: Int?
    private let reference: [String: [Double]]

    /// - Parameter samples: for each run tensors by input name.
    /// - Throws: ``VerifyError`` where the network cannot be run on them.
    public init(_ graph: Graph, samples: [[String: Tensor]], threads: Int? = nil) throws(VerifyError) {
        self.graph = graph
        self.samples = samples
        self.threads = threads
        reference = try Self.outputs(of: graph, samples, threads)
    }

    /// How far the outputs of a network like this one move: relative RMS, the worst over the outputs; infinite where
    /// one is no number any more.
    /// - Throws: ``VerifyError`` where it cannot be run.
    public func error(of other: Graph) throws(VerifyError) -> Double {
        let found = try Self.outputs(of: other, samples, threads)
        var worst = 0.0
        for (name, expected) in reference {
            guard let outputs = found[name], outputs.count == expected.count else { return .infinity }
            let comparison = Comparison(outputs, expected, shape: [expected.count])
            guard comparison.nonFiniteMismatchCount == 0 else { return .infinity }
            worst = max(worst, comparison.relativeRMS)
        }
        return worst
    }

    /// How far outputs move with other elements for some weights.
    public func error(replacing tensors: [ValueID: Tensor]) throws(VerifyError) -> Double {
        let other: Graph
        do throws(GraphError) { other = try graph.replacing(tensors) } catch { throw VerifyError(error) }
        return try error(of: other)
    }

    private static func outputs(
        of graph: Graph, _ samples: [[String: Tensor]], _ threads: Int?
    ) throws(VerifyError) -> [String: [Double]] {
        do throws(EngineError) {
            let options = SkiffEngine.Session.Options(threads: threads, runsOnce: true)
            let session = try SkiffEngine.Session(graph, options: options)
            var outputs: [String: [Double]] = [:]
            for sample in samples {
                let results = try session.run(sample)
                do throws(CoreError) {
                    for (name, tensor) in results { outputs[name, default: []] += try tensor.doubles() }
                } catch { throw EngineError(error) }
            }
            return outputs
        } catch { throw VerifyError(error) }
    }

    /// Chooses a way for each candidate.
    /// - Parameter budget: how far outputs may move, 0 or more; with 0, every candidate keeps its first way.
    /// - Throws: ``VerifyError`` where the network cannot be run or weights cannot be read.
    public func choose(
        _ candidates: [Candidate], within budget: Double, progress: Progress? = nil
    ) throws(VerifyError) -> BudgetReport {
        guard budget > 0 else {
            let choice = [Int](repeating: 0, count: candidates.count)
            return BudgetReport(candidates, choice: choice, budget: budget, error: 0, alone: [], frontier: [])
        }
        let alone = try measureAlone(candidates) { progress?("measuring each weight", $0 * 0.85) }
        let ladder = BudgetLadder(candidates, alone: alone)
        var frontier = [BudgetReport.Point(error: 0, bytes: ladder.bytes(upTo: 0), isMeasured: true)]
        var (inside, outside) = (0, ladder.rungs.count + 1)
        var error = 0.0
        let steps = max(1, Double(outside.bitWidth - outside.leadingZeroBitCount))
        var done = 0.0
        while outside - inside > 1 {
            let rung = (inside + outside) / 2
            let moved = try self.error(replacing: rounded(candidates, ladder.choice(upTo: rung)))
            frontier.append(.init(error: moved, bytes: ladder.bytes(upTo: rung), isMeasured: true))
            if moved <= budget { (inside, error) = (rung, moved) } else { outside = rung }
            done += 1
            progress?("measuring all together", 0.85 + 0.15 * min(1, done / steps))
        }
        frontier += ladder.estimates
        return BudgetReport(
            candidates, choice: ladder.choice(upTo: inside), budget: budget, error: error, alone: alone,
            frontier: frontier)
    }

    private func rounded(
        _ candidates: [Candidate], _ choice: [Int]
    ) throws(VerifyError) -> [ValueID: Tensor] {
        var tensors: [ValueID: Tensor] = [:]
        do throws(CoreError) {
            for (candidate, way) in zip(candidates, choice) where way > 0 {
                tensors.merge(try candidate.ways[way].rounded()) { _, new in new }
            }
        } catch { throw VerifyError(error) }
        return tensors
    }

    /// The error of each way of each candidate, the others left as they are.
    private func measureAlone(
        _ candidates: [Candidate], _ progress: (Double) -> Void
    ) throws(VerifyError) -> [[Double]] {
        let total = Double(max(1, candidates.reduce(0) { $0 + $1.ways.count - 1 }))
        var done = 0.0
        var errors: [[Double]] = []
        for candidate in candidates {
            var row = [0.0]
            for way in candidate.ways.dropFirst() {
                let tensors: [ValueID: Tensor]
                let place = Place(tensor: candidate.name)
                do throws(CoreError) { tensors = try way.rounded() } catch { throw VerifyError(error).at(place) }
                do throws(VerifyError) { row.append(try self.error(replacing: tensors)) } catch { throw error.at(place) }
                done += 1
                progress(done / total)
            }
            errors.append(row)
        }
        return errors
    }
}
