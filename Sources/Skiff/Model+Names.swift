public import SkiffArchitectures
internal import SkiffSafetensors

extension Model {
    /// The weights under another framework's names.
    /// - Parameter scheme: one of ``NameMap/identifiers``.
    /// - Throws: ``SkiffError`` where the network's layers have no names there.
    public func names(in scheme: String) throws(SkiffError) -> NameMap {
        try located(Place(file: path)) {
            try graph.loadWeights()
            return try NameMap(of: graph, inspection(), scheme: scheme)
        }
    }

    /// Writes the weights as safetensors under another framework's names and in its layout, atomically.
    /// - Throws: ``SkiffError`` as ``names(in:)``, and where the file cannot be written.
    public func write(
        _ names: NameMap, to path: String, progress: (@Sendable (Double) -> Void)? = nil
    ) throws(SkiffError) {
        try checkTarget(path)
        try located(Place(file: path)) {
            var tensors: [(name: String, tensor: Tensor)] = []
            for row in names.rows { tensors.append((row.target, try row.tensor())) }
            var metadata = [("format", names.scheme.outputFirst ? "pt" : "tf"), ("names", names.scheme.identifier)]
            for (index, note) in names.notes.enumerated() { metadata.append(("note_\(index)", note)) }
            try SafetensorsWriter.write(tensors, metadata: metadata, to: path) { done, total in
                progress?(total == 0 ? 1 : Double(done) / Double(total))
            }
        }
    }

    /// Whether the network computes the same as before where the other framework builds it around written weights, in
    /// words; `nil` where it does.
    ///
    /// Strides, padding, activations and what else weights do not carry may differ there.
    public func functionDifference(of names: NameMap, fromWritten path: String) -> String? {
        let scheme = names.scheme.identifier
        let conventions = [scheme] + (scheme == "torchvision" ? ["torch-cifar", "torch-cifar-a", "torch-cifar-v2"] : [])
        let built = conventions.lazy.compactMap { try? Model(contentsOf: path, architecture: .named($0)) }.first
        guard let built else { return "\(names.scheme.title) does not build such a network around these weights" }
        var verifier = Verifier()
        verifier.batch = 1
        verifier.comparesIntermediates = false
        verifier.explains = false
        guard let report = try? verify(built, against: self, using: verifier) else {
            return "whether the network built by \(names.scheme.title) computes the same was not measured"
        }
        return report.passed
            ? nil
            : "as \(names.scheme.title) builds it, the network computes something else: what weights do not carry "
                + "(strides, padding, activations, pooling, head, preprocessing) differs"
    }

    /// Reads written weights again and compares them with the map, to the last bit.
    /// - Returns: the first difference in words; `nil` where there is none.
    /// - Throws: ``SkiffError`` where the file cannot be read.
    public func firstDifference(of names: NameMap, fromWritten path: String) throws(SkiffError) -> String? {
        try located(Place(file: path)) {
            let written = try SafetensorsFile(storage: Storage(mapping: path)).tensors
            guard written.count == names.rows.count else {
                return "\(written.count) tensors were written, expected \(names.rows.count)"
            }
            let byName = Dictionary(written.map { ($0.name, $0.tensor) }, uniquingKeysWith: { first, _ in first })
            for row in names.rows {
                let place = "tensor \"\(escaped(row.target))\""
                guard let tensor = byName[row.target] else { return place + " is missing" }
                let expected = try row.tensor()
                guard tensor.shape == expected.shape, tensor.elementType == expected.elementType,
                    expected.firstDifferingElement(from: tensor) == nil
                else { return place + " differs" }
            }
            return nil
        }
    }
}

extension NameMap {
    /// A line for each tensor: the model's name, the other framework's, its shape, and what is done to it.
    public func text() -> String {
        let lines = rows.map { ($0.source.map(escaped) ?? "–", escaped($0.target), $0.shape.shapeText, $0.change) }
        let first = lines.map(\.0.count).max() ?? 0
        let second = lines.map(\.1.count).max() ?? 0
        func padded(_ text: String, _ width: Int) -> String { text + String(repeating: " ", count: width - text.count) }
        var text = ["\(rows.count) tensors as \(scheme.title) names them"]
        for (source, target, shape, change) in lines {
            text.append(
                "  \(padded(source, first))  \(padded(target, second))  \(shape)" + (change.map { "  \($0)" } ?? ""))
        }
        return (text + notes.map { "note: \($0)" }).joined(separator: "\n")
    }

    public func json() -> JSONValue {
        [
            "schema": "skiff.names/1", "names": .string(scheme.identifier),
            "tensors": .array(
                rows.map { row in
                    [
                        "source": row.source.map { .string($0) } ?? .null, "target": .string(row.target),
                        "shape": .array(row.shape.map { .integer(Int64($0)) }),
                        "change": row.change.map { .string($0) } ?? .null, "role": .string(row.role.description),
                    ]
                }),
            "notes": .array(notes.map { .string($0) }),
        ]
    }
}
