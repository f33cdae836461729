internal import SkiffCore
internal import SkiffGraph

extension KernelOrder {
    /// The permutation that makes a kernel of `rank` axes what ONNX has: (O, I, spatial…) of a convolution, (I, O, spatial…)
    /// of a transposed one.
    func permutation(rank: Int) -> [Int] {
        let spatial = Array(0..<max(rank - 2, 0))
        return switch self {
        case .outputInputSpatial, .inputOutputSpatial: Array(0..<rank)
        case .spatialInputOutput, .spatialOutputInput: [rank - 1, rank - 2] + spatial
        case .spatialChannelMultiplier: [rank - 2, rank - 1] + spatial
        }
    }
}

extension Window {
    /// Attributes `pads` or `auto_pad`. Where the extents are known, what Keras calls `same` becomes numbers, so that no
    /// runtime's idea of it matters; what ONNX said in words it says again.
    /// - Parameters:
    ///   - extents: those of the input's spatial axes.
    ///   - kernel: taps along each of them.
    func padding(_ node: NodeExport, extents: SymbolicShape?, kernel: [Int]?) -> WrittenModel.Attribute? {
        switch padding {
        case .explicit(let before, let after): return attribute("pads", before + after)
        case .valid: return node.isONNX ? attribute("auto_pad", "VALID") : nil
        case .sameUpper, .sameLower:
            let word = padding == .sameUpper ? "SAME_UPPER" : "SAME_LOWER"
            guard !node.isONNX, let extents = extents?.fixedShape, let kernel, extents.count == kernel.count else {
                return attribute("auto_pad", word)
            }
            let pads = extents.indices.map { resolvedPadding(axis: $0, extent: extents[$0], kernel: kernel[$0]) }
            return attribute("pads", pads.map(\.before) + pads.map(\.after))
        }
    }
}

extension NodeExport {
    /// Extents of the spatial axes of input 0.
    func spatialExtents(_ layout: Layout) -> SymbolicShape? {
        guard let shape = shape(0), shape.count >= 3 else { return nil }
        return layout == .channelsFirst ? Array(shape.dropFirst(2)) : Array(shape.dropFirst().dropLast())
    }

    /// The order in which a map of a layout has channels where ONNX has them.
    func mapOrder(_ layout: Layout, spatialRank: Int) -> AxisOrder {
        layout == .channelsFirst ? .natural : .channelsFirst(rank: spatialRank + 2)
    }
}

extension Convolution {
    func write(_ node: NodeExport) throws(ONNXError) {
        let order = node.mapOrder(layout, spatialRank: window.strides.count)
        let permutation = kernelOrder.permutation(rank: window.strides.count + 2)
        let kernel = node.shape(1).map { shape in permutation.map { shape[$0] } }
        let taps = kernel.flatMap { Array($0.dropFirst(2)).fixedShape }
        let weight: String
        if kernelOrder == .spatialChannelMultiplier {
            // (C, M, spatial…) as (C · M, 1, spatial…): output channel c · M + m reads channel c.
            guard let extents = kernel?.fixedShape, let outputs = [extents[0], extents[1]].checkedElementCount else {
                throw node.inexpressible("its kernel's extents are not known before the graph runs")
            }
            weight = try node.view(1, permutation, shape: [outputs, 1] + extents.dropFirst(2))
        } else if kernelOrder == .outputInputSpatial {
            weight = try node.name(1)
        } else {
            weight = try node.view(1, permutation)
        }
        let inputs = [try node.name(0, order), weight, try node.name(2)]
        try try node.give(
            "Conv", inputs,
            [
                attribute("dilations", window.dilations), attribute("group", groups), taps.map { attribute("kernel_shape", $0) },
                window.padding(node, extents: node.spatialExtents(layout), kernel: taps), attribute("strides", window.strides),
            ],
            in: order)
    }
}

extension ConvolutionTranspose {
    func write(_ node: NodeExport) throws(ONNXError) {
        let order = node.mapOrder(layout, spatialRank: window.strides.count)
        let permutation = kernelOrder.permutation(rank: window.strides.count + 2)
        let taps = node.shape(1).flatMap { shape in permutation.map { shape[$0] }.dropFirst(2).map { $0 }.fixedShape }
        let weight = try kernelOrder == .inputOutputSpatial ? node.name(1) : node.view(1, permutation)
        let inputs = [try node.name(0, order), weight, try node.name(2)]
        try try node.give(
            "ConvTranspose", inputs,
            [
                attribute("dilations", window.dilations), attribute("group", groups), taps.map { attribute("kernel_shape", $0) },
                outputPadding.contains { $0 != 0 } ? attribute("output_padding", outputPadding) : nil,
                outputShape.map { attribute("output_shape", $0) }, padding, attribute("strides", window.strides),
            ],
            in: order)
    }

    private var padding: WrittenModel.Attribute? {
        switch window.padding {
        // With an output shape only the side of the odd element is left to say; ONNX takes it to be the first.
        case _ where outputShape != nil: window.padding == .sameUpper ? attribute("auto_pad", "SAME_UPPER") : nil
        case .explicit(let before, let after): attribute("pads", before + after)
        case .valid: attribute("auto_pad", "VALID")
        case .sameUpper: attribute("auto_pad", "SAME_UPPER")
        case .sameLower: attribute("auto_pad", "SAME_LOWER")
        }
    }
}
