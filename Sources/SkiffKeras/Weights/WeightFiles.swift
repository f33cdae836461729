internal import SkiffCore
internal import SkiffGraph

/// The weights of a model as one catalogue, whatever files they lie in.
struct WeightFiles {
    enum Layout: Hashable {
        /// One group per layer of the outermost model, listed in `layer_names`: Keras 1, 2, and 3 in `.h5`. The path
        /// is that of the list's group, without `/` at its end.
        case legacy(path: String)
        /// `layers/<class>[_k]/vars/<i>`: `.weights.h5` and `.keras` of Keras 2.12 and later.
        case archive
    }

    var layout: Layout
    /// The group that the layout begins at.
    var root: HDF5Group
    var payloads: HDF5Payloads
    /// The architecture, where the file has it too.
    var configuration: HDF5Attribute?

    /// - Parameters:
    ///   - parts: where shards are looked up.
    /// - Throws: ``KerasError`` `notKeras` where the bytes hold no weights of Keras.
    init(_ storage: Storage, in range: Range<Int>, parts: ModelParts) throws(KerasError) {
        if HDF5Library.hasSignature(storage, at: range) {
            let root = try HDF5Library.catalogue(of: storage, in: range, skipping: Self.skipped)
            try self.init(root, [HDF5Payloads.File(storage: storage, base: range.lowerBound)])
        } else if ShardIndex.mayBegin(storage, in: range) {
            let index = try ShardIndex(storage, in: range)
            var root = HDF5Group()
            var files: [HDF5Payloads.File] = []
            for name in index.files {
                let place = parts.place(of: name)
                let (storage, range) = try parts.required(name)
                do throws(KerasError) {
                    let shard = try HDF5Library.catalogue(
                        of: storage, in: range, skipping: Self.skipped, file: files.count)
                    files.append(HDF5Payloads.File(storage: storage, base: range.lowerBound))
                    try root.merge(shard)
                } catch {
                    throw error.at(place)
                }
            }
            try index.check(root)
            try self.init(root, files)
        } else if storage.withUnsafeBytes(in: range, { ZipArchive.recognizes(Array($0.prefix(4))) }) {
            let arrays = try NumPyWeights(storage, in: range)
            try self.init(arrays.root, [arrays.payloads])
        } else {
            throw KerasError(.notKeras("neither HDF5 nor a list of shards"))
        }
    }

    /// - Throws: ``KerasError`` `notKeras` where the catalogue holds no weights of Keras.
    init(_ root: HDF5Group, _ files: [HDF5Payloads.File]) throws(KerasError) {
        guard let layout = Self.layout(of: root) else {
            throw KerasError(.notKeras("an HDF5 file without \"layer_names\", \"model_weights\" or \"vars\""))
        }
        self.layout = layout
        if case .legacy(let path) = layout, !path.isEmpty {
            self.root = root.group(String(path.dropFirst())) ?? HDF5Group()
        } else {
            self.root = root
        }
        payloads = HDF5Payloads(files)
        configuration = root.attributes["model_config"]
    }

    /// State of training, which no network needs.
    static let skipped: Set<String> = ["optimizer_weights", "optimizer", "metrics"]

    static func layout(of root: HDF5Group) -> Layout? {
        if hasLayerNames(root) { return .legacy(path: "") }
        if let group = root.group("model_weights"), hasLayerNames(group) { return .legacy(path: "/model_weights") }
        return ArchiveWeights.hasVariables(root) ? .archive : nil
    }

    private static func hasLayerNames(_ group: HDF5Group) -> Bool {
        group.attributes["layer_names"] != nil || group.attributes["layer_names0"] != nil
    }

    /// The weights of every layer of a model.
    /// - Parameter major: first number of the Keras version that wrote the weights.
    func stored(for model: ModelConfiguration, major: Int) throws(KerasError) -> StoredWeights {
        switch layout {
        case .legacy(let path): try LegacyWeights(root: root, path: path, major: major).stored(for: model)
        case .archive: try ArchiveWeights(root: root).stored(for: model)
        }
    }

