internal import SkiffGraph
struct ResidualTopology {
    var blocks: [ResidualBlock] = []
    var stages: [Stage] = []
    var blockOfNode: [Int?]
    var warnings: [Inspection.Warning] = []
    init(of graph: Graph, costs: NetworkCosts) { blockOfNode = Array(repeating: nil, count: graph.nodes.count) }
}
extension Family {
    init(of topology: ResidualTopology) { self.init(name: "no residual blocks", variant: nil, text: "no residual blocks", evidence: []) }
}
