internal import SkiffCore
internal import SkiffGraph

extension Pooling: EvaluableOperator {
    func evaluate<A: Arithmetic>(_ step: Step<A>) throws(EngineError) -> [Buffer<A.Stored>] {
        let output = try step.output
        let windows = Windows(self, input: try step.shape(0), output: output.shape)
        try step.reserve(checkedProduct([windows.largestWindow, step.threads]), MemoryLayout<Int>.stride)
        if case .integer(let elements) = try step.buffer(0) {
            return try integerMaxima(elements, windows, step)
        }
        let elements = try step.reals(0)
        var results: [Buffer<A.Stored>] = []
        let threads = step.threads
        switch kind {
        case .maximum:
            if step.outputs.count > 1 {
                let winners = windows.winners(elements, threads: threads) { $0 > $1 || $0.isNaN && !$1.isNaN }
                let maxima = winners.map { $0 < 0 ? -A.Stored.infinity : elements[$0] }
                return [.real(maxima), .integer(winners.map { windows.reported($0, isColumnMajor: indicesAreColumnMajor) })]
            }
            results.append(.real(windows.map(elements, threads: threads) { source, offsets, _ in
                var best = -A.Stored.infinity
                for offset in offsets { best = larger(source[offset], best) }
                return best
            }))
        case .average(let countsPadding):
            results.append(.real(windows.map(elements, threads: threads) { source, offsets, covered in
                var sum = A.Sum.zero
                for offset in offsets { sum += A.widened(source[offset]) }
                let divisor = countsPadding ? covered : offsets.count
                return divisor == 0 ? 0 : A.rounded(sum / A.Sum(rounding: Double(divisor)))
            }))
        case .norm(let p):
            let norm = Norm<A.Sum>(p)
            results.append(.real(windows.map(elements, threads: threads) { source, offsets, _ in
                var sum = A.Sum.zero
                for offset in offsets { sum += norm.term(A.widened(source[offset])) }
                return A.rounded(norm.root(sum))
            }))
        }
        return results
    }

    private func integerMaxima<A: Arithmetic>(
        _ elements: [Int64], _ windows: Windows, _ step: Step<A>
    ) throws(EngineError) -> [Buffer<A.Stored>] {
        guard kind == .maximum else { throw EngineError(.operand("averages no whole numbers")) }
        let winners = windows.winners(elements, threads: step.threads) { $0 > $1 }
        let maxima = Buffer<A.Stored>.integer(winners.map { $0 < 0 ? 0 : elements[$0] })
        guard step.outputs.count > 1 else { return [maxima] }
        return [maxima, .integer(winners.map { windows.reported($0, isColumnMajor: indicesAreColumnMajor) })]
    }
}

/// The p-norm's term and root.
private struct Norm<Sum: Real> {
    let p: Int
    init(_ p: Int) { self.p = p }

    func term(_ x: Sum) -> Sum {
        switch p {
        case 1: x.magnitude
        case 2: x * x
        default: Sum.power(x.magnitude, Sum(rounding: Double(p)))
        }
    }

    func root(_ sum: Sum) -> Sum {
        switch p {
        case 1: sum
        case 2: sum.squareRoot()
        default: Sum.power(sum, Sum(rounding: 1 / Double(p)))
        }
    }
}

/// The windows of a pooling operator over one map.
private struct Windows {
    let planes: Int
    let channels: Int
    let isFirst: Bool
    let inputExtents: [Int]
    let outputExtents: [Int]
    let inputPositions: Int
    let outputPositions: Int
    /// For each spatial axis the windows along it.
    private let taps: [[AxisTaps]]
    private let dilations: [Int]

    /// One window along one axis: its first tap inside the input, how many are, and how many are in the padded input.
    private struct AxisTaps {
        var first: Int
        var count: Int
        var covered: Int
    }

    init(_ pooling: Pooling, input: Shape, output: Shape) {
        isFirst = pooling.layout == .channelsFirst
        channels = input[pooling.layout.channelAxis(rank: input.count)]
        planes = input[0] * channels
        let first = pooling.layout.firstSpatialAxis
        inputExtents = Array(input[first..<first + pooling.kernel.count])
        outputExtents = Array(output[first..<first + pooling.kernel.count])
        inputPositions = inputExtents.reduce(1, *)
        outputPositions = outputExtents.reduce(1, *)
        dilations = pooling.window.dilations
        var taps: [[AxisTaps]] = []
        for (axis, kernel) in pooling.kernel.enumerated() {
            let extent = inputExtents[axis]
            let padding = pooling.window.resolvedPadding(axis: axis, extent: extent, kernel: kernel)
            let dilation = pooling.window.dilations[axis]
            taps.append((0..<outputExtents[axis]).map { position in
                let start = position &* pooling.window.strides[axis] &- padding.before
                let skipped = start < 0 ? Self.tapCount(from: start, below: 0, dilation, kernel) : 0
                let inside = Self.tapCount(from: start, below: extent, dilation, kernel)
                let covered = Self.tapCount(from: start, below: extent &+ padding.after, dilation, kernel)
                return AxisTaps(first: start &+ skipped &* dilation, count: max(0, inside - skipped), covered: covered)
            })
        }
        self.taps = taps
    }

    /// How many taps from the first on lie below `end`.
    private static func tapCount(from start: Int, below end: Int, _ dilation: Int, _ kernel: Int) -> Int {
        guard start < end else { return 0 }
        // The distance may take all 64 bits.
        let last = UInt(bitPattern: end &- start) - 1
        return Int(min(UInt(kernel), last / UInt(dilation) + 1))
    }

    /// Most taps that one window has inside the input.
    var largestWindow: Int {
        taps.reduce(1) { product, axis in product &* max(1, axis.reduce(0) { max($0, $1.count) }) }
    }

