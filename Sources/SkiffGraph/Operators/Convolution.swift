internal import SkiffCore

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

extension Convolution {
    public func infer(_ inputs: [Fact?], outputCount: Int) throws(GraphError) -> [Fact] {
        let inputs = try Operands(inputs, ["input", "weight", "bias"], required: 2, outputCount: outputCount)
        let map = try inputs.required(0)
        try map.require(.floatingPoint)
        try inputs.requireSameTypes()
        try checkAttributes()
        guard let kernel = try KernelExtents(inputs.required(1), kernelOrder, groups: groups) else {
            return [Fact(map.elementType, try openShape(of: map))]
        }
        try window.check(spatialRank: kernel.spatial.count)
        let outputChannels = try checkChannels(kernel, bias: inputs[2])
        guard let shape = try map.shape(rank: kernel.spatial.count + 2) else { return [Fact(map.elementType, nil)] }
        let channelAxis = layout.channelAxis(rank: shape.count)
        try kernel.requireInputChannels(shape[channelAxis])
        var result = shape
        result[channelAxis] = outputChannels
        for (axis, extent) in kernel.spatial.enumerated() {
            let position = layout.firstSpatialAxis + axis
            result[position] = try window.outputExtent(
                axis: axis, input: shape[position], kernel: extent, outputAxis: position)
        }
        return [Fact(map.elementType, result)]
    }

    /// Output elements × taps of one kernel.
    public func multiplyAdds(inputs: [Fact?], outputs: [Fact]) -> Int? {
        guard inputs.count > 1, let weight = inputs[1]?.shape?.fixedShape?.checkedElementCount,
            let shape = outputs.first?.shape?.fixedShape, shape.count > 2, let elements = shape.checkedElementCount
        else { return nil }
        let channels = shape[layout.channelAxis(rank: shape.count)]
        guard channels > 0 else { return 0 }
        let (product, overflow) = elements.multipliedReportingOverflow(by: weight / channels)
        return overflow ? nil : product
    }

    private func checkAttributes() throws(GraphError) {
        guard groups >= 1 else {
            throw GraphError(.attribute(name: "groups", expected: "at least 1", found: "\(groups)"))
        }
        guard kernelOrder != .inputOutputSpatial, kernelOrder != .spatialOutputInput else {
            throw GraphError(
                .attribute(name: "kernel order", expected: "one of a convolution", found: kernelOrder.rawValue))
        }
    }

    /// Without the weight's rank: the batch is known, the rest open.
    private func openShape(of map: Operand) throws(GraphError) -> SymbolicShape? {
        guard let shape = try map.shape(atLeast: 3) else { return nil }
        return [shape[0]] + Array(repeating: .unknown, count: shape.count - 1)
    }

    private func checkChannels(_ kernel: KernelExtents, bias: Operand?) throws(GraphError) -> Dimension {
        if let channels = kernel.outputChannels.fixedValue, channels % groups != 0 {
            throw GraphError(
                .extent(
                    input: "weight", expected: "a multiple of \(groups) groups", found: "\(channels) output channels"))
        }
        return try kernel.unifiedOutputChannels(bias: bias)
    }
}

/// The extents of a convolution weight, whatever the order of its axes.
struct KernelExtents {
    /// Channels of the whole output.
    let outputChannels: Dimension
    /// Channels of the whole input.
    let inputChannels: Dimension
    /// Taps along each spatial axis.
    let spatial: [Dimension]

    /// `nil` where the weight's rank is unknown.
    /// - Throws: ``GraphError`` `rank`, `extent` for a kernel without taps.
    init?(_ weight: Operand, _ order: KernelOrder, groups: Int) throws(GraphError) {
        guard let shape = try weight.shape(atLeast: 3) else { return nil }
        let last = shape.count - 1
        let groups = Dimension.fixed(groups)
        switch order {
        case .outputInputSpatial: (outputChannels, inputChannels) = (shape[0], shape[1] * groups)
        case .spatialInputOutput: (outputChannels, inputChannels) = (shape[last], shape[last - 1] * groups)
        case .spatialChannelMultiplier:
            (outputChannels, inputChannels) = (shape[last - 1] * shape[last], groups)
            _ = try unifyExtent(groups, shape[last - 1], input: weight.name, axis: "channels, one for each group")
        case .inputOutputSpatial: (outputChannels, inputChannels) = (shape[1] * groups, shape[0])
        case .spatialOutputInput: (outputChannels, inputChannels) = (shape[last - 1] * groups, shape[last])
        }
        spatial = order.isSpatialFirst ? Array(shape.dropLast(2)) : Array(shape.dropFirst(2))
        guard spatial.allSatisfy({ $0 != 0 }) else {
            throw GraphError(
                .extent(input: weight.name, expected: "at least 1 along each kernel axis", found: spatial.shapeText))
        }
    }

    /// - Throws: ``GraphError`` `extent` where the input has other channels than the weight.
    func requireInputChannels(_ found: Dimension) throws(GraphError) {
        guard let expected = inputChannels.fixedValue, let found = found.fixedValue, expected != found else { return }
        throw GraphError(
            .extent(input: "weight", expected: "\(found) as the input has", found: "\(expected) input channels"))
    }

    /// - Throws: ``GraphError`` `rank`, `extent` where the bias has other channels.
    func unifiedOutputChannels(bias: Operand?) throws(GraphError) -> Dimension {
        guard let bias, let shape = try bias.shape(rank: 1) else { return outputChannels }
        return try unifyExtent(outputChannels, shape[0], input: bias.name, axis: "channels")
    }
}

extension KernelOrder {
    /// Whether the spatial axes come before the channels.
    var isSpatialFirst: Bool {
        switch self {
        case .outputInputSpatial, .inputOutputSpatial: false
        case .spatialInputOutput, .spatialChannelMultiplier, .spatialOutputInput: true
        }
    }
}
