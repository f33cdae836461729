/// A published network by its blocks: what people call it.
struct KnownNetwork {
    /// `ResNet-50`.
    var name: String
    /// As `--architecture` spells it: `resnet50`.
    var identifier: String
    var convolutionsPerBlock: Int
    var stages: [Int]

    /// Networks for ImageNet. Sources: He et al. 2015, table 1; He et al. 2016; timm for the others.
    static let imageNet: [KnownNetwork] =
        [("10", [1, 1, 1, 1]), ("18", [2, 2, 2, 2]), ("34", [3, 4, 6, 3])].map { network($0.0, 2, $0.1) }
        + [
            ("14", [1, 1, 1, 1]), ("26", [2, 2, 2, 2]), ("50", [3, 4, 6, 3]), ("101", [3, 4, 23, 3]),
            ("152", [3, 8, 36, 3]), ("200", [3, 24, 36, 3]),
        ].map { network($0.0, 3, $0.1) }

    private static func network(_ depth: String, _ convolutions: Int, _ stages: [Int]) -> KnownNetwork {
        KnownNetwork(
            name: "ResNet-\(depth)", identifier: "resnet\(depth)", convolutionsPerBlock: convolutions, stages: stages)
    }

    /// The network with these blocks; three equal stages make one for CIFAR, of 6n + 2 or 9n + 2 layers.
    static func network(stages: [Int], convolutionsPerBlock: Int) -> KnownNetwork? {
        if let known = imageNet.first(where: {
            $0.stages == stages && $0.convolutionsPerBlock == convolutionsPerBlock
        }) { return known }
        guard stages.count == 3, Set(stages).count == 1, let count = stages.first,
            (2...3).contains(convolutionsPerBlock), count < 10_000
        else { return nil }
        return network(String(3 * convolutionsPerBlock * count + 2), convolutionsPerBlock, stages)
    }

    /// Name and identifier of the network whose layers these are: groups and widths make it a ResNeXt or Wide ResNet.
    static func describe(_ map: RoleMap, outputFirst: Bool) -> (name: String, identifier: String, isPublished: Bool) {
        let stages = map.stages
        guard let known = network(stages: stages, convolutionsPerBlock: map.convolutionsPerBlock) else {
            let text = stages.map(String.init).joined(separator: "-")
            return ("a residual network of \(text) blocks", "resnet-\(text)", false)
        }
        let first = BlockPosition(stage: 0, block: 0)
        let depth = known.name.dropFirst("ResNet-".count)
        guard map.convolutionsPerBlock == 3,
            let narrow = map.kernel(.convolution(first, 0), outputFirst: outputFirst),
            let wide = map.kernel(.convolution(first, 1), outputFirst: outputFirst),
            let last = map.kernel(.convolution(first, 2), outputFirst: outputFirst), wide.inputs > 0
        else { return (known.name, known.identifier, true) }
        let groups = narrow.outputs / wide.inputs
        if groups > 1 {
            let width = wide.outputs / groups
            return ("ResNeXt-\(depth) \(groups)×\(width)d", "resnext\(depth)_\(groups)x\(width)d", true)
        }
        if last.outputs == wide.outputs * 2 { return ("Wide ResNet-\(depth)-2", "wide_resnet\(depth)_2", true) }
        return (known.name, known.identifier, true)
    }
}
