internal import ArgumentParser
internal import Skiff

/// `skiff diff`: what differs between two models.
struct Diff: Verb {
    static let configuration = CommandConfiguration(
        abstract: "Show what differs between two models: blocks, layers, attributes, weights.",
        discussion: """
            Takes any two formats. Layers are paired by topology and weights, whatever they are called; what only the \
            formats write differently (names, order of axes, folded BatchNormalization) is told from what computes \
            something else.

            EXAMPLES
              skiff diff resnet50.h5 resnet50.onnx
              skiff diff before.skiff after.skiff --headers-only
              skiff diff base.onnx tuned.onnx --all
              skiff diff a.keras b.onnx --json | jq .verdict

            Exit code 0: the same function by construction, in Float but for rounding of what is folded. 1: different, \
            or not known. 2: a model cannot be read.
            """)

    @Argument(help: ArgumentHelp("A model.", valueName: "left"), completion: .file())
    var left: String

    @Argument(help: ArgumentHelp("The model to compare it with.", valueName: "right"), completion: .file())
    var right: String

    @Flag(help: "List what is the same, too.")
    var all = false

    @Flag(help: "List which layer of the left model is which of the right one.")
    var names = false

    @Flag(help: "Read no weights: digests of native files decide, all else stays unknown.")
    var headersOnly = false

    @OptionGroup(title: "Pictures") var pictures: DiffPictureOptions
    @OptionGroup var common: CommonOptions

    func perform(_ console: Console) throws {
        let report = try console.withProgress { progress in
            progress("reading", 0)
            guard let models = try Self.models(left, right) else {
                try pictures.refuse()
                let found = try tensorDifference(
                    WeightListing(contentsOf: left), WeightListing(contentsOf: right), isHeadersOnly: headersOnly)
                return DifferenceReport(
                    found.difference, left: found.left, right: found.right, files: (left, right))
            }
            try pictures.check(models.0, models.1)
            let found = try difference(models.0, models.1, isHeadersOnly: headersOnly) { progress("comparing weights", $0) }
            try pictures.write(found, models.0, models.1)
            return DifferenceReport(found, left: models.0.graph, right: models.1.graph, files: (left, right))
        }
        if console.json {
            console.print(report.json())
        } else {
            console.print(report.text(width: console.width, colors: console.colors, all: all, names: names))
        }
        if !report.difference.isSameFunction { throw ExitCode(ExitCodes.parityFailed) }
    }

    /// Both models; weights that no architecture fits take the other file's. `nil` where none fits either.
    private static func models(_ left: String, _ right: String) throws(SkiffError) -> (Model, Model)? {
        let one: Model
        do {
            one = try Model(contentsOf: left)
        } catch where error.isOfArchitecture {
            do {
                return (try Model(contentsOf: left, architecture: .model(right)), try Model(contentsOf: right))
            } catch let second where second.isOfArchitecture {
                guard (try? WeightListing(contentsOf: right)) != nil else { throw error }
                return nil
            }
        }
        do {
            return (one, try Model(contentsOf: right))
        } catch where error.isOfArchitecture {
            return (one, try Model(contentsOf: right, architecture: .model(left)))
        }
    }
}
