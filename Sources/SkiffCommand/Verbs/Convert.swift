internal import ArgumentParser
internal import Skiff

/// `skiff convert`: the same network in another format.
struct Convert: Verb {
    static let configuration = CommandConfiguration(
        abstract: "Write a model in another format, and check what was written.",
        discussion: """
            The output is opened again and compared with the source: every node, every attribute and every weight, \
            to the last bit; of .safetensors, which holds no architecture, every weight. Where ONNX says a network by \
            other nodes, every weight is compared and both are run. An existing output is replaced as a whole, or not \
            at all.

            A .skiff file holds weights raw, to be mapped and used in place, unless --encoding asks for less: lossless \
            (about 83 % of trained Float weights), float16, bfloat16 (about half) or int8 (a quarter). These three round \
            the weights of convolutions and matrix products; all others stay lossless.

            EXAMPLES
              skiff convert resnet50.h5 -o resnet50.skiff
              skiff convert model.onnx
              skiff convert model.onnx --encoding lossless
              skiff convert model.skiff -o weights.safetensors
              skiff convert resnet50.skiff -o resnet50.onnx --opset 17
              skiff convert resnet50_weights_notop.h5
              skiff convert weights.h5 --config model.json
              skiff convert resnet50.h5 --names torchvision -o resnet50.safetensors
              skiff convert model.keras -o out/model.skiff --no-verify --quiet
              skiff convert resnet50.h5 -o resnet50.skiff --budget 1e-3 --sample image.npy
            """)

    @Argument(help: ArgumentHelp("The model, or a folder with model.onnx in it.", valueName: "model"),
        completion: .modelFile)
    var input: String

    @Option(name: [.short, .long],
        help: ArgumentHelp(
            "The file to write; its extension says the format. (default: the model's name with .skiff, here)",
            valueName: "file"),
        completion: .file())
    var output: String?

    @Flag(inversion: .prefixedNo, help: ArgumentHelp("Compare the written file with the source.", visibility: .default))
    var verify = true

    @Option(
        help: ArgumentHelp(
            "Write the weights under another framework's names, as .safetensors: "
                + NameMap.identifiers.joined(separator: ", ") + ".",
            valueName: "scheme"),
        completion: .list(NameMap.identifiers))
    var names: String?

    @Option(
        help: ArgumentHelp(
            "How a .skiff file holds weights: " + Encoding.allCases.map(\.rawValue).joined(separator: ", ")
                + ". (default: raw)", valueName: "encoding"),
        completion: .list(Encoding.allCases.map(\.rawValue)))
    var encoding: String?

    @Flag(help: "Return only when the medium has the bytes, so that not even a loss of power leaves a part.")
    var sync = false

    @Option(
        help: ArgumentHelp(
            "The version of ONNX's operators to write, \(WriteOptions.opsets.lowerBound) to "
                + "\(WriteOptions.opsets.upperBound). (default: 13, or the first later one that has all operators)",
            valueName: "version"))
    var opset: Int?

    @OptionGroup var budget: BudgetOptions
    @OptionGroup var architecture: ArchitectureOptions
    @OptionGroup var common: CommonOptions

    /// The output that was asked for, or the model's name with the usual extension, in the current folder.
    private var target: String {
        if let output { return output }
        let path = input.hasSuffix("/") ? String(input.dropLast()) : input
        return stem(path) + (names.map { ".\($0).safetensors" } ?? ".skiff")
    }

    func validate() throws {
        if let names {
            guard NameMap.identifiers.contains(names) else {
                throw ValidationError("--names has to be one of \(NameMap.identifiers.joined(separator: ", ")).")
            }
            guard target.hasSuffix(".safetensors") else {
                throw ValidationError("--names writes weights alone, so the output has to end with .safetensors.")
            }
        }
        if let encoding {
            guard Encoding(argument: encoding) != nil else {
                throw ValidationError(
                    "--encoding has to be one of \(Encoding.allCases.map(\.rawValue).joined(separator: ", ")).")
            }
            guard target.hasSuffix(".skiff") else {
                throw ValidationError("--encoding is for native files, so the output has to end with .skiff.")
            }
        }
        if budget.budget != nil {
            guard encoding == nil else { throw ValidationError("--budget picks the encodings, --encoding says one.") }
            guard names == nil, target.hasSuffix(".skiff") else {
                throw ValidationError("--budget is for native files, so the output has to end with .skiff.")
            }
        }
        if let opset {
            guard target.lowercased().hasSuffix(".onnx") else {
                throw ValidationError("--opset is of ONNX, so the output has to end with .onnx.")
            }
            guard WriteOptions.opsets.contains(opset) else {
                let range = WriteOptions.opsets
                throw ValidationError("--opset has to be \(range.lowerBound) to \(range.upperBound), found \(opset).")
            }
        }
        do throws(SkiffError) {
            _ = try FormatRegistry.format(forWriting: target)
        } catch {
            throw ValidationError(error.description + (error.hint.map { "; \($0)" } ?? ""))
        }
    }

