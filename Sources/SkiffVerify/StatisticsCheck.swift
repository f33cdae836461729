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
    /// By the name of the stored mean: the mean over channels of |ln(variance found / variance stored)| plus
    /// |mean found − mean stored| in stored deviations, each at most 4.
    public private(set) var errors: [String: Double] = [:]

    /// The mean error of each check over the layers where the checks differ; `nil` where there is no such layer.
    public static func distances(_ checks: [StatisticsCheck]) -> [Double]? {
        guard let first = checks.first else { return nil }
        let differing = first.errors.keys.filter { name in
            let errors = checks.compactMap { $0.errors[name] }
            guard errors.count == checks.count, let least = errors.min(), let most = errors.max() else { return false }
            return most - least > 1e-6 * most
        }
        guard !differing.isEmpty else { return nil }
        return checks.map { check in
            differing.sorted().reduce(0) { $0 + (check.errors[$1] ?? 0) } / Double(differing.count)
        }
    }

    /// Whether a distance is so much smaller than another that it is taken for proof: by 6 %. Trained networks rebuilt
    /// rightly were nearer by 8 % and more; stored statistics that nobody trained are far from all.
    public static func isClearlySmaller(_ distance: Double, than other: Double) -> Bool {
        distance < 1.5 && distance * 1.06 < other
    }

    private static let most = 4.0

    /// - Parameters:
    ///   - input: natural images, as the network takes them.
    /// - Throws: ``VerifyError`` where the network cannot be run on them.
    public init(of graph: Graph, on input: [String: Tensor], threads: Int? = nil) throws(VerifyError) {
        var readers: [ValueID: [(name: String, mean: Tensor, variance: Tensor, axis: Int)]] = [:]
        var training: [NodeID: Operator] = [:]
        for id in graph.nodeIDs {
            let node = graph[id]
            guard case .batchNormalization(var operation) = node.operator, node.inputs.count == 5,
                let map = node.inputs[0], let mean = node.inputs[3].flatMap({ graph.storedWeight($0) }),
                let variance = node.inputs[4].flatMap({ graph.storedWeight($0) })
            else { continue }
            readers[map, default: []].append((graph[mean.id].name, mean.tensor, variance.tensor, operation.axis))
            operation.isTraining = true
            training[id] = .batchNormalization(operation)
        }
        do {
            // Replacing keeps the numbers of values that something reads.
            let normalizing = try graph.replacing([:], training)
            try Evaluator(normalizing, threads: threads).run(
                input, precision: .float, observing: .values(Set(readers.keys))
            ) { id, tensor in
                for reader in readers[id] ?? [] {
                    errors[reader.name] = try Self.error(of: tensor, reader.mean, reader.variance, axis: reader.axis)
                }
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
    }

    /// The error of one layer; `nil` where its map is too small to tell, or not finite.
    private static func error(
        of map: Tensor, _ mean: Tensor, _ variance: Tensor, axis: Int
    ) throws(CoreError) -> Double? {
        let axis = axis < 0 ? axis + map.shape.count : axis
        guard map.shape.indices.contains(axis) else { return nil }
        let (channels, inner) = (map.shape[axis], map.shape[(axis + 1)...].reduce(1, *))
        let (values, means, variances) = (try map.floats(), try mean.doubles(), try variance.doubles())
        guard channels > 0, means.count == channels, variances.count == channels, values.count > channels else { return nil }
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
            meanApart += min(abs(shift) / stored.squareRoot(), most)
            varianceApart += min(abs(log(found / stored)), most)
        }
        guard meanApart.isFinite, varianceApart.isFinite else { return nil }
        return (meanApart + varianceApart) / Double(channels)
    }
}
