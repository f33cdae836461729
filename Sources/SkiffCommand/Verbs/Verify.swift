internal import ArgumentParser
internal import Skiff

/// `skiff verify`: whether a model computes what another one does, or what was recorded.
struct Verify: Verb {
    static let configuration = CommandConfiguration(
        abstract: "Decide whether two models, or a model and recorded values, compute the same.",
        discussion: """
            Errors are judged in units of the network's own rounding noise, measured at each value; no tolerance \
            has to be chosen. Models that take channels from different axes are given the same image.

            EXAMPLES
              skiff verify resnet50.skiff resnet50.onnx
              skiff verify resnet50.skiff resnet50.onnx --all
              skiff verify resnet50.skiff resnet50.onnx --input cat.png
              skiff verify model.onnx --record > record.py       then python record.py io.npz
              skiff verify model.onnx --against io.npz
              skiff verify resnet50.skiff resnet50.onnx --html report.html
              skiff verify broken.onnx resnet50.h5 --minimize piece/
              skiff verify model.onnx --against outputs.json     of polygraphy run --save-inputs --save-outputs
              skiff verify model.h5 --capsule model.capsule      then verify converted.skiff --against model.capsule
              skiff verify folder/           model.onnx and test_data_set_0/input_0.pb, output_0.pb in it

            Members of io.npz are input:NAME, output:NAME and value:NAME, or named as the model names them.
            Exit code 0: parity; 1: no parity.
            """)

    @Argument(help: ArgumentHelp("The model, or a folder with model.onnx in it.", valueName: "model"),
        completion: .modelFile)
    var model: String

    @Argument(help: ArgumentHelp("Another model to compare it with, or a recording.", valueName: "reference"),
        completion: .referenceFile)
    var reference: String?

    @Option(help: ArgumentHelp(
            """
            Recorded inputs and outputs: .npz, a folder of ONNX test data sets, results that Polygraphy saved, or a \
            capsule.
            """, valueName: "recording"), completion: .recordingFile)
    var against: String?

    @Flag(help: "List every value, not the outputs alone.")
    var all = false

    @Flag(name: .customLong("outputs-only"), help: "Compare outputs alone, where the reference is a model.")
    var outputsOnly = false

    @Flag(name: .customLong("explain"), inversion: .prefixedNo, help: "Look for the reason where a layer goes wrong.")
    var explains = true

    @Option(help: ArgumentHelp("Seed of the made-up input.", valueName: "number"))
    var seed: UInt64 = 0

    @Option(
        help: ArgumentHelp("Samples of the made-up input, where the model leaves it open.", valueName: "number"))
    var batch = 2

    @Option(name: .customLong("input-shape"),
        help: ArgumentHelp("Shape of a made-up input. Repeatable.", valueName: "name=2x3x224x224"))
    var inputShapes: [String] = []

    @Option(help: ArgumentHelp("Absolute tolerance for every element, instead of rounding noise.", valueName: "number"))
    var atol: Double?

    @Option(help: ArgumentHelp("Relative tolerance for every element, instead of rounding noise.", valueName: "number"))
    var rtol: Double?

    @Option(help: ArgumentHelp("Threads. (default: all processors)", valueName: "number"))
    var threads: Int?

    @Option(help: ArgumentHelp(
            "Write a page that shows the network, the error along its depth and every value.", valueName: "file"),
        completion: .file(extensions: ["html"]))
    var html: String?

    @OptionGroup var inputs: VerifyInputOptions
    @OptionGroup var minimizing: MinimizeOptions
    @OptionGroup var references: VerifyReferenceOptions
    @OptionGroup var architecture: ArchitectureOptions
    @OptionGroup var common: CommonOptions

    func validate() throws {
        if reference != nil, against != nil {
            throw ValidationError("give a second model or --against, not both.")
        }
        try references.validate(reference: reference, against: against)
        if batch < 1 { throw ValidationError("--batch has to be at least 1.") }
        if let threads, !(1...Evaluator.threadLimit).contains(threads) {
            throw ValidationError("--threads has to be 1 to \(Evaluator.threadLimit).")
        }
        for tolerance in [atol, rtol] {
            if let tolerance, !(tolerance >= 0 && tolerance.isFinite) {
                throw ValidationError("tolerances have to be zero or more.")
            }
        }
        _ = try SkiffCommand.inputShapes(inputShapes)
    }

    private func verifier() throws -> Verifier {
        var verifier = Verifier()
        if atol != nil || rtol != nil {
            verifier.policy = ParityPolicy(.tolerance(absolute: atol ?? 0, relative: rtol ?? 0))
        }
        verifier.comparesIntermediates = !outputsOnly
        verifier.explains = explains
        verifier.seed = seed
        verifier.batch = batch
        verifier.inputShapes = try SkiffCommand.inputShapes(inputShapes)
        verifier.threads = threads
        return verifier
    }

    func perform(_ console: Console) throws {
        SkiffTool.reuseMemory()
        var verified: Model?
        let clock = ContinuousClock()
        let start = clock.now
        var verifier = try verifier()
        if references.record || references.capsule != nil {
            let candidate = try Model(contentsOf: model, architecture: architecture.source)
            let recording = against ?? reference ?? (model == candidate.path ? nil : model)
            if try references.perform(candidate, recording: recording, verifier, console) { return }
        }
        let report = try console.withProgress { progress in
            progress("reading", 0)
            let candidate = try Model(contentsOf: self.model, architecture: architecture.source)
            verified = candidate
            console.tellAssumptions(of: candidate)
            try candidate.verifyPayloads { progress("checking", $0) }
            try inputs.checkReferenceIsModel(reference.map { !ReferenceFile.isReference($0) } ?? false)
            verifier.inputs = try inputs.inputs(for: candidate, console)
            if let against {
                return try Skiff.verify(
                    candidate, againstRecording: against, inputsFrom: references.inputsFrom, using: verifier,
                    progress: progress)
            }
            guard let reference else {
                guard model != candidate.path else {
                    throw ValidationError("verify needs a second model, or --against a recording.")
                }
                return try Skiff.verify(candidate, againstRecording: model, using: verifier, progress: progress)
            }
            if ReferenceFile.isReference(reference) {
                return try Skiff.verify(
                    candidate, againstRecording: reference, inputsFrom: references.inputsFrom, using: verifier,
                    progress: progress)
            }
            let other = try Model(contentsOf: reference)
            console.tellAssumptions(of: other)
            try other.verifyPayloads { progress("checking", $0) }
            return try Skiff.verify(candidate, against: other, using: verifier, progress: progress)
        }
        if let html, let verified {
            let page = VerificationPage(
                report, candidate: verified, reference: against ?? reference ?? model, seconds: seconds(clock.now - start))
            try page.write(to: html)
        }
        if console.json {
            console.print(json(report, clock.now - start))
        } else {
            let text = report.text(colors: console.colors, width: console.width, listsAll: all)
            console.print(text + ", \(timeText(clock.now - start))")
        }
        try minimizing.write(
            report, candidate: model, reference: against ?? reference ?? "its recorded values", console)
        if !report.passed { throw ExitCode(ExitCodes.parityFailed) }
    }

    private func json(_ report: ParityReport, _ duration: Duration) -> JSONValue {
        guard case .object(var object) = report.json() else { return report.json() }
        object["candidate"] = .string(model)
        object["reference"] = .string(against ?? reference ?? model)
        object["page"] = html.map { .string($0) } ?? .null
        object["seconds"] = .number(seconds(duration))
        return .object(object)
    }
}
