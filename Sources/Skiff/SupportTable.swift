internal import SkiffKeras
internal import SkiffONNX

/// What Skiff reads, writes and runs, as Markdown for README.md; made of the tables that the readers work by.
public enum SupportTable {
    public static let begin = "<!-- support:begin -->"
    public static let end = "<!-- support:end -->"

    /// The text between the markers.
    public static func markdown() -> String {
        var lines = ["| Format | Files | Read | Run, verify, inspect | Write |", "| --- | --- | --- | --- | --- |"]
        for format in FormatRegistry.formats {
            let files = format.extensions.map { "`.\($0)`" }.joined(separator: ", ")
            let reads = format.isWeightsOnly ? "weights | [recognised networks](Docs/Weights.md)" : "yes | yes"
            let writes = !format.isWritable ? "no" : format.isWeightsOnly ? "weights" : "yes"
            lines.append("| \(format.name) | \(files) | \(reads) | \(writes) |")
        }
        let operators = ONNXReader.operatorNames
        let opsets = ONNXReader.opsets
        let layers = KerasReader.layerNames.filter { !augmentation($0) }
        lines += [
            "", "\(operators.count) ONNX operators, opset \(opsets.lowerBound) to \(opsets.upperBound): \(list(operators)).",
            "", "\(layers.count) Keras layers of Keras 1, 2 and 3, and random augmentation layers as identities: "
                + "\(list(layers)).",
            "", "ONNX models with other operators can be inspected and converted, Keras models with other layers only "
                + "inspected; all else refuses them by name.",
        ]
        return lines.joined(separator: "\n")
    }

    private static func augmentation(_ name: String) -> Bool { name.hasPrefix("Random") }

    private static func list(_ names: [String]) -> String { names.map { "`\($0)`" }.joined(separator: ", ") }

    /// `text` with what stands between the markers replaced; `nil` where it does not have both markers.
    public static func updated(_ text: String) -> String? {
        guard let start = text.firstRange(of: begin), let stop = text.firstRange(of: end),
            start.upperBound <= stop.lowerBound
        else { return nil }
        return text[..<start.upperBound] + "\n\n" + markdown() + "\n\n" + text[stop.lowerBound...]
    }
}
