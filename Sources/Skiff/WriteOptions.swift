internal import SkiffCore
public import SkiffFormat
public import SkiffGraph
internal import SkiffONNX

/// How a model is written, beyond the format that the file's extension says.
public struct WriteOptions: Sendable {
    /// ONNX: the operator set to write for, 9 or later; where it is `nil`, 13, or the first one after it that has all
    /// operators of the network.
    public var opset: Int?
    /// Skiff: how each tensor is stored.
    public var encodings = EncodingPlan()
    /// Skiff: whether payloads are read back and compared with the source's digests before the file gets its name.
    public var provesPayloads = true
    /// Whether writing returns only when the medium has the bytes, so that not even a loss of power leaves a part.
    public var isSynchronised = false
    /// Skiff: what was measured of the network with these encodings, kept in the file.
    public var measurements: [GraphMetadata.Entry] = []

    /// The operator sets that can be asked for.
    public static var opsets: ClosedRange<Int> { ONNXWriter.opsets }

    public init() {}
}

/// What there is to say of a written file.
public struct WriteReport: Sendable {
    /// A line each.
    public var notes: [String]
    /// Skiff: how each weight is stored, in the order of the graph's values.
    public var tensors: [SkiffWriter.TensorSummary]
    /// Whether every payload was read back and compared with its source's digest.
    public var provesPayloads: Bool

    init(notes: [String] = [], tensors: [SkiffWriter.TensorSummary] = [], provesPayloads: Bool = false) {
        self.notes = notes + tensors.compactMap { tensor in
            tensor.note.map { "tensor \"\(escaped(tensor.name))\" \($0)" }
        }
        self.tensors = tensors
        self.provesPayloads = provesPayloads
    }
}
