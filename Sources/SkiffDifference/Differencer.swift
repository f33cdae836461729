public import SkiffCore
public import SkiffGraph
public import SkiffInspect
internal import SkiffVerify
internal import Synchronization

/// Finds how two networks differ.
///
///     let difference = Differencer().difference(left, right, inspections: (one, other))
///
/// Layers are paired by topology and weights, whatever they are called. Weights are read only where neither their place
/// nor their digests decide; memory stays flat.
public struct Differencer: Sendable {
    /// What the header of a file says of a weight.
    public struct Digest: Hashable, Sendable {
        /// Of the elements whatever the order of their axes: equal ones are the same weights.
        public var digest: [UInt8]
        /// What ``digest`` was before rounding; `nil` where nothing was rounded.
        public var sourceDigest: [UInt8]?
        /// How the elements are stored: `float16`, `int8`.
        public var encoding: String

        public init(digest: [UInt8], sourceDigest: [UInt8]?, encoding: String) {
            self.digest = digest
            self.sourceDigest = sourceDigest
            self.encoding = encoding
        }
    }

    /// Whether only headers are read: what digests do not decide stays unknown.
    public var isHeadersOnly = false
    /// Digests of each side's weights, by value, where its file holds some.
    public var leftDigests: [ValueID: Digest] = [:]
    public var rightDigests: [ValueID: Digest] = [:]

    public init() {}

    /// Compares two networks.
    /// - Parameters:
    ///   - inspections: what either of them consists of, the left one's first.
    ///   - progress: told what part of the weights was compared, from 0 to 1.
    public func difference(
        _ left: Graph, _ right: Graph, inspections: (left: Inspection, right: Inspection),
        progress: (@Sendable (Double) -> Void)? = nil
    ) -> ModelDifference {
        let flows = PairedFlows(left, right)
        // Rounding of values that only one of them has is said of all at once.
        let isRounded = (left.hasQuantization, right.hasQuantization)
        let passes = isRounded.0 != isRounded.1
        let networks = (
            Network(flows.left, passesQuantization: passes), Network(flows.right, passesQuantization: passes)
        )
        let matching = PieceMatching(
            networks.0, networks.1, flows.pairs, blocks: (inspections.left.blocks, inspections.right.blocks))
        let comparison = LayerComparison(networks.0, networks.1, matching)
        let layers = compareWeights(comparison, progress)
        let assembly = Assembly(
            inspections.left, inspections.right, networks.0, networks.1, matching, layers, comparison.isRewired, self)
        return assembly.difference()
    }

    private func digest(_ digests: [ValueID: Digest], _ weight: WeightRef) -> WeightDigests? {
        digests[weight.value].map {
            WeightDigests(digest: $0.digest, sourceDigest: $0.sourceDigest, encoding: $0.encoding)
        }
    }

    /// Compares all weights, several at a time.
    private func compareWeights(
        _ comparison: LayerComparison, _ progress: (@Sendable (Double) -> Void)?
    ) -> [ModelDifference.Layer] {
        var layers = comparison.layers
        let (tasks, folds) = (comparison.weightTasks, comparison.foldTasks)
        let verdicts = Mutex([WeightVerdict?](repeating: nil, count: tasks.count))
        let outcomes = Mutex([FoldComparison.Outcome?](repeating: nil, count: folds.count))
        let total = tasks.reduce(1) { $0 + $1.left.tensor.byteRange.count }
        let done = Mutex(0)
        let comparator = WeightComparator(isHeadersOnly: isHeadersOnly)
        let folder = FoldComparison(left: comparison.left, right: comparison.right)
        concurrently(tasks.count + folds.count) { index in
            if index < tasks.count {
                let task = tasks[index]
                let verdict = comparator.compare(
                    task.left, task.right,
                    digests: (digest(leftDigests, task.left), digest(rightDigests, task.right)))
                verdicts.withLock { $0[index] = verdict }
                let part = done.withLock { done in
                    done += task.left.tensor.byteRange.count
                    return Double(done) / Double(total)
                }
                progress?(part)
            } else {
                let task = folds[index - tasks.count]
                let outcome = folder.compare(task.left, task.right, isHeadersOnly: isHeadersOnly)
                outcomes.withLock { $0[index - tasks.count] = outcome }
            }
        }
        for (task, verdict) in zip(tasks, verdicts.withLock { $0 }) {
            guard let verdict else { continue }
            layers[task.layer].weights[task.weight].take(verdict)
        }
        for (task, outcome) in zip(folds, outcomes.withLock { $0 }) {
            guard let outcome else { continue }
            layers[task.layer].weights = outcome.weights
            layers[task.layer].notes += outcome.notes
            layers[task.layer].unknowns += outcome.unknowns
        }
        for index in layers.indices where layers[index].change == .same {
            let isSame = layers[index].weights.allSatisfy(\.state.keepsFunction)
            if !isSame || !layers[index].unknowns.isEmpty { layers[index].change = .changed }
        }
        return layers
    }
}

extension ModelDifference.Weight.State {
    /// Whether a layer with a weight of this state computes what the other one's does, but for rounding of what is folded.
    public var keepsFunction: Bool { self == .identical || self == .rearranged || self == .folded }
}

extension Graph {
    fileprivate var hasQuantization: Bool {
        nodes.contains { if case .quantize = $0.operator { true } else { false } }
    }
}
