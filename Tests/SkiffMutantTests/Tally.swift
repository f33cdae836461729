import Skiff

/// Counts over trials, and the table of them.
struct Tally {
    var outcomes: [Trial.Outcome]

    struct Row {
        var name: String
        var trials: [Trial.Outcome]
        var mutants: [Trial.Outcome] { trials.filter { !$0.isEquivalent && !$0.isFaint } }
        var blamable: [Trial.Outcome] { mutants.filter(\.asksForBlame) }
        var explainable: [Trial.Outcome] { blamable.filter(\.isExplainable) }

        var detected: Int { mutants.count(where: \.isDetected) }
        var blamed: Int { blamable.count(where: \.isRightlyBlamed) }
        var explained: Int { explainable.count(where: \.isExplained) }

        var cells: [String] {
            let equivalent = trials.filter(\.isEquivalent)
            let faint = trials.filter(\.isFaint)
            let sizes = blamable.filter(\.isFirstBlamed).map(\.layerSize)
            return [
                name, "\(mutants.count)", Self.share(detected, mutants.count), Self.share(blamed, blamable.count),
                sizes.isEmpty ? "" : "\((Double(sizes.reduce(0, +)) / Double(sizes.count) * 10).rounded() / 10)",
                "\(blamable.count { !$0.overAccused.isEmpty })", Self.share(explained, explainable.count),
                "\(blamable.count { $0.falseExplanation != nil })",
                Self.share(faint.count(where: \.isDetected), faint.count),
                equivalent.isEmpty ? "" : "\(equivalent.count)" + Self.accused(equivalent),
            ]
        }

        private static func accused(_ equivalent: [Trial.Outcome]) -> String {
            let accused = equivalent.count { $0.isAccused }
            return accused == 0 ? "" : ", \(accused) accused"
        }

        private static func share(_ part: Int, _ whole: Int) -> String {
            whole == 0 ? "" : part == whole ? "\(whole)" : "\(part) of \(whole)"
        }
    }

    func row(of reference: Trial.Reference) -> Row {
        Row(name: reference.rawValue, trials: outcomes.filter { $0.reference == reference })
    }

    var total: Row { Row(name: "**all**", trials: outcomes) }
    /// Mutants that are the same function to rounding, and accused all the same.
    var accusedEquivalents: [Trial.Outcome] { outcomes.filter { $0.isEquivalent && $0.isAccused } }

    static func rate(_ part: Int, _ whole: Int) -> Double { whole == 0 ? 1 : Double(part) / Double(whole) }

    private static let head = [
        "mutants", "detected", "blamed", "nodes", "others accused", "explained", "told wrongly", "faint, detected",
        "same to rounding",
    ]

    private func table(_ title: String, _ rows: [Row]) -> String {
        var lines = [[title] + Self.head, ["---"] + Self.head.map { _ in "--:" }]
        lines += rows.filter { !$0.trials.isEmpty }.map(\.cells)
        return lines.map { "| \($0.joined(separator: " | ")) |" }.joined(separator: "\n") + "\n"
    }

    /// Markdown: by mistake, by reference, by network, and the rates.
    var text: String {
        let families = Mutant.Family.allCases.map { family in
            Row(name: family.rawValue, trials: outcomes.filter { $0.family == family })
        }
        let references = Trial.Reference.allCases.map(row)
        var names: [String] = []
        for outcome in outcomes where !names.contains(outcome.specimen) { names.append(outcome.specimen) }
        let networks = names.map { name in Row(name: name, trials: outcomes.filter { $0.specimen == name }) }
        let faint = outcomes.filter(\.isFaint)
        let seconds = outcomes.reduce(0) { $0 + $1.seconds }
        func percent(_ part: Int, _ whole: Int) -> String {
            let tenths = (Self.rate(part, whole) * 1000).rounded(.down) / 10
            return "\(tenths) %"
        }
        return """
            \(table("mistake", families + [total]))
            \(table("reference", references))
            \(table("network", networks))
            Of \(total.mutants.count) mutants \(percent(total.detected, total.mutants.count)) are detected; of \
            \(total.blamable.count) with values in between \(percent(total.blamed, total.blamable.count)) are blamed \
            on the right layer and on no other; of \(total.explainable.count) that a change of the candidate can \
            explain \(percent(total.explained, total.explainable.count)) are explained rightly. \
            \(faint.count) more change no value by more than \(Int(ParityPolicy.noiseMultiple)) times the rounding \
            noise, which the verdict allows for, and \(outcomes.count { $0.isEquivalent }) by no more than the noise \
            itself. \
            \(Int(seconds * 1000) / max(1, outcomes.count)) ms for one verification on one thread.

            """
    }

    /// Every trial that went wrong, one per line.
    var misses: String {
        var lines: [String] = []
        for outcome in outcomes {
            var wrong: [String] = []
            if outcome.isEquivalent {
                if outcome.isAccused { wrong.append("accused though the same to rounding") }
            } else {
                if !outcome.isDetected { wrong.append(outcome.isFaint ? "faint, not detected" : "not detected") }
                if outcome.asksForBlame {
                    if outcome.isDetected, !outcome.isFirstBlamed { wrong.append("not blamed") }
                    if !outcome.overAccused.isEmpty { wrong.append("others accused \(outcome.overAccused)") }
                    let isSilent = outcome.isExplainable && !outcome.isExplained && outcome.falseExplanation == nil
                    if outcome.isFirstBlamed, isSilent { wrong.append("not explained") }
                    if outcome.falseExplanation != nil { wrong.append("told wrongly") }
                }
            }
            guard !wrong.isEmpty else { continue }
            lines.append(
                "- \(wrong.joined(separator: ", ")): \(outcome.specimen), \(outcome.reference), \(outcome.family): "
                    + "\(outcome.detail); change \(Float(outcome.change)) × noise; \(outcome.said)")
        }
        return lines.joined(separator: "\n") + "\n"
    }
}
