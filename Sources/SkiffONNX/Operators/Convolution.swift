internal import SkiffCore
internal import SkiffGraph

extension NodeImport {
    /// The number of spatial axes of a window operator: from its lists, else from what is known of its inputs.
    func spatialRank(kernelShape: [Int]?, weightInput: Int?) throws(ONNXError) -> Int {
        let pads = try attributes.integers("pads")
        let lists = [kernelShape?.count, pads.map { $0.count / 2 }, try attributes.integers("strides")?.count,
            try attributes.integers("dilations")?.count]
        if let rank = lists.lazy.compactMap({ $0 }).first { return rank }
        let ranks = [weightInput.flatMap { rank($0) }, rank(0)]
        guard let rank = ranks.lazy.compactMap({ $0 }).first else {
            throw inexpressible("the number of spatial axes is not known before the graph runs")
        }
        guard rank >= 2 else { throw ONNXError(.graph(.rank(input: "input 0", expected: "at least 2", found: rank))) }
        return rank - 2
    }

    /// A list attribute with one number per spatial axis, `fallback` where it is left out.
    func list(_ name: String, count: Int, default fallback: Int, atLeast least: Int) throws(ONNXError) -> [Int] {
        guard let list = try attributes.integers(name) else { return Array(repeating: fallback, count: count) }
        guard list.count == count, list.allSatisfy({ $0 >= least && $0 <= Limits.extent }) else {
            throw ONNXError(
                .attribute(name: name, expected: "\(count) numbers of at least \(least)", found: list.shapeText))
        }
        return list
    }

    /// Strides, dilations and padding. Source: the attributes that Conv and the pooling operators share.
    func window(spatialRank count: Int) throws(ONNXError) -> Window {
        let strides = try list("strides", count: count, default: 1, atLeast: 1)
        let dilations = try list("dilations", count: count, default: 1, atLeast: 1)
        let pads = try list("pads", count: 2 * count, default: 0, atLeast: 0)
        let automatic = try attributes.choice(
            "auto_pad", default: "NOTSET",
            ["": Padding?.none, "NOTSET": .none, "VALID": .valid, "SAME_UPPER": .sameUpper, "SAME_LOWER": .sameLower])
        if automatic != nil, pads.contains(where: { $0 != 0 }) {
            throw inexpressible("has both pads and auto_pad")
        }
        let explicit = Padding.explicit(before: Array(pads.prefix(count)), after: Array(pads.suffix(count)))
        return Window(strides: strides, dilations: dilations, padding: automatic ?? explicit)
    }

    /// Reads `kernel_shape` and holds it against the weight where that is known.
    func checkedKernelShape(weightInput: Int) throws(ONNXError) -> [Int]? {
        guard let kernel = try attributes.integers("kernel_shape") else { return nil }
        guard let weight = input(weightInput).flatMap({ graph.fact(of: $0)?.shape?.fixedShape }), weight.count >= 2 else {
            return kernel
        }
        guard Array(weight.dropFirst(2)) == kernel else {
            throw ONNXError(
                .attribute(name: "kernel_shape", expected: "\(Array(weight.dropFirst(2)).shapeText) as in the weight", found: kernel.shapeText))
        }
        return kernel
    }

    func groups() throws(ONNXError) -> Int {
        let groups = try attributes.integer("group") ?? 1
        guard groups >= 1 else {
            throw ONNXError(.attribute(name: "group", expected: "at least 1", found: String(groups)))
        }
        return groups
    }
}

/// ONNX Conv 1, 11, 22.
@Sendable func readConvolution(_ node: NodeImport) throws(ONNXError) -> Operator {
    let kernel = try node.checkedKernelShape(weightInput: 1)
    let rank = try node.spatialRank(kernelShape: kernel, weightInput: 1)
    return .convolution(
        Convolution(
            window: try node.window(spatialRank: rank), groups: try node.groups(), layout: .channelsFirst,
            kernelOrder: .outputInputSpatial))
}

/// ONNX ConvTranspose 1, 11, 22. Where `output_shape` is given the padding follows from it, and the odd element
/// goes before the input except for SAME_UPPER.
@Sendable func readConvolutionTranspose(_ node: NodeImport) throws(ONNXError) -> Operator {
    let kernel = try node.checkedKernelShape(weightInput: 1)
    let rank = try node.spatialRank(kernelShape: kernel, weightInput: 1)
    var window = try node.window(spatialRank: rank)
    let outputPadding = try node.list("output_padding", count: rank, default: 0, atLeast: 0)
    var outputShape = try node.attributes.integers("output_shape")
    if let shape = outputShape {
        // Some writers put batch and channels in front.
        guard [rank, rank + 2].contains(shape.count), shape.allSatisfy({ $0 >= 1 && $0 <= Limits.extent }) else {
            throw ONNXError(
                .attribute(name: "output_shape", expected: "\(rank) positive numbers", found: shape.shapeText))
        }
        outputShape = Array(shape.suffix(rank))
        if window.padding != .sameUpper { window.padding = .sameLower }
    }
    return .convolutionTranspose(
        ConvolutionTranspose(
            window: window, outputPadding: outputPadding, outputShape: outputShape, groups: try node.groups(),
            layout: .channelsFirst, kernelOrder: .inputOutputSpatial))
}
