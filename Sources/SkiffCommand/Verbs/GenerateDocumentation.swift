internal import ArgumentParser
internal import Skiff

/// `skiff generate-documentation`: what `make docs` calls. Brings the generated parts of Markdown files up to date.
struct GenerateDocumentation: Verb {
    static let configuration = CommandConfiguration(
        commandName: "generate-documentation", abstract: "Update README.md and Docs/CommandLine.md.",
        shouldDisplay: false)

    @Argument(help: "README.md, and the folder with CommandLine.md in it.")
    var paths: [String] = []

    @Option(help: ArgumentHelp("Write a manual page for the command and each verb there.", valueName: "folder"), completion: .directory)
    var man: String?

    @OptionGroup var common: CommonOptions

    func validate() throws {
        if paths.isEmpty, man == nil { throw ValidationError("generate-documentation needs a file, a folder or --man.") }
    }

    func perform(_ console: Console) throws {
        if let man {
            for page in try ManualPage.all() {
                let file = "\(man)/\(page.name).1"
                try atomicWrite(to: file) { writer throws(CoreError) in try writer.write(Array(page.roff.utf8)) }
                console.print("\(file) written")
            }
        }
        for path in paths {
            let isFile = path.hasSuffix(".md")
            let file = isFile ? path : path + "/CommandLine.md"
            let storage = try Storage(mapping: file)
            let text = String(decoding: try storage.bytes(in: 0..<storage.byteCount), as: UTF8.self)
            let updated = isFile ? SupportTable.updated(text) ?? text : Self.commandLine
            guard updated != text else {
                console.print("\(file) is up to date")
                continue
            }
            try atomicWrite(to: file) { writer throws(CoreError) in try writer.write(Array(updated.utf8)) }
            console.print("\(file) updated")
        }
    }

    /// Docs/CommandLine.md: what `--help` prints, at a hundred columns.
    private static var commandLine: String {
        let verbs: [(name: String, help: String)] = [
            ("skiff", SkiffTool.helpMessage(columns: 100)),
            ("skiff convert", SkiffTool.helpMessage(for: Convert.self, columns: 100)),
            ("skiff verify", SkiffTool.helpMessage(for: Verify.self, columns: 100)),
            ("skiff inspect", SkiffTool.helpMessage(for: Inspect.self, columns: 100)),
            ("skiff run", SkiffTool.helpMessage(for: Run.self, columns: 100)),
            ("skiff bench", SkiffTool.helpMessage(for: Bench.self, columns: 100)),
        ]
        let sections = verbs.map { verb in
            let lines = verb.help.split(separator: "\n", omittingEmptySubsequences: false)
            let trimmed = lines.map { line in line.isEmpty ? "" : String(line) }.joined(separator: "\n")
            return "## \(verb.name)\n\n```text\n\(trimmed)\n```\n"
        }
        return """
            # The command line

            What `--help` prints; `make docs` writes this page. Completions, manual pages, colours and pipes are in
            [Terminal.md](Terminal.md), what `--json` prints is in [JSON.md](JSON.md).

            Exit codes: 0 done; 1 parity failed, models differ, or lint found errors; 2 input rejected; 64 usage. Results go to
            standard output, all else to standard error. Progress bars and colours appear on terminals only; `NO_COLOR` turns
            colours off.


            """ + sections.joined(separator: "\n")
    }
}
