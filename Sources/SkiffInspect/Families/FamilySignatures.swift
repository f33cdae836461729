/// A published network as its blocks show it: how many in each stage, of what kind, with how many channels.
struct FamilySignature {
    /// What the family's blocks have in common.
    enum Shape { case basic, bottleneck, inverted, separable, uShaped }

    /// How the channels' ratio to the published ones is called.
    enum Scaling {
        /// Narrower is "thin", wider is "wide".
        case thinOrWide
        /// Wider is a Wide ResNet, named by its depth with the stem's and projections' convolutions: 6n + 4.
        case wideCIFAR
        /// The width multiplier of MobileNet.
        case multiplier
        /// The channels do not name a variant.
        case none
    }

    var name: String
    var shape: Shape
    var stages: [Int]
    /// Output channels by stage at the published width.
    var channels: [Int]
    var scaling: Scaling
    var hasSqueezeExcitation = false
}

extension FamilySignature {
    /// Sources: He et al. 2015 (tables 1 and 6); Sandler et al. 2018 (MobileNetV2); Howard et al. 2019; Tan and Le
    /// 2019; Chollet 2017; Arriaga et al. 2017 (mini-XCEPTION); Qin et al. 2020 (U²-Net).
    static let table: [FamilySignature] = imageNet + dlib + mobile + separable

    private static let imageNet: [FamilySignature] =
        [
            ("ResNet-10", [1, 1, 1, 1]), ("ResNet-18", [2, 2, 2, 2]), ("ResNet-34", [3, 4, 6, 3]),
        ].map {
            FamilySignature(
                name: $0.0, shape: .basic, stages: $0.1, channels: [64, 128, 256, 512], scaling: .thinOrWide)
        }
        + [
            ("ResNet-14", [1, 1, 1, 1]), ("ResNet-26", [2, 2, 2, 2]), ("ResNet-50", [3, 4, 6, 3]),
            ("ResNet-101", [3, 4, 23, 3]), ("ResNet-152", [3, 8, 36, 3]), ("ResNet-200", [3, 24, 36, 3]),
            ("ResNet-269", [3, 30, 48, 8]),
        ].map {
            FamilySignature(
                name: $0.0, shape: .bottleneck, stages: $0.1, channels: [256, 512, 1024, 2048], scaling: .thinOrWide)
        }

    /// The network of dlib's age predictor: five blocks of two convolutions, shortcuts pooled and padded.
    private static let dlib: [FamilySignature] = [
        FamilySignature(
            name: "ResNet-10 (dlib)", shape: .basic, stages: [1, 2, 2], channels: [64, 128, 256], scaling: .none)
    ]

    private static let mobile: [FamilySignature] = [
        FamilySignature(
            name: "MobileNetV2", shape: .inverted, stages: [1, 2, 3, 2, 2], channels: [24, 32, 64, 96, 160],
            scaling: .multiplier),
        FamilySignature(
            name: "MobileNetV3-Large", shape: .inverted, stages: [1, 1, 2, 3, 1, 2],
            channels: [16, 24, 40, 80, 112, 160], scaling: .multiplier, hasSqueezeExcitation: true),
        FamilySignature(
            name: "EfficientNet-B0", shape: .inverted, stages: [1, 1, 2, 2, 3], channels: [24, 40, 80, 112, 192],
            scaling: .multiplier, hasSqueezeExcitation: true),
    ]

    private static let separable: [FamilySignature] = [
        FamilySignature(
            name: "mini-XCEPTION", shape: .separable, stages: [1, 1, 1, 1], channels: [16, 32, 64, 128],
            scaling: .thinOrWide),
        FamilySignature(
            name: "Xception", shape: .separable, stages: [1, 1, 9, 1], channels: [128, 256, 728, 1024],
            scaling: .thinOrWide),
    ]

    /// The networks for CIFAR of any depth: three stages of n blocks, 6n + 2 layers of basic blocks or 9n + 2 of
    /// bottlenecks. Sources: He et al. 2015 (section 4.2), 2016 (table 4); Zagoruyko and Komodakis 2016.
    static func cifar(blocksPerStage count: Int, shape: Shape) -> FamilySignature {
        let isBasic = shape == .basic
        return FamilySignature(
            name: "ResNet-\((isBasic ? 6 : 9) * count + 2)", shape: shape, stages: [count, count, count],
            channels: isBasic ? [16, 32, 64] : [64, 128, 256], scaling: isBasic ? .wideCIFAR : .thinOrWide)
    }

    /// U²-Net has eleven U-shaped blocks: six that encode and five that decode.
    static let uSquaredBlocks = 11
}
