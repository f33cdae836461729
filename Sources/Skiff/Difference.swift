/// Compares two models of any formats: blocks, layers, attributes and weights, whatever they are called.
///
///     let difference = try difference(original, converted)
///     difference.isSameFunction
///
/// - Parameters:
///   - isHeadersOnly: whether weights are left unread; then only digests that native files keep decide.
///   - progress: told what part of the weights was compared, from 0 to 1.
/// - Throws: ``SkiffError`` where a file is damaged.
public func difference(
    _ left: Model, _ right: Model, isHeadersOnly: Bool = false, progress: (@Sendable (Double) -> Void)? = nil
) throws(SkiffError) -> ModelDifference {
    var differencer = Differencer()
    differencer.isHeadersOnly = isHeadersOnly
    differencer.leftDigests = try left.weightDigests()
    differencer.rightDigests = try right.weightDigests()
    return differencer.difference(
        left.graph, right.graph, inspections: (left.inspection(), right.inspection()), progress: progress)
}

extension Model {
    /// What the file's header says of its weights, by value; empty for formats that keep no digests.
    fileprivate func weightDigests() throws(SkiffError) -> [ValueID: Differencer.Digest] {
        guard let tensors = try provenance()?.tensors else { return [:] }
        let weights = graph.weights
        guard weights.count == tensors.count else { return [:] }
        var digests: [ValueID: Differencer.Digest] = [:]
        for (id, tensor) in zip(weights, tensors) where graph[id].name == tensor.name {
            digests[id] = Differencer.Digest(
                digest: tensor.digest, sourceDigest: tensor.sourceDigest, encoding: tensor.encoding.rawValue)
        }
        return digests
    }
}

/// Compares the tensors of two files of weights, by name, where no architecture is known for them.
/// - Throws: ``SkiffError`` where a file holds no weights that can be read alone.
public func tensorDifference(
    _ left: WeightListing, _ right: WeightListing, isHeadersOnly: Bool = false
) throws(SkiffError) -> TensorDifference {
    try located {
        try TensorDifference(
            left.weights, right.weights, formats: (left.format.name, right.format.name), isHeadersOnly: isHeadersOnly)
    }
}
