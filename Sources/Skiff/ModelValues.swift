/// What a run of a model gave.
public struct ModelValues: Sendable {
    /// In the model's order, by output name.
    public var outputs: [(name: String, tensor: Tensor)]
    /// In the order they are computed; outputs are not among them.
    public var intermediates: [(name: String, tensor: Tensor)]
}

extension Model {
    /// Runs the model and gives its outputs in order, with intermediate values on demand.
    /// - Parameter progress: Told what part of the nodes has run, from 0 to 1.
    /// - Throws: ``SkiffError`` as ``run(_:precision:threads:)``.
    public func values(
        _ inputs: [String: Tensor], precision: Precision = .reference, threads: Int? = nil,
        includesIntermediates: Bool = false, progress: (@Sendable (Double) -> Void)? = nil
    ) throws(SkiffError) -> ModelValues {
        try located(Place(file: path)) {
            let values = try Evaluator(graph, threads: threads).run(
                inputs, precision: precision, observing: includesIntermediates ? .all : .outputs
            ) { done, total in progress?(Double(done) / Double(max(total, 1))) }
            let outputs = graph.outputs.unique.compactMap { output in values[output.value].map { (output.name, $0) } }
            var intermediates: [(name: String, tensor: Tensor)] = []
            let isOutput = Set(graph.outputs.map(\.value))
            for node in includesIntermediates ? graph.nodes : [] {
                for id in node.outputs where !isOutput.contains(id) && !graph[id].name.isEmpty {
                    if let tensor = values[id] { intermediates.append((graph[id].name, tensor)) }
                }
            }
            return ModelValues(outputs: outputs, intermediates: intermediates)
        }
    }

    /// Runs the model once in the fast executor and gives its outputs in order.
    /// - Parameter exact: Leaves out algorithms that round more than a direct sum does (Winograd).
    /// - Throws: ``SkiffError`` as ``session(threads:exact:)``, for inputs that do not fit and operators that cannot
    ///   be run.
    public func fastValues(
        _ inputs: [String: Tensor], threads: Int? = nil, exact: Bool = false
    ) throws(SkiffError) -> ModelValues {
        let session = try session(threads: threads, exact: exact, runsOnce: true)
        return try located(Place(file: path)) {
            let results = try session.run(inputs)
            let outputs = graph.outputs.unique.compactMap { output in results[output.name].map { (output.name, $0) } }
            return ModelValues(outputs: outputs, intermediates: [])
        }
    }
}

extension [GraphOutput] {
    /// Without names that stand here before: a model may list one tensor twice.
    fileprivate var unique: [GraphOutput] {
        var names: Set<String> = []
        return filter { names.insert($0.name).inserted }
    }
}
