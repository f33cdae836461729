internal import SkiffCore
internal import SkiffEngine

/// Three computations of one value set beside each other in one pass: the reference's, ours in Float, ours in Double.
///
/// Blocks are summed by themselves and added up in order, so results have the same bits for any number of threads.
struct Measurement {
    private static let blockLength = 1 << 13

    /// Sums of one block of elements.
    fileprivate struct Block {
        var count = 0
        var error = 0.0
        var squaredError = 0.0
        var squaredNoise = 0.0
        var squaredReference = 0.0
        var squaredDouble = 0.0
        var product = 0.0
        var largestError = 0.0
        var largestNoise = 0.0
        var largestRelative = 0.0
        var isIdentical = true
        var worst: Int?
        var exceeding = 0
        var mismatches = 0
        var firstMismatch: Int?
    }

    let comparison: Comparison
    let noise: Double
    let largestNoise: Double
    let isIdentical: Bool

    /// Arrays of equal length, in the same order of elements; `shape` names positions.
    init(
        reference: [Double], float: [Float], double: [Double], shape: Shape, policy: ParityPolicy, threads: Int?
    ) {
        let count = min(reference.count, min(float.count, double.count))
        let blocks = (count + Self.blockLength - 1) / Self.blockLength
        let absolute = policy.absoluteTolerance
        let relative = policy.needsNoise ? nil : policy.relativeTolerance
        let results = reference.withUnsafeBufferPointer { reference in
            float.withUnsafeBufferPointer { float in
                double.withUnsafeBufferPointer { double in
                    let operands = Operands(reference: reference, float: float, double: double)
                    return [Block](unsafeUninitializedCapacity: blocks) { buffer, initialized in
                        nonisolated(unsafe) let target = buffer
                        nonisolated(unsafe) let operands = operands
                        concurrently(blocks, workers: blocks < 8 ? 1 : threads) { index in
                            let range = index * Self.blockLength..<min((index + 1) * Self.blockLength, count)
                            target.initializeElement(
                                at: index, to: operands.block(range, absolute: absolute, relative: relative))
                        }
                        initialized = blocks
                    }
                }
            }
        }
        var total = Block()
        for block in results { total.add(block) }
        func pair(_ position: Int) -> Comparison.Pair {
            Comparison.Pair(
                index: shape.index(ofPosition: position), candidate: double[position], reference: reference[position])
        }
        comparison = Comparison(
            elementCount: count, total: total, worst: total.worst.map(pair), mismatch: total.firstMismatch.map(pair))
        noise = total.count == 0 ? 0 : (total.squaredNoise / Double(total.count)).squareRoot()
        largestNoise = total.largestNoise
        isIdentical = total.isIdentical
    }
}

private struct Operands {
    let reference: UnsafeBufferPointer<Double>
    let float: UnsafeBufferPointer<Float>
    let double: UnsafeBufferPointer<Double>

    /// The sums of a range, by lanes where all its numbers are finite.
    func block(_ range: Range<Int>, absolute: Double, relative: Double?) -> Measurement.Block {
        if relative == nil, var block = lanes(range) {
            if block.largestError > 0 {
                block.worst = range.first { abs(double[$0] - reference[$0]) == block.largestError }
            }
            return block
        }
        return plain(range, absolute: absolute, relative: relative ?? 0, counts: relative != nil)
    }

    private typealias Lanes = SIMD8<Double>

    private func lanes(_ range: Range<Int>) -> Measurement.Block? {
        guard range.count % 8 == 0, !range.isEmpty, let c = reference.baseAddress, let f = float.baseAddress,
            let d = double.baseAddress
        else { return nil }
        var (error, squaredError, squaredNoise, squaredReference, squaredDouble, product) =
            (Lanes.zero, Lanes.zero, Lanes.zero, Lanes.zero, Lanes.zero, Lanes.zero)
        var (largestError, largestNoise, largestRelative) = (Lanes.zero, Lanes.zero, Lanes.zero)
        var apart = Lanes.zero
        for position in stride(from: range.lowerBound, to: range.upperBound, by: 8) {
            let cs = UnsafeRawPointer(c + position).loadUnaligned(as: Lanes.self)
            let fs = Lanes(UnsafeRawPointer(f + position).loadUnaligned(as: SIMD8<Float>.self))
            let ds = UnsafeRawPointer(d + position).loadUnaligned(as: Lanes.self)
            let e = ds - cs
            let magnitude = e.replacing(with: -e, where: e .< 0)
            let n = fs - ds
            let noise = n.replacing(with: -n, where: n .< 0)
            error += magnitude
            squaredError += e * e
            squaredNoise += n * n
            squaredReference += cs * cs
            squaredDouble += ds * ds
            product += ds * cs
            largestError = largestError.replacing(with: magnitude, where: magnitude .> largestError)
            largestNoise = largestNoise.replacing(with: noise, where: noise .> largestNoise)
            let size = cs.replacing(with: -cs, where: cs .< 0)
            let share = magnitude / size
            largestRelative = largestRelative.replacing(with: share, where: share .> largestRelative)
            let unlike = fs - cs
            apart += unlike * unlike
        }
        // Infinities and NaN show in these sums; so do squares that overflow, which the plain loop handles as well.
        guard (squaredError.sum() + squaredNoise.sum() + squaredReference.sum() + apart.sum()).isFinite else { return nil }
        var block = Measurement.Block()
        block.count = range.count
        block.error = error.sum()
        block.squaredError = squaredError.sum()
        block.squaredNoise = squaredNoise.sum()
        block.squaredReference = squaredReference.sum()
        block.squaredDouble = squaredDouble.sum()
        block.product = product.sum()
        block.largestError = largestError.max()
        block.largestNoise = largestNoise.max()
        block.largestRelative = largestRelative.max()
        block.isIdentical = apart.sum() == 0 && isIdentical(range)
        return block
    }

