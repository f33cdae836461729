internal import SkiffGraph

/// The units of a network and what most of them share.
struct UnitSummary {
    let units: [ResidualBlock]
    /// By unit, its position in ``Inspection/blocks``.
    let positions: [Int]
    let stages: [Stage]
    let shape: FamilySignature.Shape?
    let surroundings: Surroundings
    let denseStages: [DenseStage]
    let concatenations: [Inspection.Concatenation]
    let isInRow: Bool
    let groups: Int
    /// The most spatial axes of a unit's layers.
    let rank: Int
    /// Position of a unit among ``units``, by its index in ``Inspection/blocks``.
    let unitOfBlock: [Int: Int]

    init(of topology: ResidualTopology) {
        let blocks = topology.blocks
        positions = topology.units
        units = topology.units.map { blocks[$0] }
        stages = topology.stages
        surroundings = topology.surroundings
        denseStages = topology.denseStages
        concatenations = topology.concatenations
        isInRow = topology.paths != nil
        groups = units.map(\.groups).max() ?? 1
        rank = units.flatMap(\.convolutions).map(\.kernel.count).max() ?? 0
        shape = Self.shape(of: units)
        unitOfBlock = Dictionary(positions.enumerated().map { ($1, $0) }, uniquingKeysWith: { first, _ in first })
    }

    private static func shape(of units: [ResidualBlock]) -> FamilySignature.Shape? {
        let kinds = units.reduce(into: [ResidualBlock.Kind: Int]()) { $0[$1.kind, default: 0] += 1 }
        func most(_ these: ResidualBlock.Kind...) -> Bool {
            these.reduce(0) { $0 + (kinds[$1] ?? 0) } * 2 > units.count
        }
        if most(.basic, .preActivation) { return .basic }
        if most(.bottleneck, .preActivationBottleneck) { return .bottleneck }
        if most(.darknet) { return .darknet }
        if most(.inverted) {
            let first = units.count { $0.kind == .inverted && $0.convolutions.first?.isDepthwise ?? false }
            return first * 2 > units.count ? .depthwiseFirst : .inverted
        }
        if most(.inverted, .fusedInverted, .basic), !most(.basic) { return .inverted }
        if most(.separable) { return .separable }
        if most(.parallel) { return .parallel }
        if most(.uShaped) { return .uShaped }
        return most(.attention, .fullyConnected) ? .transformer : nil
    }

    /// Whether more than half of the units pass a test.
    func most(_ test: (ResidualBlock) -> Bool) -> Bool { units.count(where: test) * 2 > units.count }

    var isPreActivation: Bool { most { $0.activation == .before } }
    var hasGate: Bool { most(\.hasSqueezeExcitation) }
    var counts: [Int] { stages.map(\.blocks.count) }
    var channels: [Int?] { stages.map(\.outputChannels) }
    var strided: [ResidualBlock] { units.filter(\.isStrided) }

    /// Stages as lists of units: as they are, and with neighbours of the same channels drawn together.
    private var layouts: [[[Int]]] {
        let plain = stages.map { $0.blocks.compactMap { unitOfBlock[$0] } }
        var merged: [[Int]] = []
        for stage in plain {
            if let last = merged.last?.last, let first = stage.first,
                units[last].outputChannels == units[first].outputChannels
            {
                merged[merged.count - 1] += stage
            } else {
                merged.append(stage)
            }
        }
        return merged.count == plain.count ? [plain] : [plain, merged]
    }

    /// All signatures of the network's shape that can be laid beside its stages, nearest first.
    func matches() -> [FamilyMatch] {
        guard let shape, shape != .uShaped, shape != .transformer else { return [] }
        var found: [FamilyMatch] = []
        for layout in layouts {
            let counts = layout.map(\.count)
            let channels = layout.map { stage in stage.last.flatMap { units[$0].outputChannels } }
            var candidates = FamilySignature.table.filter { $0.shape == shape }
            if counts.count == 3, shape == .basic || shape == .bottleneck {
                for count in Set(counts) { candidates.append(.cifar(blocksPerStage: count, shape: shape)) }
            }
            for candidate in candidates where fits(candidate) {
                guard let match = FamilyMatch(candidate, counts: counts, channels: channels, units: layout) else { continue }
                found.append(match)
            }
        }
        return found.enumerated().sorted {
            ($0.element.distance, abs($0.element.scale - 1), $0.offset)
                < ($1.element.distance, abs($1.element.scale - 1), $1.offset)
        }.map(\.element)
    }

    private func fits(_ candidate: FamilySignature) -> Bool {
        if let gated = candidate.hasGate, gated != units.contains(where: \.hasSqueezeExcitation) { return false }
        if let width = candidate.groupWidth {
            guard let layer = wideLayer(ofUnit: 0), let channels = layer.outputChannels, layer.groups > 0,
                channels / layer.groups == width
            else { return false }
        }
        if candidate.name.hasPrefix("Inception") { return most { $0.traits.contains(.inceptionBranches) } }
        return true
    }

    /// The convolution of a unit that sees a neighbourhood.
    func wideLayer(ofUnit unit: Int) -> ResidualBlock.Layer? {
        guard units.indices.contains(unit) else { return nil }
        return units[unit].convolutions.first { !$0.isPointwise }
    }
}
