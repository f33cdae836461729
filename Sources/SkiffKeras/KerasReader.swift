public import SkiffCore
public import SkiffGraph

/// Reads Keras models: `.h5` and `.hdf5` of Keras 1, 2 and 3, `.keras` archives and the folders they are unpacked
/// to; and weights alone, in every layout that Keras has written.
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

    /// - Throws: ``KerasError`` with the file, layer and tensor in its place. A model whose layers are not all known
    ///   is no error.
    public static func read(storage: Storage) throws(KerasError) -> Graph {
        do throws(KerasError) {
            return try source(of: storage).graph()
        } catch {
            throw error.at(Place(file: storage.path))
        }
    }

    /// Reads the model in a folder that a `.keras` archive was unpacked to.
    /// - Parameter folder: its path; files are opened beneath it and nowhere else.
    /// - Throws: ``KerasError`` as ``read(storage:)``; `missing` where the folder has no `config.json`.
    public static func read(folder: String) throws(KerasError) -> Graph {
        do throws(KerasError) {
            return try ModelSource(parts: .folder(folder)).graph()
        } catch {
            throw error.at(Place(file: folder))
        }
    }

    /// Reads a model whose architecture and weights are files of their own.
    /// - Parameters:
    ///   - configuration: JSON that `model.to_json()` gives, the `config.json` of a `.keras` archive, or the
    ///     `model_config` of an HDF5 file.
    ///   - weights: a file of weights in any layout that ``weights(storage:folder:)`` reads.
    ///   - folder: where the shards of `weights` lie; empty is the working directory.
    /// - Throws: ``KerasError`` as ``read(storage:)``; `layersDiffer`, `weightCount` or `weightShape` where the two do
    ///   not fit.
    public static func read(
        configuration: [UInt8], weights: Storage, folder: String
    ) throws(KerasError) -> Graph {
        let json: JSONValue
        do throws(CoreError) {
            json = try JSONValue(parsing: configuration)
        } catch {
            throw KerasError(error).at(Place(member: "configuration"))
        }
        do throws(KerasError) {
            return try ModelSource(configuration: json, weights: weights, folder: folder).graph()
        } catch {
            throw error.at(Place(file: weights.path))
        }
    }

    // MARK: Weights alone

    /// Whether a file holds weights of Keras and no architecture: HDF5 as `save_weights` of any version lays it out,
    /// or a list of shards. The bytes tell, not the file's name.
    public static func recognizesWeights(_ storage: Storage) -> Bool {
        let range = 0..<storage.byteCount
        if HDF5Library.hasSignature(storage, at: range) {
            guard let root = try? HDF5Library.catalogue(of: storage, in: range, skipping: WeightFiles.skipped) else {
                return false
            }
            return root.attributes["model_config"] == nil && WeightFiles.layout(of: root) != nil
        }
        return ShardIndex.mayBegin(storage, in: range) && (try? ShardIndex(storage, in: range)) != nil
    }

    /// The weights of a file by layer, without what connects the layers.
    ///
    /// Read are files of `save_weights` of Keras 1, 2 and 3, lists of shards, and whole models. Where there is an
    /// architecture, layers stand in its order and variables bear the roles that it says. In `.weights.h5` layers are
    /// counted by class, so the order of those of one class is the model's.
    /// - Parameter folder: where shards lie; empty is the working directory.
    /// - Throws: ``KerasError`` `notKeras` where the file holds no weights of Keras; what reading them meets.
    public static func weights(storage: Storage, folder: String) throws(KerasError) -> WeightSet {
        do throws(KerasError) {
            if isZip(storage) { return try source(of: storage).weights() }
            let files = try WeightFiles(storage, in: 0..<storage.byteCount, parts: .folder(folder))
            if files.configuration != nil, let set = try? ModelSource(hdf5: storage).weights() { return set }
            return try WeightListing(files).set(files.payloads, metadata: files.metadata)
        } catch {
            throw error.at(Place(file: storage.path))
        }
    }

    /// The weights in a folder that a `.keras` archive was unpacked to.
    /// - Throws: ``KerasError`` as ``weights(storage:folder:)``.
    public static func weights(folder: String) throws(KerasError) -> WeightSet {
        do throws(KerasError) {
            return try ModelSource(parts: .folder(folder)).weights()
        } catch {
            throw error.at(Place(file: folder))
        }
    }

    // MARK: Sources

    private static func isZip(_ storage: Storage) -> Bool {
        storage.withUnsafeBytes { ZipArchive.recognizes(Array($0.prefix(4))) }
    }

    private static func source(of storage: Storage) throws(KerasError) -> ModelSource {
        guard isZip(storage) else {
            guard HDF5Library.hasSignature(storage, at: 0..<storage.byteCount) else {
                throw KerasError(.notKeras(describe(storage)))
            }
            return try ModelSource(hdf5: storage)
        }
        let archive: ZipArchive
        do throws(CoreError) {
            archive = try ZipArchive(storage: storage)
        } catch {
            throw KerasError(error)
        }
        guard archive["config.json"] != nil else { throw KerasError(.notKeras(describe(archive))) }
        return try ModelSource(parts: .archive(archive))
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

    private static func describe(_ archive: ZipArchive) -> String {
        let names = archive.members.map(\.name)
        if names.contains(where: { $0.hasSuffix("/data.pkl") || $0 == "data.pkl" }) { return "a PyTorch checkpoint" }
        if !names.isEmpty, names.allSatisfy({ $0.hasSuffix(".npy") }) { return "a NumPy archive" }
        return "a zip archive without config.json"
    }
}
