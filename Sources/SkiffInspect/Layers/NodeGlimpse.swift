package import SkiffGraph

/// What a drawing needs to know of every node: the layer it is and the data it reads.
package struct NodeGlimpse {
    /// By node: a convolution, or a matrix product by a weight.
    package let layers: [ResidualBlock.Layer?]
    /// By node: the nodes whose data it reads, in the order of its inputs; inputs of the model are left out.
    package let reads: [[NodeID]]
    /// By node: how many of its operands depend on the model's inputs.
    package let dataOperands: [Int]

    package init(of graph: Graph) {
        let facts = graph.values.map(\.fact)
        let flow = Dataflow(of: graph, facts: facts)
        var layers: [ResidualBlock.Layer?] = []
        var reads: [[NodeID]] = []
        var dataOperands: [Int] = []
        for node in graph.nodeIDs {
            let inputs = graph[node].operator.readsShapesOnly ? [] : flow.dataInputs(of: node)
            layers.append(graph.layer(node, flow: flow, facts: facts))
            reads.append(inputs.compactMap { graph.producer(of: $0) })
            dataOperands.append(inputs.count)
        }
        self.layers = layers
        self.reads = reads
        self.dataOperands = dataOperands
    }
}
