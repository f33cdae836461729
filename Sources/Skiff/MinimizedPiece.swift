/// What ``writeMinimized(_:layer:to:candidate:reference:)`` wrote: a piece of a network that goes wrong by itself.
public struct MinimizedPiece: Sendable {
    /// `model.onnx`, `test_data_set_0/input_0.pb`, … in the folder, in the order they were written.
    public var files: [String]
    /// Nodes of the piece.
    public var nodes: Int
    /// The one sample that is left of a batch; `nil` where all of it was needed.
    public var sample: Int?
    /// Whether the written files, read again, still do not agree.
    public var failsByItself: Bool
}

/// Writes a guilty layer as ONNX lays out test data, ready for a bug report: `model.onnx` with the layer alone,
/// `test_data_set_0/input_0.pb` and so on with its inputs as the reference has them, `output_0.pb` with the
/// reference's value, beside it `skiff_output_0.pb` with what this model makes of the inputs, and `README.txt`.
///
/// Of a batch one sample is kept where one shows the difference. The folder is made where it is not there; one that
/// holds other files than an earlier piece is refused.
/// - Parameters:
///   - region: The piece (``Region``).
///   - layer: What was found there.
///   - candidate: The model's file, for the text.
///   - reference: The reference's file, for the text.
/// - Throws: ``SkiffError`` where the folder cannot be used, the piece cannot be run, or ONNX cannot say it.
public func writeMinimized(
    _ region: Region, layer: GuiltyLayer, to folder: String, candidate: String? = nil, reference: String? = nil
) throws(SkiffError) -> MinimizedPiece {
    let piece = try located { try SmallPiece(region) }
    let (smallest, sample) = piece.cutToSample(first: layer.judgement.comparison.worst?.index.first)
    let own = try located { try smallest.region().output(.reference) }
    let target = try PieceFolder(folder)
    try located {
        for (position, id) in smallest.graph.inputs.enumerated() {
            let name = smallest.graph[id].name
            guard let tensor = smallest.given[name] else { continue }
            try target.write(tensor, name, "input_\(position).pb")
        }
        let output = smallest.graph.outputs.first?.name ?? ""
        try target.write(smallest.reference, output, "output_0.pb")
        try target.write(own, output, "skiff_output_0.pb")
        try target.write(smallest.graph)
    }
    var verifier = Verifier()
    verifier.policy = region.policy
    let written = try Model(contentsOf: folder)
    let report = try verify(written, againstRecording: folder, using: verifier)
    let text = MinimizedText(
        layer: layer, piece: smallest, sample: sample, folder: folder, candidate: candidate, reference: reference,
        failsByItself: !report.passed)
    try located { try target.write(text.text) }
    return MinimizedPiece(
        files: target.files(inputs: smallest.graph.inputs.count), nodes: smallest.graph.nodes.count, sample: sample,
        failsByItself: !report.passed)
}

/// A region under the names that the candidate has for its values.
struct SmallPiece {
    let graph: Graph
    let given: [String: Tensor]
    let reference: Tensor
    let policy: ParityPolicy
    let threads: Int?

    /// - Throws: ``GraphError``, ``CoreError`` for tensors that are not what the piece declares.
    init(_ region: Region) throws {
        let names = zip(region.graph.values, region.values).map { value, origin in
            let mark = origin.map { "#\($0.index)" } ?? ""
            return value.name.hasSuffix(mark) ? String(value.name.dropLast(mark.count)) : value.name
        }
        var given: [String: Tensor] = [:]
        var facts: [ValueID: Fact] = [:]
        for id in region.graph.inputs {
            guard let tensor = region.given[region.graph[id].name] else { continue }
            let type = region.graph[id].fact?.elementType ?? tensor.elementType
            given[names[id.index]] = try tensor.converted(to: type)
            facts[id] = Fact(type, shape: tensor.shape)
        }
        let graph = try region.graph.renamed(names, facts)
        let type = graph.outputs.first.flatMap { graph[$0.value].fact?.elementType }
        self.init(
            graph, given: given,
            reference: try region.reference.converted(to: type ?? region.reference.elementType), region.policy,
            region.threads)
    }

    private init(
        _ graph: Graph, given: [String: Tensor], reference: Tensor, _ policy: ParityPolicy, _ threads: Int?
    ) {
        self.graph = graph
        self.given = given
        self.reference = reference
        self.policy = policy
        self.threads = threads
    }

