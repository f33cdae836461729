public import SkiffGraph
internal import SkiffCore

/// How a written model compares with the graph it was written of.
public enum WrittenComparison: Sendable {
    /// Every node, attribute and weight is the graph's, to the last bit.
    case identical
    /// ONNX says the graph by other nodes, or with other axes: every weight is there to the last bit, in the place and order
    /// it has there. That the nodes compute the same remains to be shown by running both.
    case weightsIdentical
    /// The first difference, in words.
    case differs(String)

    /// Compares what was read of a written file with the graph, weights piece by piece.
    /// - Throws: ``ONNXError`` where the graph cannot be written for the file's operator set.
    public init(of written: Graph, with graph: Graph) throws(ONNXError) {
        let model = try WrittenModel(graph, opset: written.metadata["opset"].flatMap { Int($0) })
        if model.isLiteral {
            let difference = graph.firstDifferenceByName(from: written, ignoringMetadata: ["opset", "ir_version"])
            guard let difference else {
                self = .identical
                return
            }
            if graph.metadata.sourceFormat == "ONNX" {
                self = .differs(difference)
                return
            }
        }
        var tensors: [String: Tensor] = [:]
        for value in written.values { if let tensor = value.tensor { tensors[value.name] = tensor } }
        for weight in model.weights {
            let place = "tensor \"\(escaped(weight.name))\""
            guard let tensor = tensors.removeValue(forKey: weight.name) else {
                self = .differs(place + " is missing")
                return
            }
            let element = try located { () throws(CoreError) in try weight.view.firstDifferingElement(from: tensor) }
            if let element {
                self = .differs(place + " differs at element \(element)")
                return
            }
        }
        self = .weightsIdentical
    }
}
