public import SkiffCore

extension Graph {
    /// Decodes weights that are deferred, on all processors; where there are none it costs nothing.
    ///
    /// Whoever computes with a graph of encoded weights calls it before, so that a payload that cannot be decoded is an
    /// error; see ``Storage/load()``.
    /// - Parameter isWanted: Whether a weight is among those to decode.
    /// - Throws: ``CoreError`` at the tensor, of the first weight that cannot be decoded; `memory` where they have more
    ///   bytes than the machine.
    public func loadWeights(where isWanted: (ValueID) -> Bool = { _ in true }) throws(CoreError) {
        var deferred: [(name: String, storage: Storage)] = []
        var known: Set<ObjectIdentifier> = []
        var bytes = 0
        for (index, value) in values.enumerated() {
            guard let storage = value.tensor?.storage, storage.isDeferred, isWanted(ValueID(index)),
                known.insert(ObjectIdentifier(storage)).inserted
            else { continue }
            deferred.append((value.name, storage))
            bytes = bytes.addingReportingOverflow(storage.byteCount).partialValue
            guard bytes >= 0, bytes <= Limits.availableEvaluationBytes() else {
                throw CoreError(.memory(bytes: bytes < 0 ? .max : bytes), at: Place(tensor: value.name))
            }
        }
        guard !deferred.isEmpty else { return }
        let weights = deferred
        try concurrently(weights.count) { index throws(CoreError) in
            do throws(CoreError) {
                try weights[index].storage.load()
            } catch {
                throw error.at(Place(tensor: weights[index].name))
            }
        }
    }
}
