public import SkiffCore
public import SkiffGraph

/// What has to be known of a run to check another one by it: how its inputs were made, and a ``Sketch`` of each value.
///
/// Some hundred bytes per value, whatever their sizes. Docs/Capsule.md defines the file.
public struct Capsule: Sendable {
    public struct Input: Sendable {
        public enum Source: Sendable {
            /// ``SeededInput`` made it, for the input of that position, in ``Input/shape``.
            case seeded(seed: UInt64, position: Int)
            /// Its elements, in ``Input/shape``.
            case tensor(Tensor)
        }

        public var name: String
        public var elementType: ElementType
        /// In the order of axes of the model that the capsule was made of.
        public var shape: Shape
        /// Axis `i` of the canonical order is axis `axes[i]`; `nil` where both are the same.
        public var axes: [Int]?
        public var source: Source

        /// The elements in ``shape``.
        /// - Throws: ``CoreError`` where there is no memory for them.
        public func tensor() throws(CoreError) -> Tensor {
            switch source {
            case .tensor(let tensor): tensor
            case .seeded(let seed, let position):
                try SeededInput(seed: seed).tensor(forInput: position, elementType: elementType, shape: shape)
            }
        }
    }

    public struct Value: Sendable {
        public var role: ValueParity.Role
        public var name: String
        public var elementType: ElementType
        public var shape: Shape
        /// As ``Input/axes``.
        public var axes: [Int]?
        public var sketch: Sketch

        /// The shape in canonical order.
        public var canonicalShape: Shape { axes?.map { shape[$0] } ?? shape }
    }

    /// What it was made of, in words: the name of a file.
    public var source: String
    /// What computed the values, in words.
    public var producer: String
    public var inputs: [Input] = []
    /// Outputs in the model's order, then other values in the order they are computed.
    public var values: [Value] = []

    public init(source: String, producer: String) {
        self.source = source
        self.producer = producer
    }

    /// The sketches of everything in a recording that `graph` has a value for.
    /// - Parameter seeds: inputs that ``SeededInput`` makes of one of these are kept as that, others as they are.
    /// - Throws: ``VerifyError`` where an input of the graph is not recorded, or arrays are not of numbers.
    public init(
        of recording: Recording, for graph: Graph, producer: String, seeds: [UInt64] = [0], threads: Int? = nil
    ) throws(VerifyError) {
        self.init(source: recording.name, producer: producer)
        let trace = LayoutTrace(graph)
        try addInputs(recording.inputs, graph, trace, seeds)
        var named: [String: ValueID] = [:]
        for id in graph.valueIDs where !graph[id].name.isEmpty && graph[id].tensor == nil { named[graph[id].name] = id }
        var drafts: [(role: ValueParity.Role, name: String, id: ValueID, tensor: Tensor)] = []
        let outputs = recording.outputs.map(\.name)
        let own = graph.outputs.map(\.name)
        let pairs = Pairing(own, outputs)?.pairs ?? Pairing.common(own, outputs)
        for pair in pairs {
            drafts.append((
                .output, own[pair.left], graph.outputs[pair.left].value, recording.outputs[pair.right].tensor))
        }
        let seen = Set(drafts.map(\.id))
        for entry in recording.values {
            guard let id = named[entry.name], graph.producer(of: id) != nil, !seen.contains(id) else { continue }
            drafts.append((.intermediate, entry.name, id, entry.tensor))
        }
        try addValues(drafts, graph, trace, threads)
    }

    private mutating func addInputs(
        _ recorded: [Recording.Entry], _ graph: Graph, _ trace: LayoutTrace, _ seeds: [UInt64]
    ) throws(VerifyError) {
        let names = graph.inputs.map { graph[$0].name }
        let pairs = Pairing(names, recorded.map(\.name))?.pairs ?? Pairing.common(names, recorded.map(\.name))
        for pair in pairs {
            let tensor = recorded[pair.right].tensor
            let id = graph.inputs[pair.left]
            var axes = trace.canonicalAxes(ofInput: id, rank: tensor.shape.count)
            axes = Self.axes(axes, recorded: tensor.shape, declared: graph[id].fact?.shape)
            let seed = seeds.first { Self.isSeeded(tensor, $0, pair.left) }
            let source = seed.map { Input.Source.seeded(seed: $0, position: pair.left) } ?? .tensor(tensor)
            inputs.append(Input(
                name: names[pair.left], elementType: tensor.elementType, shape: tensor.shape, axes: axes,
                source: source))
        }
    }

    private mutating func addValues(
        _ drafts: [(role: ValueParity.Role, name: String, id: ValueID, tensor: Tensor)], _ graph: Graph,
        _ trace: LayoutTrace, _ threads: Int?
    ) throws(VerifyError) {
        let axes = drafts.map { draft in
            Self.axes(
                trace.canonicalAxes(of: draft.id, rank: draft.tensor.shape.count), recorded: draft.tensor.shape,
                declared: graph[draft.id].fact?.shape)
        }
        let tensors = drafts.map(\.tensor)
        let sketches: [Sketch]
        do throws(CoreError) {
            sketches = try Sketch.all(tensors, axes: axes, threads: threads)
        } catch {
            throw VerifyError(error)
        }
        for (position, draft) in drafts.enumerated() {
            values.append(Value(
                role: draft.role, name: draft.name, elementType: draft.tensor.elementType, shape: draft.tensor.shape,
                axes: axes[position], sketch: sketches[position]))
        }
    }

    /// The canonical axes of an array that was recorded in the other layout than the graph's.
    private static func axes(_ axes: [Int]?, recorded: Shape, declared: SymbolicShape?) -> [Int]? {
        guard let declared, !declared.accepts(recorded),
            let turn = Permutation.only(from: recorded, into: declared)
        else { return axes }
        let turned = axes?.map { turn.axes[$0] } ?? turn.axes
        return turned == Array(recorded.indices) ? nil : turned
    }

    /// Whether the tensor is what ``SeededInput`` makes of `seed`.
    private static func isSeeded(_ tensor: Tensor, _ seed: UInt64, _ position: Int) -> Bool {
        guard let made = try? SeededInput(seed: seed).tensor(
            forInput: position, elementType: tensor.elementType, shape: tensor.shape),
            let left = try? made.doubles(), let right = try? tensor.doubles()
        else { return false }
        return left == right
    }
}

extension Sketch {
    /// The sketches of several tensors, on several threads.
    /// - Throws: ``CoreError`` as ``init(of:axes:)``, for the first tensor that it refuses.
    public static func all(_ tensors: [Tensor], axes: [[Int]?], threads: Int? = nil) throws(CoreError) -> [Sketch] {
        let made = SharedArray([Sketch?](repeating: nil, count: tensors.count))
        try concurrently(tensors.count, workers: threads) { index throws(CoreError) in
            made[index] = try Sketch(of: tensors[index], axes: axes[index])
        }
        return made.elements.compactMap { $0 }
    }
}
