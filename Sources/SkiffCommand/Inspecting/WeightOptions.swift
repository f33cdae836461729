internal import ArgumentParser
internal import Skiff

/// Statistics of weights, and weights themselves.
struct WeightOptions: ParsableArguments {
    @Flag(help: "Show what the weights are like: spread, sparsity, dead channels, precision.")
    var weights = false

    @Option(
        help: ArgumentHelp(
            "Show one tensor in full, or those that a pattern with * and ? fits; may be repeated.", valueName: "name"))
    var tensor: [String] = []

    @Flag(help: "List every channel of the tensors shown in full, and in --json.")
    var channels = false

    @Flag(help: "List biases and normalizations too that nothing is said of.")
    var allWeights = false

    @Option(
        help: ArgumentHelp(
            "Sort the weights by \(WeightStatistics.Order.allCases.map(\.rawValue).joined(separator: ", ")).",
            valueName: "order"),
        completion: .list(WeightStatistics.Order.allCases.map(\.rawValue)))
    var sortWeights = WeightStatistics.Order.network.rawValue

    @Option(help: ArgumentHelp("Rows of the table of weights at most.", valueName: "rows"))
    var limitWeights: Int?

    @Option(
        help: ArgumentHelp(
            "Write a tensor as a NumPy file, by name or pattern; may be repeated. Needs --output.", valueName: "name"))
    var extract: [String] = []

    @Option(
        name: [.short, .long],
        help: ArgumentHelp("Where --extract writes: .npy for one tensor, .npz for several.", valueName: "file"),
        completion: .file(extensions: ["npy", "npz"]))
    var output: String?

    /// Whether something else than the overview is asked for.
    var isAsked: Bool { weights || !tensor.isEmpty }
    /// Whether tensors are written, and nothing is shown of the model.
    var isExtracting: Bool { !extract.isEmpty }

    func validate() throws {
        guard WeightStatistics.Order(rawValue: sortWeights) != nil else {
            throw ValidationError(
                "--sort-weights has to be one of \(WeightStatistics.Order.allCases.map(\.rawValue).joined(separator: ", ")).")
        }
        if let limitWeights, limitWeights < 0 { throw ValidationError("--limit-weights has to be 0 or more.") }
        if !extract.isEmpty, output == nil { throw ValidationError("--extract needs --output FILE, .npy or .npz.") }
        if extract.isEmpty, output != nil { throw ValidationError("--output needs --extract NAME.") }
    }

    /// The statistics as a section; `nil` where they are not asked for.
    func section(
        of statistics: WeightStatistics, _ model: Model, _ inspection: Inspection, _ console: Console
    ) throws -> InspectSection? {
        guard isAsked else { return nil }
        return try section(of: statistics, model.path, model.graph, inspection, console)
    }

    /// The statistics of a file of weights that no architecture fits.
    func section(of listing: WeightListing, _ console: Console) throws -> InspectSection? {
        guard isAsked else { return nil }
        let statistics = try console.withProgress { progress in
            try listing.statistics { progress("reading weights", $0) }
        }
        return try section(of: statistics, listing.path, nil, nil, console)
    }

    private func section(
        of statistics: WeightStatistics, _ path: String, _ graph: Graph?, _ inspection: Inspection?, _ console: Console
    ) throws -> InspectSection {
        guard tensor.isEmpty else {
            let chosen = try indices(in: statistics, path)
            let details = chosen.map {
                statistics.detail(
                    of: $0, inspection, width: console.width, colors: console.colors, listsChannels: channels)
            }
            return InspectSection(
                key: "weights",
                json: statistics.json(inspection, graph: graph, only: Set(chosen), listsChannels: channels),
                text: details.joined(separator: "\n"))
        }
        return InspectSection(
            key: "weights", json: statistics.json(inspection, graph: graph, listsChannels: channels),
            text: statistics.text(
                of: graph, inspection, width: console.width, colors: console.colors,
                order: WeightStatistics.Order(rawValue: sortWeights) ?? .network, all: allWeights, limit: limitWeights))
    }

    /// The tensors that `--tensor` names.
    private func indices(in statistics: WeightStatistics, _ path: String) throws -> [Int] {
        var chosen: [Int] = []
        for text in tensor {
            let pattern = NamePattern(text)
            let found = statistics.tensors.indices.filter { pattern.matches(statistics.tensors[$0].name) }
            guard !found.isEmpty else {
                throw TensorExtraction.unknown(pattern, among: statistics.tensors.map(\.name), path)
            }
            chosen += found.filter { !chosen.contains($0) }
        }
        return chosen
    }

    /// Writes what `--extract` names.
    func performExtraction(from path: String, _ architecture: ArchitectureSource, _ console: Console) throws {
        guard let output else { return }
        let written = try console.withProgress { progress in
            progress("reading", 0)
            return try TensorExtraction(contentsOf: path, architecture: architecture).write(extract, to: output)
        }
        guard console.json else {
            for entry in written {
                let type = entry.writtenType == entry.elementType
                    ? entry.elementType.rawValue
                    : "\(entry.writtenType.rawValue), which holds its \(entry.elementType.rawValue) exactly"
                console.print("\(escaped(entry.name))  \(entry.shape.shapeText) \(type)")
            }
            return
        }
        console.print([
            "schema": "skiff.extract/1", "output": .string(output),
            "tensors": .array(
                written.map { entry in
                    [
                        "name": .string(entry.name), "shape": .array(entry.shape.map { .integer(Int64($0)) }),
                        "type": .string(entry.elementType.rawValue), "writtenType": .string(entry.writtenType.rawValue),
                    ]
                }),
        ])
    }
}
