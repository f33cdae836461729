internal import SkiffCore
internal import SkiffGraph
internal import SkiffVerify

extension Network {
    /// Extents of a kernel's spatial axes.
    func spatialTaps(of node: Node, _ order: KernelOrder) -> [Int] {
        guard node.inputs.count > 1, let shape = node.inputs[1].flatMap({ graph[$0].fact?.shape?.fixedShape }),
            shape.count > 2
        else { return [] }
        return switch order {
        case .outputInputSpatial, .inputOutputSpatial: Array(shape[2...])
        case .spatialInputOutput, .spatialChannelMultiplier, .spatialOutputInput: Array(shape.dropLast(2))
        }
    }

    /// Extents of a value's spatial axes; `nil` for open ones.
    private func spatialExtents(of value: ValueID?, _ layout: Layout, count: Int) -> [Int?] {
        guard let shape = value.flatMap({ graph[$0].fact?.shape }), shape.count == count + 2 else {
            return [Int?](repeating: nil, count: count)
        }
        return (0..<count).map { shape[layout.firstSpatialAxis + $0].fixedValue }
    }

    /// Strides, dilations and what padding comes to.
    func addWindow(
        _ window: Window, _ taps: [Int], _ layout: Layout, _ piece: Piece, _ node: Node,
        _ description: inout Description, ceilMode: Bool = false, keepsUnread: Bool = false
    ) {
        // An axis with one tap that is not strided is as if it were not there: convolutions over one axis.
        description.traits.append(.init("strides", text(window.strides)))
        let isDilated = zip(window.dilations, taps).map { $1 > 1 ? $0 : 1 }
        description.traits.append(
            .init("dilations", text(window.dilations), meaning: text(taps.count == window.dilations.count ? isDilated : window.dilations)))
        let merged = piece.pad.flatMap { padding(of: graph[$0]) } ?? [:]
        let inner = node.inputs.first ?? nil
        let extents = spatialExtents(of: inner, layout, count: window.strides.count)
        let results = spatialExtents(of: node.outputs.first, layout, count: window.strides.count)
        var (shown, meant, fixed): ([String], [String], [String]) = ([], [], [])
        var isFixed = true
        for axis in window.strides.indices {
            let kernel = taps.indices.contains(axis) ? taps[axis] : 1
            let extra = merged[PairedFlows.spatialLabel + axis] ?? (0, 0)
            let isSame = window.padding == .sameUpper || window.padding == .sameLower
            if isSame, extents[axis] == nil, window.strides[axis] != 1 {
                let name = window.padding == .sameUpper ? "same" : "same, odd one before"
                shown.append(name)
                meant.append(name + (extra == (0, 0) ? "" : " and \(extra)"))
                isFixed = false
                continue
            }
            let own = window.resolvedPadding(axis: axis, extent: extents[axis] ?? 1, kernel: kernel)
            let (before, after) = (own.before + extra.before, own.after + extra.after)
            shown.append("\(before),\(after)")
            var read = after
            if !keepsUnread, let extent = extents[axis], let result = results[axis], result > 0 {
                // Padding that no window reaches is none.
                let plain = extent - extra.before - extra.after
                let span = (kernel - 1) &* window.dilations[axis] &+ 1
                let last = (result - 1) &* window.strides[axis] &+ span
                read = min(after, max(0, last &- plain &- before))
            }
            meant.append("\(before),\(after)")
            fixed.append("\(before),\(read)")
            if extents[axis] == nil { isFixed = false }
        }
        description.traits.append(
            .init(
                "pads", "[" + shown.joined(separator: "; ") + "]", meaning: "[" + meant.joined(separator: "; ") + "]",
                fixedMeaning: isFixed ? fixed.joined(separator: "; ") : nil))
        if ceilMode { addCeiling(window, taps, extents, &description) }
    }

    /// Rounding up counts only where windows do not come out even.
    private func addCeiling(_ window: Window, _ taps: [Int], _ extents: [Int?], _ description: inout Description) {
        let matters = window.strides.indices.contains { axis in
            guard let extent = extents[axis], taps.indices.contains(axis), window.strides[axis] > 0 else { return true }
            let pads = window.resolvedPadding(axis: axis, extent: extent, kernel: taps[axis])
            let span = (taps[axis] - 1) &* window.dilations[axis] &+ 1
            return (extent &+ pads.before &+ pads.after &- span) % window.strides[axis] != 0
        }
        if matters { description.traits.append(.init("output extents", "rounded up")) }
    }

