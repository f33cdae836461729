internal import ArgumentParser
internal import Skiff

/// What two models are run with.
struct VerifyInputOptions: ParsableArguments {
    @Option(
        name: [.customShort("i"), .customLong("input")],
        help: ArgumentHelp(
            "An input for both models instead of a made-up one: .npy, .npz, an ONNX tensor, or an image (PNG, PPM, "
                + "PGM; several make a batch). Repeatable.",
            valueName: "[name=]file"),
        completion: .inputFile)
    var input: [String] = []

    @Option(
        name: .customLong("made-up"),
        help: ArgumentHelp(
            "What is made up: images that show wrong padding, order and layout, which is the default, or noise.",
            valueName: "kind"))
    var madeUp: InputSet.MadeUp?

    @OptionGroup var images: ImageOptions

    func validate() throws {
        if madeUp != nil, !input.isEmpty { throw ValidationError("give --input or --made-up, not both.") }
        if images.preprocess != nil, input.isEmpty {
            throw ValidationError("--preprocess is for images that --input gives.")
        }
    }

    /// - Throws: `ValidationError` where inputs are given for a recording, which has its own.
    func checkReferenceIsModel(_ isModel: Bool) throws {
        guard !isModel, madeUp != nil || !input.isEmpty else { return }
        throw ValidationError("--input and --made-up are for two models; a recording has inputs of its own.")
    }

    /// The inputs for both models; what was assumed of images is told.
    func inputs(for candidate: Model, _ console: Console) throws -> InputSet {
        guard !input.isEmpty else { return InputSet(madeUp ?? .probes) }
        let files = try InputFiles(input, for: candidate, preprocessing: images.preprocess)
        for note in files.notes { console.note("assumed: " + printable(note)) }
        return InputSet(given: files.tensors)
    }
}
