internal import ArgumentParser
internal import Skiff

/// Drawings of a network.
struct PictureOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp("Draw the network into this SVG file: stages, residual blocks, shortcuts.", valueName: "file"),
        completion: .file(extensions: ["svg"]))
    var svg: String?

    @Option(
        help: ArgumentHelp(
            "Write a page with the drawing, every block's layers and the histograms of their weights.", valueName: "file"),
        completion: .file(extensions: ["html"]))
    var html: String?

    @Flag(help: "Print the drawing in Graphviz' language, in the place of the overview.")
    var dot = false

    @Flag(help: "Print the drawing in Mermaid's language, in the place of the overview.")
    var mermaid = false

    /// Whether a drawing goes to standard output, in the place of the overview.
    var printsDrawing: Bool { dot || mermaid }
    /// Whether the drawings show histograms of weights.
    var needsWeights: Bool { html != nil }

    func validate() throws {
        if dot, mermaid { throw ValidationError("--dot and --mermaid both print to standard output; give one of them.") }
        if let svg, svg == html { throw ValidationError("--svg and --html cannot write the same file.") }
    }

    /// Refuses files that cannot be written, before anything is computed.
    func check(_ model: Model) throws {
        for path in [svg, html].compactMap({ $0 }) { try model.checkDrawing(at: path) }
    }

    /// Writes and prints what is asked for.
    func write(
        _ model: Model, _ inspection: Inspection, weights: WeightStatistics?, flow: SignalFlow?, _ console: Console
    ) throws {
        let title = fileName(model.path)
        if let svg {
            try model.writeDrawing(inspection.svg(of: model.graph, title: title, flow: flow), to: svg)
        }
        if let html {
            let page = NetworkPage(
                model, inspection, weights: weights, flow: flow,
                findings: model.lint(inspection, statistics: weights).findings)
            try model.writeDrawing(page.html, to: html)
        }
        if dot { console.print(inspection.dot(of: model.graph, title: title)) }
        if mermaid { console.print(inspection.mermaid(of: model.graph, title: title)) }
    }
}
