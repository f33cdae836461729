extension Model {
    /// Makes the network ready to run fast, again and again.
    ///
    ///     let model = try Model(contentsOf: url)
    ///     let session = try model.session(threads: 2)
    ///     let y = try session.run(["input": x])
    ///
    /// The first run with inputs of some shapes plans for them: batch normalizations are folded, additions and
    /// activations fused, weights packed in the order that kernels read them. ``run(_:precision:threads:)`` runs
    /// the reference evaluator instead, which rounds less and takes longer.
    /// - Parameters:
    ///   - threads: Threads to use; all processors where `nil`. Results do not hang on it.
    ///   - exact: Leaves out algorithms that round more than a direct sum does (Winograd).
    ///   - runsOnce: Plans for one run alone: the first answer is there soonest, and less memory is taken.
    /// - Throws: ``SkiffError`` at the model's path: for a number of threads outside 1 to ``Evaluator/threadLimit``,
    ///   and for a kernel set that `SKIFF_KERNELS` names and this processor does not have.
    public func session(
        threads: Int? = nil, exact: Bool = false, runsOnce: Bool = false
    ) throws(SkiffError) -> Session {
        try located(Place(file: path)) {
            try Session(graph, options: Session.Options(threads: threads, isExact: exact, runsOnce: runsOnce))
        }
    }

    /// Makes up inputs for this network, as the verifier makes them up.
    /// - Parameters:
    ///   - batch: Samples, where the model leaves them open; `nil` for one, or whatever the model declares.
    ///   - shapes: Shapes by input name. Networks rebuilt from weights take images of any size, and get their
    ///     usual one.
    /// - Throws: ``SkiffError`` at the model's path for shapes and batches that the model does not take, and
    ///   inputs that cannot be made up.
    public func madeUpInputs(
        seed: UInt64 = 0, batch: Int? = nil, shapes: [String: Shape] = [:]
    ) throws(SkiffError) -> MadeUpInputs {
        var shapes = shapes
        for input in graph.inputs {
            let name = graph[input].name
            guard let usualExtent, shapes[name] == nil, let declared = graph[input].fact?.shape else { continue }
            shapes[name] = declared.enumerated().map { axis, dimension in
                dimension.fixedValue ?? (axis == 0 ? batch ?? 1 : usualExtent)
            }
        }
        return try located(Place(file: path)) {
            try MadeUpInputs(for: graph, seed: seed, batch: batch, shapes: shapes)
        }
    }
}
