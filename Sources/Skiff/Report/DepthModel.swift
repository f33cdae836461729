/// A verified network along its depth: compared values in the order they are computed, layers with the severity of what
/// they give, residual blocks and what lies between them, stages.
struct DepthModel {
    /// A compared value; of several recordings the one that is the furthest off.
    struct Entry {
        var value: ValueParity
        var severity: Severity
        /// The candidate's node, an index into ``Inspection/layers``; `nil` for model inputs.
        var layer: Int?
        /// An index into ``DepthModel/segments``.
        var segment: Int?
    }

    /// A residual block, or layers outside of blocks that lie together.
    struct Segment {
        /// An index into ``Inspection/blocks``.
        var block: Int?
        /// Indices into ``Inspection/layers``, in order.
        var layers: [Int] = []
        var severity = Severity.uncompared
        /// Entries in it.
        var entries: [Int] = []
        var isGuilty = false
    }

    /// A stage, or the segments before, between and behind stages.
    struct Group {
        var stage: Int?
        var segments: [Int]
    }

    let inspection: Inspection
    private(set) var entries: [Entry] = []
    private(set) var segments: [Segment] = []
    private(set) var groups: [Group] = []
    /// By layer.
    private(set) var entryOfLayer: [Int?]
    private(set) var guiltyLayers: Set<Int> = []
    /// Characters of the folder that the names of all blocks begin with: `resnet50/` of `resnet50/conv2_block1`.
    private let sharedPrefix: Int

    init(_ report: ParityReport, _ model: Model) {
        inspection = model.inspection()
        let layers = inspection.layers
        entryOfLayer = [Int?](repeating: nil, count: layers.count)
        sharedPrefix = Self.sharedPrefix(of: inspection.blocks.map(\.name))
        let segmentOfLayer = makeSegments(model.graph)
        makeGroups()
        let layerOfName = Dictionary(layers.enumerated().map { ($1.name, $0) }, uniquingKeysWith: { first, _ in first })
        entries = Self.entries(of: report, layers.count, layerOfName)
        for index in entries.indices {
            guard let layer = entries[index].layer else { continue }
            let segment = segmentOfLayer[layer]
            entries[index].segment = segment
            segments[segment].entries.append(index)
            segments[segment].severity = max(segments[segment].severity, entries[index].severity)
            if entryOfLayer[layer].map({ entries[$0].severity < entries[index].severity }) ?? true {
                entryOfLayer[layer] = index
            }
        }
        for guilty in report.guilty {
            guard let node = guilty.nodes.last, let layer = layerOfName[node] else { continue }
            guiltyLayers.insert(layer)
            segments[segmentOfLayer[layer]].isGuilty = true
        }
    }

    private static func sharedPrefix(of names: [String]) -> Int {
        guard names.count > 1, var shared = names.first?[...] else { return 0 }
        for name in names {
            while !name.hasPrefix(shared) { shared = shared.dropLast() }
        }
        return shared.lastIndex(of: "/").map { shared.distance(from: shared.startIndex, to: $0) + 1 } ?? 0
    }

    /// One entry for each value, in the order of computation; values that are on one side only stand last.
    private static func entries(of report: ParityReport, _ count: Int, _ layerOfName: [String: Int]) -> [Entry] {
        var entries: [Entry] = []
        var known: [String: Int] = [:]
        for value in report.values {
            let severity = Severity(of: value)
            let key = "\(value.order) \(value.name)"
            if let index = known[key] {
                let other = entries[index]
                if (other.severity, other.value.severity) < (severity, value.severity) {
                    entries[index].value = value
                    entries[index].severity = severity
                }
                continue
            }
            let layer = (0..<count).contains(value.order) ? value.order : value.node.flatMap { layerOfName[$0] }
            known[key] = entries.count
            entries.append(Entry(value: value, severity: severity, layer: layer))
        }
        return entries.enumerated().sorted { left, right in
            (left.element.layer ?? (left.element.value.isMissing ? count : -1), left.offset)
                < (right.element.layer ?? (right.element.value.isMissing ? count : -1), right.offset)
        }.map(\.element)
    }

    /// Sorts layers into segments. What lies outside of blocks is parted by the blocks it lies between; an activation
    /// behind the addition belongs to its block.
    private mutating func makeSegments(_ graph: Graph) -> [Int] {
        let blocks = inspection.blocks
        let outer = Set(blocks.compactMap(\.parent))
        var blockOfJoin: [NodeID: Int] = [:]
        for (index, block) in blocks.enumerated() where block.activation == .after { blockOfJoin[block.join] = index }
        var known: [[Int]: Int] = [:]
        var seen = 0
        return inspection.layers.indices.map { index in
            let layer = inspection.layers[index]
            var block = layer.block
            if block == nil, layer.parameters == 0, layer.node.index < graph.nodes.count {
                let inputs = graph[layer.node].inputs.compactMap { $0 }.filter { graph[$0].tensor == nil }
                if inputs.count == 1, let join = graph.producer(of: inputs[0]) { block = blockOfJoin[join] }
            }
            let isUnit = block.map { !outer.contains($0) } ?? false
            let key = [block ?? -1, isUnit ? 0 : seen]
            if let segment = known[key] {
                segments[segment].layers.append(index)
                return segment
            }
            if isUnit { seen += 1 }
            known[key] = segments.count
            segments.append(Segment(block: isUnit ? block : nil, layers: [index]))
            return segments.count - 1
        }
    }

    private mutating func makeGroups() {
        var stageOfBlock: [Int: Int] = [:]
        for (index, stage) in inspection.stages.enumerated() {
            for block in stage.blocks { stageOfBlock[block] = index }
        }
        for index in segments.indices {
            let stage = segments[index].block.flatMap { stageOfBlock[$0] }
            let next = segments[(index + 1)...].lazy.compactMap(\.block).first.flatMap { stageOfBlock[$0] }
            if let last = groups.indices.last,
                groups[last].stage == stage || (stage == nil && groups[last].stage != nil && groups[last].stage == next)
            {
                groups[last].segments.append(index)
            } else {
                groups.append(Group(stage: stage, segments: [index]))
            }
        }
    }
}

extension DepthModel {
    /// What the segment is called.
    func title(of segment: Int) -> String {
        let shown = segments[segment]
        if let block = shown.block { return inspection.blocks[block].name }
        guard segments.contains(where: { $0.block != nil }) else { return "all layers" }
        if !segments[..<segment].contains(where: { $0.block != nil }) { return "stem" }
        if !segments[(segment + 1)...].contains(where: { $0.block != nil }) { return "head" }
        return "between blocks"
    }

    /// The title without the folder that all blocks share.
    func shortTitle(of segment: Int) -> String {
        guard segments[segment].block != nil else { return title(of: segment) }
        return String(title(of: segment).dropFirst(sharedPrefix))
    }

    /// The worst measured ratio in a segment; `nil` where none was measured.
    func worstRatio(of segment: Int) -> Double? {
        segments[segment].entries.compactMap { entries[$0].value.ratio }.max()
    }
}
