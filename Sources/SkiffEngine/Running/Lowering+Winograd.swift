internal import CSkiffKernels
internal import SkiffCore
internal import SkiffGraph

extension Lowering {
    /// Bytes of transformed weights up to which every task reads them all.
    private static var sharedWeightBytes: Int { 3_000_000 }
    /// Tiles that a task takes where it reads all weights: two register tiles, and components that fit the
    /// second-level cache.
    private static var tilesPerTask: Int { 28 }

    /// Emits a convolution by Winograd's filters.
    mutating func lowerWinograd(_ job: ConvolutionJob, _ choice: AlgorithmChoice) throws(EngineError) -> Bool {
        let shape = job.shape
        let slices = kernels.slices(shape.outputChannels)
        let packer = SlicePacker(job.weights, slices.map { (0, $0) }, tile: choice.tile, kernels: kernels)
        let isShared = packer.elements * MemoryLayout<Float>.stride <= Self.sharedWeightBytes
        let step = try winogradStep(job, choice, packer, isShared: isShared)
        let report = report(job, choice, algorithm: "Winograd F(\(choice.tile)×\(choice.tile), 3×3)")
        let weights = try self.weights(packer, streams: !isShared, scratchOffset: step.sumElements, of: report)
        let addend = try job.addend.map { value throws(EngineError) in try self.input(value, order: order(of: job.output, job)) }
        let source = try input(job.input, order: job.order)
        let target = result(job.output, order: order(of: job.output, job), over: job.addend)
        let firstStep = steps.count
        if isShared {
            emitInOne(step, report, weights, source: source, addend: addend, target: target)
        } else {
            emitInTwo(step, report, weights, source: source, addend: addend, target: target)
        }
        probes.append(
            ErrorProbe(
                job: job, inputStep: firstStep, outputStep: steps.count - 1, input: source, isPadded: false,
                addend: addend, output: target))
        return true
    }

    /// One step: a task takes some tiles through all slices.
    private mutating func emitInOne(
        _ step: WinogradStep, _ report: PlanReport.Step, _ weights: StepWeights, source: View, addend: View?,
        target: View
    ) {
        guard case .packed(let weights) = weights else { return }
        reserveScratch(elements: step.componentElements + step.sumElements)
        let reads = [source, weights] + (addend.map { [$0] } ?? [])
        emit(report, tasks: step.blocks, reads: reads, writes: [target]) { state, block, thread in
            let components = state.scratch(thread)
            let sums = components + step.componentElements
            step.transform(
                step.tileRange(block), ofBlock: block, input: source.pointer(state), components: components)
            for slice in step.slices.indices {
                step.multiply(
                    slice: slice, weights: UnsafePointer(weights.pointer(state)) + step.weightOffsets[slice],
                    block: block, components: components, sums: sums, output: target.pointer(state),
                    addend: addend.map { UnsafePointer($0.pointer(state)) })
            }
        }
    }

    /// One step for the input's transform, one for the slices.
    private mutating func emitInTwo(
        _ step: WinogradStep, _ report: PlanReport.Step, _ weights: StepWeights, source: View, addend: View?,
        target: View
    ) {
        let components = View(home: .region(region(elements: step.componentElements * step.blocks)))
        reserveScratch(elements: step.sumElements)
        let parts = threads == 1 ? 1 : max(1, min(step.tiles / 4, threads * 2))
        let transform = PlanReport.Step(
            name: report.name, operation: "transform of the input", algorithm: report.algorithm,
            inputShape: report.inputShape, outputShape: [step.components, step.tiles, step.channels])
        emit(transform, tasks: step.blocks * parts, reads: [source], writes: [components]) { state, task, _ in
            let block = task / parts
            let all = step.tileRange(block)
            let part = ProductStep.range(task % parts, of: parts, count: all.count)
            step.transform(
                all.lowerBound + part.lowerBound..<all.lowerBound + part.upperBound, ofBlock: block,
                input: source.pointer(state), components: components.pointer(state) + block * step.componentElements)
        }
        let reads = [components] + (addend.map { [$0] } ?? []) + weights.views
        emit(report, tasks: step.slices.count, reads: reads, writes: [target]) { state, slice, thread in
            let packed: UnsafePointer<Float>
            switch weights.resolved(state, thread) {
            case .packed(let base): packed = base + step.weightOffsets[slice]
            case .streamed(let packer, let scratch):
                packer.pack(slice, into: scratch)
                packed = UnsafePointer(scratch)
            }
            for block in 0..<step.blocks {
                step.multiply(
                    slice: slice, weights: packed, block: block,
                    components: components.pointer(state) + block * step.componentElements, sums: state.scratch(thread),
                    output: target.pointer(state), addend: addend.map { UnsafePointer($0.pointer(state)) })
            }
        }
    }

    private mutating func winogradStep(
        _ job: ConvolutionJob, _ choice: AlgorithmChoice, _ packer: SlicePacker, isShared: Bool
    ) throws(EngineError) -> WinogradStep {
        let shape = job.shape
        let tile = choice.tile
        let tiles = shape.batch * shape.outputExtents.reduce(1) { $0 * (($1 + tile - 1) / tile) }
        let wanted = isShared ? Self.tilesPerTask : 96
        var blocks = (tiles + wanted - 1) / wanted
        if isShared, threads > 1 { blocks = min(tiles, (blocks + threads - 1) / threads * threads) }
        let most = (tiles + blocks - 1) / blocks
        let slices = packer.jobs.map(\.slice)
        let widths = Set(slices.map(\.width)).sorted()
        let bias = try bias(packer)
        let zeroCount = max(shape.inputChannels, kernels.sliceWidth)
        let zeros = try constantMemory(elements: zeroCount)
        zeros.update(repeating: 0, count: zeroCount)
        let pitch = shape.inputChannels % 256 == 0 ? shape.inputChannels + 16 : shape.inputChannels
        return WinogradStep(
            kernels: kernels, tile: tile, batch: shape.batch,
            input: (shape.inputExtents[0], shape.inputExtents[1]),
            output: (shape.outputExtents[0], shape.outputExtents[1]), before: (shape.before[0], shape.before[1]),
            channels: shape.inputChannels, outputs: shape.outputChannels, slices: slices,
            weightOffsets: packer.jobs.map(\.offset), bias: bias.elements, biasOffsets: bias.offsets,
            zeros: UnsafePointer(zeros),
            lower: job.product.lower, upper: job.product.upper, blockTiles: most, blocks: blocks,
            tileOffsets: (0..<most).map { Int32($0 * pitch) },
            sumOffsets: widths.map { width in (width, (0..<most).map { Int32($0 * width) }) })
    }
}
