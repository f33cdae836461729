/// Where the channel axis of a feature map lies. Axis 0 is the batch; the rest are spatial, outermost first.
public enum Layout: String, Hashable, Sendable, CaseIterable {
    /// (N, C, spatial…): ONNX, PyTorch.
    case channelsFirst
    /// (N, spatial…, C): Keras, TensorFlow.
    case channelsLast

    /// The channel axis of a value of `rank`.
    public func channelAxis(rank: Int) -> Int { self == .channelsFirst ? 1 : rank - 1 }

    /// The first spatial axis; the others follow it.
    public var firstSpatialAxis: Int { self == .channelsFirst ? 2 : 1 }
}

/// The order of a convolution weight's axes. The spatial axes keep their order, outermost first.
public enum KernelOrder: String, Hashable, Sendable, CaseIterable {
    /// (O, I / groups, spatial…): ONNX Conv, PyTorch.
    case outputInputSpatial
    /// (spatial…, I / groups, O): Keras Conv1D, Conv2D, Conv3D.
    case spatialInputOutput
    /// (spatial…, C, M): Keras DepthwiseConv; groups are C, output channel c·M + m reads channel c.
    case spatialChannelMultiplier
    /// (I, O / groups, spatial…): ONNX ConvTranspose, PyTorch.
    case inputOutputSpatial
    /// (spatial…, O, I): Keras Conv2DTranspose.
    case spatialOutputInput
}

/// How much a window operator extends its input, in elements of each spatial axis.
public enum Padding: Hashable, Sendable {
    /// These numbers, before and after each spatial axis.
    case explicit(before: [Int], after: [Int])
    /// No padding: only windows that lie in the input whole (Keras `valid`, ONNX VALID).
    case valid
    /// Enough that the output has ⌈input / stride⌉ elements; the odd one goes after (Keras `same`, SAME_UPPER).
    case sameUpper
    /// As `sameUpper`, the odd one goes before (SAME_LOWER).
    case sameLower
}

/// Kernel extent, stride and the rest of an operator that slides a window over spatial axes.
/// All lists have one number per spatial axis.
public struct Window: Hashable, Sendable {
    /// Steps between windows, in elements.
    public var strides: [Int]
    /// Steps between the taps of one window, in elements.
    public var dilations: [Int]
    public var padding: Padding

    public init(strides: [Int], dilations: [Int], padding: Padding) {
        self.strides = strides
        self.dilations = dilations
        self.padding = padding
    }
}
