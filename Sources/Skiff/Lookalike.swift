/// A kind of file that people hand to a model reader, and that is none, or none Skiff reads.
public struct Lookalike: Hashable, Sendable {
    /// With its article: `a Git LFS pointer`.
    public var name: String
    /// What to do, with the file's own name in commands.
    public var hint: String?

    init(_ name: String, hint: String?) {
        self.name = name
        self.hint = hint
    }

    /// What the file is, by its bytes; `nil` where it is nothing known.
    /// - Parameter asksSiblings: whether the files beside one without any mark say what it is.
    static func recognized(_ storage: Storage, asksSiblings: Bool = true) -> Lookalike? {
        guard var found = kind(of: storage) ?? (asksSiblings ? siblingKind(storage) : nil) else { return nil }
        found.hint = found.hint.map { named($0, storage.path) }
        return found
    }

    private static func kind(of storage: Storage) -> Lookalike? {
        guard storage.byteCount > 0 else { return Lookalike("an empty file", hint: unfinished) }
        let head = (try? storage.bytes(in: 0..<min(storage.byteCount, 4096))) ?? []
        if head.count >= 64, head.prefix(512).allSatisfy({ $0 == 0 }) {
            return Lookalike("a file of zeros", hint: unfinished)
        }
        if ZipArchive.recognizes(head) { return zipKind(storage) }
        if let pickle = pickleKind(storage, head) { return pickle }
        for magic in magics where magic.matches(head) { return Lookalike(magic.name, hint: magic.hint) }
        if isTable(storage) { return Lookalike("a TensorFlow checkpoint", hint: exportCheckpoint) }
        return protobufKind(head) ?? textKind(storage, head)
    }

    /// A hint with the file's path for `{file}`, without its ending for `{stem}`, and as TensorFlow names a checkpoint
    /// for `{prefix}`. A path that a shell could take for something else is left out.
    static func named(_ hint: String, _ path: String?) -> String {
        let path = path ?? ""
        let isPlain = !path.isEmpty && !path.hasPrefix("-") && path.unicodeScalars.allSatisfy {
            $0.properties.isAlphabetic || ("0"..."9").contains($0) || "/._-+".unicodeScalars.contains($0)
        }
        let file = isPlain ? path : "FILE"
        var prefix = file.hasSuffix("/checkpoint") || file == "checkpoint" ? folder(of: file) : file
        if prefix.hasSuffix(".index") { prefix = String(prefix.dropLast(6)) }
        if let range = prefix.firstRange(of: ".data-0") { prefix = String(prefix[..<range.lowerBound]) }
        return hint.replacing("{file}", with: file).replacing("{stem}", with: stem(of: file))
            .replacing("{prefix}", with: prefix)
    }

    private static func stem(of path: String) -> String {
        let path = path.hasSuffix(".tar") ? path.dropLast(4) : path[...]
        let name = path.lastIndex(of: "/").map { path.index(after: $0) } ?? path.startIndex
        guard let dot = path[name...].lastIndex(of: "."), dot > name else { return String(path) }
        return String(path[..<dot])
    }

    // MARK: What to do

    static let unfinished = "the download or copy did not finish; fetch the file again"
    static let unpack = "unpack it first"
    static let exportOriginal = "export the original model as ONNX"
    static let exportSavedModel = "python -m tf2onnx.convert --saved-model {file} --output model.onnx"
    static let exportKerasFolder =
        "with tf_keras: python -c \"import tf_keras; tf_keras.models.load_model('{file}').save('model.h5')\""
    static let exportCheckpoint =
        "python -c \"import tensorflow as t, numpy as n; r = t.train.load_checkpoint('{prefix}'); "
        + "v = {k: r.get_tensor(k) for k in r.get_variable_to_shape_map()}; "
        + "n.savez('checkpoint.npz', **{k: a for k, a in v.items() if isinstance(a, n.ndarray)})\""

    /// The line that turns a PyTorch checkpoint into safetensors. `load` gives `d`, a state dictionary.
    static func exportPyTorch(_ load: String) -> String {
        "python -c \"import torch, safetensors.torch as s; \(load); "
            + "s.save_file({k: v.clone().contiguous() for k, v in d.items() if torch.is_tensor(v)}, "
            + "'{stem}.safetensors')\""
    }

