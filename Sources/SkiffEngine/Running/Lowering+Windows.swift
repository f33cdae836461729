internal import CSkiffKernels
internal import SkiffCore
internal import SkiffGraph

/// Poolings and depthwise convolutions: rows of windows over channels-last maps.
extension Lowering {
    /// Whether a node has one float32 input of note and one float32 output, both with elements and in the arena.
    func isPlainMap(_ node: Draft.Node) -> (input: Int, output: Int)? {
        guard let input = node.inputs.first ?? nil, let output = node.outputs.first, node.outputs.count == 1,
            isFastValue(input), isFastValue(output)
        else { return nil }
        return (input, output)
    }

    /// float32, outside boxes, with elements.
    func isFastValue(_ index: Int) -> Bool {
        let value = draft.values[index]
        return value.elementType == .float32 && !isBoxed[index] && (value.shape.checkedElementCount ?? 0) > 0
    }

    mutating func lowerPooling(_ node: Draft.Node, _ pooling: Pooling) throws(EngineError) -> Bool {
        guard let (input, output) = isPlainMap(node) else { return false }
        let (shape, result) = (draft.values[input].shape, draft.values[output].shape)
        let isAverage: Bool
        var countsPadding = false
        switch pooling.kind {
        case .maximum: isAverage = false
        case .average(let counts): (isAverage, countsPadding) = (true, counts)
        case .norm: return false
        }
        let channels = shape[pooling.layout.channelAxis(rank: shape.count)]
        let axes = pooling.layout.firstSpatialAxis..<pooling.layout.firstSpatialAxis + pooling.kernel.count
        guard let rows = WindowRows(
            pooling.window, kernel: pooling.kernel, input: Array(shape[axes]), output: Array(result[axes]),
            channels: channels)
        else { return false }
        let order = mapOrder(pooling.layout, rank: shape.count)
        let source = try self.input(input, order: order)
        let target = self.result(output, order: order)
        let step = PoolingStep(
            kernels: kernels, rows: rows, channels: channels, isAverage: isAverage, countsPadding: countsPadding,
            tasks: RowTasks(
                rows: shape[0] * rows.outputRows, width: rows.outputWidth,
                cost: pooling.kernel.reduce(channels) { $0 &* $1 }, threads: threads))
        let report = report(
            node, operation: "\(isAverage ? "average" : "maximum") pooling \(pooling.windowText)", algorithm: "rows")
        emit(report, tasks: step.tasks.tasks, reads: [source], writes: [target]) { state, task, _ in
            step.run(task, input: source.pointer(state), output: target.pointer(state))
        }
        return true
    }

    /// - Parameter job: A convolution whose every output reads one channel.
    mutating func lowerDepthwise(_ job: ConvolutionJob, _ window: Window) throws(EngineError) -> Bool {
        let (shape, weights) = (job.shape, job.weights)
        guard shape.channelsPerGroup == 1, shape.groups > 1,
            let rows = WindowRows(
                window, kernel: shape.kernelExtents, input: shape.inputExtents, output: shape.outputExtents,
                channels: shape.inputChannels)
        else { return false }
        let (channels, taps) = (shape.outputChannels, shape.taps)
        let packed = try constantMemory(elements: (taps + 1) * channels)
        try weights.withElements { source in
            for channel in 0..<channels {
                let (group, output) = (channel / shape.outputsPerGroup, channel % shape.outputsPerGroup)
                let start = weights.steps.first + group * weights.steps.group + output * weights.steps.output
                let scale = weights.scale?[channel] ?? 1
                for tap in 0..<taps {
                    let offset = (start + tap * weights.steps.tap) * MemoryLayout<Float>.stride
                    let element = source.loadUnaligned(fromByteOffset: offset, as: Float.self)
                    packed[tap * channels + channel] = Float(Double(element) * scale)
                }
                packed[taps * channels + channel] = Float(weights.shift?[channel] ?? 0)
            }
        }
        // Zeros of the padding times what is no number are no numbers: those are summed over a padded copy.
        guard (0..<taps * channels).allSatisfy({ packed[$0].isFinite }) else { return false }
        let addend = try job.addend.map { value throws(EngineError) in
            try self.input(value, order: order(of: job.output, job))
        }
        let source = try input(job.input, order: job.order)
        let target = result(job.output, order: order(of: job.output, job))
        let step = DepthwiseStep(
            kernels: kernels, rows: rows, channels: channels, multiplier: shape.outputsPerGroup,
            kernelRowElements: (shape.kernelExtents.last ?? 1) * channels, weights: packed,
            bias: packed + taps * channels, lower: job.product.lower, upper: job.product.upper,
            tasks: RowTasks(
                rows: shape.batch * rows.outputRows, width: rows.outputWidth, cost: channels * taps, threads: threads))
        let report = report(job, CostModel.direct(shape), algorithm: "depthwise")
        emit(
            report, tasks: step.tasks.tasks, reads: [source] + (addend.map { [$0] } ?? []), writes: [target]
        ) { state, task, _ in
            step.run(
                task, input: source.pointer(state), output: target.pointer(state),
                addend: addend.map { UnsafePointer($0.pointer(state)) })
        }
        return true
    }

    func report(_ node: Draft.Node, operation: String, algorithm: String) -> PlanReport.Step {
        func shape(_ index: Int??) -> Shape { index.flatMap { $0 }.map { draft.values[$0].shape } ?? [] }
        return PlanReport.Step(
            name: name(node), operation: operation, algorithm: algorithm, inputShape: shape(node.inputs.first),
            outputShape: shape(node.outputs.first))
    }
}

extension Pooling {
    /// `3×3/2`.
    var windowText: String {
        let kernel = kernel.map(String.init).joined(separator: "×")
        if window.strides.allSatisfy({ $0 == 1 }) { return kernel }
        let isSame = Set(window.strides).count == 1
        return kernel + "/" + (isSame ? "\(window.strides[0])" : window.strides.map(String.init).joined(separator: "×"))
    }
}
