public import SkiffGraph

/// Where a file's network comes from, and who wrote the file.
public struct Provenance: Hashable, Sendable {
    /// What the graph itself carries: source format and files, producer, opset and the like.
    public var metadata: GraphMetadata
    /// The program that wrote the file.
    public var tool: String
    /// What the writer proved of the file before it gave it its name; `nil` where it was told not to.
    public var parity: String?
    /// What was measured of the file: the budget that encodings were chosen for, how far outputs moved, on what.
    public var measurements: [GraphMetadata.Entry]

    public init(
        metadata: GraphMetadata = GraphMetadata(), tool: String = "skiff", parity: String? = nil,
        measurements: [GraphMetadata.Entry] = []
    ) {
        self.metadata = metadata
        self.tool = tool
        self.parity = parity
        self.measurements = measurements
    }
}
