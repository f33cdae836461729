internal import SkiffCore
internal import SkiffGraph

/// Facts, parameters and multiply-adds of every node, at one sample where the batch is open.
struct NetworkCosts {
    /// By value.
    private(set) var facts: [Fact?]
    private(set) var parameters = Inspection.ParameterCounts(movingStatistics: 0, trainable: 0)
    /// By node, a shared tensor at its first reader.
    private(set) var nodeParameters: [Int]
    private(set) var nodeMultiplyAdds: [Int?]
    private(set) var multiplyAdds: Int?
    private(set) var warnings: [Inspection.Warning] = []

    /// - Parameters:
    ///   - extents: what to take for open extents, by name.
    ///   - shapes: shapes of inputs, by name; these count before anything else.
    ///   - batch: what to take for open batch extents that neither names.
    init(of graph: Graph, extents: [String: Int], shapes: [String: Shape] = [:], batch: Int = 1) {
        facts = graph.values.map(\.fact)
        nodeParameters = [Int](repeating: 0, count: graph.nodes.count)
        nodeMultiplyAdds = [Int?](repeating: 0, count: graph.nodes.count)
        bindFacts(of: graph, extents: extents, shapes: shapes, batch: batch)
        countParameters(of: graph)
        countMultiplyAdds(of: graph)
        for node in graph.unknownNodes {
            guard case .unknown(let attributes) = graph[node].operator else { continue }
            let reason = attributes.reason.map { ": \(escaped($0))" } ?? ""
            warnings.append(
                Inspection.Warning(place: graph.place(of: node), message: "operator is not known and cannot be run\(reason)"))
        }
    }

    /// Infers with the batch extent of every input, and every named extent, bound.
    private mutating func bindFacts(
        of graph: Graph, extents: [String: Int], shapes: [String: Shape], batch: Int
    ) {
        var extents = extents
        for input in graph.inputs {
            guard case .symbolic(let name)? = graph[input].fact?.shape?.first, extents[name] == nil else { continue }
            extents[name] = batch
        }
        var binding: [ValueID: Fact] = [:]
        for input in graph.inputs {
            guard var fact = graph[input].fact else { continue }
            if let given = shapes[graph[input].name] {
                fact.shape = SymbolicShape(given)
                binding[input] = fact
                continue
            }
            guard let shape = fact.shape else { continue }
            fact.shape = shape.enumerated().map { axis, dimension in
                switch dimension {
                case .fixed: dimension
                case .symbolic(let name): extents[name].map { .fixed($0) } ?? dimension
                case .unknown: axis == 0 ? .fixed(batch) : dimension
                }
            }
            if fact.shape != shape { binding[input] = fact }
        }
        guard !binding.isEmpty else { return }
        do throws(GraphError) {
            facts = try graph.inferFacts(binding: binding)
        } catch {
            warnings.append(
                Inspection.Warning(place: error.place, message: "shapes at batch \(batch) are not known: \(error.message)"))
        }
    }

    private mutating func countParameters(of graph: Graph) {
        var isCounted = [Bool](repeating: false, count: graph.values.count)
        for node in graph.nodeIDs {
            for weight in graph.parameterReads(of: node, facts: facts) {
                guard !isCounted[weight.root.index] else { continue }
                isCounted[weight.root.index] = true
                nodeParameters[node.index] = clampedSum(nodeParameters[node.index], weight.elements)
                if weight.isMovingStatistic {
                    parameters.movingStatistics = clampedSum(parameters.movingStatistics, weight.elements)
                } else {
                    parameters.trainable = clampedSum(parameters.trainable, weight.elements)
                }
            }
        }
    }

    private mutating func countMultiplyAdds(of graph: Graph) {
        var total: Int? = 0
        var firstUnknown: NodeID?
        for id in graph.nodeIDs {
            let node = graph[id]
            nodeMultiplyAdds[id.index] = multiplyAdds(of: node, in: graph)
            total = checkedSum(total, nodeMultiplyAdds[id.index])
            if total == nil, firstUnknown == nil { firstUnknown = id }
        }
        multiplyAdds = total
        guard let firstUnknown, graph[firstUnknown].operator.role != .other else { return }
        warnings.append(
            Inspection.Warning(
                place: graph.place(of: firstUnknown), message: "multiply-adds are not known: a shape is open"))
    }

    /// `nil` where a fact that an operator of cost needs is missing.
    private func multiplyAdds(of node: Node, in graph: Graph) -> Int? {
        let role = node.operator.role
        guard role == .convolution || role == .matrix else {
            if case .unknown = node.operator { return nil }
            return 0
        }
        let inputs = node.inputs.map { $0.flatMap { facts[$0.index] } }
        let outputs = node.outputs.compactMap { facts[$0.index] }
        guard outputs.count == node.outputs.count else { return nil }
        return node.operator.multiplyAdds(inputs: inputs, outputs: outputs)
    }
}

/// The sum of two costs; `nil` where one is not known or the sum leaves `Int`.
func checkedSum(_ left: Int?, _ right: Int?) -> Int? {
    guard let left, let right else { return nil }
    let (sum, overflow) = left.addingReportingOverflow(right)
    return overflow ? nil : sum
}

/// The sum of two counts; the largest `Int` where it leaves `Int`, which only a made-up ConstantOfShape does.
package func clampedSum(_ left: Int, _ right: Int) -> Int {
    let (sum, overflow) = left.addingReportingOverflow(right)
    return overflow ? Int.max : sum
}
