internal import SkiffCore
internal import SkiffEngine
internal import SkiffGraph

/// Runs a piece and changed copies of it in Double, no more of them than what a change reaches.
struct PieceRunner {
    let region: Region
    let reference: [Double]
    let shape: Shape
    /// The piece's own values in Double by name, without those that would take too much memory.
    private let values: [String: Tensor]
    let output: [Double]
    let outputShape: Shape

    /// Elements of values that are kept between experiments.
    private static let keptElements = 1 << 24

    /// - Throws: ``EngineError``, ``CoreError`` where the piece cannot be run.
    init(_ region: Region) throws {
        self.region = region
        reference = try region.reference.doubles()
        shape = region.reference.shape
        let evaluator = try Evaluator(region.graph, threads: region.threads)
        var kept: [String: Tensor] = [:]
        var elements = 0
        var last: Tensor?
        let target = region.graph.outputs.first?.value
        try evaluator.run(region.given, precision: .double, observing: .all) { id, tensor in
            if id == target { last = tensor }
            elements += tensor.elementCount
            if elements <= Self.keptElements { kept[region.graph[id].name] = tensor }
        }
        for (name, tensor) in region.given { kept[name] = tensor }
        kept[""] = nil
        guard let last else { throw EngineError(.operand("the piece has no output")) }
        values = kept
        output = try last.doubles()
        outputShape = last.shape
    }

    /// The piece's own value in Double; `nil` where it is not kept.
    func value(_ id: ValueID) -> [Double]? { try? values[region.graph[id].name]?.doubles() }

    /// What a changed copy computes, in Double.
    /// - Throws: ``GraphError`` where the change does not fit, ``EngineError`` where the copy cannot be run.
    func output(of edit: Edit) throws -> (elements: [Double], shape: Shape) {
        let changed = try edit.applied(to: region.graph)
        guard let output = changed.outputs.first?.value else { throw EngineError(.operand("the piece has no output")) }
        let dirty = dirtyNames(edit)
        var given: [ValueID: Tensor] = [:]
        for id in changed.valueIDs where changed[id].tensor == nil {
            let name = changed[id].name
            if let tensor = values[name], !dirty.contains(name) { given[id] = tensor }
        }
        guard given[output] == nil else { return (self.output, outputShape) }
        let rest = try Region(
            of: changed, output: output, given: given, reference: region.reference, policy: region.policy,
            threads: region.threads)
        let tensor = try rest.output(.double)
        return (try tensor.doubles(), tensor.shape)
    }

    /// Names of the values that a change may reach.
    private func dirtyNames(_ edit: Edit) -> Set<String> {
        let graph = region.graph
        let touched = edit.touched
        var changedInputs: Set<ValueID> = []
        for position in edit.ahead.keys where graph.inputs.indices.contains(position) {
            changedInputs.insert(graph.inputs[position])
        }
        var dirty: Set<ValueID> = []
        for id in graph.nodeIDs {
            let isReached = touched.contains(id)
                || graph[id].inputs.contains { $0.map { dirty.contains($0) || changedInputs.contains($0) } ?? false }
            if isReached { dirty.formUnion(graph[id].outputs) }
        }
        return Set(dirty.map { graph[$0].name })
    }

    /// The same piece on the one sample whose output is furthest off; `nil` where samples cannot be told apart.
    func sampled() -> PieceRunner? {
        guard let count = shape.first, count > 1, outputShape == shape, output.count == reference.count else { return nil }
        let length = reference.count / count
        guard length > 0 else { return nil }
        let errors = (0..<count).map { sample in
            (sample * length..<(sample + 1) * length).reduce(0.0) { sum, index in
                let error = output[index] - reference[index]
                return sum + (error.isFinite ? error * error : 1e30)
            }
        }
        let sample = errors.indices.max { errors[$0] < errors[$1] } ?? 0
        var given: [ValueID: Tensor] = [:]
        for id in region.graph.inputs {
            guard let tensor = region.given[region.graph[id].name] else { return nil }
            given[id] = tensor.shape.first == count ? tensor.sample(sample) : tensor
        }
        guard let target = region.graph.outputs.first?.value, let own = region.reference.sample(sample),
            let small = try? Region(
                of: region.graph, output: target, given: given, reference: own, policy: region.policy,
                threads: region.threads),
            small.graph.nodes.count == region.graph.nodes.count,
            small.graph.inputs.count == region.graph.inputs.count, let runner = try? PieceRunner(small)
        else { return nil }
        // A piece that mixes samples computes something else for one of them.
        let expected = output[sample * length..<(sample + 1) * length]
        guard runner.output.count == length else { return nil }
        let largest = expected.reduce(0.0) { max($0, $1.isFinite ? abs($1) : 0) }
        for (left, right) in zip(runner.output, expected) where abs(left - right) > 1e-12 * largest { return nil }
        return runner
    }
}

extension Tensor {
    /// Sample `index` along axis 0, with an axis of one left for it.
    func sample(_ index: Int) -> Tensor? {
        guard let count = shape.first, (0..<count).contains(index), byteRange.count % count == 0 else { return nil }
        let length = byteRange.count / count
        let start = byteRange.lowerBound + index * length
        return try? Tensor(
            elementType: elementType, shape: [1] + shape.dropFirst(), storage: storage,
            byteRange: start..<start + length, byteOrder: byteOrder)
    }
}
