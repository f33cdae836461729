internal import SkiffCore
internal import SkiffGraph

extension Lowering {
    /// Emits a direct product: a padded copy where padding asks for one, then the tiles.
    mutating func lowerDirect(_ job: ConvolutionJob, _ choice: AlgorithmChoice) throws(EngineError) -> Bool {
        let shape = job.shape
        try checkMemory(of: shape)
        let geometry = DirectGeometry(shape, kernels: kernels)
        let packer = SlicePacker(job.weights, groupSlices(shape), tile: 0, kernels: kernels)
        let count = packer.jobs.count
        let weightBytes = packer.elements * MemoryLayout<Float>.stride
        let report = report(job, choice, algorithm: "direct")
        // Tasks that pack their slices share none of them, as long as there are slices for all threads.
        let streams = runsOnce && job.weights.isPlain && isSliceMajor(weightBytes, slices: count) && count >= threads
        let parts = taskParts(
            blocks: streams ? 1 : geometry.blocks.count, slices: count, weightBytes: weightBytes,
            microseconds: choice.microseconds)
        let weights = try self.weights(packer, streams: streams, scratchOffset: 0, of: report)
        let addend = try job.addend.map { value throws(EngineError) in try self.input(value, order: order(of: job.output, job)) }
        let source = try directInput(job)
        let target = result(job.output, order: order(of: job.output, job), over: job.addend)
        let bias = try bias(packer)
        let step = ProductStep(
            kernels: kernels, bias: bias.elements, blocks: geometry.blocks, inputOffsets: geometry.inputOffsets,
            outputOffsets: geometry.outputOffsets, taps: geometry.taps, depth: geometry.depth,
            lower: job.product.lower, upper: job.product.upper, isSliceMajor: parts.isSliceMajor,
            blockParts: parts.blocks, sliceParts: parts.slices,
            slices: zip(packer.jobs, bias.offsets).map { ProductStep.Slice($0, bias: $1, shape) })
        let reads = [source] + (addend.map { [$0] } ?? []) + weights.views
        emit(report, tasks: step.tasks, reads: reads, writes: [target]) { state, task, thread in
            step.run(
                task, weights: weights.resolved(state, thread), input: source.pointer(state),
                output: target.pointer(state), addend: addend.map { UnsafePointer($0.pointer(state)) })
        }
        probes.append(
            ErrorProbe(
                job: job, inputStep: steps.count - 1, outputStep: steps.count - 1, input: source, isPadded: true,
                addend: addend, output: target))
        return true
    }

    /// Checks that a step's maps fit the memory budget before tables of their pixels are made.
    /// - Throws: ``EngineError`` `limit`.
    private func checkMemory(of shape: ConvolutionShape) throws(EngineError) {
        let maps = shape.paddedExtents.reduce(shape.inputChannels, *) + shape.outputPixels * shape.outputChannels
        let blocks = shape.outputPixels * MemoryLayout<ProductStep.Block>.stride / 8
        let bytes = shape.batch * (maps * MemoryLayout<Float>.stride + blocks)
        guard bytes <= memoryBudget else {
            throw EngineError(.limit(name: "bytes of values", declared: bytes, allowed: memoryBudget))
        }
    }

    func order(of value: Int, _ job: ConvolutionJob) -> [Int] {
        job.order.count == draft.values[value].shape.count ? job.order : Array(draft.values[value].shape.indices)
    }

    func report(_ job: ConvolutionJob, _ choice: AlgorithmChoice, algorithm: String) -> PlanReport.Step {
        PlanReport.Step(
            name: name(job.node), operation: nodeText,
            algorithm: algorithm, inputShape: draft.values[job.input].shape,
            outputShape: draft.values[job.output].shape, multiplyAdds: job.shape.multiplyAdds,
            plannedMultiplyAdds: choice.multiplyAdds, predictedMicroseconds: choice.microseconds,
            predictedErrorRatio: choice.errorRatio)
    }

