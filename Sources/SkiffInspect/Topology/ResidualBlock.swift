public import SkiffGraph

/// A region of the graph between a fork and an addition that joins what the fork parted: a branch that computes,
/// and a shortcut around it.
///
/// Source: He et al., Deep Residual Learning (2015); Identity Mappings (2016) for pre-activation.
public struct ResidualBlock: Hashable, Sendable {
    /// What lies on the branch. Dilation, groups and squeeze-and-excitation are told apart from it.
    public enum Kind: String, Hashable, Sendable, CaseIterable {
        /// Convolutions that all see their neighbourhood: two 3×3.
        case basic
        /// 1×1 down, a wider kernel, 1×1 up.
        case bottleneck
        /// Basic, with normalization and activation before each convolution.
        case preActivation = "pre-activation"
        case preActivationBottleneck = "pre-activation bottleneck"
        /// 1×1 up, 1×1 down and a depthwise kernel between (MobileNetV2) or before them (ConvNeXt).
        case inverted
        /// Pairs of depthwise and 1×1 convolutions (Xception).
        case separable
        /// Down and up again, with shortcuts of its own (RSU of U²-Net).
        case uShaped = "u-shaped"
        /// Matrix products, among them products of two values (self-attention).
        case attention
        /// Matrix products by weights only.
        case fullyConnected = "fully connected"
        case other
    }

    /// How the block's input reaches the addition.
    public enum Shortcut: String, Hashable, Sendable, CaseIterable {
        case identity
        /// Through one 1×1 convolution, normalized or not, pooled before or not (ResNet-D).
        case projection
        /// Through a pooling or a strided slice, without weights.
        case pool
        /// With zero channels added, pooled before or not (option A).
        case pad
        case other
    }

    /// Where the last activation of the unit sits.
    public enum ActivationPosition: String, Hashable, Sendable, CaseIterable {
        /// Behind the addition.
        case after
        /// Before the first convolution of the branch.
        case before
        case none
    }

    /// One convolution of the branch, or a matrix product that acts as a 1×1 convolution.
    public struct Layer: Hashable, Sendable {
        public var node: NodeID
        public var name: String
        /// Extent of the kernel along each spatial axis; empty for matrix products.
        public var kernel: [Int]
        public var strides: [Int]
        public var dilations: [Int]
        public var groups: Int
        public var inputChannels: Int?
        public var outputChannels: Int?

        /// Whether every output channel reads one input channel.
        public var isDepthwise: Bool { groups > 1 && groups == inputChannels }
        /// Whether the kernel has one tap.
        public var isPointwise: Bool { kernel.allSatisfy { $0 == 1 } }
    }

    /// The longest common prefix of its nodes' names, else `block 7`.
    public var name: String
    public var kind: Kind
    public var shortcut: Shortcut
    /// Whether the shortcut pools, by itself or before a projection (ResNet-D).
    public var poolsShortcut: Bool
    public var activation: ActivationPosition
    public var hasSqueezeExcitation: Bool
    public var inputChannels: Int?
    public var outputChannels: Int?
    /// Steps of the output in elements of the input, by spatial axis; all one where the block keeps its extent.
    public var stride: [Int]
    /// Where on the branch the stride sits: `1×1 conv #1`, `3×3 conv #2`, `max pool`.
    public var strideSite: String?
    /// The largest dilation on the branch.
    public var dilation: Int
    /// The largest number of groups of a convolution on the branch that is not depthwise.
    public var groups: Int
    /// Convolutions of the branch in order, gates of squeeze-and-excitation left out.
    public var convolutions: [Layer]
    /// The value that branch and shortcut both start from.
    public var fork: ValueID
    /// The addition.
    public var join: NodeID
    /// Nodes of the branch in order; those of nested blocks are listed there.
    public var branch: [NodeID]
    /// Nodes of the shortcut in order; empty where the fork's value itself is added.
    public var shortcutNodes: [NodeID]
    /// Elements of the weights on branch and shortcut, nested blocks included.
    public var parameters: Int
    /// Of branch and shortcut, nested blocks included; `nil` where unknown.
    public var multiplyAdds: Int?
    /// Blocks around this one.
    public var depth: Int
    /// The block around this one, an index into ``Inspection/blocks``.
    public var parent: Int?
    /// Spatial extents of the block's output, where they are known.
    public var spatialExtents: [Int]?

    /// Whether some axis is strided.
    public var isStrided: Bool { stride.contains { $0 > 1 } }
}

/// A run of blocks that give as many channels, or between two strided ones.
public struct Stage: Hashable, Sendable {
    /// The blocks, indices into ``Inspection/blocks``.
    public var blocks: [Int]
    public var outputChannels: Int?
    /// Spatial extents of the first block's output, where they are known.
    public var spatialExtents: [Int]?
    /// Product of the strides of its blocks, by spatial axis.
    public var stride: [Int]
    public var parameters: Int
    public var multiplyAdds: Int?
}

/// The known family whose blocks a network has, with what speaks for it.
public struct Family: Hashable, Sendable {
    /// `ResNet-50`, `residual network`, `no residual blocks`.
    public var name: String
    /// `v1`, `v1.5`, `v2`, … where the family has variants.
    public var variant: String?
    /// `ResNet-50 v1, stages 3-4-6-3, stride in the first 1×1`.
    public var text: String
    /// The observations that the name rests on, one per line.
    public var evidence: [String]
}
