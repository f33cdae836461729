internal import ArgumentParser
internal import Skiff

/// Where `skiff verify` gets what is right from, and what it keeps of it.
struct VerifyReferenceOptions: ParsableArguments {
    @Flag(help: ArgumentHelp(
        "Print a Python program that records all values with the model's own framework, for --against; compare nothing."))
    var record = false
}

extension VerifyReferenceOptions {
    /// Prints the program that records a model with its framework.
    func printProgram(_ model: Model, _ verifier: Verifier, _ console: Console) throws {
        let program = try RecordingProgram(for: model, using: verifier).text
        console.print(program.hasSuffix("\n") ? String(program.dropLast()) : program)
    }
}
