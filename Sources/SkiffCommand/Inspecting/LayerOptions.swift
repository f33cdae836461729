internal import ArgumentParser
internal import Skiff

/// The table of layers.
struct LayerOptions: ParsableArguments {
    @Flag(help: "Show every layer with its shape, parameters, multiply-adds, memory, and the share it has in them.")
    var layers = false

    @Option(help: ArgumentHelp("Sort layers, the largest first.", valueName: "column"))
    var sort: LayerSelection.Order?

    @Option(help: ArgumentHelp(
            "Show the layers whose name, operator or block matches: text anywhere in it, or a pattern with * and ?. "
                + "Repeatable.", valueName: "pattern"))
    var filter: [String] = []

    @Option(help: ArgumentHelp("Group layers by stage and block.", valueName: "depth"))
    var depth: LayerSelection.Depth?

    @Option(help: ArgumentHelp("Show no more rows than these.", valueName: "number"))
    var limit: Int?

    @Option(help: ArgumentHelp("Samples that multiply-adds and memory are counted for. (default: 1)", valueName: "number"))
    var batch: Int?

    func validate() throws {
        if let limit, limit < 1 { throw ValidationError("--limit has to be at least 1.") }
        if let batch, !(1...1_000_000).contains(batch) { throw ValidationError("--batch has to be 1 to 1000000.") }
    }

    /// Whether the table is asked for, by itself or by how it should look.
    private var isAsked: Bool { layers || sort != nil || !filter.isEmpty || depth != nil || limit != nil }

    /// - Throws: `ValidationError` where a batch is asked for that the model does not leave open.
    func check(_ model: Model) throws {
        guard batch != nil else { return }
        let extents = model.graph.inputs.map { model.graph[$0].fact?.shape?.first }
        guard !extents.contains(where: { $0.map { $0.fixedValue == nil } ?? true }) else { return }
        let fixed = extents.compactMap { $0?.fixedValue }.first ?? 1
        throw ValidationError("--batch cannot be counted: the model's batch is fixed at \(fixed).")
    }

    /// The table; `nil` where it is not asked for.
    func section(of inspection: Inspection, _ console: Console) -> InspectSection? {
        guard isAsked else { return nil }
        let selection = LayerSelection(order: sort ?? .order, filters: filter, depth: depth, limit: limit)
        return InspectSection(
            key: "layers", json: inspection.layersJSON(selection),
            text: inspection.layersText(selection, width: console.width, colors: console.colors))
    }
}
