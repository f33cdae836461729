internal import SkiffCore
internal import SkiffGraph

/// An architecture and the weights that belong to it.
struct ModelSource {
    let model: ModelConfiguration
    let files: WeightFiles
    /// Keras version that wrote the weights.
    let version: String
    let metadata: GraphMetadata

    private init(
        _ model: ModelConfiguration, _ files: WeightFiles, version: String, format: String, _ entries: [Entry]
    ) {
        self.model = model
        self.files = files
        self.version = version
        metadata = GraphMetadata(
            sourceFormat: format, producer: "keras \(version)",
            entries: [Entry("keras_version", version), Entry("model_class", model.className)] + entries)
    }

    private typealias Entry = GraphMetadata.Entry

    /// A whole model in one HDF5 file.
    init(hdf5 storage: Storage) throws(KerasError) {
        let root = try HDF5Library.catalogue(of: storage, in: 0..<storage.byteCount, skipping: WeightFiles.skipped)
        guard let attribute = root.attributes["model_config"] else { throw Self.withoutConfiguration(root) }
        guard let text = attribute.text else {
            throw KerasError(.refused("attribute \"model_config\" is not text"))
        }
        let version = root.attributes["keras_version"]?.text ?? "1"
        let configuration = try Self.json(text, place: Place(member: "model_config"))
        guard root.group("model_weights") != nil else { throw KerasError(.missing("group \"model_weights\"")) }
        let files = try WeightFiles(root, [HDF5Payloads.File(storage: storage, base: 0)])
        let backend = root.attributes["backend"]?.text ?? files.backend
        let model = try ModelParser(major: Self.major(version), isTheano: backend == "theano").model(configuration)
        var entries: [Entry] = []
        if let backend { entries.append(Entry("backend", backend)) }
        if root.attributes["training_config"] != nil { entries.append(Entry("training_config", "present")) }
        self.init(model, files, version: version, format: "Keras HDF5", entries)
    }

    /// A `.keras` archive, or the folder that one was unpacked to.
    init(parts: ModelParts) throws(KerasError) {
        guard let configuration = try parts.json("config.json") else { throw KerasError(.missing("config.json")) }
        var version = "3"
        var entries: [Entry] = []
        if let facts = try parts.json("metadata.json") {
            version = facts["keras_version"]?.stringValue ?? version
            if let date = facts["date_saved"]?.stringValue { entries.append(Entry("date_saved", date)) }
        }
        let model = try ModelParser(major: Self.major(version)).model(configuration)
        let files = try Self.weights(in: parts)
        if configuration["compile_config"]?.objectValue?.isEmpty == false {
            entries.append(Entry("compile_config", "present"))
        }
        self.init(model, files, version: version, format: "Keras archive", entries)
    }

    private static func weights(in parts: ModelParts) throws(KerasError) -> WeightFiles {
        for name in ["model.weights.h5", "model.weights.json", "model.weights.npz"] {
            guard let (storage, range) = try parts.contents(name) else { continue }
            do throws(KerasError) {
                return try WeightFiles(storage, in: range, parts: parts)
            } catch {
                throw error.at(parts.place(of: name))
            }
        }
        throw KerasError(.missing("model.weights.h5"))
    }

    /// An architecture and a file of weights.
    init(configuration: JSONValue, weights storage: Storage, folder: String) throws(KerasError) {
        let files = try WeightFiles(storage, in: 0..<storage.byteCount, parts: .folder(folder))
        let writer = configuration["keras_version"]?.stringValue
        let version = writer ?? (Self.isKeras3(configuration) ? "3" : files.version ?? "2")
        let backend = files.backend ?? configuration["backend"]?.stringValue
        let model = try ModelParser(major: Self.major(version), isTheano: backend == "theano").model(configuration)
        var entries: [Entry] = []
        if let backend { entries.append(Entry("backend", backend)) }
        self.init(model, files, version: version, format: "Keras weights and configuration", entries)
    }

    /// `to_json()` of Keras 3 says no version. What tells are types that are objects, shapes of inputs under their
    /// newer name, and calls that are objects.
    private static func isKeras3(_ configuration: JSONValue) -> Bool {
        let config = configuration["config"]
        return (config?["layers"]?.arrayValue ?? []).contains { layer in
            layer["config"]?["batch_shape"] != nil || layer["config"]?["dtype"]?["class_name"] == "DTypePolicy"
                || layer["inbound_nodes"]?[0]?["args"] != nil
        }
    }

    private static func json(_ text: String, place: Place) throws(KerasError) -> JSONValue {
        do throws(CoreError) {
            return try JSONValue(parsing: Array(text.utf8))
        } catch {
            throw KerasError(error).at(place)
        }
    }

    /// The first number of a version.
    private static func major(_ version: String) -> Int {
        version.split(separator: ".").first.flatMap { Int($0) } ?? 1
    }

    /// What an HDF5 file without a configuration is.
    private static func withoutConfiguration(_ root: HDF5Group) -> KerasError {
        switch WeightFiles.layout(of: root) {
        case .legacy(path: ""): KerasError(.weightsOnly("weights of Keras 1 or 2"))
        case .legacy: KerasError(.missing("attribute \"model_config\""))
        case .archive: KerasError(.weightsOnly("weights of Keras 3, or of Keras 2.12 and later"))
        case nil: KerasError(.notKeras("an HDF5 file without the attribute \"model_config\""))
        }
    }

    // MARK: What is made of it

    private func stored() throws(KerasError) -> StoredWeights {
        let written = files.version ?? version
        return try files.stored(for: model, major: Self.major(written))
    }

    func graph() throws(KerasError) -> Graph {
        var importer = ModelImporter(
            builder: GraphBuilder(name: model.name, metadata: metadata), stored: try stored(), payloads: files.payloads)
        let values = try importer.add(model, inputs: [], scope: ModelScope())
        var names: Set<String> = []
        for (index, (output, value)) in zip(model.outputs, values).enumerated() {
            let name = output.name ?? output.reference.layer
            importer.builder.addOutput(names.insert(name).inserted ? name : "output_\(index)", value)
        }
        do throws(GraphError) {
            return try importer.builder.build()
        } catch {
            throw KerasError(error)
        }
    }

    /// The weights in the model's order of layers.
    func weights() throws(KerasError) -> WeightSet {
        try WeightListing(of: model, stored()).set(files.payloads, metadata: metadata)
    }
}
