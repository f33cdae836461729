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
        let packed = try packWinograd(job.weights, tile: choice.tile)
        let addend = try job.addend.map { value throws(EngineError) in try self.input(value, order: order(of: job.output, job)) }
        let source = try input(job.input, order: job.order)
        let target = result(job.output, order: order(of: job.output, job), over: job.addend)
        let firstStep = steps.count
        let isShared = packed.elements * MemoryLayout<Float>.stride <= Self.sharedWeightBytes
        let step = winogradStep(job, choice, packed, isShared: isShared)
        let reads = [source] + (addend.map { [$0] } ?? [])
        let report = report(job, choice, algorithm: "Winograd F(\(choice.tile)×\(choice.tile), 3×3)")
        if isShared {
            reserveScratch(elements: step.componentElements + step.sumElements)
            emit(report, tasks: step.blocks, reads: reads, writes: [target]) { state, block, thread in
                let components = state.scratch(thread)
                let sums = components + step.componentElements
                step.transform(
                    step.tileRange(block), ofBlock: block, input: source.pointer(state), components: components)
                for slice in step.slices.indices {
                    step.multiply(
                        slice: slice, block: block, components: components, sums: sums, output: target.pointer(state),
                        addend: addend.map { UnsafePointer($0.pointer(state)) })
                }
            }
        } else {
            emitInTwo(step, report, source: source, addend: addend, target: target, shape: shape)
        }
        probes.append(
            ErrorProbe(
                job: job, inputStep: firstStep, outputStep: steps.count - 1, input: source, isPadded: false,
                addend: addend, output: target))
        return true
    }

    /// One step for the input's transform, one for the slices.
    private mutating func emitInTwo(
        _ step: WinogradStep, _ report: PlanReport.Step, source: View, addend: View?, target: View,
        shape: ConvolutionShape
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
        let reads = [components] + (addend.map { [$0] } ?? [])
        emit(report, tasks: step.slices.count, reads: reads, writes: [target]) { state, slice, thread in
            for block in 0..<step.blocks {
                step.multiply(
                    slice: slice, block: block,
                    components: components.pointer(state) + block * step.componentElements, sums: state.scratch(thread),
                    output: target.pointer(state), addend: addend.map { UnsafePointer($0.pointer(state)) })
            }
        }
    }

    private func winogradStep(
        _ job: ConvolutionJob, _ choice: AlgorithmChoice, _ packed: PackedWinograd, isShared: Bool
    ) -> WinogradStep {
        let shape = job.shape
        let tile = choice.tile
        let tiles = shape.batch * shape.outputExtents.reduce(1) { $0 * (($1 + tile - 1) / tile) }
        let wanted = isShared ? Self.tilesPerTask : 96
        var blocks = (tiles + wanted - 1) / wanted
        if isShared, threads > 1 { blocks = min(tiles, (blocks + threads - 1) / threads * threads) }
        let most = (tiles + blocks - 1) / blocks
        let widths = Set(packed.slices.map(\.width)).sorted()
        let pitch = shape.inputChannels % 256 == 0 ? shape.inputChannels + 16 : shape.inputChannels
        return WinogradStep(
            kernels: kernels, tile: tile, batch: shape.batch,
            input: (shape.inputExtents[0], shape.inputExtents[1]),
            output: (shape.outputExtents[0], shape.outputExtents[1]), before: (shape.before[0], shape.before[1]),
            channels: shape.inputChannels, outputs: shape.outputChannels, slices: packed.slices,
            weights: UnsafePointer(packed.weights), weightOffsets: packed.weightOffsets,
            bias: UnsafePointer(packed.bias), biasOffsets: packed.biasOffsets, zeros: UnsafePointer(packed.zeros),
            lower: job.product.lower, upper: job.product.upper, blockTiles: most, blocks: blocks,
            tileOffsets: (0..<most).map { Int32($0 * pitch) },
            sumOffsets: widths.map { width in (width, (0..<most).map { Int32($0 * width) }) })
    }

    private mutating func packWinograd(_ weights: ProductWeights, tile: Int) throws(EngineError) -> PackedWinograd {
        let slices = kernels.slices(weights.outputs)
        let components = (tile + 2) * (tile + 2)
        var (weightOffsets, biasOffsets): ([Int], [Int]) = ([], [])
        var (elements, biases) = (0, 0)
        for slice in slices {
            weightOffsets.append(elements)
            biasOffsets.append(biases)
            elements += components * weights.channels * slice.width
            biases += slice.width
        }
        let zeroCount = max(weights.channels, kernels.sliceWidth)
        let target = try constantMemory(elements: elements + biases + zeroCount)
        nonisolated(unsafe) let (base, offsets, table) = (target, weightOffsets, kernels.table)
        try weights.withElements { source in
            nonisolated(unsafe) let source = source
            inParallel(slices.count, threads: elements < 1 << 14 ? 1 : threads) { index in
                let slice = slices[index]
                let count = weights.channels * slice.width
                let taps = UnsafeMutablePointer<Float>.allocate(capacity: 9 * count)
                defer { taps.deallocate() }
                weights.pack(slice, group: 0, from: source, into: taps)
                table.pointee.winograd_weights(
                    Int32(tile), taps, Int64(count), base + offsets[index], Int64(count), Int64(count))
            }
        }
        weights.bias(slices, into: target + elements)
        return PackedWinograd(
            slices: slices, weights: target, weightOffsets: weightOffsets, bias: target + elements,
            biasOffsets: biasOffsets, zeros: target + elements + biases, elements: elements)
    }
}

/// Transformed weights of a convolution.
struct PackedWinograd {
    let slices: [KernelSet.Slice]
    let weights: UnsafeMutablePointer<Float>
    let weightOffsets: [Int]
    let bias: UnsafeMutablePointer<Float>
    let biasOffsets: [Int]
    let zeros: UnsafeMutablePointer<Float>
    /// Floats of weights.
    let elements: Int
}
