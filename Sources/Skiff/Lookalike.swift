/// A kind of file that people hand to a model reader, and that is none, or none Skiff reads.
public struct Lookalike: Hashable, Sendable {
    /// With its article: `a Git LFS pointer`.
    public var name: String
    public var hint: String?

    /// What the file is, by its first bytes; `nil` where it is nothing known.
    static func recognized(_ storage: Storage) -> Lookalike? {
        guard storage.byteCount > 0 else {
            return Lookalike(name: "an empty file", hint: "the download or copy did not finish")
        }
        let head = (try? storage.bytes(in: 0..<min(storage.byteCount, 512))) ?? []
        let text = String(decoding: head, as: UTF8.self)
        let isZeros = head.allSatisfy { $0 == 0 }
        if isZeros, head.count >= 64 {
            return Lookalike(name: "a file of zeros", hint: "the download or copy did not finish")
        }
        if ZipArchive.recognizes(head) { return zipKind(storage) }
        for kind in magics where kind.test(head) { return Lookalike(name: kind.name, hint: kind.hint) }
        let start = text.drop { $0.isWhitespace || $0 == "\u{FEFF}" }.prefix(64).lowercased()
        for kind in texts where start.hasPrefix(kind.start) { return Lookalike(name: kind.name, hint: kind.hint) }
        return nil
    }

    private struct Magic: Sendable {
        var name: String
        var hint: String?
        var test: @Sendable ([UInt8]) -> Bool

        init(_ name: String, hint: String?, _ test: @escaping @Sendable ([UInt8]) -> Bool) {
            self.name = name
            self.hint = hint
            self.test = test
        }

        init(_ name: String, hint: String?, at offset: Int = 0, _ magic: [UInt8]) {
            self.init(name, hint: hint) { $0.dropFirst(offset).starts(with: magic) }
        }
    }

    private static let unpack = "unpack it first"
    private static let exportPyTorch = "export the model with torch.onnx.export, or its weights with the architecture"
    private static let exportKeras = "load it in Keras and save it as .keras"

    private static let magics: [Magic] = [
        Magic("a gzip archive", hint: unpack, [0x1F, 0x8B]),
        Magic("a bzip2 archive", hint: unpack, Array("BZh".utf8)),
        Magic("an xz archive", hint: unpack, [0xFD, 0x37, 0x7A, 0x58, 0x5A, 0x00]),
        Magic("a zstd archive", hint: unpack, [0x28, 0xB5, 0x2F, 0xFD]),
        Magic("a 7-Zip archive", hint: unpack, [0x37, 0x7A, 0xBC, 0xAF, 0x27, 0x1C]),
        Magic("a tar archive", hint: unpack, at: 257, Array("ustar".utf8)),
        Magic("a NumPy array", hint: "models are .onnx, .h5, .keras or .skiff files", [0x93] + Array("NUMPY".utf8)),
        Magic("a TensorFlow Lite model", hint: "export the original model as ONNX", at: 4, Array("TFL3".utf8)),
        Magic("a GGUF file", hint: nil, Array("GGUF".utf8)),
        Magic("a Python pickle, as PyTorch saved models before 1.6", hint: exportPyTorch) { head in
            head.count > 2 && head[0] == 0x80 && (2...5).contains(head[1])
        },
        Magic("a TensorFlow SavedModel", hint: exportKeras) { head in
            // saved_model_schema_version 1, then a meta graph that begins with its info.
            head.starts(with: [0x08, 0x01, 0x12])
        },
        Magic("a Windows program", hint: nil, Array("MZ".utf8)),
        Magic("a program", hint: nil, [0x7F] + Array("ELF".utf8)),
        Magic("a PNG image", hint: nil, [0x89] + Array("PNG".utf8)),
        Magic("a PDF document", hint: nil, Array("%PDF".utf8)),
    ]

    private static let texts: [(start: String, name: String, hint: String?)] = [
        ("version https://git-lfs", "a Git LFS pointer", "git lfs pull fetches the file it stands for"),
        ("<!doctype", "an HTML page", "the server sent a page instead of the file; download it again"),
        ("<html", "an HTML page", "the server sent a page instead of the file; download it again"),
        ("<?xml", "an XML document", "the server may have sent an error instead of the file"),
        ("{", "a JSON document", "an architecture without weights is no model; the server may also have sent an error"),
    ]

    private static func zipKind(_ storage: Storage) -> Lookalike? {
        guard let archive = try? ZipArchive(storage: storage, naming: .labels) else {
            return Lookalike(
                name: "a zip archive that is damaged or cut off", hint: "compare its size with the original's")
        }
        let names = archive.members.filter { !$0.isFolder }.map(\.name)
        if names.contains(where: { $0.hasSuffix("/data.pkl") || $0 == "data.pkl" }) {
            return Lookalike(name: "a PyTorch checkpoint", hint: exportPyTorch)
        }
        if !names.isEmpty, names.allSatisfy({ $0.hasSuffix(".npy") }) {
            return Lookalike(
                name: "a .npz archive of arrays", hint: "models are .onnx, .h5, .keras or .skiff files")
        }
        if names.contains(where: { $0.hasSuffix("saved_model.pb") }) {
            return Lookalike(name: "a zipped TensorFlow SavedModel", hint: exportKeras)
        }
        if let name = names.first(where: { $0.hasSuffix(".keras") || $0.hasSuffix(".onnx") || $0.hasSuffix(".h5") }) {
            return Lookalike(name: "a zip archive that holds \"\(escaped(name))\"", hint: unpack)
        }
        return Lookalike(name: "a zip archive without a model", hint: nil)
    }
}
