internal import SkiffCore
internal import SkiffGraph

/// Padding, stride and dilation of whatever slides a window.
enum WindowExperiments {
    /// A window operator with its extents known.
    struct Sliding {
        var window: Window
        var kernel: [Int]
        var input: [Int]
        var output: [Int]
        var rebuilt: (Window) -> Operator
    }

    static func experiments(at site: Site) -> [Experiment] {
        if case .pad(let pad) = site.node.operator { return moved(pad, site) }
        guard let sliding = sliding(site) else { return [] }
        return paddings(sliding, site) + strides(sliding, site) + dilations(sliding, site)
    }

    static func sliding(_ site: Site) -> Sliding? {
        guard let input = site.shape(ofInput: 0), let output = site.wantedShape, input.count == output.count,
            input.count > 2
        else { return nil }
        func extents(_ shape: Shape, _ layout: Layout) -> [Int] {
            Array(shape[layout.firstSpatialAxis..<layout.firstSpatialAxis + shape.count - 2])
        }
        switch site.node.operator {
        case .convolution(let convolution):
            guard let weight = site.shape(ofInput: 1), weight.count == input.count else { return nil }
            let layout = convolution.layout
            return Sliding(
                window: convolution.window, kernel: convolution.kernelOrder.spatialExtents(weight),
                input: extents(input, layout), output: extents(output, layout)
            ) { window in
                var other = convolution
                other.window = window
                return .convolution(other)
            }
        case .pooling(let pooling):
            return Sliding(
                window: pooling.window, kernel: pooling.kernel, input: extents(input, pooling.layout),
                output: extents(output, pooling.layout)
            ) { window in
                var other = pooling
                other.window = window
                return .pooling(other)
            }
        default: return nil
        }
    }

    /// Every way to pad each axis such that the output keeps its extents.
    private static func paddings(_ sliding: Sliding, _ site: Site) -> [Experiment] {
        let own = resolved(sliding.window, sliding)
        let choices = sliding.input.indices.map { axis in
            splits(
                input: sliding.input[axis], output: sliding.output[axis], kernel: sliding.kernel[axis],
                stride: sliding.window.strides[axis], dilation: sliding.window.dilations[axis])
        }
        return combinations(choices).compactMap { sides in
            let (before, after) = (sides.map(\.0), sides.map(\.1))
            guard before != own.before || after != own.after else { return nil }
            var window = sliding.window
            window.padding = .explicit(before: before, after: after)
            let convention = name(before, after, sliding)
            // What is only moved to another side is as much in all.
            let isMoved = before.indices.allSatisfy { before[$0] + after[$0] == own.before[$0] + own.after[$0] }
            return site.replacing(
                .padding, rank: convention?.rank ?? (isMoved ? 1 : 1.02), "padding", found: listText(own.before + own.after),
                expected: listText(before + after), convention: convention?.name, sliding.rebuilt(window))
        }
    }

    static func resolved(_ window: Window, _ sliding: Sliding) -> (before: [Int], after: [Int]) {
        let sides = sliding.input.indices.map {
            window.resolvedPadding(axis: $0, extent: sliding.input[$0], kernel: sliding.kernel[$0])
        }
        return (sides.map(\.before), sides.map(\.after))
    }

    /// What frameworks call a padding; `nil` where none has a name for it. Several may be one function, where the last
    /// window ends before the padding does: then the usual name comes first.
    private static func name(_ before: [Int], _ after: [Int], _ sliding: Sliding) -> (name: String, rank: Double)? {
        // What PyTorch's layers have: half the kernel on each side.
        let half = sliding.kernel.indices.map { sliding.window.dilations[$0] * (sliding.kernel[$0] - 1) / 2 }
        if before == half, after == half { return ("half the kernel", 0) }
        for (padding, name, rank) in [
            (Padding.sameUpper, "SAME_UPPER", 0.02), (.valid, "VALID", 0.04), (.sameLower, "SAME_LOWER", 0.06),
        ] {
            var window = sliding.window
            window.padding = padding
            let sides = resolved(window, sliding)
            if sides.before == before, sides.after == after { return (name, rank) }
        }
        return nil
    }

