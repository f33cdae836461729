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
              skiff inspect resnet50.skiff --json | jq '.blocks[].shortcut'
            """)

    @Argument(help: ArgumentHelp("The model, or a folder with model.onnx in it.", valueName: "model"),
        completion: .file())
    var model: String

    @Flag(help: "Show every layer with its shape, parameters and multiply-adds.")
    var layers = false

    @Flag(help: "Show every residual block; else long runs of equal ones are folded.")
    var allBlocks = false

    @OptionGroup var common: CommonOptions

    func perform(_ console: Console) throws {
        let model = try console.withProgress { progress in
            progress("reading", 0)
            return try Model(contentsOf: self.model)
        }
        let inspection = model.inspection()
        if console.json {
            guard layers, case .object(var object) = inspection.json() else { return console.print(inspection.json()) }
            object["layers"] = inspection.layersJSON()
            console.print(.object(object))
            return
        }
        console.print(inspection.text(width: console.width, colors: console.colors, allBlocks: allBlocks))
        if layers { console.print("\n" + inspection.layersText(width: console.width, colors: console.colors)) }
    }
}
