/// Where the sums of a ``BlockProduct`` go.
protocol ProductSink {
    associatedtype Sum: Real
    /// Takes the first `count` of `sums`, one row's outputs from `output` on.
    func store(_ sums: Sum.Lanes, count: Int, image: Int, row: Int, output: Int)
}

/// Rounds sums, bias added, into a value. Images come group by group, sample by sample.
struct ValueSink<A: Arithmetic>: ProductSink {
    typealias Sum = A.Sum
    let target: UnsafeMutablePointer<A.Stored>
    let groups: Int
    let sampleStride: Int
    let groupStride: Int
    let rowStride: Int
    let outputStride: Int
    /// One number per output of each group in turn; `nil` for none.
    let bias: UnsafePointer<A.Sum>?
    let outputs: Int

    @inline(__always)
    func store(_ sums: A.Sum.Lanes, count: Int, image: Int, row: Int, output: Int) {
        let group = image % groups
        let sample = image / groups
        let first: Int = sample &* sampleStride &+ group &* groupStride
        let element = target + (first &+ row &* rowStride)
        let bias = bias.map { $0 + group &* outputs }
        for lane in 0..<count {
            let sum = sums[lane]
            let total = if let bias { sum + bias[output &+ lane] } else { sum }
            element[(output &+ lane) &* outputStride] = A.rounded(total)
        }
    }
}

/// Keeps sums as they are.
struct SumSink<Sum: Real>: ProductSink {
    let target: UnsafeMutablePointer<Sum>
    let imageStride: Int
    let rowStride: Int

    @inline(__always)
    func store(_ sums: Sum.Lanes, count: Int, image: Int, row: Int, output: Int) {
        let first: Int = image &* imageStride &+ row &* rowStride
        let element = target + (first &+ output)
        for lane in 0..<count { element[lane] = sums[lane] }
    }
}

/// The sums behind convolutions and matrix products:
///
///     y[image, row, output] = Σ_tap Σ_channel x[image][rows[row] + taps[tap] + channel] · w[group][output, tap, channel]
///
/// added in that order from zero, one element's sum never split, so the bits do not hang on threads or tiles.
/// Weights are packed as [group][block of outputs][tap][channel] of `Lanes`, the last block filled with zeros.
struct BlockProduct<Sum: Real> {
    typealias Lanes = Sum.Lanes

    /// Offset of each row's first element from its image's.
    let rows: [Int]
    /// Offset of each tap from its row.
    let taps: [Int]
    let channels: Int
    /// Outputs of one image.
    let outputs: Int
    let images: Int
    let imageStride: Int
    /// Image i reads the weights of group i mod `groups`.
    let groups: Int
    /// Every output reads a channel of its own (depthwise): x holds `Lanes` side by side, one per block.
    let isDepthwise: Bool

    static func blocks(_ outputs: Int) -> Int {
        (outputs + Lanes.scalarCount - 1) / Lanes.scalarCount
    }

    private static var rowsPerPiece: Int { 64 }
    private static var blocksPerPiece: Int { 16 }

    /// - Parameter input: The images; `Element` is `Sum`, or its `Lanes`.
    func run<Element: BitwiseCopyable, Sink: ProductSink>(
        _ input: [Element], weights: [Lanes], threads: Int, into sink: Sink
    ) where Sink.Sum == Sum {
        input.withUnsafeBytes { input in
            weights.withUnsafeBufferPointer { weights in
                // Without elements all sums are empty, and the target is zero as it came.
                guard let input = input.baseAddress, let weights = weights.baseAddress else { return }
                run(input.assumingMemoryBound(to: Sum.self), weights: weights, threads: threads, into: sink)
            }
        }
    }

    private func run<Sink: ProductSink>(
        _ input: UnsafePointer<Sum>, weights: UnsafePointer<Lanes>, threads: Int, into sink: Sink
    ) where Sink.Sum == Sum {
        let blocks = Self.blocks(outputs)
        guard !rows.isEmpty, blocks > 0, images > 0 else { return }
        let rowPieces = (rows.count + Self.rowsPerPiece - 1) / Self.rowsPerPiece
        let blockPieces = (blocks + Self.blocksPerPiece - 1) / Self.blocksPerPiece
        let work = Double(images) * Double(rows.count) * Double(outputs) * Double(taps.count * max(1, channels))
        nonisolated(unsafe) let (input, weights, sink) = (input, weights, sink)
        inParallel(images * rowPieces * blockPieces, threads: work < 1e5 ? 1 : threads) { piece in
            let image = piece / (rowPieces * blockPieces)
            let rest = piece % (rowPieces * blockPieces)
            let firstRow = rest / blockPieces * Self.rowsPerPiece
            let firstBlock = rest % blockPieces * Self.blocksPerPiece
            runPiece(
                input + image * imageStride, weights: weights + image % groups * blocks * taps.count * channels,
                image: image, rows: firstRow..<min(rows.count, firstRow + Self.rowsPerPiece),
                blocks: firstBlock..<min(blocks, firstBlock + Self.blocksPerPiece), into: sink)
        }
    }

