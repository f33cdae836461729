internal import SkiffCore
internal import SkiffGraph

extension Resize: EvaluableOperator {
    func evaluate<A: Arithmetic>(_ step: Step<A>) throws(EngineError) -> [Buffer<A.Stored>] {
        let (shape, output) = (try step.shape(0), try step.output)
        let samplings = try samplings(step, shape, output.shape)
        if case .nearest = mode {
            let strides = shape.rowMajorStrides
            var offsets = shape.indices.map { axis in (0..<shape[axis]).map { $0 * strides[axis] } }
            for sampling in samplings {
                offsets[sampling.axis] = sampling.taps.map { tap in
                    tap.isOutside ? -1 : min(max(tap.first, 0), shape[sampling.axis] - 1) * strides[sampling.axis]
                }
            }
            return [try step.gathered(IndexedView(offsets: offsets), fill: extrapolationValue.double)]
        }
        let operand = try step.operand(0)
        let elements: [A.Sum]
        switch operand.buffer {
        case .real(let reals): elements = reals.map { A.widened($0) }
        case .integer(let integers): elements = integers.map { A.Sum(rounding: Double($0)) }
        case .boolean: throw EngineError(.operand("does not take bool"))
        }
        var result = try interpolated(step, elements, shape, samplings)
        extrapolate(&result, output.shape, samplings)
        if output.elementType.isInteger {
            return [.integer(result.map { realToInteger($0.double, output.elementType) })]
        }
        return [.real(result.map { A.rounded($0) })]
    }

    /// Sets elements that lie outside the input along any axis.
    private func extrapolate<Sum: Real>(_ result: inout [Sum], _ shape: Shape, _ samplings: [AxisSampling]) {
        for sampling in samplings where sampling.taps.contains(where: \.isOutside) {
            let inner = shape[(sampling.axis + 1)...].reduce(1, *)
            for index in result.indices where sampling.taps[index / inner % shape[sampling.axis]].isOutside {
                result[index] = Sum(rounding: extrapolationValue.double)
            }
        }
    }

    private func samplings<A: Arithmetic>(
        _ step: Step<A>, _ shape: Shape, _ output: Shape
    ) throws(EngineError) -> [AxisSampling] {
        var (scales, sizes): ([Double]?, [Int64]?)
        if step.has(3), try step.shape(3) != [0] {
            sizes = try step.integers(3)
        } else {
            scales = try step.reals(2).map(\.double)
        }
        let region = coordinates == .tfCropAndResize ? try step.reals(1).map(\.double) : []
        return try samplings(shape, output, scales: scales, sizes: sizes, region: region)
    }

    /// How each axis that changes is sampled.
    /// - Parameters:
    ///   - sizes: Extents of the resized axes; `nil` where `scales` count.
    ///   - region: Starts of the resized axes, then ends; empty where none is asked for.
    func samplings(
        _ shape: Shape, _ output: Shape, scales: [Double]?, sizes: [Int64]?, region: [Double] = []
    ) throws(EngineError) -> [AxisSampling] {
        let axes = try (axes ?? Array(shape.indices)).map { (axis) throws(EngineError) in
            try checkedAxis(axis, rank: shape.count)
        }
        let scales = try self.scales(scales ?? [], sizes, axes.map { shape[$0] })
        guard region.isEmpty || region.count == 2 * axes.count else {
            throw EngineError(.operand("region has \(region.count) numbers, expected \(2 * axes.count)"))
        }
        var samplings: [AxisSampling] = []
        for (index, axis) in axes.enumerated() {
            let part = region.isEmpty ? nil : (region[index], region[axes.count + index])
            if part == nil, scales[index] == 1, output[axis] == shape[axis] { continue }
            guard shape[axis] > 0 || output[axis] == 0 else { throw EngineError(.operand("axis \(axis) is empty")) }
            samplings.append(AxisSampling(
                axis: axis, input: shape[axis], output: output[axis], scale: scales[index], mode: mode,
                coordinates: coordinates, region: part, antialias: antialias, excludesOutside: excludesOutside))
        }
        return samplings
    }

    private func scales(
        _ scales: [Double], _ sizes: [Int64]?, _ extents: [Int]
    ) throws(EngineError) -> [Double] {
        guard let sizes else {
            guard scales.count == extents.count else {
                throw EngineError(.operand("scales are \(scales.count) numbers"))
            }
            return scales
        }
        guard sizes.count == extents.count else { throw EngineError(.operand("sizes are \(sizes.count) numbers")) }
        let ratios = zip(sizes, extents).map { $1 == 0 ? 1 : Double($0) / Double($1) }
        switch aspectRatio {
        case .stretch: return ratios
        case .notLarger: return ratios.map { _ in ratios.min() ?? 1 }
        case .notSmaller: return ratios.map { _ in ratios.max() ?? 1 }
        }
    }
}

/// Which elements of an axis, in what shares, each position of the resized axis is made of.
struct AxisSampling {
    struct Tap {
        /// Index of the first element; elements past an end read the one at the end.
        var first: Int
        var shares: [Double]
        /// The position lies outside the input and takes the extrapolation value.
        var isOutside = false
    }

    let axis: Int
    let input: Int
    let taps: [Tap]

