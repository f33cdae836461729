internal import ArgumentParser
internal import Skiff

/// `skiff diff`: what differs between two models.
struct Diff: Verb {
    static let configuration = CommandConfiguration(
        abstract: "Show what differs between two models: blocks, layers, attributes, weights.")

    @Argument(help: ArgumentHelp("A model.", valueName: "left"), completion: .file())
    var left: String

    @Argument(help: ArgumentHelp("The model to compare it with.", valueName: "right"), completion: .file())
    var right: String

    @OptionGroup var common: CommonOptions

    func perform(_ console: Console) throws {}
}