    /// The input channels last, with zeros around it where the convolution pads.
    private mutating func directInput(_ job: ConvolutionJob) throws(EngineError) -> View {
        let shape = job.shape
        guard shape.isPadded else { return try input(job.input, order: job.order) }
        let value = draft.values[job.input]
        let logical = Array(value.shape.indices)
        // A map that lies channels first is turned on the way.
        let isFirst = job.order != logical && order(of: job.input).map { isSame($0, logical, value.shape) } ?? false
            && !isSame(job.order, logical, value.shape)
        let source = try input(job.input, order: isFirst ? logical : job.order)
        let copy = PaddedCopy(
            batch: shape.batch, extents: shape.inputExtents, before: shape.before, padded: shape.paddedExtents,
            channels: shape.inputChannels, isChannelsFirst: isFirst)
        let elements = shape.batch * shape.paddedExtents.reduce(1, *) * shape.inputChannels
        let target = View(home: .region(region(elements: elements)))
        let report = PlanReport.Step(
            name: name(job.node), operation: "pad", algorithm: isFirst ? "copy, channels last" : "copy",
            inputShape: value.shape, outputShape: [shape.batch] + shape.paddedExtents + [shape.inputChannels])
        emit(report, tasks: copy.tasks, reads: [source], writes: [target]) { state, task, _ in
            copy.run(task, from: source.pointer(state), to: target.pointer(state))
        }
        return target
    }

    /// The groups' slices. Groups are not packed together: the zeros between them would make NaN of another group's
    /// infinities, and save nothing.
    private func groupSlices(_ shape: ConvolutionShape) -> [(group: Int, slice: KernelSet.Slice)] {
        let slices = kernels.slices(shape.outputsPerGroup)
        return (0..<shape.groups).flatMap { group in slices.map { (group, $0) } }
    }

    /// Whether weights are so many that a task takes few slices over all pixels.
    private func isSliceMajor(_ weightBytes: Int, slices: Int) -> Bool { weightBytes > 600_000 && slices > 1 }

    /// How a step is cut into tasks. Products with many weights are cut by slices, so that every weight comes from
    /// memory once; others by pixels. Of the ways to cut, the one is taken by which the last thread ends first.
    func taskParts(
        blocks: Int, slices: Int, weightBytes: Int, microseconds: Double
    ) -> (isSliceMajor: Bool, blocks: Int, slices: Int) {
        let isSliceMajor = isSliceMajor(weightBytes, slices: slices)
        guard threads > 1, microseconds > 4 else { return (isSliceMajor, 1, 1) }
        let most = min(threads * 8, max(threads, Int(min(microseconds / 5, 1e6))))
        let unit = microseconds / Double(blocks * slices)
        var best = (cost: Double.infinity, blocks: 1, slices: 1)
        for blockParts in 1...min(blocks, most) {
            for sliceParts in 1...min(slices, most / blockParts) {
                let tasks = blockParts * sliceParts
                let largest = (blocks + blockParts - 1) / blockParts * ((slices + sliceParts - 1) / sliceParts)
                let turns = (tasks + threads - 1) / threads
                // Pixels and weights that several tasks read cost them all; the rarer cut is the better one.
                let again = isSliceMajor ? blockParts : sliceParts
                let cost = Double(turns) * (Double(largest) * unit + 0.3) * (1 + 0.01 * Double(again - 1))
                if cost < best.cost { best = (cost, blockParts, sliceParts) }
            }
        }
        return (isSliceMajor, best.blocks, best.slices)
    }
}

extension ProductStep.Slice {
    fileprivate init(_ job: SlicePacker.Job, bias: Int, _ shape: ConvolutionShape) {
        self.init(
            inputChannel: job.group * shape.channelsPerGroup,
            output: job.group * shape.outputsPerGroup + job.slice.first, weights: job.offset, bias: bias,
            count: job.slice.count)
    }
}
