import Skiff

extension MutantMaker {
    func normalizationMutants() throws -> [Mutant] {
        let normalizations = nodes { node -> BatchNormalization? in
            if case .batchNormalization(let normalization) = node.operator { normalization } else { nil }
        }
        var mutants: [Mutant] = []
        for (id, normalization) in spread(normalizations) {
            mutants += epsilonMutants(id, normalization)
            var training = normalization
            training.isTraining = true
            mutants.append(
                Mutant(
                    .batchStatistics, "the batch's moments", edit(id, .batchNormalization(training)), [id],
                    Expectation(.batchStatistics), reverse: Expectation(.batchStatistics)))
            mutants += missingInputs(id, [(1, "gamma", .missingScale), (2, "beta", .missingOffset)])
            mutants += try exchangedInputs(id)
        }
        let biased = nodes { node -> Bool? in
            switch node.operator {
            case .convolution, .dense, .gemm: node.inputs.count > 2 && node.inputs[2] != nil ? true : nil
            default: nil
            }
        }
        for (id, _) in spread(biased) { mutants += missingInputs(id, [(2, "bias", .missingBias)]) }
        return mutants
    }

    private func epsilonMutants(_ id: NodeID, _ normalization: BatchNormalization) -> [Mutant] {
        let own = normalization.epsilon
        let conventional: [Float] = [1e-3, 1e-4, 1e-5, 1.001e-5]
        return (conventional + [own * 1.1, own * 1.001]).filter { abs($0 - own) > 1e-6 * own }.map { epsilon in
            var changed = normalization
            changed.epsilon = epsilon
            func setting(_ epsilon: Float, _ other: Float) -> Setting {
                .number(Double(epsilon), within: 0.2 * Double(abs(epsilon - other)))
            }
            let isConventional = conventional.contains(epsilon)
            return Mutant(
                .epsilon, "epsilon \(epsilon) for \(own)", edit(id, .batchNormalization(changed)), [id],
                Expectation(.epsilon, setting(own, epsilon)),
                reverse: isConventional ? Expectation(.epsilon, setting(epsilon, own)) : nil, truthful: [.epsilon])
        }
    }

    /// Left out, an input is nowhere in the candidate, and no experiment brings it back; the other way round the
    /// candidate can try to do without.
    private func missingInputs(_ id: NodeID, _ inputs: [(Int, String, Explanation.Kind)]) -> [Mutant] {
        inputs.compactMap { position, name, kind in
            guard graph[id].inputs.indices.contains(position), graph[id].inputs[position] != nil else { return nil }
            var edit = GraphEdit()
            edit.droppedInputs[id] = [position]
            return Mutant(
                .missingAffine, "\(name) missing", edit, [id], nil, reverse: Expectation(kind),
                truthful: [kind, .changedWeight])
        }
    }

    /// Gamma and variance exchanged, and beta and mean: they have one shape.
    private func exchangedInputs(_ id: NodeID) throws -> [Mutant] {
        try [(1, 4, "gamma and variance"), (2, 3, "beta and mean")].compactMap { one, other, name in
            guard let first = weight(id, one), let second = weight(id, other) else { return nil }
            // A negative variance is no network.
            if one == 1, try first.floats().contains(where: { $0 <= 0 }) { return nil }
            var edit = GraphEdit()
            edit.replace(graph, id, one, second, readers: specimen.readers)
            edit.replace(graph, id, other, first, readers: specimen.readers)
            return Mutant(
                .swappedWeights, "\(name) exchanged", edit, [id], Expectation(.swappedWeights),
                reverse: Expectation(.swappedWeights))
        }
    }
}
