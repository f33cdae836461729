public import SkiffCore

/// One kind of suspicious thing: how it is found, why it matters, what to do. Docs/Lint.md is made of these.
public struct LintRule: Sendable {
    /// Words that stay: `unused-tensor`.
    public let identifier: String
    /// The usual severity.
    public let severity: Finding.Severity
    /// When a finding has another severity: "for tensors of less than 4096 bytes".
    public let otherwise: [(severity: Finding.Severity, when: String)]
    /// What is found, in one line.
    public let title: String
    /// Why it matters.
    public let reason: String
    /// What to do.
    public let advice: String
    /// A message as it is shown.
    public let example: String
    /// Finds it in a network; `nil` for rules that a format's own check or the reader applies.
    let check: (@Sendable (LintContext) -> [Finding])?

    init(
        _ identifier: String, _ severity: Finding.Severity, _ title: String,
        otherwise: [(severity: Finding.Severity, when: String)] = [], reason: String, advice: String, example: String, check: (@Sendable (LintContext) -> [Finding])? = nil
    ) {
        self.identifier = identifier
        self.severity = severity
        self.otherwise = otherwise
        self.title = title
        self.reason = reason
        self.advice = advice
        self.example = example
        self.check = check
    }

    /// A finding of this rule, with the rule's advice as its hint unless another is given.
    public func finding(
        _ message: String, at place: Place, severity: Finding.Severity? = nil, hint: String? = nil
    ) -> Finding {
        Finding(
            rule: identifier, severity: severity ?? self.severity, place: place, message: message, hint: hint ?? advice)
    }

    /// Every rule, in the order of the documentation.
    public static let all: [LintRule] =
        fileRules + dataflowRules + normalizationRules + windowRules + activationRules + typeRules + weightRules
}
