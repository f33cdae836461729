/// A change of convention, tried at a guilty layer, that makes its difference vanish.
public struct Explanation: Hashable, Sendable {
    /// What kind of convention was changed.
    public enum Kind: String, Hashable, Sendable, CaseIterable {
        /// Amount or side of a convolution's or pool's padding.
        case padding
        /// What a pool takes for the elements outside: zero or −∞.
        case poolPaddingValue
        case ceilMode
        case countIncludePadding
        /// The epsilon of a normalization.
        case epsilon
        /// A normalization or convolution without its gamma, beta or bias.
        case missingScale, missingOffset, missingBias
        /// A normalization by the batch's moments instead of the stored ones.
        case batchStatistics
        /// The stride taken at another convolution of the block.
        case strideSite
        case stride, dilation
        /// Spatial axes of the kernel exchanged, input and output axes exchanged, or another order of axes.
        case kernelAxes
        /// The kernel turned by 180°: a true convolution instead of a cross-correlation.
        case kernelFlip
        /// Channels of a grouped convolution in another order.
        case groupOrder
        /// The order in which a map was flattened, or the axes were taken.
        case flattenOrder
        /// RGB or BGR.
        case channelOrder
        /// Scale and mean of the image's preprocessing.
        case preprocessing
        /// A softmax that is missing, too much, or over another axis.
        case softmax
        /// An activation that is missing, too much, or of another kind.
        case activation
        /// Weights rounded to float16, bfloat16 or int8.
        case weightPrecision
        /// Values computed in float16 or bfloat16.
        case computePrecision
        /// A matrix used transposed.
        case transposedWeight
        /// Two tensors of one shape exchanged, or one layer's tensor used for another.
        case swappedWeights
        /// A tensor as it would be with other elements in one place: one stale or damaged element, row or channel.
        case changedWeight
        /// A layer that only one of the two has: a normalization, a rescaling.
        case missingLayer
        /// Operands of a concatenation, a difference or a quotient in another order.
        case operandOrder
        /// An operand of a sum taken with another factor.
        case operandScale
        /// Another operator of the same form: the maximum for the average, a sum for a mean.
        case operation
        /// Interpolation and coordinates of a resize.
        case resampling
    }

    public var kind: Kind
    /// The candidate's node at which the change was made, as ``Graph/displayName(of:)`` has it.
    public var node: String
    /// What was changed, in words: `padding`, `epsilon`.
    public var parameter: String
    /// The value that this model has, and the one that the reference must have: `(1,1,1,1)`, `(0,0,1,1)`.
    public var found: String
    public var expected: String
    /// The layer's RMS error in units of its rounding noise under the change.
    public var ratio: Double
    /// `conv3_block1_2_conv: padding (0,0,1,1) explains it; this model has (1,1,1,1)`.
    public var sentence: String
    /// What else fits, and what would tell it apart; `nil` where this explanation is the only one.
    public var note: String?

    public init(
        kind: Kind, node: String, parameter: String, found: String, expected: String, ratio: Double,
        sentence: String? = nil, note: String? = nil
    ) {
        self.kind = kind
        self.node = node
        self.parameter = parameter
        self.found = found
        self.expected = expected
        self.ratio = ratio
        self.note = note
        self.sentence = sentence ?? "\(node): \(parameter) \(expected) explains it; this model has \(found)"
    }
}
