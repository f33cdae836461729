internal import ArgumentParser
internal import Skiff

/// `skiff run`: a model's outputs for given inputs.
struct Run: Verb {
    static let configuration = CommandConfiguration(
        abstract: "Compute a model's outputs.",
        discussion: """
            Inputs are .npy, .npz or ONNX tensor files, or images: PNG, and binary PPM and PGM. Several are given by \
            name, or in the model's order; members of a .npz go to the inputs of their names; images make a batch, \
            scaled and cut to what the model takes. The output file has one member for each output.

            EXAMPLES
              skiff run resnet50.skiff --input image.npy --output scores.npy
              skiff run model.onnx --input left=a.npy --input right=b.npy --output y.npz
              skiff run model.keras --input io.npz --output all.npz --all
              skiff run resnet50.h5 --input cat.png --input dog.png --preprocess caffe --top 5
              skiff run digits.skiff --input heldout.npz --labels heldout.npz:labels
            """)

    @Argument(help: ArgumentHelp("The model, or a folder with model.onnx in it.", valueName: "model"),
        completion: .modelFile)
    var model: String

    @Option(name: [.short, .long],
        help: ArgumentHelp("An input: .npy, .npz, an ONNX tensor or an image. Repeatable.", valueName: "[name=]file"),
        completion: .inputFile)
    var input: [String] = []

    @Option(name: [.short, .long],
        help: ArgumentHelp("Where the outputs go: .npz, or .npy for a single one.", valueName: "file"),
        completion: .arrayFile)
    var output: String?

    @Flag(help: "Write every intermediate value too, named as skiff verify --against reads them.")
    var all = false

    @Option(help: "Run the reference evaluator, every operator by itself: reference stores Float and sums in Double. (default: the fast executor, in Float)")
    var precision: Precision?

    @Flag(help: "Leave out fast algorithms that round more than a direct sum does (Winograd).")
    var exact = false

    @Option(help: ArgumentHelp("Print the K largest elements of the first output, for each sample.", valueName: "k"))
    var top: Int?

    @Option(help: ArgumentHelp("True classes: prints the share that the first output gets right.",
            valueName: "file[:member]"), completion: .arrayFile)
    var labels: String?

    @Option(help: ArgumentHelp("Threads. (default: all processors)", valueName: "number"))
    var threads: Int?

    @OptionGroup var images: ImageOptions
    @OptionGroup var architecture: ArchitectureOptions
    @OptionGroup var common: CommonOptions

    func validate() throws {
        if input.isEmpty { throw ValidationError("run needs an --input.") }
        if let threads, !(1...Evaluator.threadLimit).contains(threads) {
            throw ValidationError("--threads has to be 1 to \(Evaluator.threadLimit).")
        }
        if let top, top < 1 { throw ValidationError("--top has to be at least 1.") }
        if let output, !output.hasSuffix(".npz"), !output.hasSuffix(".npy") {
            throw ValidationError("--output has to end with .npz or .npy.")
        }
        if all, output?.hasSuffix(".npz") != true { throw ValidationError("--all needs an --output that is a .npz.") }
    }

    func perform(_ console: Console) throws {
        let clock = ContinuousClock()
        let start = clock.now
        let (results, inputs) = try console.withProgress { progress in
            progress("reading", 0)
            let model = try Model(contentsOf: self.model, architecture: architecture.source)
            console.tellAssumptions(of: model)
            if let output, output.hasSuffix(".npy"), model.graph.outputs.count != 1 {
                throw SkiffError(
                    .arrays(
                        "holds one array, the model has \(model.graph.outputs.count) outputs", hint: "name it .npz"),
                    at: Place(file: output))
            }
            let inputs = try InputFiles(input, for: model, preprocessing: images.preprocess)
            for note in inputs.notes { console.note("assumed: " + printable(note)) }
            let results = try values(of: model, inputs.tensors) { progress("running", $0) }
            return (results, inputs)
        }
        try checkOutputIsNoInput()
        let accuracy = try labels.map { try Accuracy(of: results.outputs, labels: $0) }
        if let output { try write(results, inputs, to: output) }
        let report = RunReport(
            model: model, output: output, results: results, accuracy: accuracy, top: top, duration: clock.now - start)
        console.json ? console.print(report.json) : console.print(report.text)
    }

    /// Intermediate values are those of the evaluator: the fast executor does not have them all.
    private func values(
        of model: Model, _ inputs: [String: Tensor], progress: @escaping @Sendable (Double) -> Void
    ) throws(SkiffError) -> ModelValues {
        guard precision == nil, !all else {
            return try model.values(
                inputs, precision: precision ?? .reference, threads: threads, includesIntermediates: all,
                progress: progress)
        }
        return try model.fastValues(inputs, threads: threads, exact: exact)
    }

    /// - Throws: `SkiffError` where the output would replace a file that the inputs come from.
    private func checkOutputIsNoInput() throws {
        guard let output, let target = (try? Storage(mapping: output))?.identity else { return }
        let paths = [model] + input.flatMap { [$0, String($0[($0.firstIndex(of: "=").map($0.index(after:)) ?? $0.startIndex)...])] }
        if paths.contains(where: { (try? Storage(mapping: $0))?.identity == target }) {
            throw SkiffError(.sameFile, at: Place(file: output))
        }
    }

    private func write(_ results: ModelValues, _ inputs: InputFiles, to path: String) throws {
        if path.hasSuffix(".npy"), let only = results.outputs.first {
            try NPY.write(only.tensor, to: path)
            return
        }
        guard all else {
            try NPZ.write(results.outputs, to: path)
            return
        }
        let given = inputs.tensors.sorted { $0.key < $1.key }.map { (name: "input:" + $0.key, tensor: $0.value) }
        let outputs = results.outputs.map { (name: "output:" + $0.name, tensor: $0.tensor) }
        let values = results.intermediates.map { (name: "value:" + $0.name, tensor: $0.tensor) }
        try NPZ.write(given + outputs + values, to: path)
    }
}
