public import SkiffCore

/// Cross-correlation of a batch of feature maps with a bank of kernels, over one, two, three or more spatial axes.
///
///     y[n, o, i] = bias[o] + Σ_{c, u} w[o, c, u] · x[n, g(o)·C/G + c, i·stride + u·dilation − padding]
///
/// Inputs: 0 the map (N, C, spatial…) or (N, spatial…, C) by ``layout``; 1 the weight in ``kernelOrder``;
/// 2 the bias (O), optional. Output: the map with O channels. Taps outside the input read zero.
/// Source: ONNX Conv 1, 11, 22; Keras Conv1D/2D/3D and DepthwiseConv1D/2D.
public struct Convolution: OperatorAttributes {
    public var window: Window
    /// Groups of channels that do not see each other; C and O are multiples of it.
    public var groups: Int
    public var layout: Layout
    public var kernelOrder: KernelOrder

    public init(window: Window, groups: Int, layout: Layout, kernelOrder: KernelOrder) {
        self.window = window
        self.groups = groups
        self.layout = layout
        self.kernelOrder = kernelOrder
    }
}

/// The transpose of a convolution: every input element adds its kernel, scaled, to the output.
///
/// Inputs: 0 the map, 1 the weight in ``kernelOrder``, 2 the bias (O), optional. Without ``outputShape`` the
/// spatial extents are (input − 1)·stride + outputPadding + (kernel − 1)·dilation + 1 − padding.
/// Source: ONNX ConvTranspose 1, 11, 22; Keras Conv2DTranspose.
public struct ConvolutionTranspose: OperatorAttributes {
    public var window: Window
    /// Added to one side of each spatial axis of the output, in elements.
    public var outputPadding: [Int]
    /// Spatial extents of the output where the source fixes them; padding follows from them.
    public var outputShape: [Int]?
    public var groups: Int
    public var layout: Layout
    public var kernelOrder: KernelOrder

    public init(
        window: Window, outputPadding: [Int], outputShape: [Int]?, groups: Int, layout: Layout,
        kernelOrder: KernelOrder
    ) {
        self.window = window
        self.outputPadding = outputPadding
        self.outputShape = outputShape
        self.groups = groups
        self.layout = layout
        self.kernelOrder = kernelOrder
    }
}
