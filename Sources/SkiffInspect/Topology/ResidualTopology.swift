internal import SkiffCore
internal import SkiffGraph

/// The residual blocks of a graph in the order data passes them, and the stages they make.
struct ResidualTopology {
    private(set) var blocks: [ResidualBlock] = []
    private(set) var stages: [Stage] = []
    /// By node, the innermost block it belongs to.
    private(set) var blockOfNode: [Int?]
    /// Indices into ``blocks``: what stages and families are made of.
    private(set) var units: [Int] = []
    let warnings: [Inspection.Warning]
    let flow: Dataflow
    /// Lengths of the ways through the blocks.
    private(set) var paths: PathLengths?
    let concatenations: [Inspection.Concatenation]
    let denseStages: [DenseStage]
    /// What lies before the first block and behind the last.
    let surroundings: Surroundings

    init(of graph: Graph, costs: NetworkCosts) {
        flow = Dataflow(of: graph, facts: costs.facts)
        let finder = BlockFinder(flow: flow, costs: costs)
        warnings = finder.warnings
        let search = ConcatenationFinder(finder)
        concatenations = search.concatenations
        denseStages = search.stages
        blockOfNode = [Int?](repeating: nil, count: graph.nodes.count)
        let order = Self.preorder(of: finder.found)
        var position = [Int](repeating: 0, count: order.count)
        for (index, found) in order.enumerated() { position[found] = index }
        var hasInner = [Bool](repeating: false, count: order.count)
        var extents: [[Int]?] = []
        for found in order {
            var block = finder.found[found].block
            block.parent = finder.found[found].parent.map { position[$0] }
            if let parent = block.parent {
                block.depth = blocks[parent].depth + 1
                hasInner[parent] = true
            }
            extents.append(finder.found[found].inputExtents)
            for node in block.branch + block.shortcutNodes + finder.found[found].additions {
                blockOfNode[node.index] = blocks.count
            }
            blocks.append(block)
        }
        units = Self.units(of: order.map { finder.found[$0] }, in: blocks, hasInner: hasInner)
        for (index, name) in distinctNames(of: blocks, in: graph).enumerated() { blocks[index].name = name }
        stages = Self.stages(of: units, in: blocks, inputExtents: extents)
        paths = PathLengths(of: blocks, in: finder)
        surroundings = Surroundings(of: blocks, in: finder, blockOfNode: blockOfNode)
    }

    /// Blocks around others before them, otherwise in the order of their additions.
    private static func preorder(of found: [FoundBlock]) -> [Int] {
        var inner = [[Int]](repeating: [], count: found.count)
        var pending: [Int] = []
        for (index, block) in found.enumerated() {
            if let parent = block.parent { inner[parent].append(index) } else { pending.append(index) }
        }
        pending.reverse()
        var order: [Int] = []
        order.reserveCapacity(found.count)
        while let next = pending.popLast() {
            order.append(next)
            pending.append(contentsOf: inner[next].reversed())
        }
        return order
    }

    /// The blocks that stages and families are made of: innermost ones, or those around them that have more layers of
    /// their own; no unit lies in another.
    private static func units(of found: [FoundBlock], in blocks: [ResidualBlock], hasInner: [Bool]) -> [Int] {
        var isInUnit = [Bool](repeating: false, count: blocks.count)
        var units: [Int] = []
        for index in blocks.indices {
            if let parent = blocks[index].parent, isInUnit[parent] {
                isInUnit[index] = true
                continue
            }
            guard !hasInner[index] || found[index].isUnit else { continue }
            isInUnit[index] = true
            units.append(index)
        }
        return units
    }

    /// Runs of units. A stage ends where channels change, where something outside of blocks changes the extent,
    /// and before a strided block; ResNetV2 strides in the last block of a stage, whose successor changes channels.
    private static func stages(of units: [Int], in blocks: [ResidualBlock], inputExtents: [[Int]?]) -> [Stage] {
        var stages: [Stage] = []
        let stridesLast = units.indices.dropFirst().dropLast().contains { order in
            let (previous, block, next) = (blocks[units[order - 1]], blocks[units[order]], blocks[units[order + 1]])
            return block.isStrided && previous.outputChannels == block.outputChannels
                && next.outputChannels != block.outputChannels
        }
        for (order, index) in units.enumerated() {
            let block = blocks[index]
            let next = order + 1 < units.count ? blocks[units[order + 1]] : nil
            let endsStage = next.map { $0.outputChannels != block.outputChannels } ?? stridesLast
            if let previous = stages.last?.blocks.last,
                blocks[previous].outputChannels == block.outputChannels, !block.isStrided || endsStage,
                inputExtents[index] == blocks[previous].spatialExtents || inputExtents[index] == nil
            {
                stages[stages.count - 1].append(index, block)
            } else {
                stages.append(
                    Stage(
                        blocks: [index], outputChannels: block.outputChannels, spatialExtents: block.spatialExtents,
                        stride: block.stride, parameters: block.parameters, multiplyAdds: block.multiplyAdds))
            }
        }
        return stages
    }
}

extension Stage {
    fileprivate mutating func append(_ index: Int, _ block: ResidualBlock) {
        blocks.append(index)
        stride = productOfStrides(stride, block.stride)
        parameters = clampedSum(parameters, block.parameters)
        multiplyAdds = checkedSum(multiplyAdds, block.multiplyAdds)
    }
}
