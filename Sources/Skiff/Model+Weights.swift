extension Model {
    /// What the weights are like, each tensor.
    ///
    /// - Parameters:
    ///   - inspection: of this model; says which layers read a weight.
    ///   - progress: told what part is read, from 0 to 1, on any thread.
    /// - Throws: ``SkiffError`` where a weight cannot be decoded.
    public func weightStatistics(
        _ inspection: Inspection, progress: (@Sendable (Double) -> Void)? = nil
    ) throws(SkiffError) -> WeightStatistics {
        try located(Place(file: path)) { try WeightStatistics(of: graph, inspection, progress: progress) }
    }
}

extension WeightListing {
    /// What the weights are like, each tensor.
    /// - Parameter progress: told what part is read, from 0 to 1, on any thread.
    /// - Throws: ``SkiffError`` where a weight cannot be decoded.
    public func statistics(progress: (@Sendable (Double) -> Void)? = nil) throws(SkiffError) -> WeightStatistics {
        try located(Place(file: path)) { try WeightStatistics(of: named, progress: progress) }
    }

    /// What the weights show by themselves: rules about the network they belong to find nothing.
    public func lint(_ statistics: WeightStatistics) -> LintReport { LintReport(of: named, statistics) }

    private var named: [(name: String, tensor: Tensor)] {
        weights.layers.flatMap(\.variables).map { ($0.name, $0.tensor) }
    }
}
