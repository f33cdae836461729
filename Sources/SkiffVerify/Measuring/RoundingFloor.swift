internal import SkiffCore
internal import SkiffEngine
internal import SkiffGraph

/// The least noise that a piece can be trusted to have, for values whose measured noise is small by chance.
///
/// The noise of a value with few elements is measured from few numbers: one scalar's is below an eighth of what is usual
/// in one run of ten. So a suspicion is not acted on before the noise was measured on more inputs, a unit in the last
/// place beside the reference's, and before it was compared with what the sums themselves must leave, and with what other
/// ways to compute the same formula do (``FunctionNoise``).
enum RoundingFloor {
    /// Elements up to which noise is measured again.
    private static let fewElements = 4096
    /// Runs beside the first one.
    private static let samples = 8
    /// Suspicions beyond that many units are acted on at once.
    private static let clearRatio = 1e6

    /// The judgement by the larger unit.
    static func refined(_ judgement: Judgement, _ region: Region) -> Judgement {
        guard judgement.verdict == .differs, judgement.comparison.nonFiniteMismatch == nil,
            judgement.ratio < clearRatio
        else { return judgement }
        do {
            var floor = try summationNoise(region, referenceRMS: judgement.comparison.referenceRMS) ?? 0
            var largest = judgement.largestNoise
            if let function = try FunctionNoise.measured(region) {
                floor = max(floor, function.rms)
                largest = max(largest, function.largest)
            }
            if judgement.comparison.elementCount <= fewElements {
                let resampled = try resampledNoise(region)
                floor = max(floor, resampled.rms)
                largest = max(largest, resampled.largest)
            }
            if let narrow = try narrowInputNoise(region) {
                floor = max(floor, narrow.rms)
                largest = max(largest, narrow.largest)
            }
            return Judgement(
                judgement.comparison, noise: judgement.noise, largestNoise: largest, isIdentical: false,
                elementType: .float32, policy: region.policy, floor: max(floor, judgement.unit))
        } catch {
            // What cannot be run on other inputs or weights is judged by the noise that was measured.
            return judgement
        }
    }

    /// How far the output moves where inputs of 16 bits are moved within their rounding: a framework may hand out rounded
    /// values and compute on with what they were; `nil` where no input is so.
    private static func narrowInputNoise(_ region: Region) throws -> (rms: Double, largest: Double)? {
        var moved = region.given
        var isNarrow = false
        for id in region.graph.inputs {
            let value = region.graph[id]
            let unit: Double
            switch value.fact?.elementType {
            case .float16: unit = 0x1p-11
            case .bfloat16: unit = 0x1p-8
            default: continue
            }
            guard let tensor = region.given[value.name] else { continue }
            isNarrow = true
            let start = SeededInput.mix(UInt64(id.index) &+ 0xF16)
            let elements = try tensor.doubles().enumerated().map { position, element in
                let word = SeededInput.mix(start &+ UInt64(position) &* SeededInput.increment)
                return element * (1 + (Double(word >> 11) * 0x1p-52 - 1) * unit)
            }
            moved[value.name] = try Tensor(doubles: elements, shape: tensor.shape)
        }
        guard isNarrow else { return nil }
        let other = try region.output(given: moved, .double).doubles()
        let plain = try region.output(.double).doubles()
        let apart = Comparison(other, plain, shape: [plain.count])
        return (apart.rmsError, apart.maximumError)
    }

    /// RMS and largest distance of Float and Double over inputs that are moved by up to one unit in the last place.
    private static func resampledNoise(_ region: Region) throws -> (rms: Double, largest: Double) {
        var (sum, count, largest) = (0.0, 0, 0.0)
        for sample in 0..<samples {
            var moved: [String: Tensor] = [:]
            for (name, tensor) in region.given {
                moved[name] = tensor.elementType.isFloatingPoint
                    ? try Tensor(floats: nudged(tensor.floats(), seed: sample), shape: tensor.shape) : tensor
            }
            let float = try region.output(given: moved, .float).doubles()
            let double = try region.output(given: moved, .double).doubles()
            for (f, d) in zip(float, double) where f.isFinite && d.isFinite {
                sum += (f - d) * (f - d)
                largest = max(largest, abs(f - d))
                count += 1
            }
        }
        return (count == 0 ? 0 : (sum / Double(count)).squareRoot(), largest)
    }

    /// Every element a unit in the last place up, down, or as it is.
    private static func nudged(_ elements: [Float], seed: Int) -> [Float] {
        let start = SeededInput.mix(UInt64(seed) &+ 1)
        return elements.enumerated().map { position, element in
            switch SeededInput.mix(start &+ UInt64(position) &* SeededInput.increment) % 3 {
            case 0: element.nextUp
            case 1: element.nextDown
            default: element
            }
        }
    }

    /// What summing n products one after the other leaves on average, in Float: `nil` where the piece is more than one sum of
    /// products by constant weights.
    ///
    /// Each of the n partial sums is rounded once, by up to u of its size: the variance of the error is u²/3 · Σ sₖ². In a
    /// random order E[sₖ²] = (k/n)² y² + k/n · (1 − k/n) · Σ (w·x)², so that Σ sₖ² is n · (y² / 3 + Σ (w·x)² / 6). It has
    /// the √n of the probabilistic bound, u · √n · Σ |w||x|, and is an estimate and no bound.
    ///
    /// Source: Higham and Mary, "A New Approach to Probabilistic Rounding Error Analysis", SIAM J. Sci. Comput. 41 (2019).
    private static func summationNoise(_ region: Region, referenceRMS: Double) throws -> Double? {
        guard region.graph.nodes.count == 1, let node = region.graph.nodes.first, region.given.count == 1 else { return nil }
        switch node.operator {
        case .convolution, .dense, .gemm, .matrixMultiplication, .convolutionTranspose: break
        default: return nil
        }
        guard let (id, axes) = region.graph.weightAxes().first, let shape = region.graph[id].tensor?.shape,
            shape.indices.contains(axes.outputChannels), shape[axes.outputChannels] > 0
        else { return nil }
        let terms = (shape.checkedElementCount ?? 0) / shape[axes.outputChannels]
        var weights: [ValueID: Tensor] = [:]
        for id in region.graph.weights {
            guard let tensor = region.graph[id].tensor, tensor.elementType == .float32 else { return nil }
            weights[id] = try Tensor(floats: tensor.floats().map { $0 * $0 }, shape: tensor.shape)
        }
        var squares: [String: Tensor] = [:]
        for (name, tensor) in region.given {
            squares[name] = try Tensor(floats: tensor.floats().map { $0 * $0 }, shape: tensor.shape)
        }
        let changed = try region.graph.replacing(weights)
        let sums = try region.output(of: changed, given: squares, .double).doubles()
        guard !sums.isEmpty else { return nil }
        let products = sums.reduce(0, +) / Double(sums.count)
        let variance = Double(terms) * (referenceRMS * referenceRMS / 3 + products / 6) / 3
        return variance.isFinite && variance > 0 ? 0x1p-24 * variance.squareRoot() : nil
    }
}
