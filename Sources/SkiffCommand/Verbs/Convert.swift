internal import ArgumentParser
internal import Skiff

/// `skiff convert`: the same network in another format.
struct Convert: Verb {
    static let configuration = CommandConfiguration(
        abstract: "Write a model in another format, and check what was written.",
        discussion: """
            The output is opened again and compared with the source: every node, every attribute and every weight, \
            to the last bit; of .safetensors, which holds no architecture, every weight. An existing output is \
            replaced as a whole, or not at all.

            EXAMPLES
              skiff convert resnet50.h5 -o resnet50.skiff
              skiff convert model.onnx
              skiff convert model.onnx -o weights.safetensors
              skiff convert model.keras -o out/model.skiff --no-verify --quiet
            """)

    @Argument(help: ArgumentHelp("The model, or a folder with model.onnx in it.", valueName: "model"),
        completion: .file())
    var input: String

    @Option(name: [.short, .long],
        help: ArgumentHelp(
            "The file to write; its extension says the format. (default: the model's name with .skiff, here)",
            valueName: "file"),
        completion: .file())
    var output: String?

    @Flag(inversion: .prefixedNo, help: ArgumentHelp("Compare the written file with the source.", visibility: .default))
    var verify = true

    @OptionGroup var common: CommonOptions

    /// The output that was asked for, or the model's name with the usual extension, in the current folder.
    private var target: String {
        if let output { return output }
        let path = input.hasSuffix("/") ? String(input.dropLast()) : input
        return stem(path) + ".skiff"
    }

    func validate() throws {
        do throws(SkiffError) {
            _ = try FormatRegistry.format(forWriting: target)
        } catch {
            throw ValidationError(error.description + (error.hint.map { "; \($0)" } ?? ""))
        }
    }

    func perform(_ console: Console) throws {
        let clock = ContinuousClock()
        let start = clock.now
        let target = target
        let (model, written, difference) = try console.withProgress { progress in
            progress("reading", 0)
            let model = try Model(contentsOf: input)
            try model.write(to: target) { progress("converting", $0) }
            guard verify else { return (model, try fileSize(target), nil as String?) }
            let difference = try model.firstDifference(fromWritten: target) { progress("comparing", $0) }
            return (model, try fileSize(target), difference)
        }
        let isWeightsOnly = try FormatRegistry.format(forWriting: target).isWeightsOnly
        let result = Result(
            model: model, target: target, isWeightsOnly: isWeightsOnly, written: written, difference: difference, isVerified: verify,
            duration: clock.now - start)
        console.json ? console.print(result.json) : console.print(result.text(colors: console.colors))
        for id in model.graph.unknownNodes.prefix(3) {
            console.warn("\(model.graph.place(of: id).text) is carried, but cannot be run")
        }
        if difference != nil { throw ExitCode(ExitCodes.parityFailed) }
    }

    private func fileSize(_ path: String) throws -> Int { try Storage(mapping: path).byteCount }

    private struct Result {
        var model: Model
        var target: String
        var isWeightsOnly: Bool
        var written: Int
        var difference: String?
        var isVerified: Bool
        var duration: Duration

        private var tensorCount: Int { model.graph.weights.count }

        func text(colors: Bool) -> String {
            let identical = "parity: identical, every \(isWeightsOnly ? "weight" : "node and weight")"
            let parity =
                if let difference { "parity failed: \(difference)" } else { isVerified ? identical : "not verified" }
            let color = difference == nil ? "32" : "31"
            let verdict = colors && isVerified ? "\u{1B}[\(color)m\(parity)\u{1B}[0m" : parity
            return "\(escaped(fileName(model.path))) → \(escaped(target)): \(byteText(sourceBytes)) → "
                + "\(byteText(written)), \(tensorCount) tensors, \(timeText(duration)), \(verdict)"
        }

        /// The file, and external data where weights lie there.
        private var sourceBytes: Int {
            var files: [ObjectIdentifier: Int] = [:]
            for id in model.graph.weights {
                guard let storage = model.graph[id].tensor?.storage, let path = storage.path, path != model.path
                else { continue }
                files[ObjectIdentifier(storage)] = storage.byteCount
            }
            return files.values.reduce(model.byteCount, +)
        }

        var json: JSONValue {
            [
                "schema": "skiff.convert/1",
                "input": [
                    "path": .string(model.path), "format": .string(model.format.identifier),
                    "bytes": .integer(Int64(sourceBytes)),
                ],
                "output": ["path": .string(target), "bytes": .integer(Int64(written))],
                "tensors": .integer(Int64(tensorCount)), "nodes": .integer(Int64(model.graph.nodes.count)),
                "seconds": .number(seconds(duration)),
                "parity": isVerified ? .string(difference == nil ? "identical" : "differs") : .null,
                "difference": difference.map { .string($0) } ?? .null,
            ]
        }
    }
}
