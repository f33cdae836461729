internal import SkiffCore
internal import SkiffGraph

extension MeasuredWeight {
    /// The figures of what was read; without a reading what is known of the tensor by itself.
    func statistics(_ reading: TensorReading?) -> TensorStatistics {
        let shape = tensor?.shape ?? []
        var result = TensorStatistics(
            value: value, name: name, elementType: tensor?.elementType ?? .float32, shape: shape,
            layer: (use?.user?.node ?? use?.reader)?.index, elements: tensor?.elementCount ?? 0, mean: 0, standardDeviation: 0,
            minimum: .infinity, maximum: -.infinity, zeros: 0, histogram: .init(lower: 0, upper: 0, counts: []))
        result.bytes = tensor?.byteRange.count ?? 0
        result.role = use?.role ?? (result.elementType.isFloating ? .operand : .constant)
        guard let reading else {
            result.isMeasured = false
            return result
        }
        let totals = reading.totals
        guard result.elements > 0 else { return result }
        result.nans = totals.findings.nans
        result.positiveInfinities = totals.findings.positiveInfinities
        result.negativeInfinities = totals.findings.negativeInfinities
        result.takeMoments(totals.sums, elements: reading.tensor.elementCount, scale: totals.scale)
        result.takeExponents(totals.findings, isDouble: reading.decoding.isDouble)
        if totals.distinct.count <= TensorReading.distinctLimit { result.distinct = totals.distinct.count }
        let isSpread = result.minimum < result.maximum
        result.histogram = TensorStatistics.Histogram(
            lower: result.minimum, upper: result.maximum,
            counts: isSpread ? totals.histogram.map { Int($0) } : [result.elements - result.nonFinite])
        if use?.axis != nil { result.channels = TensorStatistics.Channels(totals.sums, elements: result.elements, scale: totals.scale) }
        result.form = totals.form(of: result)
        return result
    }
}

extension TensorStatistics {
    /// The moments of all channels together.
    ///
    /// - Parameter scale: what numbers were multiplied by before their distances were squared.
    fileprivate mutating func takeMoments(_ sums: ChannelSums, elements: Int, scale: Double) {
        let perChannel = elements / max(sums.count, 1)
        var sum = 0.0
        for index in 0..<sums.count {
            sum += sums.sums[index]
            zeros += Int(sums.zeros[index])
            minimum = min(minimum, sums.minima[index])
            maximum = max(maximum, sums.maxima[index])
        }
        let finite = elements - nonFinite
        guard finite > 0 else { return }
        // Negative zero is zero.
        minimum += 0
        maximum += 0
        mean = minimum == maximum ? minimum : sum / Double(finite)
        guard minimum < maximum else { return }
        var squares = 0.0
        for index in 0..<sums.count {
            let distance = (sums.means[index] - mean) * scale
            squares += sums.squares[index] + Double(perChannel - Int(sums.leftOut[index])) * distance * distance
        }
        standardDeviation = (squares / Double(finite)).squareRoot() / scale
    }

    fileprivate mutating func takeExponents(_ findings: ChunkFindings, isDouble: Bool) {
        let bias = isDouble ? 1023 : 127
        var counts = findings.exponents.dropLast().map { Int($0) }
        guard !counts.isEmpty else { return }
        counts[0] -= zeros
        if let first = counts.firstIndex(where: { $0 != 0 }), let last = counts.lastIndex(where: { $0 != 0 }) {
            exponents = ExponentHistogram(lowest: first - bias, counts: Array(counts[first...last]))
        }
        if let normal = elementType.lowestNormalExponent {
            denormals = counts.prefix(max(0, normal + bias)).reduce(0, +)
        }
        let width = isDouble ? 52 : 23
        fractionBits = findings.fraction == 0 ? 0 : width - findings.fraction.trailingZeroBitCount
    }
}

extension TensorStatistics.Channels {
    fileprivate init(_ sums: ChannelSums, elements: Int, scale: Double) {
        let perChannel = elements / max(sums.count, 1)
        self.elements = perChannel
        mean = (0..<sums.count).map { sums.means[$0] }
        minimum = (0..<sums.count).map { sums.minima[$0] + 0 }
        maximum = (0..<sums.count).map { sums.maxima[$0] + 0 }
        zeros = (0..<sums.count).map { Int(sums.zeros[$0]) }
        nonFinite = (0..<sums.count).map { Int(sums.leftOut[$0]) }
        standardDeviation = (0..<sums.count).map { index in
            let finite = perChannel - Int(sums.leftOut[index])
            return finite > 0 ? (sums.squares[index] / Double(finite)).squareRoot() / scale : 0
        }
    }
}
