import Skiff

extension MutantMaker {
    func poolMutants() -> [Mutant] {
        let pools = nodes { node -> Pooling? in if case .pooling(let pooling) = node.operator { pooling } else { nil } }
        var mutants: [Mutant] = []
        for (id, pooling) in spread(pools) {
            var ceiled = pooling
            ceiled.ceilMode.toggle()
            mutants.append(
                Mutant(
                    .ceilMode, "ceil mode \(ceiled.ceilMode)", edit(id, .pooling(ceiled)), [id],
                    Expectation(.ceilMode), reverse: Expectation(.ceilMode)))
            if case .average(let counts) = pooling.kind {
                var counted = pooling
                counted.kind = .average(countsPadding: !counts)
                mutants.append(
                    Mutant(
                        .countIncludePadding, "padding counted: \(!counts)", edit(id, .pooling(counted)), [id],
                        Expectation(.countIncludePadding), reverse: Expectation(.countIncludePadding)))
            }
            if case .maximum = pooling.kind, let mutant = zeroPaddedPool(id, pooling) { mutants.append(mutant) }
        }
        return mutants + infinitePads()
    }

    /// A maximum pool over a map that is padded with zeros, where the pool's own padding never wins.
    private func zeroPaddedPool(_ id: NodeID, _ pooling: Pooling) -> Mutant? {
        guard let shape = shape(id) else { return nil }
        let rank = shape.count
        var pads = [Int](repeating: 0, count: 2 * rank)
        for (axis, kernel) in pooling.kernel.enumerated() {
            let position = pooling.layout.firstSpatialAxis + axis
            let padding = pooling.window.resolvedPadding(axis: axis, extent: shape[position], kernel: kernel)
            pads[position] = padding.before
            pads[position + rank] = padding.after
        }
        guard pads.contains(where: { $0 > 0 }) else { return nil }
        var valid = pooling
        valid.window.padding = .valid
        var edit = edit(id, .pooling(valid))
        edit.before[id] = [
            .init(name: "\(graph.displayName(of: id))/pad", operator: .pad(Pad(mode: .constant, pads: pads)))
        ]
        return Mutant(
            .poolPaddingValue, "zeros for −∞", edit, [id], Expectation(.poolPaddingValue),
            reverse: Expectation(.poolPaddingValue))
    }

    /// A padding layer in front of a maximum pool that pads with −∞ instead of zeros.
    private func infinitePads() -> [Mutant] {
        let pads = nodes { node -> Pad? in
            guard case .pad(let pad) = node.operator, pad.value == 0, pad.mode == .constant, node.inputs.count < 3,
                case let output? = node.outputs.first, let reader = specimen.readers[output.index].first,
                case .pooling(let pooling) = graph[reader].operator, pooling.kind == .maximum
            else { return nil }
            return pad
        }
        return spread(pads, 1).map { id, pad in
            var infinite = pad
            infinite.value = -.infinity
            return Mutant(
                .poolPaddingValue, "−∞ for zeros", edit(id, .pad(infinite)), [id], Expectation(.poolPaddingValue),
                reverse: nil, truthful: [.poolPaddingValue])
        }
    }
}
