internal import SkiffCore
internal import SkiffGraph

/// A node as a bank of sums: each output channel is Σ w[k] · x[k] + bias over the taps that it reads.
struct LinearView {
    /// Output channels, and the axis of the output where they lie.
    let channels: Int
    let axis: Int
    let shape: Shape
    /// Taps of one channel.
    let taps: Int
    /// The weight operand and the elements in it of a channel's taps; no taps where only an offset is added.
    let operand: Int
    let weight: [Double]
    let weightShape: Shape
    /// Position in the weight of tap `k` of channel `c`.
    let position: (_ channel: Int, _ tap: Int) -> Int
    /// The group whose input a channel reads.
    let group: (_ channel: Int) -> Int
    /// What tap `k` of a group reads for output position `p`, counted over samples and spatial positions.
    let input: (_ group: Int, _ tap: Int, _ position: Int) -> Double
    /// The operand of the bias and its elements; `nil` where the node takes none.
    let biasOperand: Int?
    let bias: [Double]
    let names: (weight: String, bias: String)
    /// The moments of a normalization, which its values cannot tell from gamma and beta.
    var moments: (mean: [Double], variance: [Double], epsilon: Double)?

    /// Positions of one channel.
    var positions: Int { channels == 0 ? 0 : (shape.checkedElementCount ?? 0) / channels }

    /// Where position `p` of channel `c` lies in the output.
    func element(_ channel: Int, _ position: Int) -> Int {
        let inner = shape[(axis + 1)...].reduce(1, *)
        return (position / inner * channels + channel) * inner + position % inner
    }

    /// `nil` where the node is none, or its operands are not kept.
    init?(_ site: Site, _ runner: PieceRunner) {
        guard let shape = site.outputShape, let first = site.node.inputs.first ?? nil, let own = site.shape(ofInput: 0),
            let input = runner.value(first)
        else { return nil }
        switch site.node.operator {
        case .convolution(let convolution): self.init(convolution, site, own, input, shape)
        case .dense: self.init(matrix: site, own, input, shape, isTransposed: false)
        case .matrixMultiplication: self.init(matrix: site, own, input, shape, isTransposed: false)
        case .gemm(let gemm) where gemm.alpha == 1 && gemm.beta == 1 && !gemm.transposesA:
            self.init(matrix: site, own, input, shape, isTransposed: gemm.transposesB)
        case .batchNormalization(let normalization) where !normalization.isTraining:
            self.init(normalization, site, input, shape)
        default: return nil
        }
    }

    private init?(_ convolution: Convolution, _ site: Site, _ own: Shape, _ input: [Double], _ shape: Shape) {
        guard let tensor = site.weight(1), let weight = try? tensor.doubles(), tensor.shape.count == own.count,
            own.count > 2, own.count == shape.count
        else { return nil }
        let axes = convolution.kernelOrder.axes(rank: own.count)
        let axis = convolution.layout.channelAxis(rank: own.count)
        let first = convolution.layout.firstSpatialAxis
        let kernel = axes.spatial.map { tensor.shape[$0] }
        let strides = tensor.shape.rowMajorStrides
        let (groups, channels) = (convolution.groups, shape[axis])
        guard groups > 0, channels % groups == 0, own[axis] % groups == 0 else { return nil }
        let (perGroup, inputs) = (channels / groups, own[axis] / groups)
        let isMultiplier = convolution.kernelOrder == .spatialChannelMultiplier
        let window = convolution.window
        let padding = kernel.indices.map {
            window.resolvedPadding(axis: $0, extent: own[first + $0], kernel: kernel[$0]).before
        }
        let inputStrides = own.rowMajorStrides
        let outputExtents = kernel.indices.map { shape[first + $0] }
        let spots = outputExtents.reduce(1, *)
        let taps = inputs * kernel.reduce(1, *)
        (self.channels, self.axis, self.shape, self.taps) = (channels, axis, shape, taps)
        (operand, self.weight, weightShape, names) = (1, weight, tensor.shape, ("weight", "bias"))
        group = { $0 / perGroup }
        position = { channel, tap in
            var (rest, at) = (tap / inputs, 0)
            for index in kernel.indices.reversed() {
                at += rest % kernel[index] * strides[axes.spatial[index]]
                rest /= kernel[index]
            }
            if isMultiplier { return at + channel / perGroup * strides[axes.input] + channel % perGroup * strides[axes.output] }
            return at + tap % inputs * strides[axes.input] + channel * strides[axes.output]
        }
        self.input = { group, tap, position in
            var at = position / spots * inputStrides[0] + (group * inputs + tap % inputs) * inputStrides[axis]
            var (rest, spot) = (tap / inputs, position % spots)
            for index in kernel.indices.reversed() {
                let start = spot % outputExtents[index] * window.strides[index] - padding[index]
                let place = start + rest % kernel[index] * window.dilations[index]
                guard place >= 0, place < own[first + index] else { return 0 }
                at += place * inputStrides[first + index]
                (rest, spot) = (rest / kernel[index], spot / outputExtents[index])
            }
            return input[at]
        }
        biasOperand = 2
        bias = site.weight(2).flatMap { try? $0.doubles() } ?? [Double](repeating: 0, count: channels)
    }

