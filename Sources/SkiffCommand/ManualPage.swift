internal import ArgumentParser
internal import Skiff

/// A manual page, made of what `--help` says: `skiff.1`, and one for each verb.
struct ManualPage {
    /// `skiff-inspect`.
    let name: String
    /// In the language of man(7), ASCII alone.
    let roff: String

    /// Of what day the text is, as no clock may be in it.
    private static let date = "2026-11-22"

    /// - Throws: `CoreError` where ArgumentParser describes its arguments in another way than it did.
    static func all() throws(CoreError) -> [ManualPage] {
        let tool = try JSONValue(parsing: SkiffTool._dumpHelp())
        guard let root = tool["command"] else { throw CoreError(.malformed("the help has no command")) }
        let verbs = (root["subcommands"]?.arrayValue ?? []).filter { verb in
            verb["shouldDisplay"]?.boolValue != false && verb["commandName"]?.stringValue != "help"
        }
        return [page(of: root, verbs: verbs)] + verbs.map { page(of: $0, parent: "skiff", siblings: verbs) }
    }

    private static func page(
        of command: JSONValue, parent: String? = nil, verbs: [JSONValue] = [], siblings: [JSONValue] = []
    ) -> ManualPage {
        let own = command["commandName"]?.stringValue ?? ""
        let name = [parent, own].compactMap { $0 }.joined(separator: "-")
        let arguments = (command["arguments"]?.arrayValue ?? []).filter { $0["shouldDisplay"]?.boolValue != false }
        let discussion = Discussion(command["discussion"]?.stringValue ?? "")
        var page = Roff()
        page.request("TH", [name.uppercased(), "1", date, "skiff \(skiffVersion)", "Skiff"])
        page.section("NAME")
        let abstract = command["abstract"]?.stringValue ?? ""
        let title = abstract.hasSuffix(".") ? String(abstract.dropLast()) : abstract
        page.line("\(Roff.text(name)) \\- \(Roff.text(title))")
        page.section("SYNOPSIS")
        page.synopsis([parent, own].compactMap { $0 }.joined(separator: " "), arguments, hasVerbs: !verbs.isEmpty)
        page.section("DESCRIPTION")
        page.paragraphs([abstract] + discussion.paragraphs)
        if !verbs.isEmpty {
            page.section("COMMANDS")
            for verb in verbs {
                let verbName = verb["commandName"]?.stringValue ?? ""
                page.item("\\fBskiff\\-\(Roff.text(verbName))\\fR(1)", verb["abstract"]?.stringValue ?? "")
            }
        }
        page.options(arguments)
        page.common(discussion.examples)
        page.section("SEE ALSO")
        let others = parent == nil ? verbs : siblings
        let verbNames = others.compactMap { $0["commandName"]?.stringValue }.map { "skiff-" + $0 }
        let names = (parent.map { [$0] } ?? []) + verbNames
        page.line(names.filter { $0 != name }.map { "\\fB\(Roff.text($0))\\fR(1)" }.joined(separator: ",\n"))
        return ManualPage(name: name, roff: page.source)
    }
}

/// The text below a command's one-line description: paragraphs, and lines that are examples.
private struct Discussion {
    var paragraphs: [String] = []
    var examples: [String] = []

    init(_ text: String) {
        var paragraph: [String] = []
        for line in text.split(separator: "\n", omittingEmptySubsequences: false) {
            if line == "EXAMPLES" { continue }
            if line.hasPrefix("  ") {
                examples.append(String(line.dropFirst(2)))
            } else if line.isEmpty {
                if !paragraph.isEmpty { paragraphs.append(paragraph.joined(separator: " ")) }
                paragraph = []
            } else {
                paragraph.append(String(line))
            }
        }
        if !paragraph.isEmpty { paragraphs.append(paragraph.joined(separator: " ")) }
    }
}

/// A page while it is written.
private struct Roff {
    private(set) var source = ""

