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
