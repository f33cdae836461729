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
    private let outline: Outline
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
        let outline = inspection.outline
        let segmentOfLayer = outline.segmentOfLayer
        segments = outline.segments.map { Segment(block: $0.block, layers: $0.layers) }
        groups = outline.groups.map { Group(stage: $0.stage, segments: $0.segments) }
        self.outline = outline
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
}

extension DepthModel {
    /// What the segment is called.
    func title(of segment: Int) -> String {
        outline.title(of: segment, in: inspection)
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
