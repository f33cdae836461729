internal import ArgumentParser
internal import Skiff

/// `skiff generate-documentation`: what `make docs` calls. Brings the generated parts of Markdown files up to date.
struct GenerateDocumentation: Verb {
    static let configuration = CommandConfiguration(
        commandName: "generate-documentation", abstract: "Update the generated parts of README.md.",
        shouldDisplay: false)

    @Argument(help: "Markdown files; those without markers stay as they are.")
    var files: [String]

    @OptionGroup var common: CommonOptions

    func perform(_ console: Console) throws {
        for file in files where file.hasSuffix(".md") {
            let storage = try Storage(mapping: file)
            let text = String(decoding: try storage.bytes(in: 0..<storage.byteCount), as: UTF8.self)
            guard let updated = SupportTable.updated(text) else { continue }
            guard updated != text else {
                console.print("\(file) is up to date")
                continue
            }
            try atomicWrite(to: file) { writer throws(CoreError) in try writer.write(Array(updated.utf8)) }
            console.print("\(file) updated")
        }
    }
}
