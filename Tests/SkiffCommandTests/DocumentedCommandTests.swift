import Foundation
import SkiffTestSupport
import Testing

/// What documents say a command prints is what it prints, and their pictures are what it draws.
///
/// A block that begins with a line of three backquotes and `console` holds commands behind `$ ` and their output; a drawing
/// that they write is the file of that name in Docs/pictures. With `SKIFF_UPDATE_DOCUMENTS=1`, as `make docs` sets it, outputs
/// and pictures are written anew instead. Of runs of a network (`--flow`) numbers are not compared: their last digits are a
/// processor's.
@Suite struct DocumentedCommandTests {
    private static let fence = "```"

    @Test(arguments: ["Docs/Inspection.md", "Docs/SignalFlow.md", "README.md"]) func `Commands print what the document says`(document: String) throws {
        let root = URL(fileURLWithPath: Fixtures.folder).deletingLastPathComponent()
        let path = root.appendingPathComponent(document).path
        let text = try String(contentsOfFile: path, encoding: .utf8)
        let updates = ProcessInfo.processInfo.environment["SKIFF_UPDATE_DOCUMENTS"] != nil
        let printed = try withTemporaryFolder { folder in
            try FileManager.default.createSymbolicLink(
                atPath: folder + "/Fixtures", withDestinationPath: Fixtures.folder)
            let replayed = try Self.replayed(text, in: folder)
            for name in try FileManager.default.contentsOfDirectory(atPath: folder) where name.hasSuffix(".svg") {
                try Self.compare(
                    URL(fileURLWithPath: folder).appendingPathComponent(name),
                    root.appendingPathComponent("Docs/pictures/" + name), updates: updates)
            }
            return replayed
        }
        if updates {
            try printed.write(toFile: path, atomically: true, encoding: .utf8)
        } else {
            let lines = (text.components(separatedBy: "\n"), printed.components(separatedBy: "\n"))
            var isMeasured = false
            for (index, (documented, found)) in zip(lines.0, lines.1).enumerated() {
                if documented.hasPrefix("$ ") { isMeasured = documented.contains("--flow") }
                guard isMeasured ? Self.words(documented) != Self.words(found) : documented != found else { continue }
                Issue.record("\(document):\(index + 1): \(documented), now \(found); `make docs` writes it anew")
                return
            }
            #expect(lines.0.count == lines.1.count)
        }
    }

    /// The line without numbers and bars.
    private static func words(_ line: String) -> String {
        line.filter { !$0.isNumber && !" .-–▁▂▃▄▅▆▇█▏▎▍▌▋▊▉".contains($0) }
    }

    private static func compare(_ drawn: URL, _ kept: URL, updates: Bool) throws {
        let bytes = try Data(contentsOf: drawn)
        if updates { return try bytes.write(to: kept) }
        let isMeasured = drawn.lastPathComponent.hasPrefix("flow")
        let isKept = try Data(contentsOf: kept) == bytes
        #expect(isMeasured || isKept, "\(kept.lastPathComponent) is drawn otherwise now; `make docs` writes it anew")
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
                let stands = lines.last ?? ""
                if stands != fence + "console", !stands.hasPrefix("$ ") { lines.append("") }
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
