public import SkiffCore
public import SkiffGraph

/// Reads safetensors files, single or sharded, which hold weights without an architecture.
public enum SafetensorsReader {
    /// What ``GraphMetadata/sourceFormat`` says.
    public static let formatName = "safetensors"

    /// Whether a file that begins with `head` is a safetensors file: a length within the limit, then a JSON object.
    /// Ten bytes suffice. A file that is cut off behind them is recognised, too.
    public static func recognizes(_ head: [UInt8]) -> Bool {
        guard head.count > 9, head[8] == UInt8(ascii: "{") else { return false }
        let length = head.prefix(8).reversed().reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
        return length > 1 && length <= UInt64(Limits.safetensorsHeaderBytes)
            && [UInt8(ascii: "\""), UInt8(ascii: "}"), 0x20, 0x0A, 0x0D, 0x09].contains(head[9])
    }

    /// The weights of the file that fills `storage`, grouped by name, in the order in which they lie in the file.
    /// - Throws: ``SafetensorsError`` with the file and the tensor in its place.
    public static func weights(storage: Storage) throws(SafetensorsError) -> WeightSet {
        let file = try SafetensorsFile(storage: storage)
        return WeightSet(
            tensors: file.tensors, isInModelOrder: false, metadata: metadata(file.metadata))
    }

    /// Whether `storage` holds the index of a sharded checkpoint (`model.safetensors.index.json`): a JSON object
    /// whose `weight_map` names safetensors files.
    public static func recognizesIndex(_ storage: Storage) -> Bool {
        guard storage.byteCount <= Limits.jsonBytes,
            let head = try? storage.bytes(in: 0..<min(16, storage.byteCount)),
            head.first(where: { $0 > 0x20 }) == UInt8(ascii: "{"),
            let index = try? JSONValue(parsing: storage, in: 0..<storage.byteCount),
            let shard = index["weight_map"]?.objectValue?.members.first?.value.stringValue
        else { return false }
        return shard.hasSuffix(".safetensors")
    }

    /// The weights of a sharded checkpoint, whose shards lie in `folder` beside the index.
    ///
    /// The index and the shards have to agree: every tensor lies in the shard that the index names, and nowhere else.
    /// - Parameter folder: the index's folder; empty is the working directory.
    /// - Throws: ``SafetensorsError`` with the shard's file and the tensor in its place.
    public static func weights(indexStorage: Storage, folder: String) throws(SafetensorsError) -> WeightSet {
        do throws(SafetensorsError) {
            return try shardedWeights(indexStorage, folder: folder)
        } catch {
            throw error.at(Place(file: indexStorage.path))
        }
    }

    private static func shardedWeights(_ storage: Storage, folder: String) throws(SafetensorsError) -> WeightSet {
        let index = try located { () throws(CoreError) in
            try JSONValue(parsing: storage, in: 0..<storage.byteCount)
        }
        guard let map = index["weight_map"]?.objectValue else {
            throw SafetensorsError(.index("index has no weight_map"))
        }
        var shardOf: [String: String] = [:]
        var shards: [String] = []
        var seen: Set<String> = []
        for member in map {
            guard let shard = member.value.stringValue else {
                throw SafetensorsError(
                    .index("weight_map gives \(member.value.kind), expected a file's name"),
                    at: Place(tensor: member.key))
            }
            shardOf[member.key] = shard
            if seen.insert(shard).inserted { shards.append(shard) }
        }
        guard shards.count <= Limits.shards else {
            throw SafetensorsError(.core(.limit(name: "shards", declared: shards.count, allowed: Limits.shards)))
        }
        var tensors: [(name: String, tensor: Tensor)] = []
        var entries: [(key: String, value: String)] = []
        for shard in shards.sorted() {
            let file = try located { () throws(CoreError) in try openBeneath(folder: folder, relativePath: shard) }
            let contents = try SafetensorsFile(storage: file)
            for (name, tensor) in contents.tensors {
                guard shardOf[name] == shard else {
                    let expected = shardOf[name].map { "in \"\(escaped($0))\" by the index" } ?? "not in the index"
                    throw SafetensorsError(
                        .index("lies in this shard, and is \(expected)"), at: Place(file: file.path, tensor: name))
                }
                shardOf[name] = nil
                tensors.append((name, tensor))
            }
            for entry in contents.metadata where !entries.contains(where: { $0.key == entry.key }) {
                entries.append(entry)
            }
        }
        if let (name, shard) = shardOf.min(by: { $0.key < $1.key }) {
            throw SafetensorsError(
                .index("is missing from shard \"\(escaped(shard))\", where the index has it"), at: Place(tensor: name))
        }
        return WeightSet(tensors: tensors, isInModelOrder: false, metadata: metadata(entries))
    }

    private static func metadata(_ entries: [(key: String, value: String)]) -> GraphMetadata {
        GraphMetadata(sourceFormat: formatName, entries: entries.map { .init($0.key, $0.value) })
    }
}