    /// Elements before and after one axis that give `output` windows.
    static func splits(input: Int, output: Int, kernel: Int, stride: Int, dilation: Int) -> [(Int, Int)] {
        let span = (kernel - 1) * dilation + 1
        let least = (output - 1) * stride + span - input
        var result: [(Int, Int)] = []
        for total in max(least, 0)..<max(least + stride, max(least, 0) + 1) where total >= least && total < least + stride {
            for before in 0...total where before < span && total - before < span && result.count < 64 {
                result.append((before, total - before))
            }
        }
        return result
    }

    /// One choice per axis; where that is too many, only those that are alike for all axes.
    private static func combinations(_ choices: [[(Int, Int)]]) -> [[(Int, Int)]] {
        guard let first = choices.first, choices.allSatisfy({ !$0.isEmpty }) else { return [] }
        let count = choices.reduce(1) { min($0 * $1.count, 1 << 20) }
        guard count <= 81 else {
            // Alike: as far from the middle, and as much in all, as on the first axis.
            return first.indices.compactMap { index in
                let sides = choices.map { index < $0.count ? $0[index] : $0[$0.count - 1] }
                return sides
            }
        }
        var result: [[(Int, Int)]] = [[]]
        for choice in choices { result = result.flatMap { prefix in choice.map { prefix + [$0] } } }
        return result
    }

    /// Another stride, padded such that the output has its extents.
    private static func strides(_ sliding: Sliding, _ site: Site) -> [Experiment] {
        var result: [Experiment] = []
        let own = sliding.window.strides
        for stride in 1...4 {
            let other = own.map { _ in stride }
            guard other != own else { continue }
            var window = sliding.window
            window.strides = other
            result += padded(window, sliding).prefix(4).map { window in
                site.replacing(
                    .stride, rank: 1, "stride", found: listText(own), expected: listText(other),
                    sliding.rebuilt(window))
            }
        }
        if own.count == 2, own[0] != own[1] {
            var window = sliding.window
            window.strides = own.reversed()
            result += padded(window, sliding).prefix(4).map {
                site.replacing(
                    .stride, rank: 1, "stride", found: listText(own), expected: listText(own.reversed()),
                    sliding.rebuilt($0))
            }
        }
        return result
    }

    /// Another dilation, padded such that the output has its extents.
    private static func dilations(_ sliding: Sliding, _ site: Site) -> [Experiment] {
        guard sliding.kernel.contains(where: { $0 > 1 }) else { return [] }
        var result: [Experiment] = []
        let own = sliding.window.dilations
        for dilation in [1, 2, 3, 4, 6, 8, 12, 16] {
            let other = own.map { _ in dilation }
            guard other != own else { continue }
            var window = sliding.window
            window.dilations = other
            result += padded(window, sliding).prefix(4).map { window in
                site.replacing(
                    .dilation, rank: 1, "dilation", found: listText(own), expected: listText(other),
                    sliding.rebuilt(window))
            }
        }
        return result
    }