    /// Differences below 2⁻⁵³⁷ have squares of zero, so that zero needs a second look.
    private func isIdentical(_ range: Range<Int>) -> Bool {
        range.allSatisfy { Double(float[$0]) == reference[$0] }
    }

    private func plain(_ range: Range<Int>, absolute: Double, relative: Double, counts: Bool) -> Measurement.Block {
        var block = Measurement.Block()
        for position in range {
            let (c, f, d) = (reference[position], Double(float[position]), double[position])
            if f != c && !(f.isNaN && c.isNaN) { block.isIdentical = false }
            guard c.isFinite, d.isFinite else {
                // A value beyond Float's range is infinite there, and so it is in the reference.
                if !(c.isNaN && d.isNaN) && c != d && !(c.isInfinite && c == f) {
                    block.mismatches += 1
                    block.firstMismatch = block.firstMismatch ?? position
                }
                continue
            }
            let error = abs(d - c)
            block.count += 1
            block.error += error
            block.squaredError += error * error
            block.squaredReference += c * c
            block.squaredDouble += d * d
            block.product += c * d
            if error > block.largestError { (block.largestError, block.worst) = (error, position) }
            if error > 0 { block.largestRelative = max(block.largestRelative, error / abs(c)) }
            if counts, error > absolute + relative * abs(c) { block.exceeding += 1 }
            guard f.isFinite else { continue }
            block.squaredNoise += (f - d) * (f - d)
            block.largestNoise = max(block.largestNoise, abs(f - d))
        }
        return block
    }
}

extension Measurement.Block {
    fileprivate mutating func add(_ other: Self) {
        count += other.count
        error += other.error
        squaredError += other.squaredError
        squaredNoise += other.squaredNoise
        squaredReference += other.squaredReference
        squaredDouble += other.squaredDouble
        product += other.product
        if other.largestError > largestError { (largestError, worst) = (other.largestError, other.worst) }
        largestNoise = max(largestNoise, other.largestNoise)
        largestRelative = max(largestRelative, other.largestRelative)
        isIdentical = isIdentical && other.isIdentical
        exceeding += other.exceeding
        mismatches += other.mismatches
        firstMismatch = firstMismatch ?? other.firstMismatch
    }
}

extension Comparison {
    fileprivate init(elementCount: Int, total: Measurement.Block, worst: Pair?, mismatch: Pair?) {
        func mean(_ sum: Double) -> Double { total.count == 0 ? 0 : sum / Double(total.count) }
        self.init(
            elementCount: elementCount, maximumError: total.largestError, meanError: mean(total.error),
            rmsError: mean(total.squaredError).squareRoot(), referenceRMS: mean(total.squaredReference).squareRoot(),
            cosine: Self.cosine(total.product, total.squaredDouble, total.squaredReference), worst: worst,
            nonFiniteMismatch: mismatch, nonFiniteMismatchCount: total.mismatches,
            exceedingCount: total.exceeding + total.mismatches, maximumRelativeError: total.largestRelative)
    }
}

extension Judgement {
    /// Judges in one pass over the elements.
    init(
        reference: [Double], float: [Float], double: [Double], shape: Shape, elementType: ElementType,
        policy: ParityPolicy, threads: Int?, floor: Double = 0
    ) {
        let measured = Measurement(
            reference: reference, float: float, double: double, shape: shape, policy: policy, threads: threads)
        self.init(
            measured.comparison, noise: measured.noise, largestNoise: measured.largestNoise,
            isIdentical: measured.isIdentical, elementType: elementType, policy: policy, floor: floor)
    }
}
