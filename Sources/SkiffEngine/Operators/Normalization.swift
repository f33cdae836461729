internal import SkiffCore
internal import SkiffGraph

extension BatchNormalization: EvaluableOperator {
    func evaluate<A: Arithmetic>(_ step: Step<A>) throws(EngineError) -> [Buffer<A.Stored>] {
        if isTraining { return try evaluateTraining(step) }
        let shape = try step.shape(0)
        let axis = try checkedAxis(axis, rank: shape.count)
        let (channels, inner) = (shape[axis], shape[(axis + 1)...].reduce(1, *))
        let (mean, variance) = (try step.sums(3), try step.sums(4))
        let scale = step.has(1) ? try step.sums(1) : nil
        let offset = step.has(2) ? try step.sums(2) : [A.Sum](repeating: 0, count: channels)
        let epsilon = A.Sum(rounding: self.epsilon.double)
        let factors = variance.indices.map { (scale?[$0] ?? 1) / (variance[$0] + epsilon).squareRoot() }
        let elements = try step.reals(0)
        return [.real(elements.withUnsafeBufferPointer { source in
            filled(source.count, threads: step.threads) { target, range in
                var index = range.lowerBound
                while index < range.upperBound {
                    // One stretch with one channel, or one stretch of all channels.
                    let channel = index / inner % channels
                    let end = min(range.upperBound, (index / inner + (inner == 1 ? channels - channel : 1)) * inner)
                    if inner == 1 {
                        for position in index..<end {
                            let c = channel + position - index
                            target[position] = A.rounded((A.widened(source[position]) - mean[c]) * factors[c] + offset[c])
                        }
                    } else {
                        let (m, f, o) = (mean[channel], factors[channel], offset[channel])
                        for position in index..<end {
                            target[position] = A.rounded((A.widened(source[position]) - m) * f + o)
                        }
                    }
                    index = end
                }
            }
        })]
    }
}

/// Elements that are normalized together: runs of equal length, side by side at equal steps.
private struct NormalizedSet {
    let start: Int
    let runLength: Int
    let runCount: Int
    let runStride: Int

    var count: Int { runLength * runCount }

    @inline(__always)
    func forEach(_ body: (Int) -> Void) {
        for run in 0..<runCount {
            let first = start + run * runStride
            for index in first..<first + runLength { body(index) }
        }
    }

    /// Mean and variance, by two passes.
    func moments<A: Arithmetic>(
        _ arithmetic: A.Type, _ source: UnsafeBufferPointer<A.Stored>
    ) -> (mean: A.Sum, variance: A.Sum) {
        let count = A.Sum(rounding: Double(self.count))
        var sum = A.Sum.zero
        forEach { sum += A.widened(source[$0]) }
        let mean = sum / count
        var squares = A.Sum.zero
        forEach { index in
            let distance = A.widened(source[index]) - mean
            squares += distance * distance
        }
        return (mean, squares / count)
    }
}

/// Normalizes each set by its own moments; `affine` gives an element's scale and offset.
private func normalized<A: Arithmetic>(
    _ step: Step<A>, epsilon: Float, sets: Int, _ set: (Int) -> NormalizedSet,
    affine: (Int) -> (scale: A.Sum, offset: A.Sum)
) throws(EngineError) -> (elements: [A.Stored], moments: [(mean: A.Sum, variance: A.Sum)]) {
    let elements = try step.reals(0)
    let epsilon = A.Sum(rounding: epsilon.double)
    var moments = [(mean: A.Sum, variance: A.Sum)](repeating: (0, 0), count: sets)
    let result: [A.Stored] = elements.withUnsafeBufferPointer { source in
        moments.withUnsafeMutableBufferPointer { moments in
            nonisolated(unsafe) let moments = moments
            return written(source.count) { target in
                inParallel(sets, threads: source.count < 1 << 14 ? 1 : step.threads) { index in
                    let set = set(index)
                    let (mean, variance) = set.moments(A.self, source)
                    let factor = 1 / (variance + epsilon).squareRoot()
                    moments[index] = (mean, variance)
                    set.forEach { element in
                        let (scale, offset) = affine(element)
                        target[element] = A.rounded((A.widened(source[element]) - mean) * factor * scale + offset)
                    }
                }
            }
        }
    }
    return (result, moments)
}

extension BatchNormalization {
    /// With the moments of the batch.
    private func evaluateTraining<A: Arithmetic>(_ step: Step<A>) throws(EngineError) -> [Buffer<A.Stored>] {
        let shape = try step.shape(0)
        let axis = try checkedAxis(axis, rank: shape.count)
        let (channels, inner) = (shape[axis], shape[(axis + 1)...].reduce(1, *))
        let outer = shape[..<axis].reduce(1, *)
        let scale = step.has(1) ? try step.sums(1) : nil
        let offset = step.has(2) ? try step.sums(2) : nil
        // Without an element there are no moments; the stored ones stay as they are.
        let isEmpty = outer == 0 || inner == 0
        let result = try normalized(step, epsilon: epsilon, sets: isEmpty ? 0 : channels) {
            NormalizedSet(start: $0 * inner, runLength: inner, runCount: outer, runStride: channels * inner)
        } affine: { element in
            let channel = element / inner % channels
            return (scale?[channel] ?? 1, offset?[channel] ?? 0)
        }
        let kept = A.Sum(rounding: (momentum ?? 0).double)
        func moved(_ stored: Int, _ batch: [A.Sum]) throws(EngineError) -> Buffer<A.Stored> {
            let stored = try step.sums(stored)
            guard !isEmpty else { return .real(stored.map { A.rounded($0) }) }
            return .real(zip(stored, batch).map { A.rounded($0 * kept + $1 * (1 - kept)) })
        }
        var buffers = [Buffer<A.Stored>.real(result.elements)]
        if step.outputs.count > 1 { buffers.append(try moved(3, result.moments.map(\.mean))) }
        if step.outputs.count > 2 { buffers.append(try moved(4, result.moments.map(\.variance))) }
        return buffers
    }
}

