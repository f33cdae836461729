public import SkiffCore
public import SkiffGraph

/// Reads whole Keras models: `.h5` and `.hdf5` of Keras 1, 2 and 3, and `.keras` archives.
///
/// Weights stay where they are in the file, unless they are compressed. Layers that Skiff does not know become
/// ``UnknownOperator``: the model can be inspected, not run. Nothing that could be code is decoded.
public enum KerasReader {
    /// The layer classes that can be run, by Keras' names and those of Keras 1, sorted.
    public static var layerNames: [String] { layerDefinitions.keys.sorted() }

    /// Whether a file that begins with `head` is HDF5.
    public static func recognizes(_ head: [UInt8]) -> Bool { head.starts(with: HDF5Library.signature) }

    /// Whether a file is HDF5, or a zip archive with a Keras configuration in it.
    public static func recognizes(_ storage: Storage) -> Bool {
        if HDF5Library.hasSignature(storage, at: 0..<storage.byteCount) { return true }
        guard isZip(storage), let archive = try? ZipArchive(storage: storage) else { return false }
        return archive["config.json"] != nil && archive["metadata.json"] != nil
    }

    private static func isZip(_ storage: Storage) -> Bool {
        storage.withUnsafeBytes { ZipArchive.recognizes(Array($0.prefix(4))) }
    }

    /// - Throws: ``KerasError`` with the file, layer and tensor in its place. A model whose layers are not all known
    ///   is no error.
    public static func read(storage: Storage) throws(KerasError) -> Graph {
        do throws(KerasError) {
            if isZip(storage) { return try readArchive(storage) }
            guard HDF5Library.hasSignature(storage, at: 0..<storage.byteCount) else {
                throw KerasError(.notKeras(describe(storage)))
            }
            return try readHDF5(storage)
        } catch {
            throw error.at(Place(file: storage.path))
        }
    }

    private static func describe(_ storage: Storage) -> String {
        if storage.byteCount == 0 { return "the file is empty" }
        for offset in [512, 1024, 2048] where offset < storage.byteCount {
            if HDF5Library.hasSignature(storage, at: offset..<storage.byteCount) {
                return "the HDF5 signature stands at byte \(offset), expected at 0"
            }
        }
        return "neither HDF5 nor a zip archive"
    }

    // MARK: HDF5

    private static func readHDF5(_ storage: Storage) throws(KerasError) -> Graph {
        let root = try HDF5Library.catalogue(
            of: storage, in: 0..<storage.byteCount, skipping: ["optimizer_weights", "optimizer"])
        guard let text = root.attributes["model_config"] else { throw withoutConfiguration(root) }
        guard let text = text.text else {
            throw KerasError(.refused("attribute \"model_config\" is not text"))
        }
        let version = root.attributes["keras_version"]?.text ?? "1"
        let configuration = try json(Array(text.utf8), place: Place(member: "model_config"))
        let model = try ModelParser(major: major(version)).model(configuration)
        guard let weights = root.group("model_weights") else {
            throw KerasError(.missing("group \"model_weights\""))
        }
        let stored = try LegacyWeights(root: weights, path: "/model_weights", major: major(version))
            .stored(for: model)
        var metadata = metadata("Keras HDF5", version: version, model)
        if let backend = root.attributes["backend"]?.text { metadata.entries.append(.init("backend", backend)) }
        if root.attributes["training_config"] != nil { metadata.entries.append(.init("training_config", "present")) }
        return try graph(model, stored, metadata, HDF5Payloads(storage: storage, base: 0))
    }

    /// What an HDF5 file without a configuration is.
    private static func withoutConfiguration(_ root: HDF5Group) -> KerasError {
        if root.attributes["layer_names"] != nil || root.attributes["layer_names0"] != nil {
            return KerasError(.weightsOnly("weights of Keras 1 or 2"))
        }
        if root.group("model_weights") != nil {
            return KerasError(.missing("attribute \"model_config\""))
        }
        if root.group("layers") != nil || root.group("_layer_checkpoint_dependencies") != nil {
            return KerasError(.weightsOnly("weights of Keras 3"))
        }
        return KerasError(.notKeras("an HDF5 file without the attribute \"model_config\""))
    }

