import Skiff

/// A node that slides a window, whatever it computes.
private struct Windowed {
    var window: Window
    var kernel: [Int]
    var layout: Layout
    /// Most padding on one side, exclusive.
    var limit: [Int]
    var replacing: @Sendable (Window) -> Operator
}

extension MutantMaker {
    private func windowed(_ id: NodeID) -> Windowed? {
        switch graph[id].operator {
        case .convolution(let convolution):
            guard let shape = shape(id, input: 1) else { return nil }
            let kernel = convolution.kernelOrder.spatialExtents(shape)
            return Windowed(
                window: convolution.window, kernel: kernel, layout: convolution.layout,
                limit: kernel.map { _ in 16 }
            ) { window in
                var changed = convolution
                changed.window = window
                return .convolution(changed)
            }
        case .pooling(let pooling):
            let spans = zip(pooling.kernel, pooling.window.dilations).map { ($0 - 1) * $1 + 1 }
            return Windowed(window: pooling.window, kernel: pooling.kernel, layout: pooling.layout, limit: spans) {
                window in
                var changed = pooling
                changed.window = window
                return .pooling(changed)
            }
        default: return nil
        }
    }

    /// Elements added before and after each spatial axis.
    private func padding(_ id: NodeID, _ windowed: Windowed) -> (before: [Int], after: [Int])? {
        guard let shape = shape(id) else { return nil }
        let pairs = windowed.kernel.indices.map { axis in
            windowed.window.resolvedPadding(
                axis: axis, extent: shape[windowed.layout.firstSpatialAxis + axis], kernel: windowed.kernel[axis])
        }
        return (pairs.map(\.before), pairs.map(\.after))
    }

    /// Other paddings that give the same number of windows, and one that gives fewer.
    func windowMutants() -> [Mutant] {
        var mutants: [Mutant] = []
        var sites: [(NodeID, Windowed)] = []
        for id in graph.nodeIDs {
            if let windowed = windowed(id), windowed.kernel.contains(where: { $0 > 1 }) { sites.append((id, windowed)) }
        }
        for (id, windowed) in spread(sites, sites.isEmpty ? 0 : self.sites + 2) {
            guard let (before, after) = padding(id, windowed) else { continue }
            var tried: Set<[Int]> = [before + after]
            for (other, otherAfter) in otherPaddings(before, after, windowed) {
                guard tried.insert(other + otherAfter).inserted else { continue }
                mutants.append(
                    paddingMutant(id, windowed, (before, after), (other, otherAfter)))
            }
        }
        return mutants + padMutants()
    }

    private func otherPaddings(
        _ before: [Int], _ after: [Int], _ windowed: Windowed
    ) -> [(before: [Int], after: [Int])] {
        func fits(_ before: [Int], _ after: [Int]) -> Bool {
            before.allSatisfy { $0 >= 0 } && after.allSatisfy { $0 >= 0 }
                && zip(windowed.limit, zip(before, after)).allSatisfy { $1.0 < $0 && $1.1 < $0 }
        }
        var others: [([Int], [Int])] = []
        // Everything moved by one, this way or that; one axis alone; less behind; nothing.
        others.append((before.map { $0 + 1 }, after.map { $0 - 1 }))
        others.append((before.map { $0 - 1 }, after.map { $0 + 1 }))
        if before.count > 1 {
            others.append(
                ([before[0]] + before.dropFirst().map { $0 + 1 }, [after[0]] + after.dropFirst().map { $0 - 1 }))
            others.append(([before[0] + 1] + before.dropFirst(), [after[0] - 1] + after.dropFirst()))
        }
        if windowed.window.strides.contains(where: { $0 > 1 }) {
            others.append((before, after.map { $0 - 1 }))
            others.append((before.map { $0 - 1 }, after))
            others.append((before.map { $0 + 1 }, after))
        }
        return others.filter { fits($0.0, $0.1) }.map { (before: $0.0, after: $0.1) }.prefix(3).map { $0 }
    }

