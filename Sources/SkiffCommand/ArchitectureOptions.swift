internal import ArgumentParser
internal import Skiff

/// Where the architecture comes from, for files that hold weights alone.
struct ArchitectureOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "For weights alone: the architecture, where several fit, such as torchvision or keras/resnet50.",
            valueName: "name"),
        completion: .list(Architectures.conventionIdentifiers))
    var architecture: String?

    @Option(
        help: ArgumentHelp(
            "For weights alone: a Keras configuration, model.to_json() or config.json.", valueName: "json"),
        completion: .file(extensions: ["json"]))
    var config: String?

    @Option(
        name: .customLong("architecture-from"),
        help: ArgumentHelp("For weights alone: a model whose weights they replace.", valueName: "model"),
        completion: .modelFile)
    var architectureFrom: String?

    var source: ArchitectureSource {
        if let architecture { return .named(architecture) }
        if let config { return .configuration(config) }
        if let architectureFrom { return .model(architectureFrom) }
        return .automatic
    }

    func validate() throws {
        guard [architecture, config, architectureFrom].compactMap({ $0 }).count <= 1 else {
            throw ValidationError("give one of --architecture, --config and --architecture-from.")
        }
    }
}

extension Console {
    /// Says what a model's file could not tell.
    func tellAssumptions(of model: Model) {
        guard !model.assumptions.isEmpty else { return }
        note("assumed, since the file holds weights alone:")
        for assumption in model.assumptions { note("  " + printable(assumption)) }
        for line in model.architectureNotes { note("  " + printable(line)) }
    }
}
