internal import ArgumentParser
internal import Skiff

/// What the residual blocks do to the signal.
struct FlowOptions: ParsableArguments {
    @Flag(
        help: """
            Run the network: how large shortcut and branch of every residual block are, and how outputs change without \
            the branch.
            """)
    var flow = false

    @Option(
        name: [.customShort("i"), .customLong("input")],
        help: ArgumentHelp(
            "What to run it with, instead of made-up images: .npy, .npz, an ONNX tensor, or images (PNG, PPM, PGM; "
                + "several make a batch). Repeatable.",
            valueName: "[name=]file"),
        completion: .inputFile)
    var input: [String] = []

    @Option(help: ArgumentHelp("How many samples. (default: all that are given, else up to 16)", valueName: "number"))
    var samples: Int?

    @Option(help: ArgumentHelp("Seed of made-up inputs. (default: 0)", valueName: "number"))
    var seed: UInt64?

    @Option(
        help: ArgumentHelp(
            "At how many blocks to try what outputs lose: a number, or all. (default: as many as take a minute)",
            valueName: "number"))
    var lesions: LesionCount?

    @Flag(name: .customLong("no-lesions"), help: "Measure shortcuts and branches alone.")
    var noLesions = false

    @Option(help: ArgumentHelp("Threads of --flow. (default: all processors)", valueName: "number"))
    var threads: Int?

    @OptionGroup var images: ImageOptions

    /// How many blocks, by number or all.
    enum LesionCount: ExpressibleByArgument {
        case all
        case most(Int)

        init?(argument: String) {
            if argument == "all" {
                self = .all
            } else {
                guard let count = Int(argument), count > 0 else { return nil }
                self = .most(count)
            }
        }
    }

    var isAsked: Bool { flow }

    func validate() throws {
        let others: [(name: String, isGiven: Bool)] = [
            ("input", !input.isEmpty), ("samples", samples != nil), ("seed", seed != nil), ("lesions", lesions != nil),
            ("no-lesions", noLesions), ("threads", threads != nil), ("preprocess", images.preprocess != nil),
        ]
        if !flow, let other = others.first(where: \.isGiven) { throw ValidationError("--\(other.name) is for --flow.") }
        if let samples, samples < 1 { throw ValidationError("--samples has to be at least 1.") }
        if let threads, !(1...Evaluator.threadLimit).contains(threads) {
            throw ValidationError("--threads has to be 1 to \(Evaluator.threadLimit).")
        }
        if noLesions, lesions != nil { throw ValidationError("give --lesions or --no-lesions, not both.") }
        if seed != nil, !input.isEmpty { throw ValidationError("--seed is for made-up inputs; --input gives others.") }
        if images.preprocess != nil, input.isEmpty {
            throw ValidationError("--preprocess is for images that --input gives.")
        }
    }

    /// Runs the network; `nil` where that is not asked for.
    func flow(of model: Model, _ inspection: Inspection, _ console: Console) throws -> SignalFlow? {
        guard flow else { return nil }
        SkiffTool.reuseMemory()
        return try console.withProgress { progress in
            progress("reading", 0)
            try model.verifyPayloads { progress("checking", $0) }
            let inputs = try inputs(for: model)
            var options = SignalFlow.Options(threads: threads)
            if noLesions { options.lesions = .none }
            switch lesions {
            case .all: options.lesions = .all
            case .most(let count): options.lesions = .most(count)
            case nil: break
            }
            let remaining = RemainingTime()
            return try model.signalFlow(inspection, inputs: inputs, options: options) { label, part in
                progress(label + remaining.text(at: part), part)
            }
        }
    }

    private func inputs(for model: Model) throws -> SignalFlow.Inputs {
        guard !input.isEmpty else { return try model.flowInputs(samples: samples, seed: seed ?? 0) }
        let text = input.count > 4 ? "\(input.count) files" : input.map(fileName).joined(separator: ", ")
        guard let group = fixedImageBatch(of: model) else {
            let files = try InputFiles(input, for: model, preprocessing: images.preprocess)
            var inputs = try model.flowInputs(files.tensors, text: text, samples: samples)
            inputs.notes = files.notes + inputs.notes
            return inputs
        }
        // A model that fixes how many images it takes is run once for each so many.
        var inputs = SignalFlow.Inputs(runs: [], text: text)
        for start in stride(from: 0, to: min(input.count, samples ?? input.count), by: group) {
            let files = try InputFiles(
                Array(input[start..<(start + group)]), for: model, preprocessing: images.preprocess)
            inputs.runs += try model.flowInputs(files.tensors, text: text).runs
            for note in files.notes where !inputs.notes.contains(note) { inputs.notes.append(note) }
        }
        return inputs
    }

    /// How many images the model takes at a time, where it fixes that and so many times that are given.
    private func fixedImageBatch(of model: Model) -> Int? {
        let graph = model.graph
        guard graph.inputs.count == 1, let count = graph[graph.inputs[0]].fact?.shape?.first?.fixedValue,
            count > 0, input.count > count, input.count % count == 0, input.allSatisfy(ImageFile.recognizes)
        else { return nil }
        return count
    }

    func section(of flow: SignalFlow, _ inspection: Inspection, allBlocks: Bool, _ console: Console) -> InspectSection {
        InspectSection(
            key: "flow", json: flow.json(inspection),
            text: flow.text(inspection, width: console.width, colors: console.colors, allBlocks: allBlocks))
    }
}
