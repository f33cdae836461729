internal import ArgumentParser
internal import Skiff

/// `skiff inspect`: what a model consists of.
struct Inspect: Verb {
    static let configuration = CommandConfiguration(
        abstract: "Show what a network is: residual blocks, family, layers, weights, signal flow, pictures.",
        discussion: """
            Without options: inputs, outputs, size, residual blocks, stages, the family and what deviates from it. Reads no \
            weights unless they are asked for, so it is as fast for large models. Models with layers that cannot be run are \
            shown too. Options that ask for something else show that in the place of the overview.

            EXAMPLES
              skiff inspect resnet50.h5
              skiff inspect resnet50.onnx --layers --sort parameters --limit 10
              skiff inspect resnet50.onnx --depth block --batch 32
              skiff inspect resnet50.onnx --filter conv4_block1
              skiff inspect resnet50.onnx --flow --input cat.png --input dog.png
              skiff inspect resnet50.h5 --weights
              skiff inspect resnet50.h5 --extract conv1_conv/kernel -o kernel.npy
              skiff inspect resnet50.onnx --lint
              skiff inspect resnet50.onnx --svg resnet50.svg
              skiff inspect resnet50.onnx --html resnet50.html
              skiff inspect resnet50.onnx --dot | dot -Tpdf > resnet50.pdf
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
        if weights.isExtracting { return try weights.performExtraction(from: model, architecture.source, console) }
        let model: Model
        do {
            model = try console.withProgress { progress in
                progress("reading", 0)
                return try Model(contentsOf: self.model, architecture: architecture.source)
            }
        } catch let error as SkiffError {
            guard let listing = try listing(after: error) else {
                guard let section = lint.section(ofRefused: self.model, error, console) else { throw error }
                console.json ? console.print(["schema": "skiff.inspect/1", section.key: section.json]) : console.print(section.text)
                throw ExitCode(ExitCodes.parityFailed)
            }
            console.warn(error.description + (error.hint.map { "; \($0)" } ?? ""))
            let sections = try [weights.section(of: listing, console), lint.section(of: listing, console)].compactMap { $0 }
            guard case .object(var object) = listing.json() else { return }
            for section in sections { object[section.key] = section.json }
            let text = sections.isEmpty ? listing.text(width: console.width) : sections.map(\.text).joined(separator: "\n")
            console.json ? console.print(.object(object)) : console.print(text)
            if sections.contains(where: \.failed) { throw ExitCode(ExitCodes.parityFailed) }
            return
        }
        if let names {
            let map = try model.names(in: names)
            console.json ? console.print(map.json()) : console.print(map.text())
            return
        }
        try show(model, console)
    }

    /// The overview, or the sections that are asked for.
    private func show(_ model: Model, _ console: Console) throws {
        try pictures.check(model)
        try layers.check(model)
        let inspection = model.inspection(batch: layers.batch ?? 1)
        let statistics =
            weights.isAsked || lint.isAsked || pictures.needsWeights
            ? try console.withProgress { progress in
                try model.weightStatistics(inspection) { progress("reading weights", $0) }
            } : nil
        let flow = try flow.flow(of: model, inspection, console)
        var sections: [InspectSection] = []
        if let section = layers.section(of: inspection, console) { sections.append(section) }
        if let statistics, let section = try weights.section(of: statistics, model, inspection, console) {
            sections.append(section)
        }
        if let section = lint.section(of: model, inspection, statistics, console) { sections.append(section) }
        if let flow { sections.append(self.flow.section(of: flow, inspection, allBlocks: allBlocks, console)) }
        try pictures.write(model, inspection, weights: statistics, flow: flow, console)
        if console.json {
            guard case .object(var object) = inspection.json() else { return }
            for section in sections { object[section.key] = section.json }
            console.print(.object(object))
        } else if !pictures.printsDrawing {
            var texts = sections.map(\.text)
            if sections.isEmpty {
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
