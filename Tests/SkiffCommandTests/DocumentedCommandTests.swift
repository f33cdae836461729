import Foundation
import SkiffTestSupport
import Testing

/// What documents say a command prints is what it prints.
///
/// A block that begins with a line of three backquotes and `console` holds commands behind `$ ` and their output. With
/// `SKIFF_UPDATE_DOCUMENTS=1`, as `make docs` sets it, the output is written anew instead.
@Suite struct DocumentedCommandTests {
    private static let fence = "```"

    @Test(arguments: ["Docs/Inspection.md"]) func `Commands print what the document says`(document: String) throws {
        let root = URL(fileURLWithPath: Fixtures.folder).deletingLastPathComponent()
        let path = root.appendingPathComponent(document).path
        let text = try String(contentsOfFile: path, encoding: .utf8)
        let printed = try withTemporaryFolder { folder in
            try FileManager.default.createSymbolicLink(
                atPath: folder + "/Fixtures", withDestinationPath: Fixtures.folder)
            return try Self.replayed(text, in: folder)
        }
        if ProcessInfo.processInfo.environment["SKIFF_UPDATE_DOCUMENTS"] != nil {
            try printed.write(toFile: path, atomically: true, encoding: .utf8)
        } else {
            let lines = (text.components(separatedBy: "\n"), printed.components(separatedBy: "\n"))
            for (index, (documented, found)) in zip(lines.0, lines.1).enumerated() where documented != found {
                Issue.record("\(document):\(index + 1): \(documented), now \(found); `make docs` writes it anew")
                return
            }
            #expect(lines.0.count == lines.1.count)
        }
    }

    /// The text with the output of every command as it is now.
    private static func replayed(_ text: String, in folder: String) throws -> String {
        var lines: [String] = []
        var isInside = false
        for line in text.components(separatedBy: "\n") {
            if line == fence + "console" {
                isInside = true
            } else if isInside, line == fence {
                isInside = false
            } else if isInside {
                guard line.hasPrefix("$ ") else { continue }
                if lines.last != fence + "console" { lines.append("") }
                lines.append(line)
                let run = try CommandRun(shell: String(line.dropFirst(2)) + " 2>&1", in: folder)
                lines += run.output.split(separator: "\n", omittingEmptySubsequences: false).dropLast().map(String.init)
                continue
            }
            lines.append(line)
        }
        return lines.joined(separator: "\n")
    }
}
