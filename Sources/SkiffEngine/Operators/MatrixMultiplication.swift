internal import SkiffCore
internal import SkiffGraph

extension Dense: EvaluableOperator {
    func evaluate<A: Arithmetic>(_ step: Step<A>) throws(EngineError) -> [Buffer<A.Stored>] {
        let kernel = try step.shape(1)
        let (inputs, outputs) = (kernel[0], kernel[1])
        let output = try step.output
        let weights = try step.packedWeights(input: 1) { () throws(EngineError) in
            try step.reserve(checkedProduct(kernel), packedWidth(A.self))
            return packedLanes(
                A.self, try step.reals(1), outputs: outputs, channels: inputs,
                steps: WeightSteps(output: 1, channel: outputs), threads: step.threads)
        }
        let bias = step.has(2) ? try step.sums(2) : nil
        let product = matrixProduct(A.self, rows: outputs == 0 ? 0 : output.count / outputs, inner: inputs, outputs: outputs)
        let x = try step.sums(0)
        return [.real(product.values(A.self, x, weights: weights, bias: bias, threads: step.threads))]
    }
}

extension Gemm: EvaluableOperator {
    func evaluate<A: Arithmetic>(_ step: Step<A>) throws(EngineError) -> [Buffer<A.Stored>] {
        let (a, b, output) = (try step.shape(0), try step.shape(1), try step.output)
        let (rows, outputs, inner) = (output.shape[0], output.shape[1], transposesA ? a[0] : a[1])
        let weights = try step.packedWeights(input: 1) { () throws(EngineError) in
            try step.reserve(checkedProduct(b), packedWidth(A.self))
            return packedLanes(
                A.self, try step.reals(1), outputs: outputs, channels: inner,
                steps: transposesB ? WeightSteps(output: b[1], channel: 1) : WeightSteps(output: 1, channel: b[1]),
                threads: step.threads)
        }
        var x = try step.sums(0)
        if transposesA {
            let columns = x
            for row in 0..<rows {
                for position in 0..<inner { x[row * inner + position] = columns[position * rows + row] }
            }
        }
        var sums = matrixProduct(A.self, rows: rows, inner: inner, outputs: outputs)
            .sums(x, weights: weights, threads: step.threads)
        let alpha = A.Sum(rounding: self.alpha.double)
        if alpha != 1 { for index in sums.indices { sums[index] = alpha * sums[index] } }
        if step.has(2) {
            let beta = A.Sum(rounding: self.beta.double)
            let c = try step.sums(2)
            let view = try Broadcast([step.shape(2)], to: output.shape)
            view.forEach { index, from in sums[index] = sums[index] + beta * c[from[0]] }
        }
        return [.real(sums.map { A.rounded($0) })]
    }
}

extension MatrixMultiplication: EvaluableOperator {
    func evaluate<A: Arithmetic>(_ step: Step<A>) throws(EngineError) -> [Buffer<A.Stored>] {
        if case .integer = try step.buffer(0) { return [.integer(try integerProduct(step))] }
        let operands = try MatrixOperands(step.shape(0), step.shape(1), output: step.output)
        let (rows, inner, outputs) = (operands.rows, operands.inner, operands.outputs)
        let (x, y) = (try step.sums(0), try step.reals(1))
        try step.reserve(checkedProduct([operands.rightMatrices, inner, outputs]), packedWidth(A.self))
        let packed = packedLanes(
            A.self, y, groups: operands.rightMatrices, outputs: outputs, channels: inner,
            steps: WeightSteps(group: inner * outputs, output: 1, channel: outputs), threads: step.threads)
        let product = matrixProduct(A.self, rows: rows, inner: inner, outputs: outputs)
        let blocks = BlockProduct<A.Sum>.blocks(outputs) * inner
        if operands.pairs.count == 1 {
            return [.real(product.values(A.self, x, weights: packed, bias: nil, threads: step.threads))]
        }
        var result: [A.Stored] = []
        result.reserveCapacity(try step.output.count)
        for (left, right) in operands.pairs {
            let rowsOfLeft = Array(x[left * rows * inner..<(left + 1) * rows * inner])
            let weights = Array(packed[right * blocks..<(right + 1) * blocks])
            result += product.values(A.self, rowsOfLeft, weights: weights, bias: nil, threads: step.threads)
        }
        return [.real(result)]
    }