    func perform(_ console: Console) throws {
        let clock = ContinuousClock()
        let start = clock.now
        var report = try console.withProgress { progress in
            progress("reading", 0)
            let model = try Model(contentsOf: input, architecture: architecture.source)
            return try names.map { try convert(model, namedAs: $0, progress) } ?? convert(model, progress)
        }
        report.duration = clock.now - start
        console.json ? console.print(report.json) : console.print(report.text(colors: console.colors))
        console.tellAssumptions(of: report.model)
        for note in report.notes { console.note("note: " + printable(note)) }
        for id in report.model.graph.unknownNodes.prefix(3) {
            console.warn("\(report.model.graph.place(of: id).text) is carried, but cannot be run")
        }
        if report.difference != nil { throw ExitCode(ExitCodes.parityFailed) }
    }

    private func convert(
        _ model: Model, _ progress: @escaping @Sendable (String, Double) -> Void
    ) throws -> ConversionReport {
        var options = WriteOptions()
        options.opset = opset
        options.encodings = EncodingPlan(encoding.flatMap { Encoding(argument: $0) } ?? .raw)
        let budgeted = try budgetedEncodings(model, progress)
        if let budgeted {
            options.encodings = budgeted.plan
            options.measurements = budgeted.measurements
        }
        options.provesPayloads = verify
        options.isSynchronised = sync
        let report = try model.write(to: target, options: options) { progress("converting", $0) }
        let comparison = verify ? try model.comparison(withWritten: target, report, progress: progress) : nil
        var difference = comparison?.difference
        if verify, difference == nil, let budgeted { difference = try self.difference(of: model, budgeted, progress) }
        return ConversionReport(
            model: model, target: target, written: try fileSize(target), tensorCount: model.graph.weights.count,
            compared: comparison?.compared ?? "", outputs: comparison?.outputs, difference: difference,
            isVerified: verify, notes: report.notes + (comparison?.notes ?? []), encodings: EncodingTable(report.tensors),
            budget: budgeted.map { BudgetTable(encodings: $0) })
    }

    private func budgetedEncodings(
        _ model: Model, _ progress: @escaping @Sendable (String, Double) -> Void
    ) throws -> BudgetedEncodings? {
        guard let allowed = budget.budget else { return nil }
        return try model.encodings(
            withinBudget: allowed, sample: budget.sample(for: model), seed: budget.seed, progress: progress)
    }

    /// Runs what was written: its outputs have to move as far as was measured before.
    private func difference(
        of model: Model, _ budgeted: BudgetedEncodings, _ progress: (String, Double) -> Void
    ) throws -> String? {
        progress("running what was written", 0)
        let written = try Model(contentsOf: target)
        let error = try written.outputError(from: model, sample: budget.sample(for: model), seed: budget.seed)
        guard error != budgeted.report.error else { return nil }
        return "outputs of the written file move by \(error), \(budgeted.report.error) was measured before"
    }

    private func convert(
        _ model: Model, namedAs scheme: String, _ progress: @escaping @Sendable (String, Double) -> Void
    ) throws -> ConversionReport {
        let map = try model.names(in: scheme)
        try model.write(map, to: target) { progress("converting", $0) }
        let difference = verify ? try model.firstDifference(of: map, fromWritten: target) : nil
        var notes = map.notes
        if verify {
            progress("running", 0)
            if let note = model.functionDifference(of: map, fromWritten: target) { notes.append(note) }
        }
        return ConversionReport(
            model: model, target: target, written: try fileSize(target), tensorCount: map.rows.count,
            compared: "weight", difference: difference, isVerified: verify, notes: notes)
    }

    private func fileSize(_ path: String) throws -> Int { try Storage(mapping: path).byteCount }
}
