internal import ArgumentParser
internal import Skiff

/// How far outputs may move, and on what that is measured.
struct BudgetOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "Pick the smallest encoding for each weight with which outputs move by at most this much, as measured: "
                + "relative RMS, such as 1e-3.",
            valueName: "error"))
    var budget: Double?

    @Option(
        help: ArgumentHelp(
            "What --budget is measured on, as run's --input. Repeatable. (default: images made up from --seed)",
            valueName: "[name=]file"),
        completion: .inputFile)
    var sample: [String] = []

    @Option(help: ArgumentHelp("Seed of the made-up images.", valueName: "number"))
    var seed: UInt64 = 0

    func validate() throws {
        if let budget, !(budget >= 0 && budget.isFinite) {
            throw ValidationError("--budget has to be a number of 0 or more.")
        }
        if budget == nil, !sample.isEmpty { throw ValidationError("--sample is what --budget is measured on.") }
    }

    /// The files of `--sample`; `nil` where there are none.
    func sample(for model: Model) throws -> BudgetSample? {
        guard !sample.isEmpty else { return nil }
        let names = sample.map { fileName($0) }.joined(separator: ", ")
        return BudgetSample([try InputFiles(sample, for: model).tensors], name: names)
    }
}