    private func integerProduct<A: Arithmetic>(_ step: Step<A>) throws(EngineError) -> [Int64] {
        let output = try step.output
        let operands = try MatrixOperands(step.shape(0), step.shape(1), output: output)
        let (rows, inner, outputs) = (operands.rows, operands.inner, operands.outputs)
        let (x, y) = (try step.integers(0), try step.integers(1))
        var result: [Int64] = []
        result.reserveCapacity(output.count)
        for (left, right) in operands.pairs {
            for row in 0..<rows {
                for column in 0..<outputs {
                    var sum: Int64 = 0
                    for position in 0..<inner {
                        sum &+= x[(left * rows + row) * inner + position]
                            &* y[(right * inner + position) * outputs + column]
                    }
                    result.append(wrapped(sum, to: output.elementType))
                }
            }
        }
        return result
    }
}

/// Most bytes that one packed weight element takes: a block may hold a single output.
private func packedWidth<A: Arithmetic>(_ arithmetic: A.Type) -> Int { MemoryLayout<A.Sum.Lanes>.stride }

/// The operands of a batched matrix product with vectors made matrices.
private struct MatrixOperands {
    let rows: Int
    let inner: Int
    let outputs: Int
    let rightMatrices: Int
    /// For every matrix of the result, which matrices it multiplies.
    let pairs: [(left: Int, right: Int)]

    init<Stored>(_ left: Shape, _ right: Shape, output: Step<Stored>.Output) throws(EngineError) {
        guard let inner = left.last, !right.isEmpty else { throw EngineError(.operand("a scalar has no matrix product")) }
        let left = left.count == 1 ? [1] + left : left
        let right = right.count == 1 ? right + [1] : right
        self.inner = inner
        rows = left[left.count - 2]
        outputs = right[right.count - 1]
        let (leftBatch, rightBatch) = (Array(left.dropLast(2)), Array(right.dropLast(2)))
        rightMatrices = try checkedProduct(rightBatch)
        let matrices = rows * outputs == 0 ? 0 : output.count / (rows * outputs)
        var batch: [Int] = []
        for axis in 0..<max(leftBatch.count, rightBatch.count) {
            let l = axis - max(0, rightBatch.count - leftBatch.count)
            let r = axis - max(0, leftBatch.count - rightBatch.count)
            let (a, b) = (l >= 0 ? leftBatch[l] : 1, r >= 0 ? rightBatch[r] : 1)
            batch.append(a == 1 ? b : a)
        }
        var pairs: [(Int, Int)] = []
        if matrices > 0 {
            try Broadcast([leftBatch, rightBatch], to: batch).forEach { _, from in pairs.append((from[0], from[1])) }
        }
        self.pairs = pairs
    }
}

/// A matrix product as a convolution with one tap: rows of `inner` elements, side by side.
private func matrixProduct<A: Arithmetic>(
    _ arithmetic: A.Type, rows: Int, inner: Int, outputs: Int
) -> BlockProduct<A.Sum> {
    BlockProduct(
        rows: (0..<rows).map { $0 * inner }, taps: [0], channels: inner, outputs: outputs, images: 1,
        imageStride: rows * inner, groups: 1, isDepthwise: false)
}

extension BlockProduct {
    fileprivate func values<A: Arithmetic>(
        _ arithmetic: A.Type, _ x: [Sum], weights: [Lanes], bias: [Sum]?, threads: Int
    ) -> [A.Stored] where A.Sum == Sum {
        withBase(bias) { bias in
            [A.Stored](unsafeUninitializedCapacity: rows.count * outputs) { buffer, initialized in
                initialized = rows.count * outputs
                buffer.initialize(repeating: 0)
                guard let target = buffer.baseAddress else { return }
                let sink = ValueSink<A>(
                    target: target, groups: 1, sampleStride: 0, groupStride: 0, rowStride: outputs,
                    outputStride: 1, bias: bias, outputs: outputs)
                run(x, weights: weights, threads: threads, into: sink)
                if channels == 0, let bias {
                    for index in buffer.indices { buffer[index] = A.rounded(bias[index % outputs]) }
                }
            }
        }
    }

    fileprivate func sums(_ x: [Sum], weights: [Lanes], threads: Int) -> [Sum] {
        [Sum](unsafeUninitializedCapacity: rows.count * outputs) { buffer, initialized in
            initialized = rows.count * outputs
            buffer.initialize(repeating: 0)
            guard let target = buffer.baseAddress else { return }
            run(x, weights: weights, threads: threads, into: SumSink(target: target, imageStride: 0, rowStride: outputs))
        }
    }
}