    /// Text in which nothing is a request, an escape or no ASCII.
    static func text(_ text: String) -> String {
        var result = ""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\\": result += "\\e"
            case "-": result += "\\-"
            case "'": result += "\\(aq"
            case "`": result += "\\(ga"
            case "^": result += "\\(ha"
            case "~": result += "\\(ti"
            case "\n": result += " "
            default:
                let code = String(scalar.value, radix: 16, uppercase: true)
                let zeros = String(repeating: "0", count: max(0, 4 - code.count))
                result += scalar.isASCII && scalar.value >= 0x20 ? String(scalar) : "\\[u\(zeros)\(code)]"
            }
        }
        return result.hasPrefix(".") ? "\\&" + result : result
    }

    mutating func line(_ text: String) { source += text + "\n" }

    mutating func request(_ name: String, _ arguments: [String] = []) {
        // A date is read as it is, so hyphens stay.
        let quoted = arguments.map { argument in
            let text = argument.allSatisfy { $0.isNumber || $0 == "-" } ? argument : Self.text(argument)
            return " \"" + text.replacing("\"", with: "\\(dq") + "\""
        }
        line(".\(name)\(quoted.joined())")
    }

    mutating func section(_ title: String) { line(".SH \(title)") }

    mutating func paragraphs(_ texts: [String]) {
        for (index, text) in texts.enumerated() {
            if index > 0 { line(".PP") }
            prose(text)
        }
    }

    /// A paragraph in lines of at most 80 bytes, none of which begins like a request.
    private mutating func prose(_ text: String) {
        var current = ""
        for word in text.split(separator: " ") {
            let word = Self.text(String(word))
            if !current.isEmpty, current.utf8.count + 1 + word.utf8.count > 80 {
                line(current)
                current = ""
            }
            current += (current.isEmpty ? "" : " ") + word
        }
        line(current)
    }

    mutating func item(_ tag: String, _ text: String) {
        line(".TP")
        line(tag)
        prose(text)
    }

    /// Required and positional arguments; all options are summed up.
    mutating func synopsis(_ command: String, _ arguments: [JSONValue], hasVerbs: Bool) {
        var parts = ["\\fB\(Self.text(command))\\fR"]
        if hasVerbs {
            line(parts[0] + " \\fIcommand\\fR [\\fIoptions\\fR]")
            return
        }
        parts.append("[\\fIoptions\\fR]")
        for argument in arguments where argument["kind"]?.stringValue == "positional" {
            let repeats = argument["isRepeating"]?.boolValue == true ? " ..." : ""
            let value = "\\fI\(Self.text(argument["valueName"]?.stringValue ?? "value"))\\fR" + repeats
            parts.append(argument["isOptional"]?.boolValue == true ? "[\(value)]" : value)
        }
        line(parts.joined(separator: " "))
    }

    /// Positional arguments, then options under the titles that help has for them.
    mutating func options(_ arguments: [JSONValue]) {
        let positional = arguments.filter { $0["kind"]?.stringValue == "positional" }
        let options = arguments.filter { $0["kind"]?.stringValue != "positional" }
        if !positional.isEmpty {
            section("ARGUMENTS")
            for argument in positional {
                let name = Self.text(argument["valueName"]?.stringValue ?? "value")
                item("\\fI\(name)\\fR", Self.description(of: argument))
            }
        }
        section("OPTIONS")
        var titles: [String] = []
        for title in options.compactMap({ $0["sectionTitle"]?.stringValue }) where !titles.contains(title) {
            titles.append(title)
        }
        for title in titles {
            request("SS", [title])
            for option in options where option["sectionTitle"]?.stringValue == title {
                item(Self.tag(of: option), Self.description(of: option))
            }
        }
        let rest = options.filter { $0["sectionTitle"]?.stringValue == nil }
        if !titles.isEmpty, !rest.isEmpty { request("SS", ["Others"]) }
        for option in rest { item(Self.tag(of: option), Self.description(of: option)) }
    }

    private static func tag(of option: JSONValue) -> String {
        let names = (option["names"]?.arrayValue ?? []).compactMap { name -> String? in
            guard let text = name["name"]?.stringValue else { return nil }
            return "\\fB\(Self.text((name["kind"]?.stringValue == "long" ? "--" : "-") + text))\\fR"
        }
        let takesValue = option["kind"]?.stringValue == "option"
        let value = takesValue ? " \\fI\(Self.text(option["valueName"]?.stringValue ?? "value"))\\fR" : ""
        return names.joined(separator: ", ") + value
    }

    private static func description(of argument: JSONValue) -> String {
        var parts = [argument["abstract"]?.stringValue ?? "", argument["discussion"]?.stringValue ?? ""]
        let values = (argument["allValues"]?.arrayValue ?? []).compactMap(\.stringValue)
        if !values.isEmpty { parts.append("One of \(values.joined(separator: ", ")).") }
        if let value = argument["defaultValue"]?.stringValue { parts.append("The default is \(value).") }
        let text = parts.filter { !$0.isEmpty }.joined(separator: " ")
        return text.isEmpty ? "No more is said." : text
    }

    /// What all verbs share.
    mutating func common(_ examples: [String]) {
        section("EXIT STATUS")
        for (code, meaning) in Terminal.exitCodes { item("\\fB\(code)\\fR", meaning) }
        section("ENVIRONMENT")
        for (variable, meaning) in Terminal.environment { item("\\fB\(Self.text(variable))\\fR", meaning) }
        section("FILES")
        paragraphs([Terminal.files])
        guard !examples.isEmpty else { return }
        section("EXAMPLES")
        line(".nf")
        for example in examples { line(Self.text(example)) }
        line(".fi")
    }
}

/// What is the same for every verb, for manual pages and Docs/CommandLine.md.
enum Terminal {
    static let exitCodes = [
        (0, "Done, and where something was compared or looked for: nothing was found."),
        (1, "What was compared differs, or what was looked for was found."),
        (2, "A file is not what it has to be, or cannot be read or written."),
        (64, "The arguments are wrong."),
    ]

    static let environment = [
        ("NO_COLOR", "Where it is not empty, output has no colours. --color comes before it."),
        (
            "CLICOLOR_FORCE, FORCE_COLOR",
            "Where one of them is neither empty nor 0, output has colours wherever it goes, unless NO_COLOR is set."
        ),
        ("TERM", "With dumb there are no colours and no progress bars."),
        ("COLUMNS", "How wide tables are; else as wide as the terminal, and 100 columns where output goes elsewhere."),
        ("SKIFF_KERNELS", "The kernels to compute with: avx512, avx2 or portable. The fastest ones by default."),
        ("TMPDIR", "Where what has to be decoded is put while it is worked on, /tmp by default."),
    ]

    static let files =
        "What a file is, its bytes tell and not its name. Written files are there whole or not at all. Nothing is kept "
        + "between runs: there is no configuration and no cache."
}
