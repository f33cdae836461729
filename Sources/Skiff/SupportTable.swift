/// What Skiff reads, writes and runs, as Markdown for README.md; made of the tables that the readers work by.
public enum SupportTable {
    public static let begin = "<!-- support:begin -->"
    public static let end = "<!-- support:end -->"

    /// The text between the markers.
    public static func markdown() -> String {
        var lines = ["| Format | Files | Read | Run, verify, inspect | Write |", "| --- | --- | --- | --- | --- |"]
        for format in FormatRegistry.formats {
            let files = format.extensions.map { "`.\($0)`" }.joined(separator: ", ")
            lines.append("| \(format.name) | \(files) | yes | yes | \(format.isWritable ? "yes" : "no") |")
        }
        return lines.joined(separator: "\n")
    }

    /// `text` with what stands between the markers replaced; `nil` where it does not have both markers.
    public static func updated(_ text: String) -> String? {
        guard let start = text.firstRange(of: begin), let stop = text.firstRange(of: end),
            start.upperBound <= stop.lowerBound
        else { return nil }
        return text[..<start.upperBound] + "\n\n" + markdown() + "\n\n" + text[stop.lowerBound...]
    }
}
