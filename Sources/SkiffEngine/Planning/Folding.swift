internal import SkiffCore
internal import SkiffGraph

/// How nodes that hang on no input are computed while a network is planned.
struct Folding {
    /// ``Precision/double`` keeps folded reals as float64.
    var precision = Precision.reference
    /// Bytes that one folded node may take.
    var memoryBudget = Limits.evaluationBytes

    /// The outputs of one operator.
    /// - Parameter inputs: Values with their elements; `nil` where an optional input is left out.
    /// - Throws: ``EngineError`` as ``Evaluator/run(_:precision:observing:progress:)``.
    func apply(
        _ operator: Operator, to inputs: [Draft.Value?], outputCount: Int
    ) throws(EngineError) -> [Tensor] {
        var builder = GraphBuilder()
        var operands: [ValueID?] = []
        var given: [String: Tensor] = [:]
        let outputs = (0..<outputCount).map { builder.value(named: "output \($0)") }
        let graph: Graph
        do throws(GraphError) {
            for (position, value) in inputs.enumerated() {
                guard let value, let constant = value.constant else {
                    operands.append(nil)
                    continue
                }
                var fact = Fact(of: constant)
                fact.elementType = value.elementType
                operands.append(try builder.addInput("input \(position)", fact))
                given["input \(position)"] = constant
            }
            try builder.addNode("", sourceOperator: "", `operator`, inputs: operands, outputs: outputs)
            for (position, output) in outputs.enumerated() { builder.addOutput("output \(position)", output) }
            graph = try builder.build()
        } catch { throw EngineError(error) }
        let evaluator = try Evaluator(graph, threads: 1, memoryBudget: memoryBudget)
        let results = try evaluator.run(given, precision: precision)
        var tensors: [Tensor] = []
        for output in graph.outputs {
            guard let tensor = results[output.value] else {
                throw EngineError(.unknownValue(index: output.value.index, count: graph.values.count))
            }
            tensors.append(tensor)
        }
        return tensors
    }
}
