internal import SkiffCore
internal import SkiffGraph

/// Finds concatenations of channels whose operands parted before, and says what for.
///
/// Every look is bounded: at an operand's origin, at some nodes before it, at the list of operands.
struct ConcatenationFinder {
    /// Most nodes that are looked at before an operand.
    private static let steps = 24

    private(set) var concatenations: [Inspection.Concatenation] = []
    private(set) var stages: [DenseStage] = []

    private let finder: BlockFinder
    private var flow: Dataflow { finder.flow }
    /// By first operand, the last concatenation that starts with it.
    private var lastStarting: [ValueID: NodeID] = [:]
    /// By node of a concatenation, the dense stage that it ends so far.
    private var stageOfNode: [NodeID: Int] = [:]
    private var operandsOfNode: [NodeID: [ValueID]] = [:]

    init(_ finder: BlockFinder) {
        self.finder = finder
        for id in finder.flow.graph.nodeIDs {
            guard case .concatenation(let attributes) = finder.flow.graph[id].operator else { continue }
            let operands = finder.flow.dataInputs(of: id).map { finder.flow.origin(of: $0) }
            guard Set(operands).count >= 2, isOfChannels(id, axis: attributes.axis),
                finder.tree.parent[finder.flow.vertex(of: id)] != Dataflow.source
            else { continue }
            note(id, operands: operands)
        }
        for stage in stages where stage.concatenations.count < 2 {
            for position in stage.concatenations { concatenations[position].kind = .aggregation }
        }
        stages.removeAll { $0.concatenations.count < 2 }
    }

    private func channels(of value: ValueID) -> Int? {
        guard let shape = finder.costs.facts[value.index]?.shape, shape.count >= 2 else { return nil }
        return shape[flow.layout.channelAxis(rank: shape.count)].fixedValue
    }

    private func isOfChannels(_ id: NodeID, axis: Int) -> Bool {
        guard let output = flow.graph[id].outputs.first else { return false }
        guard let rank = finder.costs.facts[output.index]?.shape?.count else { return axis == 1 || axis == -1 }
        guard rank >= 3 else { return false }
        let axis = axis < 0 ? axis + rank : axis
        return axis == flow.layout.channelAxis(rank: rank)
    }

    private mutating func note(_ id: NodeID, operands: [ValueID]) {
        guard let output = flow.graph[id].outputs.first else { return }
        let before = predecessor(of: id, operands: operands)
        let kind = before != nil ? .dense : kind(of: operands, join: id)
        let channels = flow.dataInputs(of: id).map { self.channels(of: $0) }
        let all = channels.compactMap { $0 }
        let sum = all.count == channels.count ? all.reduce(0) { clampedSum($0, $1) } : nil
        let position = concatenations.count
        concatenations.append(
            Inspection.Concatenation(
                kind: kind, node: id, name: flow.graph.displayName(of: id), operandChannels: channels,
                outputChannels: self.channels(of: output) ?? sum))
        operandsOfNode[id] = operands
        if let first = operands.first { lastStarting[first] = id }
        if let before { grow(from: before, with: id, at: position, operands: operands) }
    }

    /// What a dense layer read: the value that is an operand again, or the concatenation whose operands are.
    private enum Predecessor {
        /// With the operand that the layer gave.
        case value(ValueID, given: ValueID)
        case concatenation(NodeID, given: ValueID)
    }

    private func predecessor(of id: NodeID, operands: [ValueID]) -> Predecessor? {
        if let first = operands.first, let last = lastStarting[first], let known = operandsOfNode[last],
            known.count + 1 == operands.count, operands.starts(with: known), let given = operands.last,
            let output = flow.graph[last].outputs.first, layerReads(given, output)
        {
            return .concatenation(last, given: given)
        }
        guard operands.count == 2 else { return nil }
        for (read, given) in [(operands[0], operands[1]), (operands[1], operands[0])] where layerReads(given, read) {
            return .value(read, given: given)
        }
        return nil
    }

