internal import SkiffFormat
internal import SkiffKeras
internal import SkiffONNX
internal import SkiffSafetensors

/// The formats Skiff knows, in the order they are tried: those with a signature first.
public enum FormatRegistry {
    public static let formats: [Format] = [
        skiff, kerasArchive, kerasWeights, kerasHDF5, safetensors, safetensorsIndex, numpyArchive, onnx,
    ]

    private static let skiff = Format(
        identifier: "skiff", name: "Skiff", extensions: ["skiff"],
        recognizes: { SkiffReader.recognizes(head(of: $0, 16)) },
        read: { storage, _ in try SkiffReader.read(storage: storage) },
        write: { graph, path, sources, options, progress in
            var writing = SkiffWriter.Options()
            writing.encodings = options.encodings
            writing.provesPayloads = options.provesPayloads
            writing.isSynchronised = options.isSynchronised
            let provenance = Provenance(tool: "skiff \(skiffVersion)", measurements: options.measurements)
            let summary = try SkiffWriter.write(
                graph, to: path, provenance: provenance, sources: sources, options: writing
            ) { progress?(part($0, of: $1)) }
            return WriteReport(tensors: summary.tensors, provesPayloads: options.provesPayloads)
        },
        verifyPayloads: { storage, progress in
            try SkiffReader(storage: storage).verifyPayloads { progress?(part($0, of: $1)) }
        },
        provenance: { storage in
            let reader = try SkiffReader(storage: storage)
            return (reader.provenance, reader.tensors)
        })

    private static let kerasArchive = Format(
        identifier: "keras-archive", name: "Keras 3 archive", extensions: ["keras"],
        recognizes: { ZipArchive.recognizes(head(of: $0, 4)) && KerasReader.recognizes($0) },
        read: { storage, _ in try KerasReader.read(storage: storage) },
        readWeights: { try KerasReader.weights(storage: $0, folder: $1) },
        verifyPayloads: { storage, progress in
            try KerasReader.verifyPayloads(storage: storage) { progress?(part($0, of: $1)) }
        })

    /// A `.keras` archive that was unpacked; the file is its `config.json`. Found by the folder, not by bytes.
    static let kerasFolder = Format(
        identifier: "keras-folder", name: "Keras 3 archive, unpacked", extensions: ["keras"],
        recognizes: { _ in false },
        read: { try KerasReader.read(folder: $1) },
        readWeights: { try KerasReader.weights(folder: $1) })

    private static let kerasWeights = Format(
        identifier: "keras-weights", name: "Keras weights", extensions: ["weights.h5", "h5", "weights.json"],
        isWeightsOnly: true,
        recognizes: { KerasReader.recognizesWeights($0) },
        read: { try Rebuilding.graph(of: KerasReader.weights(storage: $0, folder: $1)) },
        readWeights: { try KerasReader.weights(storage: $0, folder: $1) })

    private static let kerasHDF5 = Format(
        identifier: "keras-hdf5", name: "Keras HDF5 (Keras 1, 2 and 3)", extensions: ["h5", "hdf5"],
        recognizes: { KerasReader.recognizes($0) },
        read: { storage, _ in try KerasReader.read(storage: storage) },
        readWeights: { try KerasReader.weights(storage: $0, folder: $1) })

    private static let safetensors = Format(
        identifier: "safetensors", name: "safetensors", extensions: ["safetensors"],
        isWeightsOnly: true,
        recognizes: { SafetensorsReader.recognizes(head(of: $0, 10)) },
        read: { storage, _ in try Rebuilding.graph(of: SafetensorsReader.weights(storage: storage)) },
        readWeights: { storage, _ in try SafetensorsReader.weights(storage: storage) },
        write: { graph, path, _, _, progress in
            try SafetensorsWriter.write(graph, to: path) { progress?(part($0, of: $1)) }
            return WriteReport()
        },
        weightsDifference: { storage, graph in
            WeightComparison.firstDifference(of: graph, from: try SafetensorsFile(storage: storage).tensors)
        })

