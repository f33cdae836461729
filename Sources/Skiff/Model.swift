internal import SkiffArchitectures
public import SkiffFormat
internal import SkiffKeras

/// A network read from a file: its graph, and what the file was.
///
///     let model = try Model(contentsOf: "resnet50.onnx")
///     let outputs = try model.run(["image": image])
///     try model.write(to: "resnet50.skiff")
public struct Model: Sendable {
    public let graph: Graph
    /// The format of the file.
    public let format: Format
    /// The file's path as it was given; for a folder the model's path in it.
    public let path: String
    /// Bytes of the file, without external data.
    public let byteCount: Int
    private let storage: Storage

    /// Reads a model of any format that Skiff knows; which, the bytes tell. Of a folder `model.onnx` is read.
    ///
    /// A file of weights alone becomes a network where an architecture fits them; ``assumptions`` says what the
    /// weights could not tell.
    /// - Parameter architecture: Where the architecture comes from, if not from the file.
    /// - Throws: ``SkiffError`` naming the file, the node or layer, and what was expected.
    public init(
        contentsOf path: String, architecture: ArchitectureSource = .automatic
    ) throws(SkiffError) {
        let isUnpacked = ModelFolder.isUnpackedArchive(path)
        let file = isUnpacked ? ModelFolder.joined(path, "config.json") : try ModelFolder.modelFile(at: path)
        let storage = try located(Place(file: file)) { try Storage(mapping: file) }
        let format = isUnpacked ? FormatRegistry.kerasFolder : try FormatRegistry.format(of: storage)
        self.format = format
        self.path = file
        byteCount = storage.byteCount
        self.storage = storage
        graph = try located(Place(file: file)) { try Self.graph(storage, format, file, architecture) }
        // Whoever computes with weights maps them again; who copies them never does.
        storage.releasePages(in: 0..<storage.byteCount)
    }

    private static func graph(
        _ storage: Storage, _ format: Format, _ file: String, _ architecture: ArchitectureSource
    ) throws -> Graph {
        let folder = folder(of: file)
        if architecture == .automatic { return try format.read(storage, folder) }
        guard let readWeights = format.readWeights else {
            throw SkiffError(.architecture("is a model with an architecture of its own"))
        }
        switch architecture {
        case .automatic: return try format.read(storage, folder)
        case .named(let name): return try Rebuilding.graph(of: readWeights(storage, folder), named: name)
        case .configuration(let path):
            let configuration = try located(Place(file: path)) {
                let storage = try Storage(mapping: path)
                return try storage.bytes(in: 0..<min(storage.byteCount, Limits.jsonBytes))
            }
            return try KerasReader.read(configuration: configuration, weights: storage, folder: folder)
        case .model(let path):
            return try Rebuilding.graph(of: readWeights(storage, folder), like: Model(contentsOf: path))
        }
    }

    /// What the file could not tell of its network and was taken for granted, one per line; empty for files that
    /// hold their architecture.
    public var assumptions: [String] {
        graph.metadata.entries.filter { $0.key == ArchitectureCandidate.assumptionKey }.map(\.value)
    }

    /// What was found where several architectures fit a file of weights: which, and why this one.
    public var architectureNotes: [String] {
        let metadata = graph.metadata
        return [
            metadata[ArchitectureCandidate.rivalsKey].map { "fits too: \($0); --architecture chooses" },
            metadata[ArchitectureCandidate.evidenceKey],
        ].compactMap { $0 }
    }

    /// Runs the model.
    /// - Parameters:
    ///   - inputs: Tensors by input name. Real types are converted to what the model declares.
    ///   - threads: Threads to use; all processors where `nil`.
    /// - Returns: Tensors by output name.
    /// - Throws: ``SkiffError`` for inputs that do not fit and operators that cannot be run.
    public func run(
        _ inputs: [String: Tensor], precision: Precision = .reference, threads: Int? = nil
    ) throws(SkiffError) -> [String: Tensor] {
        try located(Place(file: path)) {
            let values = try Evaluator(graph, threads: threads).run(inputs, precision: precision)
            return Dictionary(
                graph.outputs.compactMap { output in values[output.value].map { (output.name, $0) } },
                uniquingKeysWith: { first, _ in first })
        }
    }

    /// Writes the model in the format that the path's extension asks for, atomically: a file that is there
    /// already is replaced as a whole, or not at all.
    /// - Parameter progress: Told what part is written, from 0 to 1.
    /// - Throws: ``SkiffError`` where that format is not written, the path is a file the model is read from, layers
    ///   cannot be carried, or the file cannot be written.
    @discardableResult
    public func write(
        to path: String, options: WriteOptions = WriteOptions(), progress: (@Sendable (Double) -> Void)? = nil
    ) throws(SkiffError) -> WriteReport {
        let format = try FormatRegistry.format(forWriting: path)
        try checkTarget(path)
        // Where only weights are written, no layer has to be carried.
        if !format.isWeightsOnly { try checkCarriable() }
        // What is damaged is not carried on.
        var share = 0.0
        if self.format.verifyPayloads != nil {
            share = 0.2
            try verifyPayloads { progress?($0 * 0.2) }
        }
        let report = progress.map { told in { @Sendable [share] part in told(share + part * (1 - share)) } }
        return try located(Place(file: path)) {
            try format.write?(graph, path, sources, options, report) ?? WriteReport()
        }
    }