    private func runPiece<Sink: ProductSink>(
        _ input: UnsafePointer<Sum>, weights: UnsafePointer<Lanes>, image: Int, rows range: Range<Int>,
        blocks: Range<Int>, into sink: Sink
    ) where Sink.Sum == Sum {
        rows.withUnsafeBufferPointer { rows in
            taps.withUnsafeBufferPointer { taps in
                for block in blocks {
                    let blockWeights = weights + block &* taps.count &* channels
                    var row = range.lowerBound
                    while row < range.upperBound {
                        // A short tile repeats its last row and drops what the repeats give.
                        let last = range.upperBound - 1
                        let (r1, r2, r3) = (min(row &+ 1, last), min(row &+ 2, last), min(row &+ 3, last))
                        let tile =
                            isDepthwise
                            ? depthwiseTile(
                                UnsafeRawPointer(input).assumingMemoryBound(to: Lanes.self) + block,
                                rows[row], rows[r1], rows[r2], rows[r3], taps: taps, weights: blockWeights)
                            : denseTile(
                                input + rows[row], input + rows[r1], input + rows[r2], input + rows[r3],
                                taps: taps, weights: blockWeights)
                        store(tile.0, image, row, block, sink)
                        if row &+ 1 <= last { store(tile.1, image, r1, block, sink) }
                        if row &+ 2 <= last { store(tile.2, image, r2, block, sink) }
                        if row &+ 3 <= last { store(tile.3, image, r3, block, sink) }
                        row &+= 4
                    }
                }
            }
        }
    }

    @inline(__always)
    private func denseTile(
        _ x0: UnsafePointer<Sum>, _ x1: UnsafePointer<Sum>, _ x2: UnsafePointer<Sum>, _ x3: UnsafePointer<Sum>,
        taps: UnsafeBufferPointer<Int>, weights: UnsafePointer<Lanes>
    ) -> (Lanes, Lanes, Lanes, Lanes) {
        var (s0, s1, s2, s3) = (Lanes.zero, Lanes.zero, Lanes.zero, Lanes.zero)
        var weights = weights
        for tap in taps {
            let (p0, p1, p2, p3) = (x0 + tap, x1 + tap, x2 + tap, x3 + tap)
            for channel in 0..<channels {
                let lanes = weights[channel]
                s0 = Sum.multiplyAdd(s0, p0[channel], lanes)
                s1 = Sum.multiplyAdd(s1, p1[channel], lanes)
                s2 = Sum.multiplyAdd(s2, p2[channel], lanes)
                s3 = Sum.multiplyAdd(s3, p3[channel], lanes)
            }
            weights += channels
        }
        return (s0, s1, s2, s3)
    }

    /// Rows and taps are counted in `Lanes` here.
    @inline(__always)
    private func depthwiseTile(
        _ x: UnsafePointer<Lanes>, _ r0: Int, _ r1: Int, _ r2: Int, _ r3: Int,
        taps: UnsafeBufferPointer<Int>, weights: UnsafePointer<Lanes>
    ) -> (Lanes, Lanes, Lanes, Lanes) {
        var (s0, s1, s2, s3) = (Lanes.zero, Lanes.zero, Lanes.zero, Lanes.zero)
        for index in 0..<taps.count {
            let lanes = weights[index]
            let p = x + taps[index]
            s0 = Sum.multiplyAdd(s0, p[r0], lanes)
            s1 = Sum.multiplyAdd(s1, p[r1], lanes)
            s2 = Sum.multiplyAdd(s2, p[r2], lanes)
            s3 = Sum.multiplyAdd(s3, p[r3], lanes)
        }
        return (s0, s1, s2, s3)
    }

    @inline(__always)
    private func store<Sink: ProductSink>(_ lanes: Lanes, _ image: Int, _ row: Int, _ block: Int, _ sink: Sink)
    where Sink.Sum == Sum {
        let first = block &* Lanes.scalarCount
        sink.store(lanes, count: min(Lanes.scalarCount, outputs &- first), image: image, row: row, output: first)
    }
}

/// Where a weight's elements stand: the index of an output's tap and channel within a group, by equal steps.
struct WeightSteps {
    var group = 0
    var output: Int
    var tap = 0
    var channel: Int
    /// Index of the first group's first output, tap and channel.
    var first = 0
}

/// Packs weights for ``BlockProduct``.
func packedLanes<A: Arithmetic>(
    _ arithmetic: A.Type, _ elements: [A.Stored], groups: Int = 1, outputs: Int, taps: Int = 1, channels: Int,
    steps: WeightSteps, threads: Int
) -> [A.Sum.Lanes] {
    let lanes = A.Sum.Lanes.scalarCount
    let blocks = BlockProduct<A.Sum>.blocks(outputs)
    let count = groups * blocks * taps * channels
    var packed = [A.Sum.Lanes](repeating: .zero, count: count)
    elements.withUnsafeBufferPointer { elements in
        packed.withUnsafeMutableBytes { target in
            guard let base = target.baseAddress, let elements = elements.baseAddress else { return }
            nonisolated(unsafe) let (target, source) = (base.assumingMemoryBound(to: A.Sum.self), elements)
            inParallel(groups * blocks, threads: count < 1 << 13 ? 1 : threads) { piece in
                let (group, block) = (piece / blocks, piece % blocks)
                let first = steps.first + group * steps.group + block * lanes * steps.output
                let used = min(lanes, outputs - block * lanes)
                var to = target + piece * taps * channels * lanes
                for tap in 0..<taps {
                    for channel in 0..<channels {
                        let from = source + (first &+ tap &* steps.tap &+ channel &* steps.channel)
                        for lane in 0..<used { to[lane] = A.widened(from[lane &* steps.output]) }
                        to += lanes
                    }
                }
            }
        }
    }
    return packed
}
