public import SkiffCore
public import SkiffGraph

/// What a network is: its ports, its size, its residual blocks and the family they make it.
///
/// An inspection reads structure and never weights, so it costs the same for 1 MB and for 6 GB of them, and it
/// works on graphs with operators that cannot be run.
public struct Inspection: Sendable {
    /// An input or output of the model.
    public struct Port: Hashable, Sendable {
        public var name: String
        public var elementType: ElementType?
        /// As the source declares it, open extents by name; `nil` where not even the rank is known.
        public var shape: SymbolicShape?
    }

    /// Elements of the tensors that operators use as weights. A shared tensor counts once, whole-number
    /// constants (shapes, axes, indices) do not count.
    public struct ParameterCounts: Hashable, Sendable {
        /// Elements of BatchNormalization's stored means and variances.
        public var movingStatistics: Int
        /// All others: kernels, biases, scales, offsets.
        public var trainable: Int
        public var total: Int { clampedSum(trainable, movingStatistics) }
    }

    public struct OperatorCount: Hashable, Sendable {
        /// As the source spells it.
        public var name: String
        public var count: Int
    }

    /// Something a reader of the inspection should know, with the place it is about.
    public struct Warning: Hashable, Sendable {
        public var place: Place
        public var message: String
        /// Place and message in one line.
        public var text: String { place.text.isEmpty ? message : "\(place.text): \(message)" }
    }

    /// One node as a row of the layers table.
    public struct Layer: Hashable, Sendable {
        public var node: NodeID
        public var name: String
        /// As the source spells it.
        public var `operator`: String
        /// Shape of the first output at the inspected batch.
        public var outputShape: SymbolicShape?
        /// Elements of the node's own weights; a shared tensor counts at its first reader.
        public var parameters: Int
        /// `nil` where open extents leave it unknown.
        public var multiplyAdds: Int?
        /// The innermost block the node belongs to, an index into ``Inspection/blocks``.
        public var block: Int?
        /// The block whose addition the node activates, likewise; such a node is in no block by itself.
        public var activatedBlock: Int?
        /// Bytes of what the node gives at the inspected batch, 0 where it only renames what it reads; `nil` where open
        /// extents leave it unknown.
        public var activationBytes: Int?
        /// Kernel, strides and channels of a convolution or a matrix product, kernel and strides of a pooling.
        public var window: ResidualBlock.Layer?
        /// The layers whose data it reads, indices into ``Inspection/layers``, in the order of its inputs.
        public var inputs: [Int] = []
    }

    /// The graph's name.
    public var name: String
    /// The inspected file's format as the caller names it.
    public var format: String
    /// The inspected file's bytes, where the caller knows them.
    public var fileBytes: Int?
    /// Format, producer and further facts of the first source.
    public var metadata: GraphMetadata
    public var inputs: [Port]
    public var outputs: [Port]
    public var parameters: ParameterCounts
    /// Bytes of all weights in the file, shape constants too.
    public var weightBytes: Int
    /// Multiply-adds of one run, open batch extents taken as one; `nil` where other open extents leave it unknown.
    public var multiplyAdds: Int?
    /// Operators by count, most frequent first.
    public var operators: [OperatorCount]
    /// Bytes of what the layers give.
    public var activationMemory: ActivationMemory
    public var layers: [Layer]
    /// Residual blocks in the order data passes them, a nested one behind the one around it.
    public var blocks: [ResidualBlock]
    public var stages: [Stage]
    public var family: Family
    /// Concatenations of channels where ways meet again, in order.
    public var concatenations: [Concatenation] = []
    /// Runs of dense concatenations.
    public var denseStages: [DenseStage] = []
    /// Lengths of the ways through the blocks; `nil` where blocks are not in a row.
    public var paths: PathLengths?
    public var warnings: [Warning]

    public var producer: String { metadata.producer }

    /// Inspects a graph.
    ///
    /// - Parameters:
    ///   - graph: the network.
    ///   - format: the name of the file's format, for display.
    ///   - fileBytes: the file's length in bytes, for display.
    ///   - extents: what to take for open extents, by name.
    ///   - batch: what to take for open batch extents that `extents` does not name.
    public init(
        of graph: Graph, format: String, fileBytes: Int? = nil, extents: [String: Int] = [:], batch: Int = 1
    ) {
        let costs = NetworkCosts(of: graph, extents: extents, batch: batch)
        name = graph.name
        self.format = format
        self.fileBytes = fileBytes
        metadata = graph.metadata
        inputs = graph.inputs.map { graph.port(named: graph[$0].name, of: $0) }
        outputs = graph.outputs.map { graph.port(named: $0.name, of: $0.value) }
        parameters = costs.parameters
        weightBytes = graph.weights.reduce(0) { $0 + (graph[$1].tensor?.byteRange.count ?? 0) }
        multiplyAdds = costs.multiplyAdds
        operators = graph.operatorCounts()
        let topology = ResidualTopology(of: graph, costs: costs)
        blocks = topology.blocks
        stages = topology.stages
        concatenations = topology.concatenations
        denseStages = topology.denseStages
        paths = topology.paths
        family = Family(of: topology)
        let (memory, bytesOfNodes) = graph.activationMemory(
            facts: costs.facts, isData: topology.flow.isData, batch: batch)
        activationMemory = memory
        layers = graph.layers(
            costs: costs, topology: topology, bytesOfNodes: bytesOfNodes,
            activatedBlocks: graph.activatedBlocks(topology.blocks, parameters: costs.nodeParameters))
        warnings = costs.warnings + topology.warnings
    }

    /// Multiply-adds of one run with inputs of these shapes: products that convolutions and matrix products sum.
    ///
    /// - Parameter shapes: by input name.
    /// - Returns: `nil` where a shape stays open, or an operator is not known.
    public static func multiplyAdds(of graph: Graph, shapes: [String: Shape]) -> Int? {
        NetworkCosts(of: graph, extents: [:], shapes: shapes).multiplyAdds
    }
}

extension Graph {
    fileprivate func port(named name: String, of id: ValueID) -> Inspection.Port {
        Inspection.Port(name: name, elementType: self[id].fact?.elementType, shape: self[id].fact?.shape)
    }

    fileprivate func operatorCounts() -> [Inspection.OperatorCount] {
        var counts: [String: Int] = [:]
        for node in nodes { counts[node.sourceOperator, default: 0] += 1 }
        return counts.map { Inspection.OperatorCount(name: $0.key, count: $0.value) }
            .sorted { ($1.count, $0.name) < ($0.count, $1.name) }
    }

    fileprivate func layers(
        costs: NetworkCosts, topology: ResidualTopology, bytesOfNodes: [Int?], activatedBlocks: [Int?]
    ) -> [Inspection.Layer] {
        nodeIDs.map { id in
            let block = topology.blockOfNode[id.index]
            return Inspection.Layer(
                node: id, name: displayName(of: id), operator: self[id].sourceOperator,
                outputShape: self[id].outputs.first.flatMap { costs.facts[$0.index]?.shape },
                parameters: costs.nodeParameters[id.index], multiplyAdds: costs.nodeMultiplyAdds[id.index],
                block: block, activatedBlock: block == nil ? activatedBlocks[id.index] : nil,
                activationBytes: bytesOfNodes[id.index],
                window: window(of: id, flow: topology.flow, facts: costs.facts),
                inputs: topology.flow.dataInputs(of: id).compactMap { producer(of: $0)?.index })
        }
    }
}