    private func paddingMutant(
        _ id: NodeID, _ windowed: Windowed, _ original: (before: [Int], after: [Int]),
        _ changed: (before: [Int], after: [Int])
    ) -> Mutant {
        var window = windowed.window
        window.padding = .explicit(before: changed.before, after: changed.after)
        func setting(_ padding: (before: [Int], after: [Int]), _ words: [String]) -> Setting {
            .numbers(equals(of: padding, id, windowed).map { $0.map(Double.init) }, orWords: words)
        }
        let words: [String] =
            switch windowed.window.padding {
            case .sameUpper: ["same_upper", "same upper"]
            case .sameLower: ["same_lower", "same lower"]
            case .valid: ["valid"]
            case .explicit: []
            }
        return Mutant(
            .padding, "padding \(changed.before + changed.after) for \(original.before + original.after)",
            edit(id, windowed.replacing(window)), [id], Expectation(.padding, setting(original, words)),
            reverse: Expectation(.padding, setting(changed, [])))
    }

    /// Paddings that are the same function: as much before each axis, and behind it what gives as many windows.
    private func equals(
        of padding: (before: [Int], after: [Int]), _ id: NodeID, _ windowed: Windowed
    ) -> [[Int]] {
        guard let shape = shape(id) else { return [padding.before + padding.after] }
        var lists: [[Int]] = [[]]
        for axis in windowed.kernel.indices {
            let extent = shape[windowed.layout.firstSpatialAxis + axis] + padding.before[axis]
            let span = (windowed.kernel[axis] - 1) * windowed.window.dilations[axis] + 1
            let stride = windowed.window.strides[axis]
            func windows(_ after: Int) -> Int { (extent + after - span) / stride }
            let same = (0...padding.after[axis] + stride).filter {
                extent + $0 >= span && windows($0) == windows(padding.after[axis])
            }
            lists = lists.flatMap { list in same.map { list + [$0] } }
        }
        return lists.map { padding.before + $0 }
    }

    /// A padding layer of its own, moved by one element.
    private func padMutants() -> [Mutant] {
        let pads = nodes { node -> Pad? in
            guard case .pad(let pad) = node.operator, pad.pads?.contains(where: { $0 > 0 }) == true else { return nil }
            return pad
        }
        return spread(pads).flatMap { id, pad -> [Mutant] in
            guard let pads = pad.pads else { return [] }
            let rank = pads.count / 2
            return [1, -1].compactMap { step in
                var moved = pads
                for axis in 0..<rank where pads[axis] + pads[axis + rank] > 0 {
                    moved[axis] += step
                    moved[axis + rank] -= step
                }
                guard moved.allSatisfy({ $0 >= 0 }) else { return nil }
                var changed = pad
                changed.pads = moved
                func setting(_ pads: [Int]) -> Setting {
                    let spatial = (0..<2 * rank).filter { pads[$0 % rank] + pads[$0 % rank + rank] > 0 }
                    return .numbers([spatial.map { Double(pads[$0]) }])
                }
                return Mutant(
                    .padding, "pads \(moved) for \(pads)", edit(id, .pad(changed)), [id],
                    Expectation(.padding, setting(pads)), reverse: Expectation(.padding, setting(moved)))
            }
        }
    }

    /// Dilation 2 for 1 and 1 for 2, and another stride, with the padding that keeps the number of windows where there
    /// is one.
    func strideMutants() -> [Mutant] {
        let convolutions = nodes { node -> Convolution? in
            if case .convolution(let convolution) = node.operator { convolution } else { nil }
        }
        let dilatable = convolutions.filter { windowed($0.id)?.kernel.contains { $0 > 1 } == true }
        var mutants = spread(dilatable).compactMap { dilationMutant($0.id) }
        mutants += spread(convolutions.filter { $0.found.window.strides.contains { $0 > 1 } }).map { id, convolution in
            var changed = convolution
            changed.window.strides = convolution.window.strides.map { _ in 1 }
            return Mutant(
                .stride, "stride 1 for \(convolution.window.strides)", edit(id, .convolution(changed)), [id],
                Expectation(.stride), reverse: Expectation(.stride))
        }
        return mutants + strideSiteMutants(convolutions.map(\.id))
    }

