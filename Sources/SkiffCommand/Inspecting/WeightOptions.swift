internal import ArgumentParser
internal import Skiff

/// Statistics of weights.
struct WeightOptions: ParsableArguments {
    @Flag(help: "Show what the weights are like: spread, sparsity, dead channels, precision.")
    var weights = false

    @Flag(help: "List every channel's figures, in --json and where tensors are named.")
    var channels = false

    /// Whether something else than the overview is asked for.
    var isAsked: Bool { weights }

    /// The statistics as a section; `nil` where they are not asked for.
    func section(
        of statistics: WeightStatistics, _ model: Model, _ inspection: Inspection, _ console: Console
    ) throws -> InspectSection? {
        guard isAsked else { return nil }
        return InspectSection(
            key: "weights", json: statistics.json(inspection, listsChannels: channels), text: "")
    }
}
