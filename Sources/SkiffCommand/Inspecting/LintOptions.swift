internal import ArgumentParser
internal import Skiff

/// Everything suspicious in a model.
struct LintOptions: ParsableArguments {
    var isAsked: Bool { false }

    /// The findings; `nil` where they are not asked for.
    func section(of model: Model, _ inspection: Inspection, _ console: Console) throws -> InspectSection? { nil }
}
