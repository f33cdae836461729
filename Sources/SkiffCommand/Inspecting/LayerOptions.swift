internal import ArgumentParser
internal import Skiff

/// The table of layers.
struct LayerOptions: ParsableArguments {
    @Flag(help: "Show every layer with its shape, parameters and multiply-adds.")
    var layers = false

    /// The table; `nil` where it is not asked for.
    func section(of inspection: Inspection, _ console: Console) -> InspectSection? {
        guard layers else { return nil }
        return InspectSection(
            key: "layers", json: inspection.layersJSON(),
            text: inspection.layersText(width: console.width, colors: console.colors))
    }
}
