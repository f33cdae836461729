/// The known family whose blocks a network has, with what speaks for it and against its neighbours.
public struct Family: Hashable, Sendable {
    /// Where a network leaves its family.
    public struct Deviation: Hashable, Sendable {
        /// The block it is about, an index into ``Inspection/blocks``.
        public var block: Int?
        /// The stage it is about, an index into ``Inspection/stages``.
        public var stage: Int?
        /// `conv4_block3 has no activation after the addition, its 15 siblings have relu`.
        public var text: String
    }

    /// A family that is near, and what speaks against it.
    public struct Neighbour: Hashable, Sendable {
        public var name: String
        /// Blocks and channels that differ, as ``Family/distance`` counts them.
        public var distance: Double
        /// `stage 3 would have 23 blocks`.
        public var reason: String
    }

    /// `ResNet-50`, `residual network`, `no residual blocks`.
    public var name: String
    /// `v1`, `v1.5`, `v2`, … where the family has variants.
    public var variant: String?
    /// `ResNet-50 v1, stages 3-4-6-3, stride in the first 1×1`.
    public var text: String
    /// The observations that the name rests on, one per line.
    public var evidence: [String]
    /// Where the network leaves its family, or single blocks their siblings.
    public var deviations: [Deviation] = []
    /// The nearest other families with blocks of this kind, nearest first.
    public var neighbours: [Neighbour] = []
    /// How far the network is from the published one: blocks missing or too many, and stages whose channels are
    /// none of the published ones in the network's ratio. `nil` where no family is near.
    public var distance: Double?
    /// What comes before the first block: `7×7 convolution of stride 2, max pool 3×3 of stride 2`.
    public var stem: String?
    /// What follows the last block: `global average pool, dense to 1000`.
    public var head: String?
}