    func addTransposedPads(
        _ convolution: ConvolutionTranspose, _ taps: [Int], _ piece: Piece, _ node: Node,
        _ description: inout Description
    ) {
        let extents = spatialExtents(of: node.inputs.first ?? nil, convolution.layout, count: convolution.window.strides.count)
        let results = spatialExtents(
            of: node.outputs.first, convolution.layout, count: convolution.window.strides.count)
        var pads: [String] = []
        for axis in convolution.window.strides.indices {
            guard taps.indices.contains(axis) else { continue }
            let (before, after) = convolution.resolvedPadding(axis: axis, extent: extents[axis] ?? 1, kernel: taps[axis])
            // What is taken from the end is what the output's extent leaves.
            pads.append("\(before)," + (results[axis].map { "output \($0)" } ?? "\(after)"))
        }
        description.traits.append(.init("pads", "[" + pads.joined(separator: "; ") + "]"))
        description.traits.append(
            .init("output padding", text(convolution.outputPadding), meaning: results.contains(nil) ? nil : "of the output"))
    }

    func describe(_ pooling: Pooling, _ node: Node, _ piece: Piece, _ description: inout Description) {
        let kind = poolName("\(pooling.kind)")
        description.operation = "\(kind) pooling"
        description.traits.append(.init("kernel", text(pooling.kernel)))
        addWindow(
            pooling.window, pooling.kernel, pooling.layout, piece, node, &description, ceilMode: pooling.ceilMode,
            keepsUnread: kind == "average" && pooling.ceilMode)
        if case .average(countsPadding: true) = pooling.kind, pooling.window.padding != .valid,
            description.traits.first(where: { $0.name == "pads" })?.meaning.contains(where: { ("1"..."9").contains($0) })
                ?? true
        {
            description.traits.append(.init("counts padding", "yes"))
        }
        if case .norm(let p) = pooling.kind { description.traits.append(.init("p", "\(p)")) }
    }

    func describe(_ reduction: Reduction, _ node: Node, _ source: ValueID?, _ description: inout Description) {
        let listed = node.inputs.count > 1 ? node.inputs[1].flatMap { graph[$0].fact?.integers } : nil
        let rank = source.flatMap { graph[$0].fact?.shape?.count }
        let all = rank.map { Array(0..<$0) }
        let axes = (reduction.axes ?? listed).flatMap { $0.isEmpty ? (reduction.emptyAxesMeanNone ? [] : all) : $0 } ?? all
        let names = axes.map { Set($0.map { axisText($0, of: source) }).sorted() }
        let spatial = Set((0..<max(0, (rank ?? 0) - 2)).map { "spatial \($0)" }).sorted()
        if let names, names == spatial, !spatial.isEmpty, reduction.kind == .mean || reduction.kind == .maximum {
            description.operation = "global \(reduction.kind == .mean ? "average" : "maximum") pooling"
            return
        }
        description.operation = "\(reduction.kind)"
        description.traits.append(.init("axes", names?.joined(separator: ",") ?? "computed"))
    }

    func describe(_ pad: Pad, _ node: Node, _ source: ValueID?, _ description: inout Description) {
        description.operation = "padding"
        if let known = padding(of: node) {
            description.traits.append(.init("mode", "zeros"))
            let pads = known.sorted { $0.key < $1.key }.map {
                "spatial \($0.key - PairedFlows.spatialLabel): \($0.value.before),\($0.value.after)"
            }
            description.traits.append(.init("pads", pads.joined(separator: "; ")))
            return
        }
        description.traits.append(.init("mode", pad.mode.rawValue))
        let integers = node.inputs.count > 1 ? node.inputs[1].flatMap { graph[$0].fact?.integers } : nil
        let rank = source.flatMap { graph[$0].fact?.shape?.count } ?? 0
        guard let pads = integers ?? pad.pads, node.inputs.count < 4 || node.inputs[3] == nil, pads.count == 2 * rank else {
            description.traits.append(.init("pads", "computed"))
            return
        }
        let texts = (0..<rank).filter { pads[$0] != 0 || pads[rank + $0] != 0 }
            .map { "\(axisText($0, of: source)): \(pads[$0]),\(pads[rank + $0])" }.sorted()
        description.traits.append(.init("pads", texts.joined(separator: "; ")))
        if pad.mode == .constant {
            let value = node.inputs.count > 2 ? node.inputs[2].flatMap { graph.smallConstant($0)?.first } : nil
            description.traits.append(.init("value", "\(value ?? Double(pad.value))"))
        }
    }
}
