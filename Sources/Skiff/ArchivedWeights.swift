extension WeightSet {
    /// The weights of a NumPy archive, such as `numpy.savez` makes of a PyTorch state dictionary, grouped by their
    /// names in the archive's order. Nothing is decoded but what is compressed.
    /// - Throws: ``SkiffError`` with the member's name; `lookalike` for recorded values, which are no weights.
    init(npz storage: Storage) throws(SkiffError) {
        if Lookalike.isRecording(storage), let kind = Lookalike.recognized(storage) {
            throw SkiffError(.lookalike(kind), at: Place(file: storage.path))
        }
        let archive = try located { try NPZ(storage, limit: Limits.decodedBytes) }
        self.init(
            tensors: archive.entries.map { ($0.name, $0.tensor) }, isInModelOrder: true,
            metadata: GraphMetadata(sourceFormat: "NumPy archive"))
    }
}
