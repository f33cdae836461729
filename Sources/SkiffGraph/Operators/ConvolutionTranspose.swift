internal import SkiffCore

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

extension ConvolutionTranspose {
    public func infer(_ inputs: [Fact?], outputCount: Int) throws(GraphError) -> [Fact] {
        let inputs = try Operands(inputs, ["input", "weight", "bias"], required: 2, outputCount: outputCount)
        let map = try inputs.required(0)
        try map.require(.floatingPoint)
        try inputs.requireSameTypes()
        try checkAttributes()
        guard let kernel = try KernelExtents(inputs.required(1), kernelOrder, groups: groups) else {
            _ = try map.shape(atLeast: 3)
            return [Fact(map.elementType, nil)]
        }
        try checkLists(spatialRank: kernel.spatial.count)
        if let channels = kernel.inputChannels.fixedValue, channels % groups != 0 {
            throw GraphError(
                .extent(
                    input: "weight", expected: "a multiple of \(groups) groups", found: "\(channels) input channels"))
        }
        let outputChannels = try kernel.unifiedOutputChannels(bias: inputs[2])
        guard let shape = try map.shape(rank: kernel.spatial.count + 2) else { return [Fact(map.elementType, nil)] }
        let channelAxis = layout.channelAxis(rank: shape.count)
        try kernel.requireInputChannels(shape[channelAxis])
        var result = shape
        result[channelAxis] = outputChannels
        for (axis, extent) in kernel.spatial.enumerated() {
            let position = layout.firstSpatialAxis + axis
            result[position] = try outputExtent(
                axis: axis, input: shape[position], kernel: extent, outputAxis: position)
        }
        return [Fact(map.elementType, result)]
    }

    /// Input elements × taps of one kernel.
    public func multiplyAdds(inputs: [Fact?], outputs: [Fact]) -> Int? {
        guard inputs.count > 1, let weight = inputs[1]?.shape?.fixedShape?.checkedElementCount,
            let shape = inputs[0]?.shape?.fixedShape, shape.count > 2, let elements = shape.checkedElementCount
        else { return nil }
        let channels = shape[layout.channelAxis(rank: shape.count)]
        guard channels > 0 else { return 0 }
        let (product, overflow) = elements.multipliedReportingOverflow(by: weight / channels)
        return overflow ? nil : product
    }

    /// Elements taken from the start and the end of the full transpose, (input − 1)·stride + outputPadding +
    /// (kernel − 1)·dilation + 1, of one spatial axis; negative where the output is longer than that.
    /// The attributes must have been accepted by ``infer(_:outputCount:)``.
    public func resolvedPadding(axis: Int, extent: Int, kernel: Int) -> (before: Int, after: Int) {
        let full = (try? fullExtent(axis: axis, extent: extent, kernel: kernel)) ?? 0
        if let outputShape { return split(full &- outputShape[axis]) }
        switch window.padding {
        case .explicit, .valid: return window.resolvedPadding(axis: axis, extent: extent, kernel: kernel)
        case .sameUpper, .sameLower: return split(full &- extent &* window.strides[axis])
        }
    }

    /// `sameUpper` has the odd element after; every other padding, with a given output shape, before (ONNX).
    private func split(_ total: Int) -> (before: Int, after: Int) {
        let half = max(total, 0) / 2
        return window.padding == .sameUpper
            ? (half, total - half) : (total >= 0 ? total - half : 0, total >= 0 ? half : total)
    }

    private func fullExtent(axis: Int, extent: Int, kernel: Int) throws(GraphError) -> Int {
        let moved = try checkedProduct(max(extent, 1) - 1, window.strides[axis], "strided extent")
        let spread = try checkedSum(moved, window.span(axis: axis, kernel: kernel), "output extent")
        return try checkedSum(spread, outputPadding[axis], "output extent")
    }

    private func outputExtent(
        axis: Int, input: Dimension, kernel: Dimension, outputAxis: Int
    ) throws(GraphError) -> Dimension {
        let stride = window.strides[axis]
        if let outputShape {
            if let extent = input.fixedValue, let kernel = kernel.fixedValue {
                try checkOutputShape(
                    outputShape[axis], axis: axis, full: fullExtent(axis: axis, extent: extent, kernel: kernel))
            }
            return .fixed(outputShape[axis])
        }
        if window.padding == .sameUpper || window.padding == .sameLower { return input * .fixed(stride) }
        guard let kernel = kernel.fixedValue else { return .unknown }
        let (before, after) = window.resolvedPadding(axis: axis, extent: 0, kernel: kernel)
        let pads = try checkedSum(before, after, "padding")
        guard let extent = input.fixedValue else {
            let growth = try fullExtent(axis: axis, extent: 1, kernel: kernel) - pads
            return stride == 1 && growth == 1 ? input : .unknown
        }
        let full = try fullExtent(axis: axis, extent: extent, kernel: kernel)
        guard full - pads > 0 else { throw GraphError(.emptyOutput(axis: outputAxis, found: full - pads)) }
        return .fixed(full - pads)
    }

    /// An output longer than the full transpose by a stride would be that of a longer input.
    private func checkOutputShape(_ extent: Int, axis: Int, full: Int) throws(GraphError) {
        let most = try checkedSum(full - outputPadding[axis], window.strides[axis] - 1, "output extent")
        guard extent <= most else {
            throw GraphError(
                .attribute(
                    name: "output shape", expected: "at most \(most) along spatial axis \(axis)", found: "\(extent)"))
        }
    }

    private func checkAttributes() throws(GraphError) {
        guard groups >= 1 else {
            throw GraphError(.attribute(name: "groups", expected: "at least 1", found: "\(groups)"))
        }
        guard kernelOrder == .inputOutputSpatial || kernelOrder == .spatialOutputInput else {
            throw GraphError(
                .attribute(
                    name: "kernel order", expected: "one of a transpose convolution", found: kernelOrder.rawValue))
        }
    }

    private func checkLists(spatialRank: Int) throws(GraphError) {
        try window.check(spatialRank: spatialRank)
        try requireList(outputPadding, count: spatialRank, minimum: 0, name: "output padding")
        if let outputShape { try requireList(outputShape, count: spatialRank, minimum: 1, name: "output shape") }
    }
}
