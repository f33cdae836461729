internal import SkiffONNX

/// The folder that a minimized piece is written to.
struct PieceFolder {
    private let path: String
    private static let dataSet = "test_data_set_0"
    private static let ownNames: Set<String> = ["model.onnx", "README.txt", dataSet]

    /// Makes the folder, or clears the piece that stands in it.
    /// - Throws: ``SkiffError`` where it holds other files, or cannot be made.
    init(_ path: String) throws(SkiffError) {
        self.path = path
        let data = ModelFolder.joined(path, Self.dataSet)
        if let other = ModelFolder.names(in: path).sorted().first(where: { !Self.ownNames.contains($0) }) {
            throw Self.refused(path, other)
        }
        let tensors = ModelFolder.names(in: data).sorted()
        if let other = tensors.first(where: { !Self.isTensor($0) }) { throw Self.refused(data, other) }
        try located {
            try makeFolder(path)
            try makeFolder(data)
            // What an earlier piece had more of would be taken for this one's.
            for name in tensors { try removeFile(ModelFolder.joined(data, name)) }
        }
    }

    private static func refused(_ folder: String, _ name: String) -> SkiffError {
        SkiffError(
            .folder("holds \"\(escaped(name))\", which is no part of such a piece", hint: "name a new folder"),
            at: Place(file: folder))
    }

    private static func isTensor(_ name: String) -> Bool {
        let stem = name.drop { !$0.isNumber }
        return ["input_", "output_", "skiff_output_"].contains(String(name.dropLast(stem.count)))
            && stem.hasSuffix(".pb") && Int(stem.dropLast(3)) != nil
    }

    func write(_ tensor: Tensor, _ name: String, _ file: String) throws {
        try ONNXTensorFile.write(
            tensor, name: name, to: ModelFolder.joined(ModelFolder.joined(path, Self.dataSet), file))
    }

    func write(_ graph: Graph) throws {
        try ONNXWriter.write(graph, to: ModelFolder.joined(path, "model.onnx"), isSynchronised: false)
    }

    func write(_ text: String) throws {
        try atomicWrite(to: ModelFolder.joined(path, "README.txt"), isSynchronised: false) { writer throws(CoreError) in
            try writer.write(Array(text.utf8))
        }
    }

    func files(inputs: Int) -> [String] {
        let tensors = (0..<inputs).map { "input_\($0).pb" } + ["output_0.pb", "skiff_output_0.pb"]
        return tensors.map { Self.dataSet + "/" + $0 } + ["model.onnx", "README.txt"]
    }
}

/// What a minimized piece shows, and how to see it.
struct MinimizedText {
    let layer: GuiltyLayer
    let piece: SmallPiece
    let sample: Int?
    let folder: String
    let candidate: String?
    let reference: String?
    let failsByItself: Bool

    var text: String {
        let operators = Self.list(layer.operatorNames)
        let nodes = Self.list(layer.nodes)
        var lines = [
            "The smallest piece of \(name(candidate, "a model")) that does not compute what "
                + "\(name(reference, "its reference")) has: \(nodes) (\(operators)).",
            "",
            "model.onnx                           the piece alone",
        ]
        for (position, id) in piece.graph.inputs.enumerated() {
            lines.append(file("input_\(position).pb", "\(shown(piece.graph[id].name)), as the reference has it"))
        }
        lines += [
            file("output_0.pb", "\(shown(layer.name)), as the reference has it: what is expected"),
            file("skiff_output_0.pb", "what Skiff computes with model.onnx"), "",
        ]
        lines += findings
        lines += ["", "To see it with ONNX Runtime, in this folder:", "", Self.program, "With Skiff: skiff verify ."]
        return lines.joined(separator: "\n") + "\n"
    }

    private var findings: [String] {
        let judgement = layer.judgement
        var lines = ["The error is \(Self.number(judgement.ratio)) times rounding noise in RMS, the worst element's "
            + "\(Self.number(judgement.worstRatio)) times."]
        if let first = layer.firstElement {
            lines.append(
                "First wrong element: \(first.index.shapeText), \(first.candidate) here, \(first.reference) in the "
                    + "reference.")
        }
        if let sample { lines.append("Of the batch, sample \(sample) alone is kept: it shows the difference.") }
        for explanation in layer.explanations { lines.append(printable(explanation.sentence) + ".") }
        if !failsByItself { lines.append("The piece as it is written agrees with the reference within rounding.") }
        let producer = piece.graph.metadata.producer
        lines.append(
            "Written by skiff \(skiffVersion)" + (producer.isEmpty ? "." : "; the model by \(escaped(producer))."))
        return lines
    }

    private func name(_ path: String?, _ other: String) -> String {
        path.map { escaped($0.split(separator: "/").last.map(String.init) ?? $0) } ?? other
    }

    private func shown(_ name: String) -> String { "\"\(escaped(name))\"" }

    private func file(_ name: String, _ text: String) -> String {
        let path = "test_data_set_0/" + name
        return path + String(repeating: " ", count: max(1, 37 - path.count)) + text
    }

    /// The last ones of many, the one that gives the value among them.
    private static func list(_ names: [String]) -> String {
        let shown = names.suffix(6).map { escaped($0) }.joined(separator: ", ")
        return names.count > 6 ? "\(names.count - 6) more, \(shown)" : shown
    }

    /// At most one digit behind the point.
    private static func number(_ value: Double) -> String {
        guard value.isFinite, value < 1e15 else { return "\(value)" }
        return value >= 10 ? String(Int(value.rounded())) : "\((value * 10).rounded() / 10)"
    }

    private static let program = """
            from glob import glob
            from sys import stdout
            from onnx import load_tensor, numpy_helper
            from onnxruntime import InferenceSession

            read = lambda path: numpy_helper.to_array(load_tensor(path))
            session = InferenceSession("model.onnx")
            given = {
                place.name: read("test_data_set_0/input_%d.pb" % number)
                for number, place in enumerate(session.get_inputs())
            }
            output = session.run(None, given)[0]
            for path in sorted(glob("test_data_set_0/*output_0.pb")):
                stdout.write("%s: off by at most %g\\n" % (path, abs(output - read(path)).max()))

        """
}
