internal import ArgumentParser
internal import Skiff

/// Drawings of a network.
struct PictureOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp("Draw the network into this SVG file: stages, residual blocks, shortcuts.", valueName: "file"),
        completion: .file(extensions: ["svg"]))
    var svg: String?

    /// Whether a drawing goes to standard output, in the place of the overview.
    var printsDrawing: Bool { false }
    /// Whether the drawings show histograms of weights.
    var needsWeights: Bool { false }

    /// Writes and prints what is asked for.
    func write(
        _ model: Model, _ inspection: Inspection, weights: WeightStatistics?, flow: SignalFlow?, _ console: Console
    ) throws {
        if let svg {
            try model.writeDrawing(inspection.svg(of: model.graph, title: fileName(model.path), flow: flow), to: svg)
        }
    }
}
