internal import SkiffONNX

/// Arrays in a file: `.npy`, `.npz`, or one ONNX tensor (`input_0.pb`). The bytes tell which.
public enum ArrayFile: Sendable {
    /// One array; the name is empty except in an ONNX tensor that bears one.
    case single(name: String, Tensor)
    /// The members of an archive, in its order.
    case archive([(name: String, tensor: Tensor)])

    /// - Throws: ``SkiffError`` with the file and member in its place.
    public init(contentsOf path: String) throws(SkiffError) {
        self = try located(Place(file: path)) {
            let storage = try Storage(mapping: path)
            let head = try storage.bytes(in: 0..<min(8, storage.byteCount))
            if NPY.recognizes(head) { return .single(name: "", try NPY.read(storage)) }
            if ZipArchive.recognizes(head) {
                return .archive(try NPZ(storage).entries.map { ($0.name, $0.tensor) })
            }
            if storage.byteCount > 0, let lookalike = Lookalike.recognized(storage) {
                throw SkiffError(.lookalike(lookalike))
            }
            return try Self.onnxTensor(storage)
        }
    }

    /// Whether the file at `path` is an archive of arrays and nothing else.
    public static func isArchive(_ path: String) -> Bool {
        guard let storage = try? Storage(mapping: path),
            let head = try? storage.bytes(in: 0..<min(8, storage.byteCount)), ZipArchive.recognizes(head)
        else { return false }
        return isArchive(storage)
    }

    static func isArchive(_ storage: Storage) -> Bool {
        guard let archive = try? ZipArchive(storage: storage, naming: .labels) else { return false }
        let files = archive.members.filter { !$0.isFolder }
        return !files.isEmpty && files.allSatisfy { $0.name.hasSuffix(".npy") }
    }

    private static func onnxTensor(_ storage: Storage) throws -> ArrayFile {
        do throws(ONNXError) {
            let (name, tensor) = try ONNXTensorFile.read(storage: storage)
            return .single(name: name, tensor)
        } catch {
            guard case .notThisFormat = error.reason else { throw error }
            throw SkiffError(.arrays("is no array file", hint: "arrays are .npy, .npz or ONNX tensor files"))
        }
    }
}
