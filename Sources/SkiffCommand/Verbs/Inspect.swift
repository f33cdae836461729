internal import ArgumentParser
internal import Skiff

/// `skiff inspect`: what a model consists of.
struct Inspect: Verb {
    static let configuration = CommandConfiguration(
        abstract: "Show a model's inputs, outputs, size, residual blocks and family.",
        discussion: """
            Reads no weights, so it is as fast for large models. Models with layers that cannot be run are shown too.

            EXAMPLES
              skiff inspect resnet50.h5
              skiff inspect resnet50.onnx --layers
              skiff inspect resnet50.onnx --flow --input cat.png --input dog.png
              skiff inspect resnet50.skiff --json | jq '.blocks[].shortcut'
              skiff inspect resnet50.safetensors
              skiff inspect resnet50.h5 --names torchvision

            A file of weights alone is shown as the network that fits it, with all that had to be assumed; where none \
            fits, its tensors are listed.
            """)

    @Argument(help: ArgumentHelp("The model, or a folder with model.onnx in it.", valueName: "model"),
        completion: .modelFile)
    var model: String

    @Flag(help: "Show every residual block; else long runs of equal ones are folded.")
    var allBlocks = false

    @Option(
        help: ArgumentHelp(
            "Show the weights under another framework's names: \(NameMap.identifiers.joined(separator: ", ")).",
            valueName: "scheme"),
        completion: .list(NameMap.identifiers))
    var names: String?

    @OptionGroup(title: "Layers") var layers: LayerOptions
    @OptionGroup(title: "Weights") var weights: WeightOptions
    @OptionGroup(title: "Lint") var lint: LintOptions
    @OptionGroup(title: "Signal flow") var flow: FlowOptions
    @OptionGroup(title: "Pictures") var pictures: PictureOptions
    @OptionGroup var architecture: ArchitectureOptions
    @OptionGroup var common: CommonOptions

    func validate() throws {
        if let names, !NameMap.identifiers.contains(names) {
            throw ValidationError("--names has to be one of \(NameMap.identifiers.joined(separator: ", ")).")
        }
    }

    func perform(_ console: Console) throws {
        let model: Model
        do {
            model = try console.withProgress { progress in
                progress("reading", 0)
                return try Model(contentsOf: self.model, architecture: architecture.source)
            }
        } catch let error as SkiffError {
            guard let weights = try listing(after: error) else { throw error }
            console.warn(error.description + (error.hint.map { "; \($0)" } ?? ""))
            console.json ? console.print(weights.json()) : console.print(weights.text(width: console.width))
            return
        }
        if let names {
            let map = try model.names(in: names)
            console.json ? console.print(map.json()) : console.print(map.text())
            return
        }
        try show(model, console)
    }

    /// The overview and what else is asked for; sections that people ask for by themselves stand without it.
    private func show(_ model: Model, _ console: Console) throws {
        let inspection = model.inspection()
        let statistics =
            weights.isAsked || pictures.needsWeights
            ? try console.withProgress { progress in
                try model.weightStatistics(inspection) { progress("reading weights", $0) }
            } : nil
        let flow = try flow.flow(of: model, inspection, console)
        var sections: [InspectSection] = []
        if let section = layers.section(of: inspection, console) { sections.append(section) }
        if let statistics, let section = try weights.section(of: statistics, model, inspection, console) {
            sections.append(section)
        }
        if let section = try lint.section(of: model, inspection, console) { sections.append(section) }
        if let flow { sections.append(self.flow.section(of: flow, inspection, allBlocks: allBlocks, console)) }
        try pictures.write(model, inspection, weights: statistics, flow: flow, console)
        if console.json {
            guard case .object(var object) = inspection.json() else { return }
            for section in sections { object[section.key] = section.json }
            console.print(.object(object))
        } else if !pictures.printsDrawing {
            var texts = sections.map(\.text)
            if !weights.isAsked, !lint.isAsked, flow == nil {
                texts.insert(inspection.text(width: console.width, colors: console.colors, allBlocks: allBlocks), at: 0)
            }
            console.print(texts.joined(separator: "\n"))
        }
        if sections.contains(where: \.failed) { throw ExitCode(ExitCodes.parityFailed) }
    }

    /// The tensors of a file of weights that no architecture fits; `nil` where that is not what is wrong.
    private func listing(after error: SkiffError) throws(SkiffError) -> WeightListing? {
        guard architecture.source == .automatic, names == nil, error.isOfArchitecture else { return nil }
        return try WeightListing(contentsOf: model)
    }
}
