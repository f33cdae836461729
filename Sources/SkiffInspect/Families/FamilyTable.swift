extension FamilySignature {
    /// Sources: He et al. 2015 (tables 1 and 6), 2016; Xie et al. 2017; Bello et al. 2021 (ResNet-RS); Redmon and
    /// Farhadi 2018 (DarkNet-53); Wang et al. 2020 (CSPNet); Radosavovic et al. 2020 (RegNet, appendix); Sandler et al.
    /// 2018 (MobileNetV2); Howard et al. 2019; Tan et al. 2019 (MnasNet); Tan and Le 2019, 2021; Liu et al. 2022
    /// (ConvNeXt); Woo et al. 2023; Chollet 2017; Arriaga et al. 2017 (mini-XCEPTION); Szegedy et al. 2016
    /// (Inception-ResNet); Ding et al. 2021 (RepVGG).
    static let table: [FamilySignature] =
        imageNet + dark + regNets + mobile + efficient + convNeXt + separable + inception + repVGG

    private static let imageNet: [FamilySignature] =
        [
            ("ResNet-10", [1, 1, 1, 1]), ("ResNet-18", [2, 2, 2, 2]), ("ResNet-34", [3, 4, 6, 3]),
        ].map { FamilySignature($0.0, .basic, $0.1, [64, 128, 256, 512], .thinOrWide) }
        + [
            ("ResNet-14", [1, 1, 1, 1]), ("ResNet-26", [2, 2, 2, 2]), ("ResNet-50", [3, 4, 6, 3]),
            ("ResNet-101", [3, 4, 23, 3]), ("ResNet-152", [3, 8, 36, 3]), ("ResNet-200", [3, 24, 36, 3]),
            ("ResNet-269", [3, 30, 48, 8]), ("ResNet-270", [4, 29, 53, 4]), ("ResNet-350", [4, 36, 72, 4]),
            ("ResNet-420", [4, 44, 87, 4]),
        ].map { FamilySignature($0.0, .bottleneck, $0.1, [256, 512, 1024, 2048], .thinOrWide) }
        + [
            // The network of dlib's age predictor: five blocks of two convolutions, shortcuts pooled and padded.
            FamilySignature("ResNet-10 (dlib)", .basic, [1, 2, 2], [64, 128, 256], .fixed)
        ]

    private static let dark: [FamilySignature] = [
        FamilySignature("DarkNet-53", .darknet, [1, 2, 8, 8, 4], [64, 128, 256, 512, 1024], .thinOrWide),
        FamilySignature("CSPDarkNet-53", .darknet, [1, 2, 8, 8, 4], [64, 64, 128, 256, 512], .fixed),
        FamilySignature("CSPResNet-50", .bottleneck, [3, 3, 5, 2], [128, 256, 512, 1024], .fixed),
    ]

    private static let regNets: [FamilySignature] =
        [
            ("RegNetX-200MF", [1, 1, 4, 7], [24, 56, 152, 368], 8), ("RegNetX-400MF", [1, 2, 7, 12], [32, 64, 160, 400], 16),
            ("RegNetX-600MF", [1, 3, 5, 7], [48, 96, 240, 528], 24), ("RegNetX-800MF", [1, 3, 7, 5], [64, 128, 288, 672], 16),
            ("RegNetX-1.6GF", [2, 4, 10, 2], [72, 168, 408, 912], 24), ("RegNetX-3.2GF", [2, 6, 15, 2], [96, 192, 432, 1008], 48),
            ("RegNetX-4.0GF", [2, 5, 14, 2], [80, 240, 560, 1360], 40), ("RegNetX-6.4GF", [2, 4, 10, 1], [168, 392, 784, 1624], 56),
            ("RegNetX-8.0GF", [2, 5, 15, 1], [80, 240, 720, 1920], 80), ("RegNetX-12GF", [2, 5, 11, 1], [224, 448, 896, 2240], 112),
            ("RegNetX-16GF", [2, 6, 13, 1], [256, 512, 896, 2048], 128), ("RegNetX-32GF", [2, 7, 13, 1], [336, 672, 1344, 2520], 168),
        ].map { FamilySignature($0.0, .bottleneck, $0.1, $0.2, .fixed, hasGate: false, groupWidth: $0.3) }
        + [
            ("RegNetY-200MF", [1, 1, 4, 7], [24, 56, 152, 368], 8), ("RegNetY-400MF", [1, 3, 6, 6], [48, 104, 208, 440], 8),
            ("RegNetY-600MF", [1, 3, 7, 4], [48, 112, 256, 608], 16), ("RegNetY-800MF", [1, 3, 8, 2], [64, 144, 320, 784], 16),
            ("RegNetY-1.6GF", [2, 6, 17, 2], [48, 120, 336, 888], 24), ("RegNetY-3.2GF", [2, 5, 13, 1], [72, 216, 576, 1512], 24),
            ("RegNetY-4.0GF", [2, 6, 12, 2], [128, 192, 512, 1088], 64), ("RegNetY-6.4GF", [2, 7, 14, 2], [144, 288, 576, 1296], 72),
            ("RegNetY-8.0GF", [2, 4, 10, 1], [224, 448, 896, 2016], 56), ("RegNetY-12GF", [2, 5, 11, 1], [224, 448, 896, 2240], 112),
            ("RegNetY-16GF", [2, 4, 11, 1], [224, 448, 1232, 3024], 112), ("RegNetY-32GF", [2, 5, 12, 1], [232, 696, 1392, 3712], 232),
            ("RegNetY-128GF", [2, 7, 17, 1], [528, 1056, 2904, 7392], 264),
        ].map { FamilySignature($0.0, .bottleneck, $0.1, $0.2, .fixed, hasGate: true, groupWidth: $0.3) }

    /// Blocks of stride one whose channels stay are residual, the others are not: so these are the published repeats
    /// less one.
    private static let mobile: [FamilySignature] = [
        FamilySignature("MobileNetV2", .inverted, [1, 2, 3, 2, 2], [24, 32, 64, 96, 160], .multiplier, hasGate: false),
        FamilySignature(
            "MobileNetV3-Large", .inverted, [1, 1, 2, 3, 1, 2], [16, 24, 40, 80, 112, 160], .multiplier, hasGate: true),
        FamilySignature("MobileNetV3-Small", .inverted, [1, 2, 1, 2], [24, 40, 48, 96], .multiplier, hasGate: true),
        FamilySignature("MnasNet-B1", .inverted, [2, 2, 2, 1, 3], [24, 40, 80, 96, 192], .multiplier, hasGate: false),
    ]

    private static let separable: [FamilySignature] = [
        FamilySignature("mini-XCEPTION", .separable, [1, 1, 1, 1], [16, 32, 64, 128], .thinOrWide),
        FamilySignature("Xception", .separable, [1, 1, 9, 1], [128, 256, 728, 1024], .fixed),
        FamilySignature("Xception-65", .separable, [1, 1, 17, 1], [128, 256, 728, 1024], .fixed),
    ]

    private static let inception: [FamilySignature] = [
        FamilySignature("Inception-ResNet-v2", .bottleneck, [10, 20, 10], [320, 1088, 2080], .fixed),
        FamilySignature("Inception-ResNet-v1", .bottleneck, [5, 10, 5], [256, 896, 1792], .fixed),
    ]

    private static let convNeXt: [FamilySignature] = [
        ("Tiny", [3, 3, 9, 3], 96), ("Small", [3, 3, 27, 3], 96), ("Base", [3, 3, 27, 3], 128), ("Large", [3, 3, 27, 3], 192),
        ("XLarge", [3, 3, 27, 3], 256), ("Huge", [3, 3, 27, 3], 352), ("Atto", [2, 2, 6, 2], 40), ("Femto", [2, 2, 6, 2], 48),
        ("Pico", [2, 2, 6, 2], 64), ("Nano", [2, 2, 8, 2], 80),
    ].map { FamilySignature("ConvNeXt-\($0.0)", .depthwiseFirst, $0.1, [$0.2, 2 * $0.2, 4 * $0.2, 8 * $0.2], .fixed) }

    private static let repVGG: [FamilySignature] = [
        ("A0", [2, 4, 14], [48, 48, 96, 192, 1280]), ("A1", [2, 4, 14], [64, 64, 128, 256, 1280]),
        ("A2", [2, 4, 14], [64, 96, 192, 384, 1408]), ("B0", [4, 6, 16], [64, 64, 128, 256, 1280]),
        ("B1", [4, 6, 16], [64, 128, 256, 512, 2048]), ("B2", [4, 6, 16], [64, 160, 320, 640, 2560]),
        ("B3", [4, 6, 16], [64, 192, 384, 768, 2560]),
    ].map { FamilySignature("RepVGG-\($0.0)", .parallel, [1] + $0.1 + [1], $0.2, .fixed) }

    /// The networks for CIFAR of any depth: three stages of n blocks, 6n + 2 layers of basic blocks or 9n + 2 of
    /// bottlenecks. Sources: He et al. 2015 (section 4.2), 2016 (table 4); Zagoruyko and Komodakis 2016.
    static func cifar(blocksPerStage count: Int, shape: Shape) -> FamilySignature {
        let isBasic = shape == .basic
        return FamilySignature(
            "ResNet-\((isBasic ? 6 : 9) * count + 2)", shape, [count, count, count],
            isBasic ? [16, 32, 64] : [64, 128, 256], isBasic ? .wideCIFAR : .thinOrWide)
    }

    /// U²-Net has eleven U-shaped blocks: six that encode and five that decode.
    static let uSquaredBlocks = 11

    /// Layers by dense stage and growth rate. Source: Huang et al. 2017 (table 1).
    static let dense: [(name: String, layers: [Int], growth: Int)] = [
        ("DenseNet-121", [6, 12, 24, 16], 32), ("DenseNet-169", [6, 12, 32, 32], 32), ("DenseNet-201", [6, 12, 48, 32], 32),
        ("DenseNet-264", [6, 12, 64, 48], 32), ("DenseNet-161", [6, 12, 36, 24], 48), ("DenseNet-121", [6, 12, 24, 16], 24),
    ]
}

