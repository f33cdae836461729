internal import ArgumentParser
internal import Skiff

/// What images that are given as inputs are put through.
struct ImageOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "What pixels of images are put through; as the model's family has it where it is left out.",
            valueName: "mode"))
    var preprocess: ImagePreprocessing?
}
