#if canImport(Glibc)
internal import Glibc
#elseif canImport(Musl)
internal import Musl
#else
internal import Darwin
#endif
internal import SkiffEngine
public import SkiffCore
public import SkiffGraph

/// How well a network's maps have the statistics that its BatchNormalizations store.
///
/// Training left a mean and a variance of every channel in front of every normalization. A network that was rebuilt
/// as it was trained meets them on natural images; one with a stride, a padding or an epsilon elsewhere does not,
/// from the place where it differs on. So of several architectures that fit the same weights the right one shows.
/// Every normalization normalizes by the moments it finds, as in training, so that what the images lack in likeness
/// at one layer does not add up along the depth.
public struct StatisticsCheck: Hashable, Sendable {
    /// Mean over layers of the mean over channels of |ln(variance found / variance stored)|, each at most 4.
    public var varianceError: Double
    /// Mean over layers of the mean over channels of |mean found − mean stored| in stored deviations, each at most 4.
    public var meanError: Double
    /// Normalizations that were compared.
    public var layers: Int

    /// The smaller, the better the network meets its statistics; `nil` where it has none.
    public var score: Double? { layers == 0 ? nil : varianceError + meanError }

    /// Whether this network meets its statistics so much better than another that chance is no explanation.
    public func isClearlyBetter(than other: StatisticsCheck) -> Bool {
        guard let score, let otherScore = other.score else { return false }
        // Stored statistics that nobody trained (0 and 1) are met by neither.
        return score < Self.mostOfTrained && score * Self.margin < otherScore
    }

    private static let margin = 1.06
    private static let mostOfTrained = 1.5
    private static let most = 4.0

    /// - Parameters:
    ///   - input: natural images, as the network takes them.
    /// - Throws: ``VerifyError`` where the network cannot be run on them.
    public init(of graph: Graph, on input: [String: Tensor], threads: Int? = nil) throws(VerifyError) {
        varianceError = 0
        meanError = 0
        layers = 0
        var readers: [ValueID: [(mean: Tensor, variance: Tensor, axis: Int)]] = [:]
        var training: [NodeID: Operator] = [:]
        for id in graph.nodeIDs {
            let node = graph[id]
            guard case .batchNormalization(var operation) = node.operator, node.inputs.count == 5,
                let map = node.inputs[0], let mean = node.inputs[3].flatMap({ graph.storedWeight($0)?.tensor }),
                let variance = node.inputs[4].flatMap({ graph.storedWeight($0)?.tensor })
            else { continue }
            readers[map, default: []].append((mean, variance, operation.axis))
            operation.isTraining = true
            training[id] = .batchNormalization(operation)
        }
        do {
            // Replacing keeps the numbers of values that something reads.
            let normalizing = try graph.replacing([:], training)
            try Evaluator(normalizing, threads: threads).run(
                input, precision: .float, observing: .values(Set(readers.keys))
            ) { id, tensor in
                for reader in readers[id] ?? [] { try add(tensor, reader.mean, reader.variance, axis: reader.axis) }
            }
        } catch let error as GraphError {
            throw VerifyError(error)
        } catch let error as EngineError {
            throw VerifyError(error)
        } catch let error as CoreError {
            throw VerifyError(error)
        } catch {
            throw VerifyError(CoreError(.malformed("\(error)")))
        }
        if layers > 0 {
            varianceError /= Double(layers)
            meanError /= Double(layers)
        }
    }

    private mutating func add(_ map: Tensor, _ mean: Tensor, _ variance: Tensor, axis: Int) throws(CoreError) {
        let axis = axis < 0 ? axis + map.shape.count : axis
        guard map.shape.indices.contains(axis) else { return }
        let (channels, inner) = (map.shape[axis], map.shape[(axis + 1)...].reduce(1, *))
        let (values, means, variances) = (try map.floats(), try mean.doubles(), try variance.doubles())
        guard channels > 0, means.count == channels, variances.count == channels, values.count > channels else { return }
        var sums = [Double](repeating: 0, count: channels)
        var squares = sums
        for (position, value) in values.enumerated() {
            let channel = position / inner % channels
            let apart = Double(value) - means[channel]
            sums[channel] += apart
            squares[channel] += apart * apart
        }
        let count = Double(values.count / channels)
        var (meanApart, varianceApart) = (0.0, 0.0)
        for channel in 0..<channels {
            let stored = max(variances[channel], 1e-12)
            let shift = sums[channel] / count
            let found = max(squares[channel] / count - shift * shift, 1e-12)
            meanApart += min(abs(shift) / stored.squareRoot(), Self.most)
            varianceApart += min(abs(log(found / stored)), Self.most)
        }
        guard meanApart.isFinite, varianceApart.isFinite else { return }
        meanError += meanApart / Double(channels)
        varianceError += varianceApart / Double(channels)
        layers += 1
    }
}
