internal import ArgumentParser
internal import Skiff

/// Where `skiff verify` gets what is right from, and what it keeps of it.
struct VerifyReferenceOptions: ParsableArguments {
    @Flag(help: ArgumentHelp(
        "Print a Python program that records all values with the model's own framework; compare nothing."))
    var record = false

    @Option(help: ArgumentHelp(
            """
            Write what there is to compare with in some hundred bytes per value: of the recording, or else of what the \
            model computes. --against takes it.
            """, valueName: "file"), completion: .file())
    var capsule: String?

    @Option(name: .customLong("inputs-from"),
        help: ArgumentHelp(
            """
            What polygraphy run --save-inputs wrote, for results of --save-outputs. (default: the file beside them)
            """, valueName: "file"), completion: .file())
    var inputsFrom: String?

    /// - Throws: `ValidationError` for options that do not go together.
    func validate(reference: String?, against: String?) throws {
        if record, reference != nil || against != nil || capsule != nil {
            throw ValidationError("--record takes one model and nothing to compare it with.")
        }
        if capsule != nil, let reference, !ReferenceFile.isReference(reference) {
            throw ValidationError("--capsule keeps a recording, or what the one model computes; leave the other out.")
        }
    }

    /// Does what is asked for and is no comparison.
    /// - Returns: whether that was all.
    func perform(
        _ model: Model, recording: String?, _ verifier: Verifier, _ console: Console
    ) throws -> Bool {
        if record {
            console.print(try RecordingProgram(for: model, using: verifier).text)
            return true
        }
        guard let capsule else { return false }
        let made = try console.withProgress { progress in
            if let recording {
                return try Capsule(of: model, recording: recording, inputsFrom: inputsFrom, using: verifier)
            }
            return try Capsule(running: model, using: verifier, progress: progress)
        }
        try made.write(to: capsule)
        guard recording == nil else { return false }
        let bytes = try Storage(mapping: capsule).byteCount
        if console.json {
            console.print([
                "schema": "skiff.capsule-written/1", "path": .string(capsule), "bytes": .integer(Int64(bytes)),
                "values": .integer(Int64(made.values.count)), "source": .string(made.source),
            ])
        } else {
            console.print("\(model.path) → \(capsule): \(made.values.count) values, \(byteText(bytes))")
        }
        return true
    }
}
