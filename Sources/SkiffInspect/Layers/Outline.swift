public import SkiffGraph

/// A network's layers as a reader finds them: stages, in them residual blocks, in those layers; stem, head and what lies
/// between blocks by themselves.
public struct Outline: Hashable, Sendable {
    /// A residual block without blocks inside, or layers outside of such blocks that lie together.
    public struct Segment: Hashable, Sendable {
        /// An index into ``Inspection/blocks``.
        public var block: Int?
        /// The block around layers that are in it and in no block inside it, likewise.
        public var around: Int?
        /// Indices into ``Inspection/layers``, in order.
        public var layers: [Int]
    }

    /// A stage, or the segments before, between and behind stages.
    public struct Group: Hashable, Sendable {
        /// An index into ``Inspection/stages``.
        public var stage: Int?
        /// Indices into ``Outline/segments``.
        public var segments: [Int]
    }

    public private(set) var segments: [Segment] = []
    public private(set) var groups: [Group] = []
    /// By layer, the segment it belongs to.
    public private(set) var segmentOfLayer: [Int] = []

    /// Sorts layers into segments, and these into groups. What lies outside of blocks is parted by the blocks it lies
    /// between; an activation behind the addition belongs to its block.
    public init(of inspection: Inspection) {
        let outer = Set(inspection.blocks.compactMap(\.parent))
        var known: [[Int]: Int] = [:]
        var seen = 0
        segmentOfLayer = inspection.layers.indices.map { index in
            let layer = inspection.layers[index]
            let block = layer.block ?? layer.activatedBlock
            let isUnit = block.map { !outer.contains($0) } ?? false
            let key = [block ?? -1, isUnit ? 0 : seen]
            if let segment = known[key] {
                segments[segment].layers.append(index)
                return segment
            }
            if isUnit { seen += 1 }
            known[key] = segments.count
            segments.append(Segment(block: isUnit ? block : nil, around: isUnit ? nil : block, layers: [index]))
            return segments.count - 1
        }
        makeGroups(of: inspection)
    }

    private mutating func makeGroups(of inspection: Inspection) {
        var stageOfBlock: [Int: Int] = [:]
        for (index, stage) in inspection.stages.enumerated() {
            for block in stage.blocks { stageOfBlock[block] = index }
        }
        let stages = segments.map { $0.block.flatMap { stageOfBlock[$0] } }
        // By segment, the stage of the next block behind it.
        var following = [Int?](repeating: nil, count: segments.count)
        var next: Int?
        for index in segments.indices.reversed() {
            following[index] = next
            if segments[index].block != nil { next = stages[index] }
        }
        for index in segments.indices {
            let stage = stages[index]
            if let last = groups.indices.last,
                groups[last].stage == stage
                    || (stage == nil && groups[last].stage != nil && groups[last].stage == following[index])
            {
                groups[last].segments.append(index)
            } else {
                groups.append(Group(stage: stage, segments: [index]))
            }
        }
    }

    /// What a segment is called: its block's name, `stem`, `head`, `between blocks`; `all layers` where there are no blocks.
    public func title(of segment: Int, in inspection: Inspection) -> String {
        if let block = segments[segment].block { return inspection.blocks[block].name }
        guard let first = segments.firstIndex(where: { $0.block != nil }),
            let last = segments.lastIndex(where: { $0.block != nil })
        else { return "all layers" }
        return segment < first ? "stem" : segment > last ? "head" : "between blocks"
    }
}

extension Inspection {
    /// Stages, blocks and layers as a tree.
    public var outline: Outline { Outline(of: self) }
}

extension Graph {
    /// By node without weights that reads nothing but an addition: the block whose addition it activates.
    func activatedBlocks(_ blocks: [ResidualBlock], parameters: [Int]) -> [Int?] {
        var blockOfJoin: [NodeID: Int] = [:]
        for (index, block) in blocks.enumerated() where block.activation == .after { blockOfJoin[block.join] = index }
        guard !blockOfJoin.isEmpty else { return [Int?](repeating: nil, count: nodes.count) }
        return nodeIDs.map { id in
            guard parameters[id.index] == 0 else { return nil }
            let inputs = self[id].inputs.compactMap { $0 }.filter { self[$0].tensor == nil }
            guard inputs.count == 1 else { return nil }
            return producer(of: inputs[0]).flatMap { blockOfJoin[$0] }
        }
    }
}
