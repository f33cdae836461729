internal import SkiffCore
internal import SkiffGraph

/// A node while it is imported: what an operator's import function reads, and the inputs it may rearrange.
final class NodeImport {
    let graph: GraphImporter
    /// The version of the operator set that the node's operator comes from.
    let opset: Int
    let operatorName: String
    let attributes: AttributeSet
    /// Inputs in ONNX's order at first; the import function leaves the order that the operator defines.
    var inputs: [ValueID?]
    /// Names of the outputs, empty where one is left out; none at the end.
    private(set) var outputs: [String]

    /// The outputs as the file has them.
    let sourceOutputs: [String]

    init(
        graph: GraphImporter, opset: Int, operatorName: String, attributes: AttributeSet, inputs: [ValueID?],
        outputs: [String]
    ) {
        self.graph = graph
        self.opset = opset
        self.operatorName = operatorName
        self.attributes = attributes
        self.inputs = inputs
        self.outputs = outputs
        sourceOutputs = outputs
    }

    /// Input `index`, `nil` where it is left out.
    func input(_ index: Int) -> ValueID? { inputs.indices.contains(index) ? inputs[index] : nil }

    /// The rank of input `index` where it is known before the graph runs.
    func rank(_ index: Int) -> Int? { input(index).flatMap { graph.fact(of: $0)?.shape?.count } }

    /// The element type of input `index` where it is known before the graph runs.
    func elementType(_ index: Int) -> ElementType? { input(index).flatMap { graph.fact(of: $0)?.elementType } }

    /// The weight that input `index` is, where it is one whose elements nobody can replace.
    func weight(_ index: Int) -> Tensor? { input(index).flatMap { graph.tensors[$0] } }

    /// A weight that stands for an attribute, named after the node's first output.
    func weight(_ suffix: String, _ tensor: Tensor) throws(ONNXError) -> ValueID {
        try graph.addDerivedWeight("\(outputs.first ?? "")/\(suffix)", tensor)
    }

    /// A weight of whole numbers that stands for a list attribute.
    func weight(_ suffix: String, integers: [Int]) throws(ONNXError) -> ValueID {
        let tensor = try located { () throws(CoreError) in
            try Tensor(integers: integers.map { Int64($0) }, shape: [integers.count])
        }
        return try weight(suffix, tensor)
    }

    /// Input `index` with axes of extent one put in, by a node of our own.
    func unsqueezed(_ index: Int, axes: [Int]) throws(ONNXError) -> ValueID? {
        guard let value = input(index), !axes.isEmpty else { return input(index) }
        return try graph.addDerivedNode(
            "\(outputs.first ?? "")/\(operatorName)_\(index)", sourceOperator: "Unsqueeze",
            .unsqueeze(Unsqueeze(axes: axes)), inputs: [value])
    }

    /// A value that a node of our own gives, where the file's node is several operators in one.
    func derived(_ sourceOperator: String, _ operator: Operator, _ inputs: [ValueID?]) throws(ONNXError) -> ValueID {
        try graph.addDerivedNode(
            "\(outputs.first ?? "")/\(sourceOperator)", sourceOperator: sourceOperator, `operator`, inputs: inputs)
    }

    /// Undoes what an import function rearranged before it gave up.
    func restore(inputs: [ValueID?]) {
        self.inputs = inputs
        outputs = sourceOutputs
    }

    /// The error that makes the importer carry the node as unknown.
    func inexpressible(_ why: String) -> ONNXError { ONNXError(.inexpressible(why)) }

    /// Whether anything reads an output from index `first` on.
    func readsOutputs(from first: Int) -> Bool { outputs.dropFirst(first).contains { graph.readNames.contains($0) } }

    /// Leaves out the outputs from index `count` on, which are not computed.
    /// - Throws: ``ONNXError`` `inexpressible` where something reads one of them.
    func keepOutputs(_ count: Int) throws(ONNXError) {
        guard !readsOutputs(from: count) else {
            throw inexpressible("output \(count) of \(operatorName)-\(opset) is not computed")
        }
        outputs = Array(outputs.prefix(count))
    }
}
