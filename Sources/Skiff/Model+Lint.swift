extension Model {
    /// Everything suspicious in the model.
    ///
    /// - Parameters:
    ///   - inspection: of this model.
    ///   - statistics: of its weights; `nil` leaves out the rules about weights.
    public func lint(_ inspection: Inspection, statistics: WeightStatistics?) -> LintReport {
        LintReport(of: graph, inspection, statistics: statistics)
    }
}
