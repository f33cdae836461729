internal import ArgumentParser
internal import Skiff

/// Drawings of what differs between two networks.
struct DiffPictureOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp("Draw both networks into this SVG file, with what differs marked.", valueName: "file"),
        completion: .file(extensions: ["svg"]))
    var svg: String?

    @Option(
        help: ArgumentHelp("Write a page with both networks side by side and all that differs.", valueName: "file"),
        completion: .file(extensions: ["html"]))
    var html: String?

    func validate() throws {
        if let svg, svg == html { throw ValidationError("--svg and --html cannot write the same file.") }
    }

    /// Refuses files that cannot be written, before anything is compared.
    func check(_ left: Model, _ right: Model) throws {
        for path in [svg, html].compactMap({ $0 }) {
            try left.checkDrawing(at: path)
            try right.checkDrawing(at: path)
        }
    }

    /// - Throws: `ValidationError` where a drawing is asked for of weights that no architecture fits.
    func refuse() throws {
        guard svg != nil || html != nil else { return }
        throw ValidationError("there is nothing to draw: both files hold weights of an architecture that is not known.")
    }

    /// Writes what is asked for.
    func write(_ difference: ModelDifference, _ left: Model, _ right: Model) throws {
        if let svg {
            try right.checkDrawing(at: svg)
            try left.writeDrawing(difference.svg(left, right), to: svg)
        }
        if let html {
            try right.checkDrawing(at: html)
            try left.writeDrawing(DifferencePage(difference, left, right).html, to: html)
        }
    }
}