    // MARK: Archives

    private static func readArchive(_ storage: Storage) throws(KerasError) -> Graph {
        let archive: ZipArchive
        do throws(CoreError) {
            archive = try ZipArchive(storage: storage)
        } catch {
            throw KerasError(error)
        }
        return try readArchive(archive)
    }

    private static func readArchive(_ archive: ZipArchive) throws(KerasError) -> Graph {
        guard let member = archive["config.json"] else { throw KerasError(.notKeras(describe(archive))) }
        let configuration = try json(of: member, in: archive)
        var version = "3"
        var entries: [GraphMetadata.Entry] = []
        if let member = archive["metadata.json"] {
            let facts = try json(of: member, in: archive)
            version = facts["keras_version"]?.stringValue ?? version
            if let date = facts["date_saved"]?.stringValue { entries.append(.init("date_saved", date)) }
        }
        guard let weights = archive["model.weights.h5"] else {
            guard archive["model.weights.npz"] == nil else {
                throw KerasError(.refused("weights are in model.weights.npz, read is model.weights.h5"))
            }
            throw KerasError(.missing("member model.weights.h5"))
        }
        let place = Place(member: weights.name)
        let contents: (storage: Storage, range: Range<Int>)
        do throws(CoreError) {
            contents = try archive.contents(of: weights, limit: Limits.decodedBytes)
        } catch {
            throw KerasError(error).at(place)
        }
        let model = try ModelParser(major: major(version)).model(configuration)
        let stored: StoredWeights
        do throws(KerasError) {
            let root = try HDF5Library.catalogue(
                of: contents.storage, in: contents.range, skipping: ["optimizer"])
            stored = try ArchiveWeights(root: root).stored(for: model)
        } catch {
            throw error.at(place)
        }
        var metadata = metadata("Keras archive", version: version, model)
        metadata.entries += entries
        if configuration["compile_config"]?.objectValue?.isEmpty == false {
            metadata.entries.append(.init("compile_config", "present"))
        }
        return try graph(
            model, stored, metadata, HDF5Payloads(storage: contents.storage, base: contents.range.lowerBound))
    }

    private static func describe(_ archive: ZipArchive) -> String {
        let names = archive.members.map(\.name)
        if names.contains(where: { $0.hasSuffix("/data.pkl") || $0 == "data.pkl" }) { return "a PyTorch checkpoint" }
        if !names.isEmpty, names.allSatisfy({ $0.hasSuffix(".npy") }) { return "a NumPy archive" }
        return "a zip archive without config.json"
    }

    // MARK: Both

    private static func json(of member: ZipArchive.Member, in archive: ZipArchive) throws(KerasError) -> JSONValue {
        let bytes: [UInt8]
        do throws(CoreError) {
            bytes = try archive.bytes(of: member, limit: Limits.jsonBytes)
        } catch {
            throw KerasError(error)
        }
        return try json(bytes, place: Place(member: member.name))
    }

    private static func json(_ bytes: [UInt8], place: Place) throws(KerasError) -> JSONValue {
        do throws(CoreError) {
            return try JSONValue(parsing: bytes)
        } catch {
            throw KerasError(error).at(place)
        }
    }

    /// The first number of a version.
    private static func major(_ version: String) -> Int {
        version.split(separator: ".").first.flatMap { Int($0) } ?? 1
    }

    private static func metadata(_ format: String, version: String, _ model: ModelConfiguration) -> GraphMetadata {
        GraphMetadata(
            sourceFormat: format, producer: "keras \(version)",
            entries: [.init("keras_version", version), .init("model_class", model.className)])
    }

    private static func graph(
        _ model: ModelConfiguration, _ stored: StoredWeights, _ metadata: GraphMetadata, _ payloads: HDF5Payloads
    ) throws(KerasError) -> Graph {
        var importer = ModelImporter(
            builder: GraphBuilder(name: model.name, metadata: metadata), stored: stored, payloads: payloads)
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
}