    init(
        axis: Int, input: Int, output: Int, scale: Double, mode: Resize.Mode, coordinates: Resize.Coordinates,
        region: (start: Double, end: Double)? = nil, antialias: Bool = false, excludesOutside: Bool = false
    ) {
        self.axis = axis
        self.input = input
        taps = (0..<output).map { position in
            let x = Self.coordinate(
                Double(position), coordinates, scale: scale, input: Double(input), output: Double(output), region)
            if coordinates == .tfCropAndResize, !(x >= 0 && x <= Double(input - 1)) {
                return Tap(first: 0, shares: [1], isOutside: true)
            }
            // The fraction is above zero: an element that is hit exactly is the right one of its pair.
            let base = min(max(x.rounded(.up) - 1, -0x1p50), 0x1p50)
            let fraction = min(x - base, 1)
            let stretch = antialias ? max(min(scale, 1), 1 / Double(4 * input + 4)) : 1
            var shares = Self.shares(mode, fraction, antialiasScale: stretch)
            let left = Int(base) - shares.count / 2 + 1
            if case .nearest = mode { return Tap(first: left + (shares[1] > shares[0] ? 1 : 0), shares: [1]) }
            if excludesOutside { shares = Self.inside(shares, first: left, extent: input) }
            return Tap(first: left, shares: shares)
        }
    }

    /// Shares without those of neighbours outside the input, summing to one; as they were where none lies inside.
    private static func inside(_ shares: [Double], first: Int, extent: Int) -> [Double] {
        var kept = shares
        for index in kept.indices where first + index < 0 || first + index >= extent { kept[index] = 0 }
        let sum = kept.reduce(0, +)
        return sum == 0 ? shares : kept.map { $0 / sum }
    }

    /// The input coordinate of an output position (ONNX Resize, `coordinate_transformation_mode`).
    private static func coordinate(
        _ x: Double, _ coordinates: Resize.Coordinates, scale: Double, input: Double, output: Double,
        _ region: (start: Double, end: Double)?
    ) -> Double {
        let width = scale * input
        switch coordinates {
        case .halfPixel: return (x + 0.5) / scale - 0.5
        case .halfPixelSymmetric: return input / 2 * (1 - output / width) + (x + 0.5) / scale - 0.5
        case .pytorchHalfPixel: return width == 1 ? -0.5 : (x + 0.5) / scale - 0.5
        case .alignCorners: return width == 1 ? 0 : x * (input - 1) / (width - 1)
        case .asymmetric: return x / scale
        case .tfHalfPixelForNearest: return (x + 0.5) / scale
        case .tensorFlowNearest: return Double((Float(x) + 0.5) * (Float(input) / Float(output)))
        case .tfCropAndResize:
            let (start, end) = region ?? (0, 1)
            let along = width == 1 ? (end - start) * (input - 1) / 2 : x * (end - start) * (input - 1) / (width - 1)
            return along + start * (input - 1)
        }
    }

    /// Shares of an even number of neighbours, the middle two on both sides of the coordinate.
    private static func shares(_ mode: Resize.Mode, _ fraction: Double, antialiasScale scale: Double) -> [Double] {
        switch mode {
        case .nearest(let rounding):
            let takesRight: Bool
            switch rounding {
            case .roundPreferFloor: takesRight = fraction > 0.5
            case .roundPreferCeil: takesRight = fraction >= 0.5
            case .floor: takesRight = fraction == 1
            case .ceil: takesRight = true
            }
            return takesRight ? [0, 1] : [1, 0]
        case .linear: return kernel(reach: 1, fraction, scale) { max(0, 1 - $0) }
        case .cubic(let coefficient):
            let a = Double(coefficient)
            return kernel(reach: 2, fraction, scale) { x in
                if x <= 1 { return ((a + 2) * x - (a + 3)) * x * x + 1 }
                return x < 2 ? ((a * x - 5 * a) * x + 8 * a) * x - 4 * a : 0
            }
        }
    }

    /// A filter of half width `reach`, stretched by one over `scale`, sampled at the neighbours, summing to one.
    private static func kernel(
        reach: Double, _ fraction: Double, _ scale: Double, _ filter: (Double) -> Double
    ) -> [Double] {
        let start = Int((-reach / scale).rounded(.down)) + 1
        let shares = (start...1 - start).map { filter(abs((Double($0) - fraction) * scale)) }
        if scale == 1 { return shares }
        let sum = shares.reduce(0, +)
        return shares.map { $0 / sum }
    }
}

/// Resamples one axis after the other.
func interpolated<A: Arithmetic>(
    _ step: Step<A>, _ elements: [A.Sum], _ shape: Shape, _ samplings: [AxisSampling]
) throws(EngineError) -> [A.Sum] {
    var (elements, shape) = (elements, shape)
    for sampling in samplings {
        let inner = shape[(sampling.axis + 1)...].reduce(1, *)
        let outer = shape[..<sampling.axis].reduce(1, *)
        let count = try checkedProduct([outer, sampling.taps.count, inner])
        try step.reserve(count, MemoryLayout<A.Sum>.stride)
        var result = [A.Sum](repeating: 0, count: count)
        elements.withUnsafeBufferPointer { source in
            result.withUnsafeMutableBufferPointer { target in
                for block in 0..<outer {
                    for (position, tap) in sampling.taps.enumerated() {
                        let row = (block * sampling.taps.count + position) * inner
                        for (index, share) in tap.shares.enumerated() where share != 0 {
                            let from = min(max(tap.first + index, 0), sampling.input - 1)
                            let read = (block * sampling.input + from) * inner
                            let share = A.Sum(rounding: share)
                            for offset in 0..<inner { target[row + offset] += share * source[read + offset] }
                        }
                    }
                }
            }
        }
        elements = result
        shape[sampling.axis] = sampling.taps.count
    }
    return elements
}