    /// What the piece computes, to be run.
    func region() throws(SkiffError) -> Region {
        try located {
            guard let output = graph.outputs.first else { throw GraphError(.noOutputs) }
            var tensors: [ValueID: Tensor] = [:]
            for id in graph.inputs { tensors[id] = given[graph[id].name] }
            return try Region(
                of: graph, output: output.value, given: tensors, reference: reference, policy: policy, threads: threads)
        }
    }

    /// The piece on one sample that shows the difference as the batch does; itself where there is none.
    /// - Parameter first: the sample that is tried first.
    func cutToSample(first: Int?) -> (SmallPiece, sample: Int?) {
        guard let count = reference.shape.first, count > 1, !given.isEmpty,
            given.values.allSatisfy({ $0.shape.first == count })
        else { return (self, nil) }
        let start = first.map { min(max(0, $0), count - 1) } ?? 0
        for sample in [start] + (0..<min(count, 64)).filter({ $0 != start }) {
            if let cut = sliced(to: sample, of: count) { return (cut, sample) }
        }
        return (self, nil)
    }

    /// `nil` where the piece cannot be run on that sample, computes something else of it, or agrees.
    private func sliced(to sample: Int, of count: Int) -> SmallPiece? {
        do {
            var given: [String: Tensor] = [:]
            var facts: [ValueID: Fact] = [:]
            for id in graph.inputs {
                guard let tensor = self.given[graph[id].name] else { continue }
                let slice = try tensor.sample(sample)
                given[graph[id].name] = slice
                facts[id] = Fact(slice.elementType, shape: slice.shape)
            }
            let cut = SmallPiece(
                try graph.renamed(graph.values.map(\.name), facts), given: given,
                reference: try reference.sample(sample), policy, threads)
            let region = try cut.region()
            guard try region.judgement().verdict == .differs else { return nil }
            // A piece that mixes samples (a reshape across the batch) is another piece on one of them.
            let whole = try self.region().output(.float).sample(sample)
            let alone = try region.output(.float)
            return try whole.shape == alone.shape && whole.doubles() == alone.doubles() ? cut : nil
        } catch {
            return nil
        }
    }
}

extension Tensor {
    /// Sample `position` of a batch, as a batch of one.
    fileprivate func sample(_ position: Int) throws(CoreError) -> Tensor {
        guard let count = shape.first, (0..<count).contains(position), byteRange.count % count == 0 else {
            throw CoreError(.malformed("has no sample \(position)"))
        }
        let bytes = byteRange.count / count
        let start = byteRange.lowerBound + position * bytes
        return try Tensor(
            elementType: elementType, shape: [1] + shape.dropFirst(), storage: storage,
            byteRange: start..<start + bytes, byteOrder: byteOrder)
    }

    /// The elements as another type where both are real; itself where they are not, or nothing is to be done.
    fileprivate func converted(to type: ElementType) throws(CoreError) -> Tensor {
        guard type != elementType, elementType.isFloatingPoint else { return self }
        switch type {
        case .float32: return try Tensor(floats: try floats(), shape: shape)
        case .float64: return try Tensor(doubles: try doubles(), shape: shape)
        default: return self
        }
    }
}

extension Graph {
    /// A copy with these names of values, and other facts for inputs.
    fileprivate func renamed(_ names: [String], _ facts: [ValueID: Fact]) throws(GraphError) -> Graph {
        var builder = GraphBuilder(name: name, metadata: metadata)
        let identifiers = valueIDs.map { id in
            names[id.index].isEmpty ? builder.unnamedValue() : builder.value(named: names[id.index])
        }
        for input in inputs { try builder.addInput(names[input.index], facts[input] ?? self[input].fact) }
        for id in weights {
            if let tensor = self[id].tensor { try builder.addWeight(names[id.index], tensor) }
        }
        for node in nodes {
            try builder.addNode(
                node.name, sourceOperator: node.sourceOperator, node.operator,
                inputs: node.inputs.map { $0.map { identifiers[$0.index] } },
                outputs: node.outputs.map { identifiers[$0.index] })
        }
        for output in outputs { builder.addOutput(output.name, identifiers[output.value.index]) }
        return try builder.build()
    }
}
