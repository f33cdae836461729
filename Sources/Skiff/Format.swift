public import SkiffCore
internal import SkiffFormat
internal import SkiffGraph

/// One kind of model file: how it is told by its bytes, read and written.
public struct Format: Sendable {
    /// Skiff's spelling, in `--json`.
    public var identifier: String
    /// What people call it.
    public var name: String
    /// Extensions without the dot, the usual one first. Reading never looks at them.
    public var extensions: [String]
    /// Whether files of this format hold weights without an architecture.
    public var isWeightsOnly = false
    /// Whether a file is of this kind, by its bytes.
    var recognizes: @Sendable (Storage) -> Bool
    /// Reads a file; the folder is where external data may lie.
    var read: @Sendable (_ storage: Storage, _ folder: String) throws -> Graph
    /// Reads a file's weights without its architecture; `nil` where the format does not part the two.
    var readWeights: (@Sendable (_ storage: Storage, _ folder: String) throws -> WeightSet)?
    /// Writes a file, atomically, telling what part of it is written; `sources` are the files that the graph was read
    /// from, the model's own first. `nil` where Skiff only reads the format.
    var write: Write?

    typealias Write = @Sendable (
        _ graph: Graph, _ path: String, _ sources: [Storage], _ options: WriteOptions,
        _ progress: (@Sendable (Double) -> Void)?
    ) throws -> WriteReport

    /// Checks the payloads against checksums that the format keeps; `nil` where it keeps none, or checks them when
    /// it reads.
    var verifyPayloads: (@Sendable (_ storage: Storage, _ progress: (@Sendable (Double) -> Void)?) throws -> Void)?

    /// What the file says of its sources, its writing and each weight; `nil` for formats that say nothing.
    var provenance: (@Sendable (_ storage: Storage) throws -> (Provenance, [StoredTensor]))?

    /// For formats that hold weights without an architecture: the first thing in which a written file is not the
    /// graph's weights, in words; `nil` where it is. `nil` itself for formats that hold graphs.
    var weightsDifference: (@Sendable (_ storage: Storage, _ graph: Graph) throws -> String?)?

    /// Checks a file for what its graph does not tell of; the graph is `nil` where the reader refuses the file. `nil`
    /// for formats that have nothing to add.
    var lint: (@Sendable (_ storage: Storage, _ folder: String, _ graph: Graph?) throws -> FormatFindings)?

    public var isWritable: Bool { write != nil }
    /// Whether files hold checksums of their weights.
    public var keepsChecksums: Bool { verifyPayloads != nil }
}
