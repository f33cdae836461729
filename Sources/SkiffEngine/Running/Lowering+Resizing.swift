internal import CSkiffKernels
internal import SkiffCore
internal import SkiffGraph

/// Maps sampled at other positions: tables by the reference evaluator's own rules, rows by the kernels.
extension Lowering {
    mutating func lowerResize(_ node: Draft.Node, _ resize: Resize) throws(EngineError) -> Bool {
        guard let (input, output) = isPlainMap(node) else { return false }
        // What the tables hang on must be known; the region of interest is left to the reference.
        let (scales, sizes) = (constant(node, 2), constant(node, 3))
        let hasSizes = sizes.map { $0.shape != [0] } ?? false
        guard resize.coordinates != .tfCropAndResize, hasSizes || !has(node, 3) || sizes != nil,
            let samplings = try? resize.samplings(
                draft.values[input].shape, draft.values[output].shape, scales: hasSizes ? nil : scales?.doubles(),
                sizes: hasSizes ? sizes?.integers() : nil)
        else { return false }
        var isNearest = false
        if case .nearest = resize.mode { isNearest = true }
        return try lowerSamplings(
            node, samplings, input: input, output: output, text: isNearest ? "nearest" : "interpolated")
    }

    private func has(_ node: Draft.Node, _ position: Int) -> Bool {
        position < node.inputs.count && node.inputs[position] != nil
    }

    private func constant(_ node: Draft.Node, _ position: Int) -> Tensor? {
        has(node, position) ? node.inputs[position].flatMap { draft.values[$0].constant } : nil
    }

    mutating func lowerUpsampling(_ node: Draft.Node, _ upsampling: Upsampling) throws(EngineError) -> Bool {
        guard let (input, output) = isPlainMap(node) else { return false }
        let (shape, result) = (draft.values[input].shape, draft.values[output].shape)
        let first = upsampling.layout.firstSpatialAxis
        let samplings = upsampling.factors.indices.filter { upsampling.factors[$0] != 1 }.map { axis in
            AxisSampling(
                axis: first + axis, input: shape[first + axis], output: result[first + axis],
                scale: Double(upsampling.factors[axis]),
                mode: upsampling.interpolation == .nearest ? .nearest(.floor) : .linear,
                coordinates: upsampling.interpolation == .nearest ? .asymmetric : .halfPixel)
        }
        return try lowerSamplings(
            node, samplings, input: input, output: output, text: upsampling.interpolation.rawValue)
    }

    /// Maps of one or two spatial axes whose other axes stay as they are.
    private mutating func lowerSamplings(
        _ node: Draft.Node, _ samplings: [AxisSampling], input: Int, output: Int, text: String
    ) throws(EngineError) -> Bool {
        let (shape, result) = (draft.values[input].shape, draft.values[output].shape)
        let axes = samplings.map(\.axis)
        let rank = shape.count
        guard (3...4).contains(rank), samplings.allSatisfy({ $0.taps.allSatisfy { !$0.isOutside } }) else {
            return false
        }
        let candidates = [Layout.channelsFirst, .channelsLast].filter { layout in
            axes.allSatisfy { (layout.firstSpatialAxis..<layout.firstSpatialAxis + rank - 2).contains($0) }
        }
        let lying = order(of: input)
        guard let layout = candidates.first(where: { mapOrder($0, rank: rank) == lying }) ?? candidates.first else {
            return false
        }
        let spatial = Array(layout.firstSpatialAxis..<layout.firstSpatialAxis + rank - 2)
        let channels = shape[layout.channelAxis(rank: rank)]
        func table(_ axis: Int?) -> [[(index: Int, share: Double)]] {
            guard let axis else { return [[(0, 1)]] }
            guard let sampling = samplings.first(where: { $0.axis == axis }) else {
                return (0..<result[axis]).map { [($0, 1)] }
            }
            return sampling.taps.map { tap in
                tap.shares.enumerated().filter { $0.element != 0 }.map { index, share in
                    (min(max(tap.first + index, 0), sampling.input - 1), share)
                }
            }
        }
        let rows = table(rank == 4 ? spatial[0] : nil)
        let columns = table(spatial.last)
        let width = shape[spatial[spatial.count - 1]]
        let order = mapOrder(layout, rank: rank)
        let source = try self.input(input, order: order)
        let target = self.result(output, order: order)
        let step = ResizeStep(
            kernels: kernels, rows: rows, columns: columns, inputWidth: width, channels: channels,
            imageElements: (shape.checkedElementCount ?? 0) / shape[0], images: shape[0], threads: threads)
        let report = report(node, operation: "resize, \(text)", algorithm: step.isCopy ? "copy" : "rows")
        emit(report, tasks: step.tasks.tasks, reads: [source], writes: [target]) { state, task, _ in
            step.run(task, input: source.pointer(state), output: target.pointer(state))
        }
        return true
    }
}