    static let loadStateDictionary =
        "d = torch.load('{file}', map_location='cpu', weights_only=True); d = d.get('state_dict', d)"
    static let loadModule = "d = torch.load('{file}', map_location='cpu', weights_only=False).state_dict()"
    static let ifTrusted = "if you trust where it comes from: "

    // MARK: Signatures

    private struct Magic: Sendable {
        var name: String
        var hint: String?
        var offset: Int
        var bytes: [UInt8]

        init(_ name: String, hint: String?, at offset: Int = 0, _ bytes: [UInt8]) {
            (self.name, self.hint, self.offset, self.bytes) = (name, hint, offset, bytes)
        }

        func matches(_ head: [UInt8]) -> Bool { head.dropFirst(offset).starts(with: bytes) }
    }

    private static let magics: [Magic] = [
        Magic("a gzip archive", hint: unpack, [0x1F, 0x8B]),
        Magic("a bzip2 archive", hint: unpack, Array("BZh".utf8)),
        Magic("an xz archive", hint: unpack, [0xFD, 0x37, 0x7A, 0x58, 0x5A, 0x00]),
        Magic("a zstd archive", hint: unpack, [0x28, 0xB5, 0x2F, 0xFD]),
        Magic("a 7-Zip archive", hint: unpack, [0x37, 0x7A, 0xBC, 0xAF, 0x27, 0x1C]),
        Magic("a RAR archive", hint: unpack, Array("Rar!".utf8)),
        Magic("a tar archive", hint: unpack, at: 257, Array("ustar".utf8)),
        Magic("a NumPy array", hint: "models are .onnx, .h5, .keras or .skiff files", [0x93] + Array("NUMPY".utf8)),
        Magic("a TensorFlow Lite model", hint: "python -m tf2onnx.convert --tflite {file} --output {stem}.onnx",
            at: 4, Array("TFL3".utf8)),
        // The magic number of a list of arrays, and its reserved word.
        Magic("an MXNet parameter file", hint: "python -c \"import mxnet; mxnet.onnx.export_model("
            + "'SYMBOL.json', '{file}', [(1, 3, 224, 224)], 'float32', 'model.onnx')\"",
            [0x12, 0x01, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]),
        Magic("a MATLAB file", hint: "load it with scipy.io.loadmat and save its arrays with numpy.savez",
            Array("MATLAB ".utf8)),
        Magic("a GGUF file", hint: nil, Array("GGUF".utf8)),
        Magic("a Windows program", hint: nil, Array("MZ".utf8)),
        Magic("a program", hint: nil, [0x7F] + Array("ELF".utf8)),
        Magic("a PNG image", hint: nil, [0x89] + Array("PNG".utf8)),
        Magic("a JPEG image", hint: nil, [0xFF, 0xD8, 0xFF]),
        Magic("a PDF document", hint: nil, Array("%PDF".utf8)),
    ]

    /// TensorFlow's checkpoints, and the indexes of those in parts, are tables that end with LevelDB's magic number.
    private static func isTable(_ storage: Storage) -> Bool {
        let end = storage.byteCount
        return end >= 48
            && (try? storage.bytes(in: end - 8..<end)) == [0x57, 0xFB, 0x80, 0x8B, 0x24, 0x75, 0x47, 0xDB]
    }

    /// Raw numbers have no mark; what lies beside them says what they are.
    private static func siblingKind(_ storage: Storage) -> Lookalike? {
        guard let path = storage.path else { return nil }
        if let range = path.firstRange(of: ".data-0000"), path[range.upperBound...].contains("-of-") {
            return Lookalike("a part of a TensorFlow checkpoint", hint: exportCheckpoint)
        }
        guard path.hasSuffix(".bin"), let text = try? Storage(mapping: path.dropLast(4) + ".xml"),
            let head = try? text.bytes(in: 0..<min(512, text.byteCount)),
            String(decoding: head, as: UTF8.self).contains("<net ")
        else { return nil }
        return Lookalike("the weights of an OpenVINO model", hint: exportOriginal)
    }
}
