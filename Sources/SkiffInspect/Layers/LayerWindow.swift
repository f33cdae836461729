internal import SkiffCore
internal import SkiffGraph

extension Graph {
    /// Kernel, strides, dilations, groups of a convolution, a matrix product by a weight, or a pooling; `nil` for all else.
    func window(of id: NodeID, flow: Dataflow, facts: [Fact?]) -> ResidualBlock.Layer? {
        guard case .pooling(let pooling) = self[id].operator else { return layer(id, flow: flow, facts: facts) }
        return ResidualBlock.Layer(
            node: id, name: displayName(of: id), kernel: pooling.kernel, strides: pooling.window.strides,
            dilations: pooling.window.dilations, groups: 1, inputChannels: nil, outputChannels: nil)
    }
}

extension ResidualBlock.Layer {
    /// `7×7 /2`, `3×3 depthwise`, `3×3 dilation 2`, `1×1 groups 32`, `2048 → 1000` for a matrix product.
    public var text: String {
        guard !kernel.isEmpty else {
            guard let inputChannels, let outputChannels else { return "" }
            return "\(inputChannels) → \(outputChannels)"
        }
        var text = kernelText
        if strides.contains(where: { $0 > 1 }) { text += " /\(extentsText(strides))" }
        if dilations.contains(where: { $0 > 1 }) { text += " dilation \(extentsText(dilations))" }
        if isDepthwise { text += " depthwise" } else if groups > 1 { text += " groups \(groups)" }
        return text
    }
}