extension FamilySignature {
    /// EfficientNet by its multipliers of width and depth; blocks of the first kind of a stage are not residual.
    /// Sources: Tan and Le 2019 (table 1), 2021 (table 4); the multipliers are those of both papers' code.
    fileprivate static let efficient: [FamilySignature] =
        [
            ("B0", 1.0, 1.0), ("B1", 1.0, 1.1), ("B2", 1.1, 1.2), ("B3", 1.2, 1.4), ("B4", 1.4, 1.8), ("B5", 1.6, 2.2),
            ("B6", 1.8, 2.6), ("B7", 2.0, 3.1), ("B8", 2.2, 3.6),
        ].map {
            scaled(
                "EfficientNet-\($0.0)", repeats: [1, 2, 2, 3, 3, 4, 1], channels: [16, 24, 40, 80, 112, 192, 320],
                width: $0.1, depth: $0.2, hasGate: true)
        }
        + [("Lite0", 1.0, 1.0), ("Lite1", 1.0, 1.1), ("Lite2", 1.1, 1.2), ("Lite3", 1.2, 1.4), ("Lite4", 1.4, 1.8)].map {
            scaled(
                "EfficientNet-\($0.0)", repeats: [1, 2, 2, 3, 3, 4, 1], channels: [16, 24, 40, 80, 112, 192, 320],
                width: $0.1, depth: $0.2, hasGate: false, fixesEnds: true)
        }
        + [("B0", 1.0, 1.0), ("B1", 1.0, 1.1), ("B2", 1.1, 1.2), ("B3", 1.2, 1.4)].map {
            scaled(
                "EfficientNetV2-\($0.0)", repeats: [1, 2, 2, 3, 5, 8], channels: [16, 32, 48, 96, 112, 192], width: $0.1,
                depth: $0.2, hasGate: true, keepsTenth: false)
        }
        + [
            FamilySignature(
                "EfficientNetV2-S", .inverted, [2, 3, 3, 5, 8, 14], [24, 48, 64, 128, 160, 256], .fixed, hasGate: true),
            FamilySignature(
                "EfficientNetV2-M", .inverted, [3, 4, 4, 6, 13, 17, 4], [24, 48, 80, 160, 176, 304, 512], .fixed,
                hasGate: true),
            FamilySignature(
                "EfficientNetV2-L", .inverted, [4, 6, 6, 9, 18, 24, 6], [32, 64, 96, 192, 224, 384, 640], .fixed,
                hasGate: true),
        ]

    /// - Parameters:
    ///   - fixesEnds: whether the first and last stage keep their repeats (Lite).
    ///   - keepsTenth: whether rounding to whole eights takes no more than a tenth away (not so in V2).
    private static func scaled(
        _ name: String, repeats: [Int], channels: [Int], width: Double, depth: Double, hasGate: Bool,
        fixesEnds: Bool = false, keepsTenth: Bool = true
    ) -> FamilySignature {
        var stages: [(Int, Int)] = []
        for (index, (count, base)) in zip(repeats, channels).enumerated() {
            let isEnd = fixesEnds && (index == 0 || index == repeats.count - 1)
            let blocks = isEnd ? count : Int((Double(count) * depth - 1e-9).rounded(.up))
            let wanted = Double(base) * width
            var rounded = max(8, Int(wanted + 4) / 8 * 8)
            if keepsTenth, Double(rounded) < 0.9 * wanted { rounded += 8 }
            if blocks > 1 { stages.append((blocks - 1, rounded)) }
        }
        return FamilySignature(name, .inverted, stages.map(\.0), stages.map(\.1), .fixed, hasGate: hasGate)
    }
}
