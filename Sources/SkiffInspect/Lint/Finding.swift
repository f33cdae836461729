public import SkiffCore

/// Something in a model that its author would want to know of.
public struct Finding: Hashable, Sendable {
    public enum Severity: String, Hashable, Sendable, CaseIterable {
        /// The network does not compute what it was made for, or cannot be run.
        case error
        /// Probably not meant.
        case warning
        /// Worth knowing, harmless.
        case note
    }

    /// The rule that found it, in words that stay: `unused-tensor`, `softmax-twice`.
    public var rule: String
    public var severity: Severity
    public var place: Place
    /// One line: what was found, and what is expected.
    public var message: String
    /// One line: what to do.
    public var hint: String?

    public init(rule: String, severity: Severity, place: Place, message: String, hint: String? = nil) {
        self.rule = rule
        self.severity = severity
        self.place = place
        self.message = message
        self.hint = hint
    }
}
