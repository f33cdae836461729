internal import SkiffCore
public import SkiffGraph
public import SkiffInspect

/// The nodes of a network by what they are to it, found by structure and never by names.
public struct GraphRoles: Sendable {
    public private(set) var nodes: [LayerRole: NodeID] = [:]
    /// Whether normalization and activation stand in front of the convolutions.
    public private(set) var isPreActivation = false
    private let graph: Graph
    private let consumers: [[NodeID]]

    /// - Throws: ``ArchitectureError`` `notNameable` where the network has no plain residual blocks.
    public init(_ graph: Graph, _ inspection: Inspection) throws(ArchitectureError) {
        self.graph = graph
        consumers = graph.consumers()
        let blocks = inspection.blocks.filter { $0.parent == nil }
        guard let first = blocks.first, let last = blocks.last else {
            throw ArchitectureError(.notNameable("has no residual blocks, so its layers have no names elsewhere"))
        }
        isPreActivation = blocks.count { $0.activation == .before } * 2 > blocks.count
        var position = BlockPosition(stage: 0, block: 0)
        for (index, block) in blocks.enumerated() {
            if index > 0 {
                let starts = block.inputChannels != block.outputChannels
                position = starts
                    ? BlockPosition(stage: position.stage + 1, block: 0)
                    : BlockPosition(stage: position.stage, block: position.block + 1)
            }
            add(block, at: position)
        }
        addStem(before: first)
        addHead(behind: last)
    }

    private mutating func add(_ block: ResidualBlock, at position: BlockPosition) {
        for (index, layer) in block.convolutions.enumerated() {
            nodes[.convolution(position, index)] = layer.node
            nodes[.normalization(position, index)] = isPreActivation ? normalization(before: layer.node) : normalization(behind: layer.node)
        }
        guard let projection = block.shortcutNodes.first(where: isConvolution) else { return }
        nodes[.projection(position)] = projection
        nodes[.projectionNormalization(position)] = normalization(behind: projection)
    }

    private mutating func addStem(before block: ResidualBlock) {
        let used = Set(nodes.values)
        var index = 0
        let end = block.branch.map(\.index).min() ?? 0
        for id in graph.nodeIDs.prefix(end) where isConvolution(id) && !used.contains(id) {
            nodes[.stemConvolution(index)] = id
            if let behind = normalization(behind: id), !used.contains(behind) {
                nodes[.stemNormalization(index)] = behind
            }
            index += 1
        }
        if let stem = nodes[.stemConvolution(0)], let before = normalization(before: stem) {
            nodes[.inputNormalization] = before
        }
    }

    private mutating func addHead(behind block: ResidualBlock) {
        let used = Set(nodes.values)
        var dense: [NodeID] = []
        defer {
            // Several make a head of somebody's own, for which others have no names.
            if dense.count == 1, let only = dense.first, takesChannels(only, block.outputChannels) {
                nodes[.classifier] = only
            }
        }
        for id in graph.nodeIDs.dropFirst(block.join.index + 1) where !used.contains(id) {
            switch graph[id].operator {
            case .batchNormalization: nodes[.finalNormalization] = nodes[.finalNormalization] ?? id
            case .dense, .gemm, .matrixMultiplication:
                if graph[id].inputs.count > 1, weight(id, 1) != nil { dense.append(id) }
            default: break
            }
        }
    }

    private func takesChannels(_ id: NodeID, _ channels: Int?) -> Bool {
        guard let channels, let shape = weight(id, 1)?.tensor.shape else { return true }
        return shape.contains(channels)
    }

    /// Names of the layers with weights that have no role.
    var withoutRole: [String] {
        let used = Set(nodes.values)
        return graph.nodeIDs.filter { id in
            switch graph[id].operator {
            case .convolution, .convolutionTranspose, .batchNormalization, .dense, .gemm, .matrixMultiplication:
                return !used.contains(id) && weight(id, 1) != nil
            default: return false
            }
        }.map { graph.displayName(of: $0) }
    }

    // MARK: Walks

    private func isConvolution(_ id: NodeID) -> Bool {
        if case .convolution = graph[id].operator { true } else { false }
    }

    /// The normalization that alone reads what a node gives.
    private func normalization(behind id: NodeID) -> NodeID? {
        guard let output = graph[id].outputs.first, let reader = consumers[output.index].first,
            consumers[output.index].count == 1, case .batchNormalization = graph[reader].operator
        else { return nil }
        return reader
    }

    /// The normalization whose output reaches a node through activations and padding alone.
    private func normalization(before id: NodeID) -> NodeID? {
        var current = graph[id].inputs.first ?? nil
        for _ in 0..<8 {
            guard let value = current, let producer = graph.producer(of: value) else { return nil }
            switch graph[producer].operator {
            case .batchNormalization: return producer
            case .unary, .clip, .pad, .identity, .transpose: current = graph[producer].inputs.first ?? nil
            default: return nil
            }
        }
        return nil
    }

    /// The weight that a node reads at a position.
    func weight(_ id: NodeID, _ position: Int) -> (name: String, tensor: Tensor)? {
        guard graph[id].inputs.indices.contains(position), let value = graph[id].inputs[position],
            let stored = graph.storedWeight(value)
        else { return nil }
        return (graph[stored.id].name, stored.tensor)
    }
}