    /// The window with its own padding, and with those by which the output has its extents: even, the odd element
    /// after, the odd element before, all before (causal).
    private static func padded(_ window: Window, _ sliding: Sliding) -> [Window] {
        var result: [Window] = []
        func keep(_ padding: Padding) {
            var other = window
            other.padding = padding
            if !result.contains(other) { result.append(other) }
        }
        let choices = sliding.input.indices.map { axis in
            splits(
                input: sliding.input[axis], output: sliding.output[axis], kernel: sliding.kernel[axis],
                stride: window.strides[axis], dilation: window.dilations[axis])
        }
        let own = resolved(window, sliding)
        let isOwnFine = sliding.input.indices.allSatisfy { axis in
            choices[axis].contains { $0 == (own.before[axis], own.after[axis]) }
        }
        if isOwnFine { keep(.explicit(before: own.before, after: own.after)) }
        let orders: [((Int, Int)) -> (Int, Int)] = [
            { (abs($0.0 - $0.1), $0.0) }, { (abs($0.0 - $0.1), $0.1) }, { ($0.1, 0) },
        ]
        for order in orders {
            let sides = choices.compactMap { $0.min { order($0) < order($1) } }
            guard sides.count == choices.count else { continue }
            keep(.explicit(before: sides.map(\.0), after: sides.map(\.1)))
        }
        return result
    }

    /// A layer that pads: elements moved to the other side, and other elements.
    private static func moved(_ pad: Pad, _ site: Site) -> [Experiment] {
        guard let rank = site.shape(ofInput: 0)?.count else { return [] }
        var result: [Experiment] = []
        for mode in Pad.Mode.allCases where mode != pad.mode {
            var other = pad
            other.mode = mode
            result.append(
                site.replacing(
                    .padding, rank: 1, "padding mode", found: pad.mode.rawValue, expected: mode.rawValue, .pad(other)))
        }
        if pad.mode == .constant, !site.node.inputs.dropFirst(2).contains(where: { $0 != nil }) {
            for value in [0, -Float.infinity, 1, -1] where value != pad.value {
                var other = pad
                other.value = value
                result.append(
                    site.replacing(
                        .poolPaddingValue, rank: 1, "padding value", found: shortText(pad.value),
                        expected: shortText(value), .pad(other)))
            }
        }
        let stored = site.weight(1).flatMap { try? $0.integers() }?.map(Int.init)
        guard let own = pad.pads ?? stored, own.count == 2 * rank else { return result }
        let totals = (0..<rank).map { own[$0] + own[$0 + rank] }
        let padded = totals.indices.filter { totals[$0] > 0 }
        guard !padded.isEmpty, padded.count <= 3 else { return result }
        let choices = padded.map { axis in (0...min(totals[axis], 12)).map { ($0, totals[axis] - $0) } }
        for sides in combinations(choices) {
            var pads = own
            for (axis, side) in zip(padded, sides) { (pads[axis], pads[axis + rank]) = (side.0, side.1) }
            guard pads != own else { continue }
            func text(_ list: [Int]) -> String { listText(padded.map { list[$0] } + padded.map { list[$0 + rank] }) }
            var edit = Edit()
            if pad.pads != nil {
                var other = pad
                other.pads = pads
                edit.operators[site.id] = .pad(other)
            } else if let tensor = try? Tensor(integers: pads.map(Int64.init), shape: [pads.count]) {
                edit.tensors[site.id] = [1: tensor]
            }
            let isEven = sides.allSatisfy { abs($0.0 - $0.1) <= 1 }
            result.append(
                site.experiment(
                    .padding, rank: isEven ? 0 : 1, "padding", found: text(own), expected: text(pads), edit: edit))
        }
        return result
    }
}

extension KernelOrder {
    /// The axes of a weight of `rank` that are spatial, and those of outputs and inputs.
    func axes(rank: Int) -> (spatial: [Int], output: Int, input: Int) {
        switch self {
        case .outputInputSpatial: (Array(2..<rank), 0, 1)
        case .inputOutputSpatial: (Array(2..<rank), 1, 0)
        case .spatialInputOutput: (Array(0..<rank - 2), rank - 1, rank - 2)
        case .spatialChannelMultiplier: (Array(0..<rank - 2), rank - 1, rank - 2)
        case .spatialOutputInput: (Array(0..<rank - 2), rank - 2, rank - 1)
        }
    }

    func spatialExtents(_ weight: Shape) -> [Int] {
        weight.count < 2 ? [] : axes(rank: weight.count).spatial.map { weight[$0] }
    }
}