    /// Checks every weight against the checksum that its format keeps. Opening a `.skiff` file checks its header
    /// only, opening a `.keras` archive its small members; other formats have no checksums.
    /// - Throws: ``SkiffError`` with the first tensor that is not what was written.
    public func verifyPayloads(progress: (@Sendable (Double) -> Void)? = nil) throws(SkiffError) {
        try located(Place(file: path)) { try format.verifyPayloads?(storage, progress) }
    }

    /// What the file says of where its network comes from, how it was written, and each weight; `nil` for formats that
    /// say nothing.
    /// - Throws: ``SkiffError`` where the file is damaged.
    public func provenance() throws(SkiffError) -> (file: Provenance, tensors: [StoredTensor])? {
        try located(Place(file: path)) { try format.provenance?(storage) }
    }

    /// Reads what was written of this model, checks its checksums and compares: every node, attribute and weight, to
    /// the last bit; of formats without an architecture every weight.
    /// - Parameter progress: Told what part of the checksums is checked, from 0 to 1.
    /// - Returns: the first difference in words; `nil` where there is none.
    /// - Throws: ``SkiffError`` where the file cannot be read or is damaged.
    public func firstDifference(
        fromWritten path: String, progress: (@Sendable (Double) -> Void)? = nil
    ) throws(SkiffError) -> String? {
        let storage = try located(Place(file: path)) { try Storage(mapping: path) }
        if let weightsDifference = try FormatRegistry.format(of: storage).weightsDifference {
            return try located(Place(file: path)) { try weightsDifference(storage, graph) }
        }
        let written = try Model(contentsOf: path)
        try written.verifyPayloads(progress: progress)
        return graph.firstDifference(from: written.graph)
    }

    /// Reads what ``write(to:options:progress:)`` wrote and compares it: every node and attribute, and every weight,
    /// unless writing proved these already.
    /// - Returns: the first difference in words; `nil` where there is none.
    /// - Throws: ``SkiffError`` where the file cannot be read or is damaged.
    public func firstDifference(
        fromWritten path: String, _ report: WriteReport, progress: (@Sendable (Double) -> Void)? = nil
    ) throws(SkiffError) -> String? {
        guard report.provesPayloads else { return try firstDifference(fromWritten: path, progress: progress) }
        return graph.firstDifference(from: try Model(contentsOf: path).graph, comparesElements: false)
    }

    /// The model's own file.
    var file: Storage { storage }

    /// The files that the graph was read from, the model's own first.
    private var sources: [Storage] {
        var found = [storage]
        var known: Set<ObjectIdentifier> = [ObjectIdentifier(storage)]
        for value in graph.values {
            guard let other = value.tensor?.storage, other.path != nil, known.insert(ObjectIdentifier(other)).inserted
            else { continue }
            found.append(other)
        }
        return found
    }

    /// What the model consists of: layers, residual blocks, family.
    ///
    /// Networks rebuilt from weights take images of any size; their work is counted at the usual one.
    /// - Parameter batch: Samples per run that costs and memory are counted for, where the model leaves that open.
    public func inspection(batch: Int = 1) -> Inspection {
        Inspection(
            of: graph, format: format.name, fileBytes: byteCount,
            extents: usualExtent.map { ["height": $0, "width": $0] } ?? [:], batch: batch)
    }

    /// The usual extent of the images of a network that was rebuilt from weights and takes any.
    var usualExtent: Int? { graph.metadata[ArchitectureCandidate.extentKey].flatMap { Int($0) } }

    /// - Throws: ``SkiffError`` `sameFile` where `path` is a file that the model is read from.
    func checkTarget(_ path: String) throws(SkiffError) {
        guard let target = (try? Storage(mapping: path))?.identity else { return }
        let reads = [storage] + graph.values.compactMap(\.tensor?.storage)
        if reads.contains(where: { $0.identity == target }) { throw SkiffError(.sameFile, at: Place(file: path)) }
    }

    /// - Throws: ``SkiffError`` `notConvertible` for a layer whose function lies in code that is not carried.
    private func checkCarriable() throws(SkiffError) {
        for id in graph.unknownNodes {
            guard case .unknown(let unknown) = graph[id].operator else { continue }
            let isOpaque = unknown.attributes.contains { if case .opaque = $0.value { true } else { false } }
            // A Keras layer that is not known is a class or a function in somebody's code.
            guard isOpaque || graph.metadata.sourceFormat.hasPrefix("Keras") else { continue }
            let place = graph.place(of: id).filled(from: Place(file: path))
            let reason = unknown.reason ?? "its function lies in code, which is not carried"
            throw SkiffError(.notConvertible(reason), at: place)
        }
    }
}

/// The folder a path lies in.
func folder(of path: String) -> String {
    guard let slash = path.lastIndex(of: "/") else { return "." }
    return slash == path.startIndex ? "/" : String(path[..<slash])
}