extension InstanceNormalization: EvaluableOperator {
    func evaluate<A: Arithmetic>(_ step: Step<A>) throws(EngineError) -> [Buffer<A.Stored>] {
        let shape = try step.shape(0)
        let (channels, positions) = (shape[1], shape[2...].reduce(1, *))
        let (scale, offset) = (try step.sums(1), try step.sums(2))
        let result = try normalized(step, epsilon: epsilon, sets: shape[0] * channels) {
            NormalizedSet(start: $0 * positions, runLength: positions, runCount: 1, runStride: 0)
        } affine: { (scale[$0 / positions % channels], offset[$0 / positions % channels]) }
        return [.real(result.elements)]
    }
}

extension LayerNormalization: EvaluableOperator {
    func evaluate<A: Arithmetic>(_ step: Step<A>) throws(EngineError) -> [Buffer<A.Stored>] {
        let shape = try step.shape(0)
        let axis = try checkedAxis(firstAxis, rank: shape.count)
        let (outer, inner) = (shape[..<axis].reduce(1, *), shape[axis...].reduce(1, *))
        let scale = try broadcast(step, 1, shape)
        let offset = try broadcast(step, 2, shape)
        let result = try normalized(step, epsilon: epsilon, sets: inner == 0 ? 0 : outer) {
            NormalizedSet(start: $0 * inner, runLength: inner, runCount: 1, runStride: 0)
        } affine: { (scale.isEmpty ? 1 : scale[$0 % scale.count], offset.isEmpty ? 0 : offset[$0 % offset.count]) }
        let epsilon = A.Sum(rounding: self.epsilon.double)
        let means = result.moments.map { A.rounded($0.mean) }
        let inverseDeviations = result.moments.map { A.rounded(1 / ($0.variance + epsilon).squareRoot()) }
        return Array([.real(result.elements), .real(means), .real(inverseDeviations)].prefix(step.outputs.count))
    }

    /// An affine operand over the axes from its first one that is not broadcast; empty where it is left out.
    private func broadcast<A: Arithmetic>(
        _ step: Step<A>, _ position: Int, _ shape: Shape
    ) throws(EngineError) -> [A.Sum] {
        guard step.has(position) else { return [] }
        let elements = try step.sums(position)
        let own = try step.shape(position)
        let kept = Array(own.drop { $0 == 1 })
        let covered = Array(shape.suffix(kept.count))
        if kept == covered { return elements }
        var result = [A.Sum](repeating: 0, count: try checkedProduct(covered))
        try step.reserve(result.count, MemoryLayout<A.Sum>.stride)
        try Broadcast([kept], to: covered).forEach { result[$0] = elements[$1[0]] }
        return result
    }
}

extension GroupNormalization: EvaluableOperator {
    func evaluate<A: Arithmetic>(_ step: Step<A>) throws(EngineError) -> [Buffer<A.Stored>] {
        let shape = try step.shape(0)
        let axis = try checkedAxis(axis, rank: shape.count)
        let (channels, inner) = (shape[axis], shape[(axis + 1)...].reduce(1, *))
        // Axis 0 is the batch: what stands between it and the channels is normalized with them.
        let between = axis == 0 ? 1 : shape[1..<axis].reduce(1, *)
        let samples = axis == 0 ? 1 : shape[0]
        let grouped = channels / groups
        let scale = step.has(1) ? try step.sums(1) : nil
        let offset = step.has(2) ? try step.sums(2) : nil
        let isPerGroup = affinePerGroup
        let result = try normalized(step, epsilon: epsilon, sets: samples * groups) { index in
            NormalizedSet(
                start: index / groups * between * channels * inner + index % groups * grouped * inner,
                runLength: grouped * inner, runCount: between, runStride: channels * inner)
        } affine: { element in
            let channel = element / inner % channels
            let position = isPerGroup ? channel / grouped : channel
            return (scale?[position] ?? 1, offset?[position] ?? 0)
        }
        return [.real(result.elements)]
    }
}

extension LocalResponseNormalization: EvaluableOperator {
    func evaluate<A: Arithmetic>(_ step: Step<A>) throws(EngineError) -> [Buffer<A.Stored>] {
        let shape = try step.shape(0)
        let (channels, positions) = (shape[1], shape[2...].reduce(1, *))
        let (before, after) = ((size - 1) / 2, size / 2)
        let factor = A.Sum(rounding: alpha.double) / A.Sum(rounding: Double(size))
        let (bias, beta) = (A.Sum(rounding: self.bias.double), A.Sum(rounding: self.beta.double))
        let elements = try step.reals(0)
        return [.real(elements.withUnsafeBufferPointer { source in
            filled(source.count, cost: 16 + size, threads: step.threads) { target, range in
                for index in range {
                    let channel = index / positions % channels
                    var squares = A.Sum.zero
                    for other in max(0, channel - before)...min(channels - 1, channel + after) {
                        let x = A.widened(source[index + (other - channel) * positions])
                        squares += x * x
                    }
                    target[index] = A.rounded(A.widened(source[index]) / A.Sum.power(bias + factor * squares, beta))
                }
            }
        })]
    }
}
