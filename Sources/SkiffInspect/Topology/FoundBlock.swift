internal import SkiffCore
internal import SkiffGraph

/// A residual block before it has a name and a place among the others.
struct FoundBlock {
    /// The block, its name still open; ``ResidualBlock/parent`` and depth are set when all blocks are known.
    var block: ResidualBlock
    /// Blocks on its paths, by position in the finder's list.
    var nested: [Int]
    /// Layers of branch and shortcut, nested ones too.
    var weight: Int
    /// The additions of the sum, the join last.
    var additions: [NodeID]
    /// Whether stages and families are made of it even where it has blocks inside.
    var isUnit: Bool
    /// The block around it, by position in the finder's list.
    var parent: Int?
    /// Spatial extents of the fork's value, where they are known.
    var inputExtents: [Int]?

    /// `nil` where no operand is a shortcut around the others: parallel branches, merged scales.
    init?(join: NodeID, additions: [NodeID], paths: [BlockPath], in finder: BlockFinder) {
        guard let joinValue = finder.flow.graph[join].outputs.first,
            let lightest = paths.indices.min(by: { paths[$0].rank < paths[$1].rank })
        else { return nil }
        let shortcut = paths[lightest]
        var branches = paths
        branches.remove(at: lightest)
        guard let shortcutKind = shortcut.shortcutKind(beside: branches), let forkValue = shortcut.starts.first
        else { return nil }
        let flow = finder.flow
        let facts = finder.costs.facts
        let branch = Branch(branches, beside: shortcut, in: finder)
        let activation = flow.activationPosition(join: joinValue, fork: forkValue, branch: branch)
        let layout = branch.layout(in: flow.graph) ?? flow.layout
        let channels = Self.channels(
            shortcut: shortcut, branch: branch, input: facts[forkValue.index], output: facts[joinValue.index],
            layout: layout)
        let stride = shortcut.stride.isEmpty ? [Int](repeating: 1, count: branch.spatialRank) : shortcut.stride
        let own = Set(branch.nodes).union(shortcut.nodes)
        nested = Array(Set(paths.flatMap(\.nested))).sorted()
        weight = branch.weight + shortcut.weight
        isUnit = branch.isOwn
        self.additions = additions
        inputExtents = facts[forkValue.index]?.spatialExtents(channels: channels.input, layout: layout)
        let marks = BranchMarks(of: shortcut.nodes, without: [], lastLayer: nil, in: finder)
        let measures = finder.measures
        let kind = branch.kind(
            activation: activation,
            depth: measures.layers[flow.vertex(of: join)] - measures.layers[flow.vertex(giving: forkValue)],
            shortcutComputes: shortcut.weight + marks.normalizations > 0)
        block = ResidualBlock(
            name: "", kind: kind, shortcut: shortcutKind, poolsShortcut: shortcut.has(.pool), activation: activation,
            hasSqueezeExcitation: branch.gate != nil, inputChannels: channels.input, outputChannels: channels.output,
            stride: stride, strideSite: stride.contains { $0 > 1 } ? branch.strideSite(in: flow.graph) : nil,
            dilation: branch.layers.flatMap(\.dilations).max() ?? 1,
            groups: branch.layers.filter { !$0.isDepthwise }.map(\.groups).max() ?? 1,
            convolutions: branch.layers, fork: forkValue, join: join, branch: branch.nodes,
            shortcutNodes: shortcut.nodes, parameters: 0, multiplyAdds: 0, depth: 0, parent: nil,
            spatialExtents: facts[joinValue.index]?.spatialExtents(channels: channels.output, layout: layout))
        block.expansion = branch.expansion(kind: kind, input: channels.input, output: channels.output)
        block.traits = branch.traits(strided: block.isStrided)
        block.normalization = branch.marks.normalization
        block.normalizations = branch.marks.normalizations
        block.shortcutNormalizations = marks.normalizations
        block.activationFunctions = branch.marks.functions
        block.joinActivation = flow.joinActivation(of: joinValue)
        block.shortcutLayers = shortcut.weight
        if let product = branch.gate?.product, let last = branch.layers.last?.node { block.gatesInside = product < last }
        measure(finder, from: flow.vertex(giving: forkValue), to: flow.vertex(of: join))
        addCosts(of: own, in: finder)
    }

    private mutating func measure(_ finder: BlockFinder, from fork: Int, to join: Int) {
        let measures = finder.measures
        block.receptiveField = measures.receptiveField(from: fork, to: join)
        block.networkReceptiveField = measures.receptiveField(at: join)
        block.jump = measures.jumps(at: join)
        block.branchLayers = max(0, measures.layers[join] - measures.layers[fork])
    }

    private mutating func addCosts(of own: Set<NodeID>, in finder: BlockFinder) {
        var roots: Set<ValueID> = []
        for node in own {
            for read in finder.flow.graph.parameterReads(of: node, facts: finder.costs.facts)
            where roots.insert(read.root).inserted {
                block.parameters = clampedSum(block.parameters, read.elements)
            }
            block.multiplyAdds = checkedSum(block.multiplyAdds, finder.costs.nodeMultiplyAdds[node.index])
        }
        for inner in nested {
            block.parameters = clampedSum(block.parameters, finder.found[inner].block.parameters)
            block.multiplyAdds = checkedSum(block.multiplyAdds, finder.found[inner].block.multiplyAdds)
        }
    }

    /// Channels in and out: kernels say them for certain; a declared shape says them where no kernel does.
    private static func channels(
        shortcut: BlockPath, branch: Branch, input: Fact?, output: Fact?, layout: Layout
    ) -> (input: Int?, output: Int?) {
        let declaredInput = input?.channels(layout: layout)
        let declaredOutput = output?.channels(layout: layout)
        if let projection = shortcut.layers.first, shortcut.layers.count == 1 {
            return (projection.inputChannels ?? declaredInput, projection.outputChannels ?? declaredOutput)
        }
        let first = branch.isOwn && !branch.isForked ? branch.layers.first?.inputChannels : nil
        let last = branch.isOwn && !branch.isForked ? branch.layers.last?.outputChannels : nil
        return (first ?? declaredInput ?? last, last ?? declaredOutput ?? first)
    }
}

extension Fact {
    fileprivate func channels(layout: Layout) -> Int? {
        guard let shape, shape.count >= 2 else { return nil }
        return shape[layout.channelAxis(rank: shape.count)].fixedValue
    }

    /// The extents between or behind batch and channels. Where a Transpose lies between, the layout of the
    /// convolutions is not the value's: the axis that has the channels tells.
    fileprivate func spatialExtents(channels: Int?, layout: Layout) -> [Int]? {
        guard let shape, shape.count >= 3 else { return nil }
        var layout = layout
        if let channels {
            let isFirst = shape[1].fixedValue == channels
            let isLast = shape[shape.count - 1].fixedValue == channels
            if isFirst != isLast { layout = isFirst ? .channelsFirst : .channelsLast }
        }
        let spatial = layout == .channelsFirst ? shape[2...] : shape[1..<(shape.count - 1)]
        return Array(spatial).fixedShape
    }
}
