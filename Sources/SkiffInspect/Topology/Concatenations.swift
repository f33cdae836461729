public import SkiffGraph

extension Inspection {
    /// A concatenation of channels where ways meet that parted before: no addition, so no residual block.
    public struct Concatenation: Hashable, Sendable {
        public enum Kind: String, Hashable, Sendable, CaseIterable {
            /// What a layer read, and what it gave (DenseNet, Huang et al. 2017).
            case dense
            /// A map from before, beside an upsampled one (U-Net, Ronneberger et al. 2015).
            case skip
            /// The outputs of layers in a row at once (VoVNet, Lee et al. 2019; CSPNet, Wang et al. 2020).
            case aggregation
            /// Parallel branches of one input (Inception, Szegedy et al. 2015).
            case parallel
            case other
        }

        public var kind: Kind
        public var node: NodeID
        public var name: String
        /// Channels of the operands in order.
        public var operandChannels: [Int?]
        public var outputChannels: Int?
    }
}

/// A run of layers each of which reads all maps before it, by concatenation.
///
/// Source: Huang et al., Densely Connected Convolutional Networks (2017).
public struct DenseStage: Hashable, Sendable {
    /// Indices into ``Inspection/concatenations``, one for each layer.
    public var concatenations: [Int]
    /// Channels that each layer adds; `nil` where they differ or are not known.
    public var growthRate: Int?
    public var inputChannels: Int?
    public var outputChannels: Int?
    /// Channels of each layer's 1×1 convolution before its wider kernel (DenseNet-B); `nil` where there is none.
    public var bottleneckChannels: Int?
}
