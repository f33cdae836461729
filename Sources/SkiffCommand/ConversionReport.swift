internal import Skiff

/// What a conversion did.
struct ConversionReport {
    var model: Model
    var target: String
    /// Bytes of the output.
    var written: Int
    /// Tensors in the output.
    var tensorCount: Int
    /// What was compared, in the singular.
    var compared: String
    /// What running both models showed, where that was needed.
    var outputs: String?
    var difference: String?
    var isVerified: Bool
    /// What the output cannot carry.
    var notes: [String] = []
    /// How weights are stored; of native files alone.
    var encodings = EncodingTable([])
    /// What was chosen within a budget.
    var budget: BudgetTable?
    var duration = Duration.zero

    func text(colors: Bool) -> String {
        let identical = encodings.isLossless
            ? "parity: identical, every \(compared)" + (outputs.map { "; \($0)" } ?? "")
            : "parity: every node identical, weights rounded to what was asked for"
        let parity =
            if let difference { "parity failed: \(difference)" } else { isVerified ? identical : "not verified" }
        let color = difference == nil ? "32" : "31"
        let verdict = colors && isVerified ? "\u{1B}[\(color)m\(parity)\u{1B}[0m" : parity
        return "\(escaped(fileName(model.path))) → \(escaped(target)): \(byteText(sourceBytes)) → "
            + "\(byteText(written)), \(tensorCount) tensors, \(timeText(duration)), \(verdict)" + (budget?.text ?? encodings.text)
    }

    /// The file, and external data where weights lie there.
    private var sourceBytes: Int {
        var files: [ObjectIdentifier: Int] = [:]
        for id in model.graph.weights {
            guard let storage = model.graph[id].tensor?.storage, let path = storage.path, path != model.path
            else { continue }
            files[ObjectIdentifier(storage)] = storage.byteCount
        }
        return files.values.reduce(model.byteCount, +)
    }

    private var parityWord: String {
        difference != nil ? "differs" : encodings.isLossless ? "identical" : "rounded"
    }

    var json: JSONValue {
        [
            "schema": "skiff.convert/1",
            "input": [
                "path": .string(model.path), "format": .string(model.format.identifier),
                "bytes": .integer(Int64(sourceBytes)),
            ],
            "output": ["path": .string(target), "bytes": .integer(Int64(written))],
            "tensors": .integer(Int64(tensorCount)), "nodes": .integer(Int64(model.graph.nodes.count)),
            "seconds": .number(seconds(duration)),
            "parity": isVerified ? .string(parityWord) : .null,
            "encodings": encodings.json, "budget": budget?.json ?? .null,
            "assumptions": .array(model.assumptions.map { .string($0) }),
            "notes": .array((model.architectureNotes + notes).map { .string($0) }),
            "outputs": outputs.map { .string($0) } ?? .null,
            "difference": difference.map { .string($0) } ?? .null,
        ]
    }
}
