internal import SkiffCore
internal import SkiffEngine
internal import SkiffGraph

/// The least noise that a piece can be trusted to have, for values whose measured noise is small by chance.
///
/// The noise of a value with few elements is measured from few numbers: one scalar's is below an eighth of what is usual
/// in one run of ten. So a suspicion is not acted on before the noise was measured on more inputs, a unit in the last
/// place beside the reference's, and before it was compared with what the sums themselves must leave.
enum RoundingFloor {
    /// Elements up to which noise is measured again.
    private static let fewElements = 4096
    /// Runs beside the first one.
    private static let samples = 8
    /// Suspicions beyond that many units are acted on at once.
    private static let clearRatio = 1e6

    /// The judgement by the larger unit.
    /// - Throws: ``VerifyError`` where the piece cannot be run.
    static func refined(_ judgement: Judgement, _ region: Region) throws(VerifyError) -> Judgement {
        guard judgement.verdict == .differs, judgement.comparison.nonFiniteMismatch == nil,
            judgement.ratio < clearRatio
        else { return judgement }
        do {
            var floor = try productNoise(region) ?? 0
            var largest = judgement.largestNoise
            if judgement.comparison.elementCount <= fewElements {
                let resampled = try resampledNoise(region)
                floor = max(floor, resampled.rms)
                largest = max(largest, resampled.largest)
            }
            return Judgement(
                judgement.comparison, noise: judgement.noise, largestNoise: largest, isIdentical: false,
                elementType: .float32, policy: region.policy, floor: max(floor, judgement.unit))
        } catch let error as EngineError {
            throw VerifyError(error)
        } catch let error as CoreError {
            throw VerifyError(error)
        } catch let error as GraphError {
            throw VerifyError(error)
        } catch {
            throw VerifyError(.engine(.operand("\(error)")))
        }
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

    /// RMS of u · √(Σ (w·x)² / 3): what rounding each product of a sum once leaves, where products are independent of
    /// each other. `nil` where the piece is more than one sum of products by constant weights.
    ///
    /// Source: the √n form of the a-posteriori bound, Higham and Mary, "A New Approach to Probabilistic Rounding Error
    /// Analysis", SIAM J. Sci. Comput. 41 (2019), with the sum of squares in the place of n · max.
    private static func productNoise(_ region: Region) throws -> Double? {
        guard region.graph.nodes.count == 1, let node = region.graph.nodes.first, region.given.count == 1 else { return nil }
        switch node.operator {
        case .convolution, .dense, .gemm, .matrixMultiplication, .convolutionTranspose: break
        default: return nil
        }
        var weights: [ValueID: Tensor] = [:]
        for id in region.graph.weights {
            guard let tensor = region.graph[id].tensor else { continue }
            weights[id] = try Tensor(floats: tensor.floats().map { $0 * $0 }, shape: tensor.shape)
        }
        var squares: [String: Tensor] = [:]
        for (name, tensor) in region.given {
            squares[name] = try Tensor(floats: tensor.floats().map { $0 * $0 }, shape: tensor.shape)
        }
        let changed = try region.graph.replacing(weights)
        let sums = try region.output(of: changed, given: squares, .double).doubles()
        guard !sums.isEmpty else { return nil }
        let mean = sums.reduce(0, +) / Double(sums.count)
        return mean.isFinite && mean > 0 ? 0x1p-24 * (mean / 3).squareRoot() : nil
    }
}