    /// Input offsets of the taps of one window, and its taps in the padded input.
    private func window(_ position: Int) -> (offsets: [Int], covered: Int) {
        var rest = position
        var (offsets, covered, stride) = ([0], 1, isFirst ? 1 : channels)
        for axis in outputExtents.indices.reversed() {
            let tap = taps[axis][rest % outputExtents[axis]]
            rest /= outputExtents[axis]
            // The last axis varies fastest, so that ties are decided in row-major order.
            let along = stride
            let inner = offsets
            offsets = (0..<tap.count).flatMap { index in
                let position = (tap.first + index * dilations[axis]) * along
                return inner.map { $0 + position }
            }
            covered *= tap.covered
            stride *= inputExtents[axis]
        }
        return (offsets, covered)
    }

    /// Calls `body` for every window and plane: the plane's first element, the window's offsets from there, its
    /// taps in the padded input, and the output element.
    @inline(__always)
    private func forEach(threads: Int, _ body: (Int, [Int], Int, Int) -> Void) {
        // Offsets of one piece's windows are kept side by side.
        let chunk = max(1, min(64, (1 << 16) / max(1, largestWindow)))
        let pieces = (outputPositions + chunk - 1) / chunk
        inParallel(pieces, threads: outputPositions * planes < 1 << 14 ? 1 : threads) { piece in
            let range = piece * chunk..<min(outputPositions, (piece + 1) * chunk)
            let windows = range.map { window($0) }
            for plane in 0..<planes {
                let base = isFirst ? plane * inputPositions : plane / channels * inputPositions * channels + plane % channels
                let target = isFirst ? plane * outputPositions : plane / channels * outputPositions * channels + plane % channels
                for (position, window) in zip(range, windows) {
                    body(base, window.offsets, window.covered, target + position * (isFirst ? 1 : channels))
                }
            }
        }
    }

    @inline(__always)
    func map<Element: BitwiseCopyable & ExpressibleByIntegerLiteral>(
        _ elements: [Element], threads: Int, _ function: (UnsafePointer<Element>, [Int], Int) -> Element
    ) -> [Element] {
        elements.withUnsafeBufferPointer { source in
            written(planes * outputPositions) { target in
                guard let source = source.baseAddress else { return }
                forEach(threads: threads) { base, offsets, covered, element in
                    target[element] = function(source + base, offsets, covered)
                }
            }
        }
    }

    /// The element of the input that each window's comparison prefers, the first of equals; −1 for empty windows.
    func winners<Element: BitwiseCopyable>(
        _ elements: [Element], threads: Int, _ isBetter: (Element, Element) -> Bool
    ) -> [Int] {
        elements.withUnsafeBufferPointer { source in
            written(planes * outputPositions) { target in
                forEach(threads: threads) { base, offsets, _, element in
                    var best = -1
                    for offset in offsets where best < 0 || isBetter(source[base + offset], source[best]) {
                        best = base + offset
                    }
                    target[element] = best
                }
            }
        }
    }

    /// An element's index as ONNX reports it: planes first, then positions row by row or column by column.
    func reported(_ element: Int, isColumnMajor: Bool) -> Int64 {
        guard element >= 0 else { return -1 }
        let sample = element / (channels * inputPositions)
        let plane = isFirst ? element / inputPositions : sample * channels + element % channels
        var position = isFirst ? element % inputPositions : element / channels % inputPositions
        if isColumnMajor {
            var rest = position
            position = 0
            for extent in inputExtents.reversed() {
                position = position * extent + rest % extent
                rest /= extent
            }
        }
        return Int64(plane * inputPositions + position)
    }
}

extension GlobalPooling: EvaluableOperator {
    func evaluate<A: Arithmetic>(_ step: Step<A>) throws(EngineError) -> [Buffer<A.Stored>] {
        let (shape, output) = (try step.shape(0), try step.output)
        let channels = shape[layout.channelAxis(rank: shape.count)]
        let spatial = layout == .channelsFirst ? shape[2...] : shape[1..<shape.count - 1]
        let positions = spatial.reduce(1, *)
        let isFirst = layout == .channelsFirst
        func planes<Element, Result: BitwiseCopyable>(
            _ elements: [Element], _ reduce: (UnsafeBufferPointer<Element>, Int, Int) -> Result
        ) -> [Result] {
            elements.withUnsafeBufferPointer { source in
                filled(output.count, cost: positions, threads: step.threads) { target, range in
                    for plane in range {
                        target[plane] = isFirst
                            ? reduce(source, plane * positions, 1)
                            : reduce(source, plane / channels * positions * channels + plane % channels, channels)
                    }
                }
            }
        }
        if case .integer(let elements) = try step.buffer(0) {
            return [.integer(planes(elements) { source, base, stride in
                var best = positions > 0 ? source[base] : 0
                for position in 0..<positions { best = max(best, source[base + position * stride]) }
                return best
            })]
        }
        let elements = try step.reals(0)
        switch kind {
        case .maximum:
            return [.real(planes(elements) { source, base, stride in
                var best = -A.Stored.infinity
                for position in 0..<positions { best = larger(source[base &+ position &* stride], best) }
                return best
            })]
        case .average:
            return [.real(planes(elements) { source, base, stride in
                var sum = A.Sum.zero
                for position in 0..<positions { sum += A.widened(source[base &+ position &* stride]) }
                return A.rounded(sum / A.Sum(rounding: Double(positions)))
            })]
        case .norm(let p):
            let norm = Norm<A.Sum>(p)
            return [.real(planes(elements) { source, base, stride in
                var sum = A.Sum.zero
                for position in 0..<positions { sum += norm.term(A.widened(source[base &+ position &* stride])) }
                return A.rounded(norm.root(sum))
            })]
        }
    }
}