    /// The Keras version that wrote the weights, where the files say it.
    var version: String? { root.attributes["keras_version"]?.text }

    /// The backend that wrote the weights. Keras 1 does not say it, but TensorFlow counts outputs in names (`conv1_W:0`)
    /// and Theano does not.
    var backend: String? {
        if let named = root.attributes["backend"]?.text { return named }
        guard case .legacy = layout, version == nil || version?.hasPrefix("1.") == true else { return nil }
        let names = root.members.keys.flatMap { key in
            root.group(key).flatMap { try? LegacyWeights.names("weight_names", of: $0, at: key) } ?? []
        }
        guard names.contains(where: { $0.hasSuffix("_W") || $0.hasSuffix("_W:0") }) else { return nil }
        return names.contains { $0.contains(":") } ? "tensorflow" : "theano"
    }

    /// What the files say of themselves.
    var metadata: GraphMetadata {
        var entries: [GraphMetadata.Entry] = []
        if let version { entries.append(.init("keras_version", version)) }
        if let backend { entries.append(.init("backend", backend)) }
        if payloads.files.count > 1 { entries.append(.init("shards", String(payloads.files.count))) }
        let format = layout == .archive ? "Keras weights" : "Keras HDF5 weights"
        return GraphMetadata(sourceFormat: format, producer: version.map { "keras \($0)" } ?? "", entries: entries)
    }
}

/// The list of a model's shards (`.weights.json`): `{"metadata": …, "weight_map": {"/layers/conv2d/vars": "m_00000.weights.h5"}}`,
/// a layer that spans several with a list of them.
struct ShardIndex {
    /// Names of shards, each once, in the order of the list.
    private(set) var files: [String] = []
    private var groups: [String] = []

    static func mayBegin(_ storage: Storage, in range: Range<Int>) -> Bool {
        guard let head = try? storage.bytes(in: range.lowerBound..<min(range.lowerBound + 64, range.upperBound)) else {
            return false
        }
        return head.first { ![0x20, 0x09, 0x0A, 0x0D].contains($0) } == UInt8(ascii: "{")
    }

    init(_ storage: Storage, in range: Range<Int>) throws(KerasError) {
        let text = try JSONValue(kerasText: storage, in: range, place: Place())
        guard let map = text["weight_map"]?.objectValue, map.keys.contains(where: { $0.hasSuffix("/vars") }) else {
            throw KerasError(.notKeras("a JSON text without a list of Keras' shards"))
        }
        var seen: Set<String> = []
        for member in map {
            groups.append(member.key)
            for value in member.value.arrayValue ?? [member.value] {
                guard let name = value.stringValue, !name.contains("/") else {
                    throw KerasError(
                        .configuration(
                            key: "weight_map", expected: "names of files", found: String(value.text().prefix(80))))
                }
                if seen.insert(name).inserted { files.append(name) }
            }
        }
        guard files.count <= Limits.weightShards else {
            throw KerasError(.limit(name: "shards", declared: files.count, allowed: Limits.weightShards))
        }
    }

    /// - Throws: ``KerasError`` `missing` where no shard holds what the list promises.
    func check(_ root: HDF5Group) throws(KerasError) {
        for path in groups {
            let inner = path.hasPrefix("/") ? String(path.dropFirst()) : path
            guard case .group(let group)? = root.member(at: inner), !group.members.isEmpty else {
                throw KerasError(.missing("group \"\(escaped(path))\", which the shards should have"))
            }
        }
    }
}

extension HDF5Group {
    /// Takes over what `other` holds. Catalogues are no deeper than the limit of nesting.
    /// - Throws: ``KerasError`` `refused` where both hold a dataset of one name.
    mutating func merge(_ other: HDF5Group, path: String = "") throws(KerasError) {
        attributes.merge(other.attributes) { own, _ in own }
        for (name, member) in other.members {
            switch (members[name], member) {
            case (nil, _): members[name] = member
            case (.group(var own)?, .group(let new)):
                try own.merge(new, path: path + "/" + name)
                members[name] = .group(own)
            default:
                throw KerasError(.refused("is in two shards"), at: Place(member: path + "/" + name))
            }
        }
    }
}
