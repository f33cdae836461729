extension WeightSet {
    /// The weights of a NumPy archive, such as `numpy.savez` makes of a PyTorch state dictionary, grouped by their
    /// names in the archive's order. Nothing is decoded but what is compressed.
    /// - Throws: ``CoreError`` with the member's name.
    init(npz storage: Storage) throws(CoreError) {
        let archive = try NPZ(storage, limit: Limits.decodedBytes)
        self.init(
            tensors: archive.entries.map { ($0.name, $0.tensor) }, isInModelOrder: false,
            metadata: GraphMetadata(sourceFormat: "NumPy archive"))
    }
}
