internal import SkiffArchitectures

/// The tensors of a file of weights, where no architecture is known for them.
public struct WeightListing: Sendable {
    public let path: String
    public let format: Format
    public let weights: WeightSet

    /// - Throws: ``SkiffError`` where the file holds no weights that can be read alone.
    public init(contentsOf path: String) throws(SkiffError) {
        self.path = path
        let storage = try located(Place(file: path)) { try Storage(mapping: path) }
        let format = try FormatRegistry.format(of: storage)
        self.format = format
        guard let readWeights = format.readWeights else {
            throw SkiffError(.architecture("holds a model"), at: Place(file: path))
        }
        weights = try located(Place(file: path)) { try readWeights(storage, folder(of: path)) }
    }

    private var variables: [WeightSet.Variable] { weights.layers.flatMap(\.variables) }

    /// Elements of all tensors.
    public var elementCount: Int { variables.reduce(0) { $0 + $1.tensor.elementCount } }

    /// A line for each tensor: name, element type, shape.
    public func text(width: Int) -> String {
        let rows = variables.map { (escaped($0.name), $0.tensor.elementType.rawValue, $0.tensor.shape.shapeText) }
        let column = min(rows.map(\.0.count).max() ?? 0, max(20, width - 40))
        var lines = ["\(format.name), \(rows.count) tensors, \(elementCount) elements"]
        for (name, type, shape) in rows {
            lines.append("  " + name + String(repeating: " ", count: max(1, column + 2 - name.count)) + type + " " + shape)
        }
        return lines.joined(separator: "\n")
    }

    public func json() -> JSONValue {
        [
            "schema": "skiff.weights/1", "path": .string(path), "format": .string(format.identifier),
            "elements": .integer(Int64(elementCount)),
            "tensors": .array(
                variables.map { variable in
                    [
                        "name": .string(variable.name), "type": .string(variable.tensor.elementType.rawValue),
                        "shape": .array(variable.tensor.shape.map { .integer(Int64($0)) }),
                        "bytes": .integer(Int64(variable.tensor.byteRange.count)),
                    ]
                }),
        ]
    }
}

extension SkiffError {
    /// Whether no architecture fits a file's weights.
    public var isOfArchitecture: Bool {
        guard case .module(let error) = reason, let error = error as? ArchitectureError else { return false }
        switch error.reason {
        case .unrecognized, .missing, .kernel: return true
        default: return false
        }
    }
}
