/// Compares a graph's weights with tensors that a file holds without an architecture.
enum WeightComparison {
    /// The first thing in which `tensors` are not the weights of `graph`, by name and to the last bit, in words; `nil`
    /// where they are. Linear in the weights' bytes.
    static func firstDifference(of graph: Graph, from tensors: [(name: String, tensor: Tensor)]) -> String? {
        var written: [String: Tensor] = [:]
        for (name, tensor) in tensors { written[name] = tensor }
        for value in graph.values {
            guard let tensor = value.tensor else { continue }
            let place = "tensor \"\(escaped(value.name))\""
            guard let other = written.removeValue(forKey: value.name) else { return place + " is missing" }
            guard tensor.elementType == other.elementType else {
                return place + " is \(tensor.elementType.rawValue), the other's is \(other.elementType.rawValue)"
            }
            guard tensor.shape == other.shape else {
                return place + " has shape \(tensor.shape.shapeText), the other's is \(other.shape.shapeText)"
            }
            if let element = tensor.firstDifferingElement(from: other) {
                return place + " differs at element \(element)"
            }
        }
        return written.keys.min().map { "tensor \"\(escaped($0))\" is none of the model's" }
    }
}
