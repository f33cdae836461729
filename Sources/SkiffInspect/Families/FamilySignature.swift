/// A published network as its blocks show it: how many in each stage, of what kind, with how many channels.
struct FamilySignature {
    /// What the family's blocks have in common.
    enum Shape {
        case basic, bottleneck, darknet, inverted, separable, parallel
        /// A depthwise kernel and then two matrices or 1×1 convolutions (ConvNeXt).
        case depthwiseFirst
        case uShaped
        /// Attention and two matrices in turn.
        case transformer
    }

    /// How the channels' ratio to the published ones is called.
    enum Scaling {
        /// Narrower is "thin", wider is "wide".
        case thinOrWide
        /// Wider is a Wide ResNet, named by its depth with the stem's and projections' convolutions: 6n + 4.
        case wideCIFAR
        /// The width multiplier of MobileNet.
        case multiplier
        /// Other channels are another network.
        case fixed
    }

    var name: String
    var shape: Shape
    /// Residual blocks by stage.
    var stages: [Int]
    /// Output channels by stage at the published width.
    var channels: [Int]
    var scaling: Scaling
    /// Whether the blocks have gates; `nil` where that names a variant.
    var hasGate: Bool?
    /// Channels of each group of the first stage's wide convolution, where the family fixes them.
    var groupWidth: Int?

    init(
        _ name: String, _ shape: Shape, _ stages: [Int], _ channels: [Int], _ scaling: Scaling, hasGate: Bool? = nil,
        groupWidth: Int? = nil
    ) {
        self.name = name
        self.shape = shape
        self.stages = stages
        self.channels = channels
        self.scaling = scaling
        self.hasGate = hasGate
        self.groupWidth = groupWidth
    }

    var blocks: Int { stages.reduce(0, +) }
}

/// A signature laid beside a network's stages.
struct FamilyMatch {
    var signature: FamilySignature
    /// What the published channels are multiplied by.
    var scale: Double
    /// By stage: blocks too many, or missing.
    var difference: [Int]
    /// Stages whose channels are not those of the others' ratio.
    var otherChannels: [Int]
    /// By stage: positions in the network's units.
    var stages: [[Int]]

    /// Blocks missing or too many, and two for each stage of other channels.
    var distance: Int { difference.reduce(0) { $0 + abs($1) } + 2 * otherChannels.count }

    /// Whether so much may differ for the name to stand: a seventh of the blocks, the channels in a whole ratio.
    var isNear: Bool {
        if distance == 0 { return true }
        guard signature.scaling != .multiplier || scale == 1, signature.shape != .uShaped else { return false }
        let ratio = max(scale, 1 / scale)
        return distance <= max(1, signature.blocks * 3 / 20) && ratio == ratio.rounded()
    }

    /// - Parameters:
    ///   - counts: blocks by stage.
    ///   - units: by stage, the positions of its units.
    init?(_ signature: FamilySignature, counts: [Int], channels: [Int?], units: [[Int]]) {
        let missing = signature.stages.count - counts.count
        guard missing == 0 || missing == 1 && counts.count >= 3 && Array(signature.stages.dropLast()) == counts else {
            return nil
        }
        var ratios: [Double] = []
        for (found, published) in zip(channels, signature.channels) {
            guard let found, published > 0 else { return nil }
            ratios.append(Double(found) / Double(published))
        }
        self.signature = signature
        stages = units
        difference = zip(counts, signature.stages).map { $0 - $1 }
        if missing == 1, let last = signature.stages.last { difference.append(-last) }
        if signature.scaling == .multiplier {
            // Width multipliers are rounded to whole eights.
            guard let last = ratios.last, let least = ratios.min(), let most = ratios.max(), most <= least * 1.35 else {
                return nil
            }
            scale = ratios.allSatisfy { $0 == 1 } ? 1 : last
            otherChannels = []
            return
        }
        let uses = ratios.reduce(into: [Double: Int]()) { $0[$1, default: 0] += 1 }
        guard let most = uses.max(by: { ($0.value, $1.key) < ($1.value, $0.key) }),
            most.value * 2 > ratios.count || ratios.count == 1
        else { return nil }
        let scale = signature.scaling == .fixed ? 1 : most.key
        let others = ratios.indices.filter { abs(ratios[$0] - scale) > 1e-3 * scale }
        guard others.count * 2 < ratios.count || others.isEmpty else { return nil }
        self.scale = scale
        otherChannels = others
    }
}
