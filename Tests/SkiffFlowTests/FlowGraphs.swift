import SkiffCore
import SkiffEngine
@testable import SkiffFlow
import SkiffGraph
import SkiffInspect

/// Small networks of matrix products, whose numbers can be worked out by hand.
struct FlowGraph {
    var builder = GraphBuilder()
    let input: ValueID
    private var count = 0

    /// The input is `x`, of two columns.
    init() throws {
        input = try builder.addInput("x", Fact(.float32, [.symbolic("batch"), .fixed(2)]))
    }

    private mutating func next(_ kind: String) -> String {
        count += 1
        return "\(kind)_\(count)"
    }

    /// `value` times a matrix of two rows.
    mutating func product(_ value: ValueID, _ matrix: [Float]) throws -> ValueID {
        let name = next("product")
        let weight = try builder.addWeight("\(name)_weight", Tensor(floats: matrix, shape: [2, matrix.count / 2]))
        return try builder.addNode(
            name, sourceOperator: "MatMul", .matrixMultiplication(MatrixMultiplication()), inputs: [value, weight],
            output: name)
    }

    mutating func relu(_ value: ValueID) throws -> ValueID {
        let name = next("relu")
        return try builder.addNode(name, sourceOperator: "Relu", .unary(Unary(.relu)), inputs: [value], output: name)
    }

    mutating func add(_ left: ValueID, _ right: ValueID) throws -> ValueID {
        let name = next("add")
        return try builder.addNode(
            name, sourceOperator: "Add", .binary(Binary(.add)), inputs: [left, right], output: name)
    }

    mutating func sum(_ values: [ValueID]) throws -> ValueID {
        let name = next("sum")
        return try builder.addNode(name, sourceOperator: "Sum", .variadic(Variadic(.sum)), inputs: values, output: name)
    }

    mutating func weight(_ elements: [Float], _ shape: Shape) throws -> ValueID {
        try builder.addWeight(next("weight"), Tensor(floats: elements, shape: shape))
    }

    mutating func softmax(_ value: ValueID) throws -> ValueID {
        let name = next("softmax")
        return try builder.addNode(
            name, sourceOperator: "Softmax", .softmax(Softmax(axis: -1)), inputs: [value], output: name)
    }

    mutating func finished(_ outputs: ValueID...) throws -> Graph {
        for (index, output) in outputs.enumerated() { builder.addOutput("y\(index)", output) }
        return try builder.build()
    }
}

/// What `x` is in the tests.
let rows: [Float] = [1, 2, 3, 4]

func flow(
    _ graph: Graph, _ elements: [Float] = rows, lesions: SignalFlow.Lesions = .all, runs: Int = 1, threads: Int? = nil
) throws -> SignalFlow {
    let perRun = elements.count / runs
    let inputs = try (0..<runs).map { run in
        ["x": try Tensor(floats: Array(elements[(run * perRun)..<((run + 1) * perRun)]), shape: [perRun / 2, 2])]
    }
    return try SignalFlow(
        of: graph, Inspection(of: graph, format: "test"), inputs: .init(runs: inputs, text: "rows"),
        options: .init(lesions: lesions, threads: threads))
}

/// The lesions of a graph as the reference evaluator has them: the addition's value replaced while it runs.
func referenceLesions(
    _ graph: Graph, _ inspection: Inspection, _ inputs: [String: Tensor]
) throws -> [Int: [ValueID: [Double]]] {
    let evaluator = try Evaluator(graph)
    let outputs = Set(graph.outputs.map(\.value))
    var results: [Int: [ValueID: [Double]]] = [:]
    for join in inspection.flowJoins(in: graph) {
        let run = try EvaluatorRun(
            evaluator, inputs, precision: .double, observing: outputs.union([join.shortcut, join.output]))
        var shortcut: EvaluatorRun.ObservedValue?
        var found: [ValueID: [Double]] = [:]
        func look() throws {
            for (id, value) in run.observed {
                if id == join.shortcut { shortcut = value }
                if id == join.output, let shortcut, shortcut.shape == value.shape {
                    try run.replace(id, with: shortcut)
                }
                if outputs.contains(id) {
                    let shown = id == join.output ? shortcut ?? value : value
                    if case .double(let elements) = shown.elements { found[id] = elements }
                }
            }
        }
        try look()
        while try run.step() { try look() }
        results[join.block] = found
    }
    return results
}

/// Relative change of the worst of the outputs.
func change(_ whole: [ValueID: [Double]], _ changed: [ValueID: [Double]]) -> Double {
    whole.compactMap { id, before -> Double? in
        guard let after = changed[id] else { return nil }
        let difference = zip(before, after).reduce(0.0) { $0 + ($1.1 - $1.0) * ($1.1 - $1.0) }
        let size = before.reduce(0.0) { $0 + $1 * $1 }
        return difference == 0 ? 0 : size == 0 ? .infinity : (difference / size).squareRoot()
    }.max() ?? 0
}
