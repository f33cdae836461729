internal import SkiffCore
internal import SkiffGraph

/// A contraction's weight, with its axes told apart, so that two weights compare in whatever order they lie.
struct WeightView {
    let tensor: Tensor?
    /// Extents of the value that enters, and for each axis the stride of the tensor's elements in it.
    let strides: [Int]
    let zeroPoint: Double
    let axes: Axes
    let outputs: Int
    let inputs: Int
    /// Output channels of one input channel, in depthwise kernels.
    let multiplier: Int
    let taps: Shape

    struct Axes {
        var output: Int
        /// The axis whose index counts fastest among output channels, in depthwise kernels.
        var multiplier: Int?
        var input: Int?
        var spatial: [Int]
    }

    /// What contractions with such a weight are called alike: the numbers of channels and the taps without axes of one.
    var label: UInt64 {
        let extents = [outputs, inputs] + taps.filter { $0 != 1 }.sorted()
        return extents.reduce(17) { combine($0, UInt64($1.magnitude)) }
    }

    /// The label with the taps in their order.
    var exactLabel: UInt64 { taps.filter { $0 != 1 }.reduce(label) { combine($0, UInt64($1.magnitude)) } }

    /// The weight of a node whose other operand is `dataOperand`; `nil` where its shape is not known or not one of a weight.
    init?(of node: SkiffGraph.Node, dataOperand: Int, in graph: Graph) {
        let position = 1 - dataOperand
        guard node.inputs.indices.contains(position), let id = node.inputs[position],
            let shape = graph[id].fact?.shape?.fixedShape, let count = shape.checkedElementCount, count > 0,
            let axes = Self.axes(node.operator, rank: shape.count, weight: position)
        else { return nil }
        self.axes = axes
        multiplier = axes.multiplier.map { shape[$0] } ?? 1
        outputs = shape[axes.output] * multiplier
        inputs = axes.input.map { shape[$0] } ?? 1
        taps = axes.spatial.map { shape[$0] }
        let source = Self.source(of: id, shape: shape, in: graph)
        tensor = source?.tensor
        strides = source?.strides ?? []
        zeroPoint = source?.zeroPoint ?? 0
    }

    private static func axes(_ operation: Operator, rank: Int, weight: Int) -> Axes? {
        switch operation {
        case .convolution(let convolution):
            guard rank > 2 else { return nil }
            let leading = Array(0..<rank - 2)
            return switch convolution.kernelOrder {
            case .outputInputSpatial: Axes(output: 0, input: 1, spatial: Array(2..<rank))
            case .inputOutputSpatial: Axes(output: 1, input: 0, spatial: Array(2..<rank))
            case .spatialInputOutput: Axes(output: rank - 1, input: rank - 2, spatial: leading)
            case .spatialOutputInput: Axes(output: rank - 2, input: rank - 1, spatial: leading)
            case .spatialChannelMultiplier: Axes(output: rank - 2, multiplier: rank - 1, input: nil, spatial: leading)
            }
        case .convolutionTranspose(let convolution):
            guard rank > 2 else { return nil }
            let leading = Array(0..<rank - 2)
            return switch convolution.kernelOrder {
            case .outputInputSpatial: Axes(output: 0, input: 1, spatial: Array(2..<rank))
            case .inputOutputSpatial: Axes(output: 1, input: 0, spatial: Array(2..<rank))
            case .spatialInputOutput: Axes(output: rank - 1, input: rank - 2, spatial: leading)
            case .spatialOutputInput, .spatialChannelMultiplier:
                Axes(output: rank - 2, input: rank - 1, spatial: leading)
            }
        case .dense: return rank == 2 ? Axes(output: 1, input: 0, spatial: []) : nil
        case .gemm(let gemm):
            guard rank == 2 else { return nil }
            let isTransposed = weight == 1 ? gemm.transposesB : !gemm.transposesA
            return isTransposed ? Axes(output: 0, input: 1, spatial: []) : Axes(output: 1, input: 0, spatial: [])
        case .matrixMultiplication:
            guard rank >= 2 else { return nil }
            let spatial = Array(0..<rank - 2)
            return weight == 1
                ? Axes(output: rank - 1, input: rank - 2, spatial: spatial)
                : Axes(output: rank - 2, input: rank - 1, spatial: spatial)
        case .einsum: return rank > 0 ? Axes(output: 0, input: nil, spatial: Array(1..<rank)) : nil
        default: return nil
        }
    }

    private struct Source {
        var tensor: Tensor
        var strides: [Int]
        var zeroPoint: Double
    }

    /// The tensor behind a computed weight, through nodes that keep or scale its elements.
    private static func source(of id: ValueID, shape: Shape, in graph: Graph) -> Source? {
        var current = id
        // Axis i of the weight is axis order[i] of the value at hand.
        var order = Array(shape.indices)
        var zeroPoint = 0.0
        for _ in 0..<8 {
            if let tensor = graph[current].tensor {
                guard tensor.shape.count == order.count, order.map({ tensor.shape[$0] }) == shape else { return nil }
                let strides = tensor.shape.rowMajorStrides
                return Source(tensor: tensor, strides: order.map { strides[$0] }, zeroPoint: zeroPoint)
            }
            guard let producer = graph.producer(of: current), let input = graph[producer].inputs.first ?? nil else {
                return nil
            }
            let node = graph[producer]
            switch node.operator {
            case .identity, .cast: break
            case .transpose(let transpose):
                let permutation = transpose.permutation ?? Array(order.indices.reversed())
                guard permutation.count == order.count, permutation.sorted() == Array(order.indices) else { return nil }
                order = order.map { permutation[$0] }
            case .dequantize:
                guard node.inputs.count > 2, let point = node.inputs[2] else { break }
                guard let values = graph[point].tensor.flatMap({ try? $0.doubles() }), let first = values.first,
                    values.allSatisfy({ $0 == first })
                else { return nil }
                zeroPoint = first
            default: return nil
            }
            current = input
        }
        return nil
    }
}
