public import SkiffGraph

/// Where a file's network comes from.
public struct Provenance: Hashable, Sendable {
    /// What the graph itself carries: source format, producer, opset and the like.
    public var metadata: GraphMetadata
    /// The program that wrote the file.
    public var tool: String
    /// Name of the converted file, without folders.
    public var sourceName: String?
    /// SHA-256 of the converted file, 32 bytes.
    public var sourceChecksum: [UInt8]?

    public init(
        metadata: GraphMetadata = GraphMetadata(), tool: String = "skiff", sourceName: String? = nil,
        sourceChecksum: [UInt8]? = nil
    ) {
        self.metadata = metadata
        self.tool = tool
        self.sourceName = sourceName
        self.sourceChecksum = sourceChecksum
    }
}