    private static let safetensorsIndex = Format(
        identifier: "safetensors-index", name: "safetensors in several files", extensions: ["safetensors.index.json"],
        isWeightsOnly: true,
        recognizes: { SafetensorsReader.recognizesIndex($0) },
        read: { try Rebuilding.graph(of: SafetensorsReader.weights(indexStorage: $0, folder: $1)) },
        readWeights: { try SafetensorsReader.weights(indexStorage: $0, folder: $1) })

    private static let numpyArchive = Format(
        identifier: "npz", name: "NumPy archive of weights", extensions: ["npz"],
        isWeightsOnly: true,
        recognizes: { ZipArchive.recognizes(head(of: $0, 4)) && ArrayFile.isArchive($0) },
        read: { storage, _ in try Rebuilding.graph(of: WeightSet(npz: storage)) },
        readWeights: { storage, _ in try WeightSet(npz: storage) })

    private static let onnx = Format(
        identifier: "onnx", name: "ONNX", extensions: ["onnx"],
        recognizes: { ONNXReader.recognizes(head(of: $0, 4096)) },
        read: { storage, folder in try ONNXReader.read(storage: storage, folder: folder) },
        write: { graph, path, _, options, progress in
            let summary = try ONNXWriter.write(
                graph, to: path, opset: options.opset, isSynchronised: options.isSynchronised
            ) { progress?(part($0, of: $1)) }
            return WriteReport(notes: summary.notes)
        },
        lint: { try ONNXLint.check($0, $1, $2) })

    /// The first bytes of a file, at most `count`.
    static func head(of storage: Storage, _ count: Int) -> [UInt8] {
        (try? storage.bytes(in: 0..<min(count, storage.byteCount))) ?? []
    }

    private static func part(_ done: Int, of total: Int) -> Double { total == 0 ? 1 : Double(done) / Double(total) }

    /// The formats that Skiff writes.
    public static var writable: [Format] { formats.filter(\.isWritable) }

    /// The format that an output's extension asks for.
    /// - Throws: ``SkiffError`` `notWritable`.
    public static func format(forWriting path: String) throws(SkiffError) -> Format {
        let name = path.split(separator: "/").last.map(String.init) ?? path
        let dot = name.lastIndex(of: ".")
        let ending = dot.map { String(name[name.index(after: $0)...]).lowercased() } ?? ""
        guard let format = writable.first(where: { $0.extensions.contains(ending) }) else {
            throw SkiffError(.notWritable(extension: ending), at: Place(file: path))
        }
        return format
    }

    /// The format that the bytes are of.
    /// - Throws: ``SkiffError`` `lookalike` or `unrecognized`.
    static func format(of storage: Storage) throws(SkiffError) -> Format {
        let place = Place(file: storage.path)
        if let cut = CutFile.recognized(storage) {
            throw SkiffError(.cutOff(cut.name, expected: cut.expected, found: storage.byteCount), at: place)
        }
        for format in formats where format.recognizes(storage) {
            // ONNX has no signature; what has one is not taken for it.
            if format.identifier == "onnx", let lookalike = Lookalike.recognized(storage, asksSiblings: false) {
                throw SkiffError(.lookalike(lookalike), at: place)
            }
            return format
        }
        if let lookalike = Lookalike.recognized(storage) { throw SkiffError(.lookalike(lookalike), at: place) }
        throw SkiffError(.unrecognized(head: shown(head(of: storage, 16))), at: place)
    }

    /// `08 07 12 … "..x"`: bytes and what of them is text.
    private static func shown(_ head: [UInt8]) -> String {
        let isText = head.allSatisfy { (0x20..<0x7F).contains($0) }
        if isText { return "\"\(escaped(String(decoding: head, as: UTF8.self)))\"" }
        return head.prefix(8).map { String($0 >> 4, radix: 16) + String($0 & 15, radix: 16) }.joined(separator: " ")
    }
}
