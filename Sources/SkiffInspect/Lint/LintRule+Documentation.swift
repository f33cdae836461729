extension LintRule {
    /// The rules as Docs/Lint.md lists them, in Markdown; a test holds the page against it.
    public static var documentation: String {
        let groups: [(title: String, rules: [LintRule])] = [
            ("The file", fileRules), ("The graph", dataflowRules), ("BatchNormalization", normalizationRules),
            ("Convolutions and poolings", windowRules), ("Activations", activationRules), ("Element types", typeRules),
            ("Weights", weightRules),
        ]
        var lines: [String] = []
        for (title, rules) in groups {
            lines += ["## \(title)", ""]
            for rule in rules {
                let other = rule.otherwise.map { "; *\($0.severity.rawValue)* \($0.when)" }.joined()
                lines += [
                    "### `\(rule.identifier)`", "", "*\(rule.severity.rawValue)*: \(rule.title)\(other).", "", rule.reason, "",
                    "    \(rule.example)", "", "What to do: \(rule.advice).", "",
                ]
            }
        }
        lines.removeLast()
        return lines.joined(separator: "\n") + "\n"
    }
}