    /// Whether one value comes from another through a few layers in a row that keep the extents.
    private func layerReads(_ given: ValueID, _ read: ValueID) -> Bool {
        var value = given
        var layers = 0
        for _ in 0..<Self.steps {
            if value == read || flow.origin(of: value) == flow.origin(of: read) { return layers > 0 && layers <= 4 }
            guard let node = flow.graph.producer(of: value), let input = flow.dataInputs(of: node).first else { return false }
            switch flow.role(of: node) {
            case .convolution:
                guard let layer = finder.measures.layerOfNode[node.index], layer.strides.allSatisfy({ $0 == 1 }) else {
                    return false
                }
                layers += 1
            case .activation, .normalization, .transparent, .pad: break
            default: return false
            }
            // An activation that was taken apart reads its value twice.
            value = input
        }
        return false
    }

    private mutating func grow(from before: Predecessor, with id: NodeID, at position: Int, operands: [ValueID]) {
        let given: ValueID
        var stage: Int?
        var start: ValueID?
        switch before {
        case .concatenation(let last, let layer):
            given = layer
            stage = stageOfNode[last]
            // The first list of a stage has the stage's input and the first layer's maps.
            start = operands.first
        case .value(let read, let layer):
            given = layer
            start = read
            stage = flow.graph.producer(of: read).flatMap { stageOfNode[$0] }
        }
        let growth = channels(of: given)
        if let stage, stages[stage].growthRate == growth || stages[stage].growthRate == nil {
            stages[stage].concatenations.append(position)
            stages[stage].outputChannels = concatenations[position].outputChannels
            stageOfNode[id] = stage
            return
        }
        stageOfNode[id] = stages.count
        stages.append(
            DenseStage(
                concatenations: [position], growthRate: growth, inputChannels: start.flatMap { channels(of: $0) },
                outputChannels: concatenations[position].outputChannels, bottleneckChannels: bottleneck(before: given)))
    }

    /// Channels of the 1×1 convolution before the wider kernel that gives a value.
    private func bottleneck(before value: ValueID) -> Int? {
        var value = value
        var isBehindKernel = false
        for _ in 0..<Self.steps {
            guard let node = flow.graph.producer(of: value), let input = flow.dataInputs(of: node).first else { return nil }
            if let layer = finder.measures.layerOfNode[node.index] {
                if isBehindKernel { return layer.isPointwise ? layer.outputChannels : nil }
                isBehindKernel = !layer.isPointwise
            }
            value = input
        }
        return nil
    }

    private func kind(of operands: [ValueID], join: NodeID) -> Inspection.Concatenation.Kind {
        let upsampled = operands.count { isUpsampled($0) }
        if upsampled > 0, upsampled < operands.count { return .skip }
        let fork = finder.tree.parent[flow.vertex(of: join)]
        let sources = Set(operands)
        let isInRow = operands.contains { value in
            guard let node = flow.graph.producer(of: value) else { return false }
            return flow.dataInputs(of: node).contains { reads($0, anyOf: sources) }
        }
        if isInRow || operands.contains(where: { flow.vertex(giving: $0) == fork }) { return .aggregation }
        return .parallel
    }

    /// Whether a value is made of one of others in a few steps.
    private func reads(_ value: ValueID, anyOf sources: Set<ValueID>) -> Bool {
        var value = value
        for _ in 0..<Self.steps {
            if sources.contains(flow.origin(of: value)) || sources.contains(value) { return true }
            guard let node = flow.graph.producer(of: value), let input = flow.dataInputs(of: node).first else { return false }
            value = input
        }
        return false
    }

    private func isUpsampled(_ value: ValueID) -> Bool {
        var value = value
        for _ in 0..<8 {
            guard let node = flow.graph.producer(of: value), let input = flow.dataInputs(of: node).first else { return false }
            if flow.role(of: node) == .upsampling { return true }
            if case .convolutionTranspose = flow.graph[node].operator { return true }
            switch flow.role(of: node) {
            case .activation, .normalization, .transparent, .pad, .convolution, .slice: value = input
            default: return false
            }
        }
        return false
    }
}
