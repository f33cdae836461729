internal import SkiffCore
internal import SkiffGraph
struct NetworkCosts {
    var facts: [Fact?]
    var parameters = Inspection.ParameterCounts(movingStatistics: 0, trainable: 0)
    var nodeParameters: [Int]
    var nodeMultiplyAdds: [Int?]
    var multiplyAdds: Int?
    var warnings: [Inspection.Warning] = []
    init(of graph: Graph, extents: [String: Int]) {
        facts = graph.values.map(\.fact)
        nodeParameters = Array(repeating: 0, count: graph.nodes.count)
        nodeMultiplyAdds = Array(repeating: nil, count: graph.nodes.count)
    }
}