    private func dilationMutant(_ id: NodeID) -> Mutant? {
        guard let windowed = windowed(id), let (before, after) = padding(id, windowed) else { return nil }
        let own = windowed.window.dilations
        var window = windowed.window
        window.dilations = own.map { $0 == 1 ? 2 : 1 }
        // As much more padding as the window has grown, half on each side.
        var (left, right) = (before, after)
        for axis in own.indices {
            let growth = (windowed.kernel[axis] - 1) * (window.dilations[axis] - own[axis])
            left[axis] += growth / 2
            right[axis] += growth - growth / 2
        }
        guard left.allSatisfy({ $0 >= 0 }), right.allSatisfy({ $0 >= 0 }) else { return nil }
        if case .explicit = window.padding { window.padding = .explicit(before: left, after: right) }
        return Mutant(
            .dilation, "dilation \(window.dilations) for \(own)", edit(id, windowed.replacing(window)), [id],
            Expectation(.dilation, .numbers([own.map(Double.init)])),
            reverse: Expectation(.dilation, .numbers([window.dilations.map(Double.init)])))
    }

    /// The stride of one convolution taken at the next or the one before it.
    private func strideSiteMutants(_ convolutions: [NodeID]) -> [Mutant] {
        var pairs: [(NodeID, NodeID)] = []
        for id in convolutions {
            guard let earlier = convolution(feeding: id), let own = strides(id), let other = strides(earlier),
                own != other
            else { continue }
            pairs.append((earlier, id))
        }
        return spread(pairs).compactMap { earlier, later in
            guard case .convolution(var first) = graph[earlier].operator,
                case .convolution(var second) = graph[later].operator
            else { return nil }
            swap(&first.window.strides, &second.window.strides)
            var edit = GraphEdit()
            edit.operators = [earlier: .convolution(first), later: .convolution(second)]
            return Mutant(
                .strideSite, "strides exchanged",
                edit, [earlier, later], Expectation([.strideSite, .stride]),
                reverse: Expectation([.strideSite, .stride]))
        }
    }

    private func strides(_ id: NodeID) -> [Int]? {
        if case .convolution(let convolution) = graph[id].operator { convolution.window.strides } else { nil }
    }

    /// The convolution before a node, where only normalizations and activations lie between, all read once.
    private func convolution(feeding id: NodeID) -> NodeID? {
        var current = id
        for _ in 0..<4 {
            guard case let input? = graph[current].inputs.first, let value = input,
                specimen.readers[value.index].count == 1, let producer = graph.producer(of: value)
            else { return nil }
            switch graph[producer].operator {
            case .convolution: return producer
            case .batchNormalization, .unary, .identity: current = producer
            default: return nil
            }
        }
        return nil
    }
}

extension KernelOrder {
    func spatialExtents(_ shape: Shape) -> [Int] {
        guard shape.count > 2 else { return [] }
        switch self {
        case .outputInputSpatial, .inputOutputSpatial: return Array(shape.dropFirst(2))
        case .spatialInputOutput, .spatialChannelMultiplier, .spatialOutputInput: return Array(shape.dropLast(2))
        }
    }

    /// Axes of a weight of a rank.
    func axes(rank: Int) -> (output: Int, input: Int, spatial: [Int]) {
        switch self {
        case .outputInputSpatial: (0, 1, Array(2..<rank))
        case .inputOutputSpatial: (1, 0, Array(2..<rank))
        case .spatialInputOutput: (rank - 1, rank - 2, Array(0..<rank - 2))
        case .spatialChannelMultiplier: (rank - 1, rank - 2, Array(0..<rank - 2))
        case .spatialOutputInput: (rank - 2, rank - 1, Array(0..<rank - 2))
        }
    }
}
