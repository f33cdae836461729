internal import CSkiffKernels
internal import SkiffCore

/// The sums of a ``BlockProduct`` by the micro-kernels: the same sums in the same order, but for multiply-adds that
/// round once where the processor fuses them. ``Precision/reference`` keeps the plain loops, so that each checks
/// the other.
struct KernelProduct<Sum: Real> {
    private let product: BlockProduct<Sum>
    private let kernels: KernelSet
    private let rows: [Int32]
    private let taps: [Int64]
    private let slices: [KernelSet.Slice]

    private static var rowsPerPiece: Int { 48 }

    /// `nil` for products whose offsets the kernels cannot hold.
    /// - Throws: ``EngineError`` `kernels`.
    init?(_ product: BlockProduct<Sum>) throws(EngineError) {
        guard !product.isDepthwise, product.channels > 0, product.outputs > 0,
            (product.rows.max() ?? 0) <= Int(Int32.max)
        else { return nil }
        self.product = product
        kernels = try KernelSet.chosen(for: Sum.self)
        rows = product.rows.map { Int32($0) }
        taps = product.taps.map { Int64($0) }
        slices = kernels.slices(product.outputs)
    }

    private var groupElements: Int { slices.reduce(0) { $0 + $1.width } * product.taps.count * product.channels }

    /// Weights as [group][slice][tap][channel][width].
    func packed<A: Arithmetic>(
        _ arithmetic: A.Type, _ elements: [A.Stored], steps: WeightSteps, threads: Int
    ) -> [Sum] where A.Sum == Sum {
        let total = product.groups * groupElements
        return written(total) { target in
            elements.withUnsafeBufferPointer { elements in
                guard let base = elements.baseAddress else { return }
                nonisolated(unsafe) let (target, source) = (target, base)
                inParallel(product.groups * slices.count, threads: total < 1 << 14 ? 1 : threads) { piece in
                    pack(arithmetic, piece, from: source, into: target, steps)
                }
            }
        }
    }

    private func pack<A: Arithmetic>(
        _ arithmetic: A.Type, _ piece: Int, from source: UnsafePointer<A.Stored>, into target: UnsafeMutablePointer<Sum>,
        _ steps: WeightSteps
    ) where A.Sum == Sum {
        let (group, slice) = (piece / slices.count, slices[piece % slices.count])
        let depth = product.taps.count * product.channels
        let to = target + (group * groupElements + sliceStart(piece % slices.count) * depth)
        for lane in 0..<slice.count {
            let first = steps.first + group * steps.group + (slice.first + lane) * steps.output
            for tap in product.taps.indices {
                let from = source + (first + tap * steps.tap)
                let line = to + (tap * product.channels * slice.width + lane)
                for channel in 0..<product.channels {
                    line[channel &* slice.width] = A.widened(from[channel &* steps.channel])
                }
            }
        }
    }

    /// Outputs that the slices before one are packed in.
    private func sliceStart(_ index: Int) -> Int { slices[..<index].reduce(0) { $0 + $1.width } }

    /// - Parameter input: The images; `Element` is `Sum`, or its `Lanes`.
    func run<Element: BitwiseCopyable, Sink: ProductSink>(
        _ input: [Element], weights: [Sum], threads: Int, into sink: Sink
    ) where Sink.Sum == Sum {
        input.withUnsafeBytes { input in
            weights.withUnsafeBufferPointer { weights in
                guard let image = input.baseAddress, let packed = weights.baseAddress, !rows.isEmpty else { return }
                nonisolated(unsafe) let (input, weights, sink) = (image, packed, sink)
                let pieces = (rows.count + Self.rowsPerPiece - 1) / Self.rowsPerPiece
                let work = Double(product.images * rows.count) * Double(groupElements)
                inParallel(product.images * pieces * slices.count, threads: work < 1e6 ? 1 : threads) { index in
                    let (image, rest) = (index / (pieces * slices.count), index % (pieces * slices.count))
                    let range = ProductStep.range(rest / slices.count, of: pieces, count: rows.count)
                    runPiece(image, range, rest % slices.count, input, weights, into: sink)
                }
            }
        }
    }

    private func runPiece<Sink: ProductSink>(
        _ image: Int, _ range: Range<Int>, _ index: Int, _ input: UnsafeRawPointer, _ weights: UnsafePointer<Sum>,
        into sink: Sink
    ) where Sink.Sum == Sum {
        let slice = slices[index]
        let lanes = Sum.Lanes.scalarCount
        let depth = product.taps.count * product.channels
        let width = MemoryLayout<Sum>.stride
        let count = (range.count * slice.width + kernels.sliceWidth) * width
        withUnsafeTemporaryAllocation(byteCount: count + lanes * width, alignment: 64) { sums in
            guard let base = sums.baseAddress else { return }
            // The first elements are the bias that the kernel starts from: zeros.
            base.initializeMemory(as: UInt8.self, repeating: 0, count: count + lanes * width)
            let results = base + kernels.sliceWidth * width
            let outputs = (0..<range.count).map { Int32($0 * slice.width) }
            multiply(
                slice, range, UnsafeRawPointer(input) + image * product.imageStride * width,
                UnsafeRawPointer(weights + (image % product.groups * groupElements + sliceStart(index) * depth)),
                bias: base, results, outputs)
            for (position, row) in range.enumerated() {
                for first in stride(from: 0, to: slice.count, by: lanes) {
                    let offset = (position * slice.width + first) * width
                    sink.store(
                        results.loadUnaligned(fromByteOffset: offset, as: Sum.Lanes.self),
                        count: min(lanes, slice.count - first), image: image, row: row, output: slice.first + first)
                }
            }
        }
    }

    private func multiply(
        _ slice: KernelSet.Slice, _ range: Range<Int>, _ input: UnsafeRawPointer, _ weights: UnsafeRawPointer,
        bias: UnsafeRawPointer, _ results: UnsafeMutableRawPointer, _ outputs: [Int32]
    ) {
        taps.withUnsafeBufferPointer { taps in
            rows.withUnsafeBufferPointer { rows in
                guard let rows = rows.baseAddress else { return }
                var call = skiff_product()
                call.input = input
                call.taps = taps.baseAddress
                call.tap_count = Int64(taps.count)
                call.depth = Int64(product.channels)
                call.weights = weights
                call.bias = bias
                call.output = results
                call.outputs = Int64(slice.width)
                call.lower = -.infinity
                call.upper = .infinity
                call.repeats = 1
                kernels.table.pointee.product(&call, rows + range.lowerBound, outputs, nil, Int64(range.count))
            }
        }
    }
}
