/// The skeleton of a residual network: which layers there are, not how they compute.
struct Blueprint {
    /// Blocks by stage.
    var stages: [Int]
    var convolutionsPerBlock: Int
    var stemConvolutions: Int
    var projections: Set<BlockPosition>
    var normalizations: Set<LayerRole>
    var hasClassifier: Bool
    /// The first convolution of a block that is wider than 1×1.
    var spatialConvolution: Int
    /// Extent of the stem's first kernel.
    var stemKernel: Int

    /// The skeleton that a file's layers show.
    init(of map: RoleMap, outputFirst: Bool) {
        stages = map.stages
        convolutionsPerBlock = map.convolutionsPerBlock
        stemConvolutions = 0
        while map[.stemConvolution(stemConvolutions)] != nil { stemConvolutions += 1 }
        projections = []
        normalizations = []
        for role in map.layers.keys {
            if case .projection(let position) = role { projections.insert(position) }
            if role.kind.layerKind == .normalization { normalizations.insert(role) }
        }
        hasClassifier = map[.classifier] != nil
        let first = BlockPosition(stage: 0, block: 0)
        spatialConvolution = (0..<convolutionsPerBlock).first {
            (map.kernel(.convolution(first, $0), outputFirst: outputFirst)?.height ?? 1) > 1
        } ?? 0
        stemKernel = map.kernel(.stemConvolution(0), outputFirst: outputFirst)?.height ?? 7
    }

    /// The skeleton that a convention gives to networks of these stages.
    init(_ convention: Convention, stages: [Int], convolutionsPerBlock: Int, hasClassifier: Bool) {
        self.stages = stages
        self.convolutionsPerBlock = convolutionsPerBlock
        self.hasClassifier = hasClassifier
        stemConvolutions = 1
        spatialConvolution = convolutionsPerBlock == 3 ? 1 : 0
        stemKernel = convention.stem == .plain ? 3 : 7
        projections = []
        let positions = stages.enumerated().flatMap { stage, count in
            (0..<count).map { BlockPosition(stage: stage, block: $0) }
        }
        // Bottlenecks widen the first stage too; blocks of two convolutions do not.
        for position in positions where position.block == 0 && convention.shortcut != .padded {
            if position.stage > 0 || convolutionsPerBlock == 3 { projections.insert(position) }
        }
        normalizations = convention.normalizations(positions, convolutionsPerBlock, projections)
    }
}

extension Convention {
    /// The normalizations of a network with these blocks.
    func normalizations(
        _ positions: [BlockPosition], _ convolutionsPerBlock: Int, _ projections: Set<BlockPosition>
    ) -> Set<LayerRole> {
        var roles: Set<LayerRole> = []
        for position in positions {
            for index in 0..<convolutionsPerBlock { roles.insert(.normalization(position, index)) }
        }
        switch normalizes {
        case .all:
            roles.insert(.stemNormalization(0))
            for position in projections { roles.insert(.projectionNormalization(position)) }
        case .allButProjections:
            roles.insert(.stemNormalization(0))
        case .before(let stem, let final, let input):
            if stem { roles.insert(.stemNormalization(0)) }
            if final { roles.insert(.finalNormalization) }
            if input { roles.insert(.inputNormalization) }
        }
        if activation == .beforeButFirst {
            roles.remove(.normalization(BlockPosition(stage: 0, block: 0), 0))
        }
        return roles
    }
}
