extension Lookalike {
    /// A pickle of protocol 2 or later, as PyTorch before 1.6 and other Python programs write.
    static func pickleKind(_ storage: Storage, _ head: [UInt8]) -> Lookalike? {
        guard head.count > 2, head[0] == 0x80, (2...5).contains(head[1]) else { return nil }
        // A pickled number, 0x1950a86a20f9469cfc6c, is how PyTorch marks its files.
        guard head.dropFirst(2).starts(with: [0x8A, 0x0A, 0x6C, 0xFC, 0x9C, 0x46, 0xF9, 0x20, 0x6A]) else {
            return Lookalike(
                "a Python pickle", hint: "load it in Python and save its arrays with numpy.savez or safetensors")
        }
        let start = (try? storage.bytes(in: 0..<min(1 << 16, storage.byteCount))) ?? head
        return pyTorchKind(start, "a PyTorch checkpoint (a pickle, as before PyTorch 1.6)")
    }

    /// A state dictionary, or a module with its code's name.
    private static func pyTorchKind(_ pickle: [UInt8], _ name: String) -> Lookalike {
        contains(pickle, "_parameters")
            ? Lookalike(name + " of a whole module", hint: ifTrusted + exportPyTorch(loadModule))
            : Lookalike(name, hint: exportPyTorch(loadStateDictionary))
    }

    private static func contains(_ bytes: [UInt8], _ text: String) -> Bool {
        let text = Array(text.utf8)
        guard bytes.count >= text.count else { return false }
        return (0...bytes.count - text.count).contains { bytes[$0] == text[0] && bytes[$0...].starts(with: text) }
    }

    /// A member that only a recording has: a value that went into a network or came out of it.
    private static func isRecorded(_ name: String) -> Bool {
        name.hasSuffix(".npy") && (name.hasPrefix("input:") || name.hasPrefix("output:"))
    }

    /// Whether the file is an archive of recorded values, which are no weights.
    static func isRecording(_ storage: Storage) -> Bool {
        guard let archive = try? ZipArchive(storage: storage, naming: .labels) else { return false }
        return archive.members.contains { isRecorded($0.name) }
    }

    static func zipKind(_ storage: Storage) -> Lookalike? {
        guard let archive = try? ZipArchive(storage: storage, naming: .labels) else {
            return Lookalike("a zip archive that is damaged or cut off", hint: unfinished)
        }
        let names = archive.members.filter { !$0.isFolder }.map(\.name)
        func has(_ ending: String) -> Bool { names.contains { $0 == ending || $0.hasSuffix("/" + ending) } }
        if names.contains(where: { $0.contains("/code/") }), has("data.pkl") {
            return Lookalike(
                "a TorchScript archive",
                hint: exportPyTorch("d = torch.jit.load('{file}', map_location='cpu').state_dict()"))
        }
        if has("models/model.json") || has("serialized_exported_program.json") {
            return Lookalike(
                "a program of torch.export", hint: exportPyTorch("d = torch.export.load('{file}').state_dict"))
        }
        if let pickle = archive.members.first(where: { $0.name == "data.pkl" || $0.name.hasSuffix("/data.pkl") }) {
            let bytes = (try? archive.bytes(of: pickle, limit: 1 << 24)) ?? []
            return pyTorchKind(bytes, "a PyTorch checkpoint")
        }
        if names.contains(where: isRecorded) {
            return Lookalike(
                "a recording of a model's inputs and outputs",
                hint: "skiff verify MODEL --against {file} compares with it")
        }
        if !names.isEmpty, names.allSatisfy({ $0.hasSuffix(".npy") }) {
            return Lookalike("a .npz archive of arrays", hint: "models are .onnx, .h5, .keras or .skiff files")
        }
        if has("saved_model.pb") { return Lookalike("a zipped TensorFlow SavedModel", hint: unpack) }
        if has("com.apple.CoreML/model.mlmodel") {
            return Lookalike("a zipped Core ML package", hint: exportOriginal)
        }
        let models = [".keras", ".onnx", ".h5", ".hdf5", ".safetensors", ".skiff"]
        if let name = names.first(where: { name in models.contains { name.hasSuffix($0) } }) {
            return Lookalike("a zip archive that holds \"\(escaped(name))\"", hint: unpack)
        }
        return Lookalike("a zip archive without a model", hint: nil)
    }
}
