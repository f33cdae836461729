internal import CSkiffKernels
internal import SkiffCore

/// Packs the weights of single slices: all of them while a network is planned, or each where it is needed.
struct SlicePacker: @unchecked Sendable {
    /// One slice of a step.
    struct Job {
        let group: Int
        let slice: KernelSet.Slice
        /// Element offset among the packed weights of all slices.
        let offset: Int
    }

    let weights: ProductWeights
    let jobs: [Job]
    /// Pixels of a Winograd tile's edge, 2 or 4, for weights that are transformed; 0 for direct products.
    let tile: Int
    let kernels: KernelSet

    /// Elements that the jobs' slices are packed in, all and at most.
    let elements: Int
    let largest: Int

    init(_ weights: ProductWeights, _ slices: [(group: Int, slice: KernelSet.Slice)], tile: Int, kernels: KernelSet) {
        self.weights = weights
        self.tile = tile
        self.kernels = kernels
        let components = tile == 0 ? weights.taps : (tile + 2) * (tile + 2)
        var (jobs, elements, largest): ([Job], Int, Int) = ([], 0, 0)
        for (group, slice) in slices {
            jobs.append(Job(group: group, slice: slice, offset: elements))
            let count = components * weights.channels * slice.width
            elements += count
            largest = max(largest, count)
        }
        (self.jobs, self.elements, self.largest) = (jobs, elements, largest)
    }

    /// Elements of working memory behind a slice that ``pack(_:into:)`` needs: its taps before they are transformed.
    var workElements: Int {
        tile == 0 ? 0 : (jobs.map(\.slice.width).max() ?? 0) * weights.taps * weights.channels
    }

    /// Packs one slice from elements that lie plainly.
    /// - Parameter target: Room for ``largest`` and ``workElements`` elements.
    func pack(_ index: Int, into target: UnsafeMutablePointer<Float>) {
        weights.tensor.withUnsafeBytes { bytes in
            if let base = bytes.baseAddress { pack(index, from: base, into: target, work: target + largest) }
        }
    }

    /// - Parameter work: Room for ``workElements`` elements.
    func pack(
        _ index: Int, from source: UnsafeRawPointer, into target: UnsafeMutablePointer<Float>,
        work: UnsafeMutablePointer<Float>
    ) {
        let job = jobs[index]
        guard tile > 0 else {
            weights.pack(job.slice, group: job.group, from: source, into: target, kernels: kernels)
            return
        }
        let count = Int64(weights.channels * job.slice.width)
        weights.pack(job.slice, group: job.group, from: source, into: work, kernels: kernels)
        kernels.table.pointee.winograd_weights(Int32(tile), work, count, target, count, count)
    }

    /// Packs all slices, each at its offset in `target`.
    func packAll(into target: UnsafeMutablePointer<Float>, threads: Int) throws(EngineError) {
        nonisolated(unsafe) let base = target
        try weights.withElements { source in
            nonisolated(unsafe) let source = source
            inParallel(jobs.count, threads: elements < 1 << 14 ? 1 : threads) { index in
                withUnsafeTemporaryAllocation(of: Float.self, capacity: max(1, workElements)) { work in
                    guard let work = work.baseAddress else { return }
                    pack(index, from: source, into: base + jobs[index].offset, work: work)
                }
            }
        }
    }
}

/// Where a task finds the weights of its slices.
enum SliceWeights {
    /// Packed before, each slice at its offset.
    case packed(UnsafePointer<Float>)
    /// Packed by the task, slice by slice, into its thread's working memory.
    case streamed(SlicePacker, UnsafeMutablePointer<Float>)
}

/// Where a step's weights are when it runs.
enum StepWeights {
    case packed(View)
    /// In working memory, `offset` elements behind its beginning.
    case streamed(SlicePacker, offset: Int)

    func resolved(_ state: RunState, _ thread: Int) -> SliceWeights {
        switch self {
        case .packed(let view): .packed(UnsafePointer(view.pointer(state)))
        case .streamed(let packer, let offset): .streamed(packer, state.scratch(thread) + offset)
        }
    }

    /// What the step reads.
    var views: [View] {
        if case .packed(let view) = self { [view] } else { [] }
    }
}

extension Lowering {
    /// Packs a step's weights, or plans how they get packed when it runs.
    ///
    /// Kept weights are packed now. Else a task that takes whole slices packs each for itself (`streams`), where it
    /// stays in the core's cache; for others a step before packs all of them into a region.
    /// - Parameter scratchOffset: Elements of working memory that the step's tasks need themselves.
    mutating func weights(
        _ packer: SlicePacker, streams: Bool, scratchOffset: Int, of report: PlanReport.Step
    ) throws(EngineError) -> StepWeights {
        guard runsOnce, packer.weights.isPlain else {
            let target = try constantMemory(elements: packer.elements)
            try packer.packAll(into: target, threads: threads)
            return .packed(View(home: .constant(target)))
        }
        if streams {
            reserveScratch(elements: scratchOffset + packer.largest + packer.workElements)
            return .streamed(packer, offset: scratchOffset)
        }
        let view = View(home: .region(region(elements: packer.elements)))
        reserveScratch(elements: packer.workElements)
        var packing = report
        packing.operation = "pack weights"
        (packing.multiplyAdds, packing.plannedMultiplyAdds, packing.predictedMicroseconds) = (0, 0, nil)
        packing.predictedErrorRatio = nil
        emit(packing, tasks: packer.jobs.count, reads: [], writes: [view]) { state, index, thread in
            let target = view.pointer(state) + packer.jobs[index].offset
            packer.weights.tensor.withUnsafeBytes { bytes in
                guard let base = bytes.baseAddress else { return }
                packer.pack(index, from: base, into: target, work: state.scratch(thread))
            }
        }
        return .packed(view)
    }

    /// The bias of each slice's outputs, `width` elements for each.
    mutating func bias(_ packer: SlicePacker) throws(EngineError) -> (elements: UnsafePointer<Float>, offsets: [Int]) {
        var (offsets, count): ([Int], Int) = ([], 0)
        for job in packer.jobs {
            offsets.append(count)
            count += job.slice.width
        }
        let target = try constantMemory(elements: max(1, count))
        for (job, offset) in zip(packer.jobs, offsets) {
            let output = job.group * packer.weights.outputsPerGroup + job.slice.first
            for lane in 0..<job.slice.width {
                target[offset + lane] = lane < job.slice.count ? Float(packer.weights.shift?[output + lane] ?? 0) : 0
            }
        }
        return (UnsafePointer(target), offsets)
    }
}