    private init?(matrix site: Site, _ own: Shape, _ input: [Double], _ shape: Shape, isTransposed: Bool) {
        guard let tensor = site.weight(1), tensor.shape.count == 2, let weight = try? tensor.doubles(),
            let units = own.last, let channels = shape.last, shape.count >= 2
        else { return nil }
        let columns = tensor.shape[1]
        guard tensor.elementCount == units * channels else { return nil }
        (self.channels, axis, self.shape, taps) = (channels, shape.count - 1, shape, units)
        (operand, self.weight, weightShape, names) = (1, weight, tensor.shape, ("weight", "bias"))
        group = { _ in 0 }
        position = { channel, tap in isTransposed ? channel * columns + tap : tap * columns + channel }
        self.input = { _, tap, position in input[position * units + tap] }
        let isProduct = if case .matrixMultiplication = site.node.operator { true } else { false }
        biasOperand = isProduct ? nil : 2
        let stored = isProduct ? nil : site.weight(2).flatMap { try? $0.doubles() }
        let zeros = [Double](repeating: 0, count: channels)
        bias = stored?.count == channels ? stored ?? zeros : zeros
    }

    /// Gamma on the normalized map, and beta.
    private init?(_ normalization: BatchNormalization, _ site: Site, _ input: [Double], _ shape: Shape) {
        let axis = normalization.axis < 0 ? normalization.axis + shape.count : normalization.axis
        guard shape.indices.contains(axis), let mean = site.weight(3).flatMap({ try? $0.doubles() }),
            let variance = site.weight(4).flatMap({ try? $0.doubles() }), mean.count == shape[axis],
            variance.count == shape[axis]
        else { return nil }
        let channels = shape[axis]
        let inner = shape[(axis + 1)...].reduce(1, *)
        let factors = variance.map { 1 / ($0 + Double(normalization.epsilon)).squareRoot() }
        (self.channels, self.axis, self.shape, taps) = (channels, axis, shape, 1)
        weight = site.weight(1).flatMap { try? $0.doubles() } ?? [Double](repeating: 1, count: channels)
        bias = site.weight(2).flatMap { try? $0.doubles() } ?? [Double](repeating: 0, count: channels)
        (operand, weightShape, biasOperand, names) = (1, [channels], 2, ("gamma", "beta"))
        moments = (mean, variance, Double(normalization.epsilon))
        group = { $0 }
        position = { channel, _ in channel }
        self.input = { channel, _, position in
            let element = (position / inner * channels + channel) * inner + position % inner
            return (input[element] - mean[channel]) * factors[channel]
        }
    }
}
