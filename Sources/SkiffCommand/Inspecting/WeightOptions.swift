internal import ArgumentParser
internal import Skiff

/// Statistics of weights.
struct WeightOptions: ParsableArguments {
    /// Whether something else than the overview is asked for.
    var isAsked: Bool { false }

    /// The statistics as a section; `nil` where they are not asked for.
    func section(
        of statistics: WeightStatistics, _ model: Model, _ inspection: Inspection, _ console: Console
    ) throws -> InspectSection? {
        nil
    }
}
