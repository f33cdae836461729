/// Tensors of a file by name, to be written as NumPy files.
public struct TensorExtraction: Sendable {
    /// One tensor that was written.
    public struct Written: Sendable {
        public var name: String
        public var shape: Shape
        /// As the model has it.
        public var elementType: ElementType
        /// As the file has it: another one where NumPy does not have the model's.
        public var writtenType: ElementType
    }

    /// The tensors of the file, in its order.
    public let tensors: [(name: String, tensor: Tensor)]
    private let path: String

    /// The weights of a model, or of a file of weights with the names that the file has.
    /// - Throws: ``SkiffError`` where the file cannot be read.
    public init(contentsOf path: String, architecture: ArchitectureSource = .automatic) throws(SkiffError) {
        self.path = path
        if architecture == .automatic, let listing = try? WeightListing(contentsOf: path), listing.format.isWeightsOnly {
            tensors = listing.weights.layers.flatMap(\.variables).map { ($0.name, $0.tensor) }
        } else {
            tensors = try Model(contentsOf: path, architecture: architecture).namedWeights
        }
    }

    /// Writes tensors, atomically: one to a `.npy` file, any number to a `.npz` archive.
    ///
    /// bfloat16 and the types of 8 bits and less that NumPy lacks become float32, int4 and its kin int8, all exactly.
    /// - Parameter patterns: names, or patterns of names (``NamePattern``).
    /// - Throws: ``SkiffError`` for a pattern that no tensor fits, with names that are near; for several tensors and no
    ///   archive; and where a file cannot be read or written.
    public func write(_ patterns: [String], to target: String) throws(SkiffError) -> [Written] {
        var chosen: [(name: String, tensor: Tensor)] = []
        var isChosen = [Bool](repeating: false, count: tensors.count)
        for text in patterns {
            let pattern = NamePattern(text)
            // A name that is there counts as itself, whatever signs are in it.
            let exact = tensors.contains { $0.name == text }
            let found = tensors.indices.filter { exact ? tensors[$0].name == text : pattern.matches(tensors[$0].name) }
            guard !found.isEmpty else { throw Self.unknown(pattern, among: tensors.map(\.name), path) }
            for index in found where !isChosen[index] {
                isChosen[index] = true
                chosen.append(tensors[index])
            }
        }
        let isArchive = target.lowercased().hasSuffix(".npz")
        guard isArchive || target.lowercased().hasSuffix(".npy") else {
            throw SkiffError(.arrays("is no NumPy file by its name", hint: "use .npy for one tensor, .npz for several"), at: Place(file: target))
        }
        guard isArchive || chosen.count == 1 else {
            throw SkiffError(
                .arrays("has room for one tensor, \(chosen.count) fit", hint: "write several to an archive: -o weights.npz"),
                at: Place(file: target))
        }
        if let identity = (try? Storage(mapping: target))?.identity,
            tensors.contains(where: { $0.tensor.storage.identity == identity }) {
            throw SkiffError(.sameFile, at: Place(file: target))
        }
        let source = Place(file: path)
        return try located(Place(file: target)) {
            var written: [Written] = []
            var arrays: [(name: String, tensor: Tensor)] = []
            for (name, tensor) in chosen {
                let array = try located(source.filled(from: Place(tensor: name))) { try tensor.inNumPyType() }
                arrays.append((name, array))
                written.append(
                    Written(name: name, shape: tensor.shape, elementType: tensor.elementType, writtenType: array.elementType))
            }
            if isArchive {
                try NPZ.write(arrays, to: target)
            } else if let only = arrays.first {
                try NPY.write(only.tensor, to: target)
            }
            return written
        }
    }

    /// The error for a name that no tensor has.
    public static func unknown(_ pattern: NamePattern, among names: [String], _ path: String) -> SkiffError {
        let near = pattern.suggestions(among: names)
        let hint = near.isEmpty
            ? "skiff inspect --weights --all-weights lists the names"
            : "near are " + near.map { "\"\(escaped($0))\"" }.joined(separator: ", ")
        return SkiffError(.arrays("has no tensor \"\(escaped(pattern.text))\"", hint: hint), at: Place(file: path))
    }
}

extension Model {
    /// Every weight under its name, in the order of the graph.
    fileprivate var namedWeights: [(name: String, tensor: Tensor)] {
        graph.values.compactMap { value in value.tensor.map { (value.name, $0) } }
    }
}
