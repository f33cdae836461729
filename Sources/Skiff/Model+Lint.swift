extension Model {
    /// Everything suspicious in the model: what its format's own check finds in the file, and what the rules of
    /// ``LintRule/all`` find in the network.
    ///
    /// - Parameters:
    ///   - inspection: of this model.
    ///   - statistics: of its weights; `nil` leaves out the rules about weights.
    public func lint(_ inspection: Inspection, statistics: WeightStatistics?) -> LintReport {
        let checked = try? format.lint?(file, folder(of: path), graph)
        return LintReport(
            of: graph, inspection, statistics: statistics, found: checked?.findings ?? [], answered: checked?.answered ?? [])
    }
}

extension LintReport {
    /// What can be said of a file that the reader refuses: the refusal, and what else its format's check finds.
    ///
    /// - Parameter error: the refusal.
    /// - Returns: `nil` where the file cannot be opened or is of no known format, and there is nothing to add.
    public init?(refused path: String, _ error: SkiffError) {
        guard let file = try? ModelFolder.modelFile(at: path), let storage = try? Storage(mapping: file),
            let format = try? FormatRegistry.format(of: storage)
        else { return nil }
        let checked = (try? format.lint?(storage, folder(of: file), nil)) ?? nil
        let refusal = LintRule.unreadable.finding(error.message, at: error.place, hint: error.hint)
        let found = checked?.findings ?? []
        let salvage = checked?.salvage ?? FormatFindings.Salvage()
        self = LintReport(
            of: salvage.graph, madeUp: salvage.madeUp, orOf: salvage.tensors, found: found, answered: checked?.answered ?? [],
            because: salvage.failure ?? error.message).refused(refusal)
    }
}
