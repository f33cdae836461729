import Skiff

extension MutantMaker {
    /// Whole tensors: rounded, exchanged, stale, transposed, noisy, and single channels of them.
    func tensorMutants() throws -> [Mutant] {
        let kernels = weightSites(least: 8).filter { $0.tensor.shape.count > 1 }
        var mutants: [Mutant] = []
        for (id, position, tensor) in spread(kernels) {
            mutants += try roundedMutants(id, position, tensor)
            mutants += try channelMutants(id, position, tensor)
            mutants.append(
                Mutant(
                    .noise, "each element × (1 + 1e-3 · normal)",
                    edit(id, position, try tensor.with { elements in
                        var draws = Draws(id.index)
                        for index in elements.indices { elements[index] *= 1 + 1e-3 * draws.normal() }
                    }), [id], nil, reverse: nil, truthful: [.changedWeight]))
        }
        let matrices = kernels.filter { $0.tensor.shape.count == 2 && $0.tensor.shape[0] == $0.tensor.shape[1] }
        for (id, position, tensor) in spread(matrices) {
            mutants.append(
                Mutant(
                    .transposedWeight, "transposed", edit(id, position, try tensor.rearranged { $0.reversed() }), [id],
                    Expectation([.transposedWeight, .kernelAxes]),
                    reverse: Expectation([.transposedWeight, .kernelAxes])))
        }
        return mutants + pairMutants()
    }

    private func roundedMutants(_ id: NodeID, _ position: Int, _ tensor: Tensor) throws -> [Mutant] {
        func mutant(_ words: [String], _ round: (inout [Float]) -> Void) throws -> Mutant {
            Mutant(
                .weightPrecision, words[0], edit(id, position, try tensor.with(round)), [id], nil,
                reverse: Expectation(.weightPrecision, .words(words)), truthful: [.weightPrecision, .changedWeight])
        }
        return [
            try mutant(["float16", "f16", "half"]) { elements in
                for index in elements.indices { elements[index] = floatFromHalf(halfFromFloat(elements[index])) }
            },
            try mutant(["bfloat16", "bf16"]) { elements in
                for index in elements.indices {
                    elements[index] = Float(bitPattern: UInt32(bfloatFromFloat(elements[index])) << 16)
                }
            },
            try mutant(["int8"]) { elements in
                // Symmetric, one scale for the tensor.
                let scale = (elements.map { abs($0) }.max() ?? 0) / 127
                guard scale > 0 else { return }
                for index in elements.indices { elements[index] = (elements[index] / scale).rounded() * scale }
            },
        ]
    }

    /// The axis that counts a weight's output channels.
    private func outputAxis(_ id: NodeID, _ tensor: Tensor) -> Int {
        switch graph[id].operator {
        case .convolution(let convolution): convolution.kernelOrder.axes(rank: tensor.shape.count).output
        case .gemm(let gemm): gemm.transposesB ? 0 : tensor.shape.count - 1
        default: tensor.shape.count - 1
        }
    }

    private func channelMutants(_ id: NodeID, _ position: Int, _ tensor: Tensor) throws -> [Mutant] {
        let axis = outputAxis(id, tensor)
        let channels = tensor.shape[axis]
        guard channels > 1 else { return [] }
        var draws = Draws(id.index + 77)
        let one = draws.below(channels)
        let other = (one + 1 + draws.below(channels - 1)) % channels
        let exchanged = try tensor.rearranged { index in
            var index = index
            if index[axis] == one { index[axis] = other } else if index[axis] == other { index[axis] = one }
            return index
        }
        let stride = tensor.shape.rowMajorStrides[axis]
        let zeroed = try tensor.with { elements in
            for index in elements.indices where index / stride % channels == one { elements[index] = 0 }
        }
        let expected = Expectation([.changedWeight, .swappedWeights, .groupOrder])
        return [
            Mutant(
                .channelsExchanged, "output channels \(one) and \(other) exchanged", edit(id, position, exchanged),
                [id], expected, reverse: expected),
            Mutant(
                .channelZeroed, "output channel \(one) zero", edit(id, position, zeroed), [id], nil, reverse: nil,
                truthful: [.changedWeight]),
        ]
    }

