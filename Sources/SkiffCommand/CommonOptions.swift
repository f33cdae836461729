internal import ArgumentParser
internal import Skiff

/// What every verb takes.
struct CommonOptions: ParsableArguments {
    @Flag(name: .long, help: "Print one JSON object instead of text; Docs/JSON.md describes it.")
    var json = false

    @Flag(name: [.short, .long], help: "Print nothing but errors.")
    var quiet = false

    @Option(
        help: ArgumentHelp(
            "Colours: on terminals, which is the default, always, or never. NO_COLOR turns them off.", valueName: "when"))
    var color: ColorMode?
}

/// When output has colours.
enum ColorMode: String, CaseIterable, ExpressibleByArgument {
    case auto, always, never
}

/// A verb of the command: parsed options and what they do. Errors become messages and exit codes here.
protocol Verb: ParsableCommand {
    var common: CommonOptions { get }
    func perform(_ console: Console) throws
}

extension Verb {
    func run() throws {
        let console = Console(json: common.json, quiet: common.quiet, color: common.color ?? .auto)
        do {
            try perform(console)
        } catch let error as any LocatedError {
            console.report(error)
            throw ExitCode(ExitCodes.rejected)
        }
    }
}

enum ExitCodes {
    /// The models do not agree, or a model has errors.
    static let parityFailed: Int32 = 1
    /// A file is not what it has to be, or cannot be read or written.
    static let rejected: Int32 = 2
}

