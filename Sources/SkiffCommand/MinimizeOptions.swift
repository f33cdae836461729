internal import ArgumentParser
internal import Skiff

/// Where the first layer that goes wrong by itself is written, for a bug report.
struct MinimizeOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "Write the first layer that goes wrong by itself: model.onnx, test_data_set_0 with its inputs and the "
                + "reference's output, and what this model makes of them.",
            valueName: "folder"),
        completion: .directory)
    var minimize: String?

    /// Writes the piece that was asked for, and tells what it is.
    func write(_ report: ParityReport, candidate: String, reference: String, _ console: Console) throws {
        guard let minimize else { return }
        guard !report.passed else { return console.note("nothing to minimize: there is parity") }
        guard let layer = report.guilty.first(where: { $0.region != nil }), let region = layer.region else {
            return console.warn("no layer goes wrong by itself: nothing is written to \(escaped(minimize))")
        }
        let piece = try writeMinimized(
            region, layer: layer, to: minimize, candidate: candidate, reference: reference)
        let nodes = piece.nodes == 1 ? "1 node" : "\(piece.nodes) nodes"
        let sample = piece.sample.map { ", sample \($0)" } ?? ""
        console.note("\(escaped(minimize)): \(escaped(layer.name)), \(nodes)\(sample)")
        if !piece.failsByItself { console.warn("the written piece agrees with the reference within rounding") }
    }
}
