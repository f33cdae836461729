internal import SkiffCore

/// What the operators that read a weight say of its axes.
public struct WeightAxes: Hashable, Sendable {
    /// The weight's axes in ONNX's order: output channels, input channels, then spatial axes; those of a transposed
    /// convolution input channels first. Axis `k` of the canonical order is axis `canonical[k]` of the weight.
    public var canonical: [Int]
    /// The axis of the output channels: what quantization per channel has a scale for.
    public var outputChannels: Int
}

extension Graph {
    /// The axes of all weights of convolutions and matrix products, by what reads them first.
    ///
    /// Biases, statistics and constants are not among them.
    public func weightAxes() -> [ValueID: WeightAxes] {
        var found: [ValueID: WeightAxes] = [:]
        for node in nodes where node.inputs.count > 1 {
            guard let input = node.inputs[1], let (id, tensor) = storedWeight(input), found[id] == nil else { continue }
            found[id] = node.operator.weightAxes(rank: tensor.shape.count)
        }
        return found
    }
}

extension Operator {
    /// The axes of input 1, a weight of that rank; `nil` for operators that do not contract it.
    fileprivate func weightAxes(rank: Int) -> WeightAxes? {
        switch self {
        case .convolution(let convolution): convolution.kernelOrder.axes(rank: rank)
        case .convolutionTranspose(let convolution): convolution.kernelOrder.axes(rank: rank)
        case .dense, .matrixMultiplication: rank == 2 ? WeightAxes(canonical: [1, 0], outputChannels: 1) : nil
        case .gemm(let gemm):
            if rank != 2 {
                nil
            } else if gemm.transposesB {
                WeightAxes(canonical: [0, 1], outputChannels: 0)
            } else {
                WeightAxes(canonical: [1, 0], outputChannels: 1)
            }
        default: nil
        }
    }
}

extension KernelOrder {
    fileprivate func axes(rank: Int) -> WeightAxes? {
        guard rank > 2 else { return nil }
        let spatial = Array(0..<rank - 2)
        return switch self {
        case .outputInputSpatial: WeightAxes(canonical: Array(0..<rank), outputChannels: 0)
        case .inputOutputSpatial: WeightAxes(canonical: Array(0..<rank), outputChannels: 1)
        case .spatialInputOutput: WeightAxes(canonical: [rank - 1, rank - 2] + spatial, outputChannels: rank - 1)
        case .spatialChannelMultiplier: WeightAxes(canonical: [rank - 2, rank - 1] + spatial, outputChannels: rank - 2)
        case .spatialOutputInput: WeightAxes(canonical: [rank - 1, rank - 2] + spatial, outputChannels: rank - 2)
        }
    }
}