    /// Two weights of one shape exchanged, and one used for both.
    private func pairMutants() -> [Mutant] {
        var byShape: [Shape: [(id: NodeID, position: Int, tensor: Tensor)]] = [:]
        for site in weightSites(least: 2) { byShape[site.tensor.shape, default: []].append(site) }
        var pairs: [((id: NodeID, position: Int, tensor: Tensor), (id: NodeID, position: Int, tensor: Tensor))] = []
        for shape in byShape.keys.sorted(by: { $0.lexicographicallyPrecedes($1) }) {
            // Of one operator and one role, in neighbouring layers.
            let alike = Dictionary(grouping: byShape[shape] ?? []) {
                "\(graph[$0.id].operator.kind.rawValue) \($0.position)"
            }
            for key in alike.keys.sorted() {
                let list = alike[key] ?? []
                for (one, other) in zip(list, list.dropFirst()) where !one.tensor.hasElements(of: other.tensor) {
                    pairs.append((one, other))
                }
            }
        }
        return spread(pairs.sorted { $0.0.id < $1.0.id }, 2 * sites).enumerated().map { number, pair in
            let (one, other) = pair
            var edit = GraphEdit()
            edit.replace(graph, one.id, one.position, other.tensor, readers: specimen.readers)
            let names = "\(graph.displayName(of: one.id)) and \(graph.displayName(of: other.id))"
            guard number % 2 == 0 else {
                return Mutant(
                    .staleWeight, "input \(one.position) of \(names): the latter's for both", edit, [one.id], nil,
                    reverse: Expectation(.swappedWeights), truthful: [.changedWeight])
            }
            edit.replace(graph, other.id, other.position, one.tensor, readers: specimen.readers)
            return Mutant(
                .swappedWeights, "input \(one.position) of \(names) exchanged", edit, [one.id, other.id],
                Expectation(.swappedWeights), reverse: Expectation(.swappedWeights))
        }
    }

    /// Single elements of weights of every kind.
    func elementMutants() throws -> [Mutant] {
        let kernels = weightSites(least: 4).filter { $0.tensor.shape.count > 1 }
        let vectors = weightSites(least: 2).filter { $0.tensor.shape.count == 1 }
        var mutants: [Mutant] = []
        let changes: [(Mutant.Family, @Sendable (Float) -> Float)] = [
            (.oneWeight1001, { $0 * 1.001 }), (.oneWeight101, { $0 * 1.01 }), (.oneWeight2, { $0 * 2 }),
            (.oneWeightSign, { -$0 }), (.oneWeightZero, { _ in 0 }), (.notANumber, { _ in .nan }),
        ]
        for (number, change) in changes.enumerated() {
            for site in spread(kernels) + spread(vectors, min(2, sites)) {
                mutants.append(try elementMutant(site, change.0, change.1, seed: number))
            }
        }
        return mutants
    }

    private func elementMutant(
        _ site: (id: NodeID, position: Int, tensor: Tensor), _ family: Mutant.Family,
        _ change: (Float) -> Float, seed: Int
    ) throws -> Mutant {
        var draws = Draws(site.id.index * 16 + seed)
        let elements = try site.tensor.floats()
        // Of a few, the one that weighs most: weights near zero are another mutant.
        let index = (0..<4).map { _ in draws.below(elements.count) }.max { abs(elements[$0]) < abs(elements[$1]) } ?? 0
        let found = elements[index]
        let changed = change(found)
        func setting(_ value: Float) -> Setting {
            changed.isNaN ? .any : .number(Double(value), within: 0.25 * Double(abs(changed - found)))
        }
        return Mutant(
            family, "input \(site.position), element \(index): \(changed) for \(found)",
            edit(site.id, site.position, try site.tensor.with { $0[index] = changed }), [site.id],
            Expectation(.changedWeight, setting(found)),
            reverse: changed.isNaN ? nil : Expectation(.changedWeight, setting(changed)), truthful: [.changedWeight])
    }
}
