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
    func section(
        of model: Model, _ inspection: Inspection, _ statistics: WeightStatistics?, _ console: Console
    ) -> InspectSection? {
        guard lint else { return nil }
        return section(of: model.lint(inspection, statistics: statistics), console)
    }

    /// What can be said of a file that the reader refuses; `nil` where that is not asked for, or nothing can.
    func section(ofRefused path: String, _ error: SkiffError, _ console: Console) -> InspectSection? {
        guard lint, let report = LintReport(refused: path, error) else { return nil }
        return section(of: report, console)
    }

    /// The findings about a file of weights that no architecture fits; `nil` where they are not asked for.
    func section(of listing: WeightListing, _ console: Console) throws -> InspectSection? {
        guard lint else { return nil }
        let statistics = try console.withProgress { progress in
            try listing.statistics { progress("reading weights", $0) }
        }
        return section(of: listing.lint(statistics), console)
    }

    private func section(of report: LintReport, _ console: Console) -> InspectSection {
        InspectSection(
            key: "lint", json: report.json(),
            text: report.text(width: console.width, colors: console.colors, all: allFindings), failed: report.hasErrors)
    }
}
