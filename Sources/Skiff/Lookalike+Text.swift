extension Lookalike {
    private static let pageSent = "the server sent a page instead of the file; download it again"

    private static let starts: [(start: String, name: String, hint: String?)] = [
        ("version https://git-lfs", "a Git LFS pointer", "git lfs pull fetches the file it stands for"),
        ("<!doctype", "an HTML page", pageSent), ("<html", "an HTML page", pageSent),
        ("model_checkpoint_path:", "the list of a folder's TensorFlow checkpoints", exportCheckpoint),
    ]

    /// What a file is that begins as text.
    static func textKind(_ storage: Storage, _ head: [UInt8]) -> Lookalike? {
        let text = String(decoding: head, as: UTF8.self)
        let start = text.drop { $0.isWhitespace || $0 == "\u{FEFF}" }
        let lower = start.prefix(64).lowercased()
        for kind in starts where lower.hasPrefix(kind.start) { return Lookalike(kind.name, hint: kind.hint) }
        if start.hasPrefix("<?xml") || start.hasPrefix("<net ") {
            return start.prefix(512).contains("<net ")
                ? Lookalike("an OpenVINO model's description", hint: exportOriginal)
                : Lookalike("an XML document", hint: "the server may have sent an error instead of the file")
        }
        if start.hasPrefix("{") || start.hasPrefix("[") { return jsonKind(storage) }
        guard let whole = String(validating: head, as: UTF8.self), isReadable(whole) else { return nil }
        if whole.contains("layer {") || whole.contains("layers {") {
            return Lookalike("a Caffe network's description", hint: exportOriginal)
        }
        guard storage.byteCount <= 512 else { return Lookalike("a text", hint: nil) }
        let line = whole.split(whereSeparator: \.isNewline).first.map(String.init) ?? ""
        return Lookalike(
            "a text that says \"\(escaped(String(line.prefix(80))))\"",
            hint: "the server may have sent a message instead of the file")
    }

    private static func isReadable(_ text: String) -> Bool {
        text.count >= 8 && text.unicodeScalars.allSatisfy { $0.value >= 0x20 || [0x09, 0x0A, 0x0D].contains($0.value) }
    }

    private static func jsonKind(_ storage: Storage) -> Lookalike {
        let document = Lookalike(
            "a JSON document",
            hint: "an architecture without weights is no model; the server may also have sent an error")
        guard storage.byteCount <= 8 << 20, let value = try? JSONValue(parsing: storage, in: 0..<storage.byteCount)
        else { return document }
        if value["class_name"] != nil, value["config"] != nil {
            return Lookalike(
                "a Keras architecture without weights",
                hint: "skiff convert WEIGHTS --config {file} takes it with them")
        }
        if let shard = value["weight_map"]?.objectValue?.members.first?.value.stringValue {
            return shard.hasSuffix(".bin")
                ? Lookalike(
                    "the index of a sharded PyTorch checkpoint", hint: "turn its shards into .safetensors, one by one")
                : Lookalike("the index of a sharded checkpoint", hint: nil)
        }
        if value["nodes"] != nil, value["arg_nodes"] != nil {
            return Lookalike("an MXNet network without weights", hint: exportOriginal)
        }
        if value["architectures"] != nil || value["model_type"] != nil || value["architecture"] != nil {
            return Lookalike(
                "a configuration without weights", hint: "the weights lie beside it, mostly in model.safetensors")
        }
        return document
    }
}
