internal import SkiffCore
internal import SkiffGraph

extension Lowering {
    /// Emits a convolution.
    /// - Returns: Whether a kernel takes it.
    mutating func lowerConvolution(
        _ node: Draft.Node, _ product: FusedProduct, _ convolution: Convolution
    ) throws(EngineError) -> Bool {
        guard let input = node.inputs[0], let weight = node.inputs[1], let tensor = draft.values[weight].constant,
            let output = node.outputs.first, isFast(node, tensor),
            let shape = ConvolutionShape(
                convolution, input: draft.values[input].shape, output: draft.values[output].shape, kernel: tensor.shape)
        else { return false }
        let weights = ProductWeights(
            tensor: tensor, outputs: shape.outputChannels, groups: shape.groups, taps: shape.taps,
            channels: shape.channelsPerGroup, steps: shape.weightSteps(convolution.kernelOrder), scale: product.scale,
            shift: product.shift)
        let order = mapOrder(convolution.layout, rank: draft.values[input].shape.count)
        let job = ConvolutionJob(
            node: node, product: product, shape: shape, weights: weights, input: input, output: output,
            addend: node.inputs.count > 2 ? node.inputs[2] : nil, order: order)
        if try lowerDepthwise(job, convolution.window) { return true }
        let choice = chooseAlgorithm(shape)
        if choice.tile > 0 { return try lowerWinograd(job, choice) }
        return try lowerDirect(job, choice)
    }

    /// Emits a matrix product: a convolution of one pixel per row.
    mutating func lowerMatrix(
        _ node: Draft.Node, _ product: FusedProduct, isTransposed: Bool
    ) throws(EngineError) -> Bool {
        guard let input = node.inputs[0], let weight = node.inputs[1], let tensor = draft.values[weight].constant,
            let output = node.outputs.first, isFast(node, tensor), tensor.shape.count == 2
        else { return false }
        let depth = tensor.shape[isTransposed ? 1 : 0]
        let outputs = tensor.shape[isTransposed ? 0 : 1]
        let rows = depth > 0 ? (draft.values[input].shape.checkedElementCount ?? 0) / depth : 0
        let convolution = Convolution(
            window: Window(strides: [1], dilations: [1], padding: .valid), groups: 1, layout: .channelsLast,
            kernelOrder: isTransposed ? .outputInputSpatial : .spatialInputOutput)
        guard let shape = ConvolutionShape(
            convolution, input: [1, rows, depth], output: [1, rows, outputs],
            kernel: isTransposed ? [outputs, depth, 1] : [1, depth, outputs])
        else { return false }
        let weights = ProductWeights(
            tensor: tensor, outputs: outputs, groups: 1, taps: 1, channels: depth,
            steps: shape.weightSteps(convolution.kernelOrder), scale: product.scale, shift: product.shift)
        let job = ConvolutionJob(
            node: node, product: product, shape: shape, weights: weights, input: input, output: output,
            addend: node.inputs.count > 2 ? node.inputs[2] : nil, order: Array(draft.values[input].shape.indices))
        return try lowerDirect(job, chooseAlgorithm(shape))
    }

    /// float32 values only, and none without elements.
    private func isFast(_ node: Draft.Node, _ weight: Tensor) -> Bool {
        let values = (node.inputs.compactMap { $0 } + node.outputs).map { draft.values[$0] }
        return values.allSatisfy { $0.elementType == .float32 && ($0.shape.checkedElementCount ?? 0) > 0 }
            && node.inputs.prefix(1).allSatisfy { $0.map { !isBoxed[$0] } ?? false } && weight.elementType.isFloatingPoint
    }

    /// The order in memory of a map with this layout: channels last.
    func mapOrder(_ layout: Layout, rank: Int) -> [Int] {
        layout == .channelsLast ? Array(0..<rank) : [0] + Array(2..<rank) + [1]
    }
}

/// One convolution on its way to a step.
struct ConvolutionJob {
    let node: Draft.Node
    let product: FusedProduct
    let shape: ConvolutionShape
    let weights: ProductWeights
    let input: Int
    let output: Int
    let addend: Int?
    /// Order in memory of input, output and addend.
    let order: [Int]
}
