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
        /// A wider kernel up, 1×1 down (EfficientNetV2's Fused-MBConv).
        case fusedInverted = "fused inverted"
        /// 1×1 down, a wider kernel up (DarkNet-53).
        case darknet
        /// Convolutions beside each other, each one layer deep, summed (RepVGG, MobileOne).
        case parallel
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
    /// How much the block narrows or widens inside. Of blocks that narrow, channels out over those of the widest
    /// kernel between (4 in ResNet-50, 2 in Wide ResNet-50-2); of inverted ones, the most channels inside over those
    /// that come in (6 in MobileNetV2, 4 in ConvNeXt). `nil` for other kinds.
    public var expansion: Double?
    /// Positions of the fork's value that one output of the branch sees, by spatial axis, gates left out; `nil`
    /// where it sees all of them.
    public var receptiveField: [Int]?
    /// Positions of the network's input that one output of the block sees, by spatial axis, gates left out.
    public var networkReceptiveField: [Int]?
    /// Positions of the network's input between two neighbouring outputs of the block, by spatial axis.
    public var jump: [Double]?
    /// Layers on the branch's longest path, nested blocks by their branches, gates left out.
    public var branchLayers = 0
    /// Layers on the shortcut.
    public var shortcutLayers = 0
    /// What normalizes on the branch; `nil` where nothing does, or it is folded into convolutions.
    public var normalization: Normalization?
    /// Normalizations on the branch, gates left out; one that is taken apart into scale and offset counts once.
    public var normalizations = 0
    public var shortcutNormalizations = 0
    /// Activation functions on the branch in order, gates left out: `relu`, `relu6`, `swish`.
    public var activationFunctions: [String] = []
    /// The activation function behind the addition.
    public var joinActivation: String?
    /// What else marks the branch.
    public var traits: [Trait] = []

    /// Whether a gate is multiplied onto the branch before its last layer.
    var gatesInside = false

    /// What normalizes.
    public enum Normalization: String, Hashable, Sendable, CaseIterable {
        case batch, group, layer, instance
        /// A scale and an offset by channel: BatchNormalization taken apart, or an affine layer.
        case scaleAndOffset = "scale and offset"
    }

    /// A mark of a branch that is no layer.
    public enum Trait: String, Hashable, Sendable, CaseIterable {
        /// Global pooling, two layers, multiplied back by channel (Hu et al. 2018).
        case squeezeExcitation = "squeeze-and-excitation"
        /// Global pooling and one layer, multiplied back by channel (ECA, Wang et al. 2020; effective SE).
        case channelAttention = "channel attention"
        /// Parallel parts weighed against each other by softmax (SKNet, Li et al. 2019; ResNeSt, Zhang et al. 2020).
        case splitAttention = "split attention"
        /// Channels in parts, each part's kernel adding what the one before it gave (Res2Net, Gao et al. 2019).
        case hierarchicalSplit = "hierarchical split"
        /// Parallel convolutions, concatenated (Inception-ResNet, Szegedy et al. 2016).
        case inceptionBranches = "parallel branches"
        /// The branch times one constant before the addition (Inception-ResNet: 0.17).
        case scaledResidual = "scaled residual"
        /// The branch times a learned scale by channel before the addition (LayerScale, Touvron et al. 2021).
        case layerScale = "layer scale"
        /// The stride in an average pooling or a fixed depthwise filter behind the convolution (Zhang 2019).
        case antialiasing
    }

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
