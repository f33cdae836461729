public import SkiffCore
internal import SkiffEngine
public import SkiffGraph

/// Finds the changes of convention that bring a guilty piece of a network back to rounding.
///
/// The piece is run again and again, each time with one thing done as another framework would do it, fed with the
/// reference's own values. Docs/Verification.md lists what is tried.
///
///     let explainer = Explainer(candidate: model.graph)
///     let (explanations, experiments) = try explainer.explanations(of: region)
///     explanations.first?.sentence    // conv1: padding (0,0,1,1) explains it; this model has (1,1,1,1)
public struct Explainer: Sendable {
    /// Told what is being tried, and how much of all the work is done, from 0 to 1.
    public typealias Progress = @Sendable (_ phase: String, _ fraction: Double) -> Void

    /// What the reference's own piece gives for other inputs, in the candidate's order of axes; `nil` where it cannot be
    /// run on them.
    public typealias ReferencePiece = @Sendable (_ given: [String: Tensor]) -> Tensor?

    /// An explanation and the changed piece that it is of.
    public struct Finding: Sendable {
        public var explanation: Explanation
        /// ``Region/graph`` with the change.
        public var piece: Graph
    }

    public struct Outcome: Sendable {
        /// The best first.
        public var findings: [Finding] = []
        /// Changed copies that were run.
        public var experiments = 0
        /// Whether a limit ended the search before all was tried.
        public var isCut = false
        /// RMS error of the nearest copy that does not explain, in noise units of the piece.
        public var nearest: Double?
        /// Inputs of the piece on which the first two findings differ, where more than one fits.
        public var telling: TellingInput?

        public var explanations: [Explanation] { findings.map(\.explanation) }
    }

    /// The network that the piece is of: its other weights are tried in the piece.
    public let candidate: Graph
    /// Changed copies of one piece that are run at most.
    public var experimentLimit = 2000
    /// Time after which nothing new is tried at one piece.
    public var timeLimit = Duration.seconds(10)
    /// Explanations of one piece that are told.
    public var most = 5

    public init(candidate: Graph) { self.candidate = candidate }

    /// The explanations of a guilty piece, the best first; none where nothing fits, or the piece is not guilty.
    /// - Returns: also the number of experiments.
    /// - Throws: ``VerifyError`` where the piece itself cannot be run.
    public func explanations(
        of region: Region, progress: Progress? = nil
    ) throws(VerifyError) -> (explanations: [Explanation], experiments: Int) {
        let outcome = try outcome(of: region, progress: progress)
        return (outcome.explanations, outcome.experiments)
    }

    /// As ``explanations(of:progress:)``, with the changed pieces and an input that tells them apart.
    /// - Parameter reference: Runs the reference's piece on that input; explanations that it refutes are left out.
    public func outcome(
        of region: Region, reference: ReferencePiece? = nil, progress: Progress? = nil
    ) throws(VerifyError) -> Outcome {
        do {
            try region.graph.loadWeights()
            let shapes = Set(region.graph.weights.compactMap { region.graph[$0].tensor?.shape })
            try candidate.loadWeights { id in candidate[id].tensor.map { shapes.contains($0.shape) } ?? false }
            var search = try ExplanationSearch(self, region, progress)
            try search.run()
            return search.outcome(reference)
        } catch let error as VerifyError {
            throw error
        } catch let error as EngineError {
            throw VerifyError(error)
        } catch let error as GraphError {
            throw VerifyError(error)
        } catch let error as CoreError {
            throw VerifyError(error)
        } catch {
            throw VerifyError(.engine(.operand("\(error)")))
        }
    }
}
