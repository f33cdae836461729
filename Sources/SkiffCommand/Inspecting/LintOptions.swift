internal import ArgumentParser
internal import Skiff

/// Everything suspicious in a model.
struct LintOptions: ParsableArguments {
    @Flag(help: "Show everything suspicious, errors and notes alike; exits with 1 where there are errors.")
    var lint = false

    @Flag(help: "List every finding of --lint, else the first of each rule.")
    var allFindings = false

    var isAsked: Bool { lint }

    /// The findings; `nil` where they are not asked for.
    func section(of model: Model, _ inspection: Inspection, _ console: Console) throws -> InspectSection? {
        guard lint else { return nil }
        let statistics = try console.withProgress { progress in
            try model.weightStatistics(inspection) { progress("reading weights", $0) }
        }
        let report = model.lint(inspection, statistics: statistics)
        return InspectSection(
            key: "lint", json: report.json(),
            text: report.text(width: console.width, colors: console.colors, all: allFindings), failed: report.hasErrors)
    }
}
