public import SkiffCore
public import SkiffGraph

/// Writes graphs as native files. The same graph, sources and options give the same bytes.
public enum SkiffWriter {
    public struct Options: Sendable {
        public var encodings = EncodingPlan()
        /// Whether the payloads are read back and compared with their digests before the file gets its name.
        public var provesPayloads = true
        /// Whether the call returns only when the medium has the bytes.
        public var isSynchronised = false

        public init() {}
    }

    /// What was written.
    public struct Summary: Hashable, Sendable {
        /// Bytes of the file.
        public var bytes = 0
        /// Weights in it, in the order of the graph's values.
        public var tensors: [TensorSummary] = []

        /// Whether every weight's elements are the source's.
        public var isLossless: Bool { tensors.allSatisfy { !$0.encoding.isLossy } }
    }

    /// How one weight was stored.
    public struct TensorSummary: Hashable, Sendable {
        public var name: String
        public var encoding: Encoding
        /// Bytes of the payload in the file; 0 where another weight has the same.
        public var storedBytes: Int
        /// Bytes of the elements in memory.
        public var elementBytes: Int
        /// Why the tensor is not stored as it was asked to be, in words.
        public var note: String?
    }

    /// Writes `graph` to `path`, atomically. Weights go from where they lie to the file, piece by piece.
    /// - Parameters:
    ///   - provenance: what to note of the writing; its metadata is the graph's, and its parity what was proved.
    ///   - sources: the files that the weights lie in, the model's own first; their checksums are noted.
    ///   - progress: told the bytes worked through so far and those there are, from any thread, one call at a time.
    /// - Throws: ``FormatError`` `notStorable`; the rule that payloads break when they are read back; `core` where
    ///   reading or writing fails.
    @discardableResult
    public static func write(
        _ graph: Graph, to path: String, provenance: Provenance = Provenance(), sources: [Storage] = [],
        options: Options = Options(), progress: (@Sendable (_ done: Int, _ total: Int) -> Void)? = nil
    ) throws(FormatError) -> Summary {
        var provenance = provenance
        provenance.metadata = graph.metadata
        let weights: [PlannedWeight]
        do throws(CoreError) {
            weights = try planWeights(of: graph, options.encodings)
        } catch {
            throw FormatError(error)
        }
        var draft = FileDraft(graph: graph, provenance: provenance, weights: weights, sources: sources)
        try draft.check()
        let total = weights.reduce(0) { $0 + $1.tensor.byteRange.count } * (options.provesPayloads ? 2 : 1)
        let told = Progress(total: total, progress)
        do throws(CoreError) {
            return try atomicWrite(to: path, isSynchronised: options.isSynchronised) { writer throws(CoreError) in
                try draft.write(to: &writer, provesPayloads: options.provesPayloads, told)
            }
        } catch {
            throw FormatError(error)
        }
    }
}
