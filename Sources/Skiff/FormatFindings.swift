/// What a format's own check found in a file.
struct FormatFindings: Sendable {
    var findings: [Finding] = []
    /// Rules that the check answers, and that a graph need not be asked about: it sees more of them.
    var answered: Set<String> = []
}
