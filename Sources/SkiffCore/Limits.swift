/// Named limits on what an input file may ask for. A message that refuses by a limit names it.
public enum Limits {
    /// Rank of a tensor: NumPy allows 64, ONNX sets no limit, networks use at most 8.
    public static let rank = 16
    /// Extent of one axis, in elements.
    public static let extent = 1 << 40
    /// Bytes of one tensor's payload.
    public static let tensorBytes = 1 << 42
    /// Nesting of messages, groups and nested models.
    public static let nesting = 64
    /// Nesting of arrays and objects in one JSON text; a nested Keras model takes about five levels.
    public static let jsonNesting = 256
    /// Nodes of one graph.
    public static let nodes = 1 << 20
    /// Tensors of one file.
    public static let tensors = 1 << 20
    /// Payloads of one protobuf file: a tensor has one, unless its elements were written one by one.
    public static let payloads = 4 << 20
    /// Fields of a protobuf file that its schema does not know.
    public static let unknownFields = 1 << 18
    /// Length of one name, in bytes.
    public static let nameBytes = 1 << 16
    /// JSON text, in bytes: configurations of the largest networks have a few million, and safetensors allows its
    /// headers a hundred.
    public static let jsonBytes = 100_000_000
    /// Header of a safetensors file, in bytes; the format's own limit.
    public static let safetensorsHeaderBytes = 100_000_000
    /// Files of one sharded checkpoint.
    public static let shards = 1 << 12
    /// JSON values in one text.
    public static let jsonValues = 4 << 20
    /// Entries of a zip archive.
    public static let zipEntries = 1 << 16
    /// Bytes of an archive's member up to which opening the archive checks its checksum.
    public static let checkedAtOpeningBytes = 64 << 20
    /// Bytes that a file's structure without payloads may take when it is parsed.
    public static let structureBytes = 256 << 20
    /// Pixels of one image: a camera's largest have a hundred million.
    public static let imagePixels = 1 << 28
    /// Groups, datasets and attributes of one HDF5 file.
    public static let hdf5Objects = 1 << 18
    /// Chunks of one HDF5 dataset.
    public static let hdf5Chunks = 1 << 13
    /// Steps taken to list chunks of all datasets of one HDF5 file: the square of each dataset's number.
    public static let hdf5ChunkSteps = 1 << 28
    /// Files that the weights of one model are spread over.
    public static let weightShards = 1 << 10
    /// Bytes of compressed tensors of one file, decoded.
    public static let decodedBytes = 8 << 30
    /// Bytes of compressed tensors of one file that are decoded into memory; the rest goes to a temporary file.
    public static let decodedInMemoryBytes = 16 << 20
    /// Bytes one evaluation may hold in values at a time, unless the caller sets another budget.
    public static let evaluationBytes = 16 << 30
}
