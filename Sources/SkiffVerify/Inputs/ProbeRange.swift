internal import SkiffCore
public import SkiffGraph

/// The range that a network's images lie in.
///
/// An image of another range still shows most mistakes, but not as well: what is many times too large saturates
/// activations and a softmax, and hides what is behind them; what is 64 times too small drowns in the constants of the
/// first normalization, so that a slightly wrong weight falls below their rounding. A factor of two does neither.
public enum ProbeRange: String, Hashable, Sendable, CaseIterable {
    /// Mean about 0, variance about 1: images as torchvision and most trainers normalise them, and −1…1.
    case normalised
    /// 0…1, with a spread of a quarter: pixels over 255.
    case unit
    /// −128…127: pixels less their mean, as networks from Caffe take them.
    case centred
    /// 0…255: pixels, for networks that scale them themselves.
    case bytes

    /// The element for a level, of which 128 is the middle and 64 the spread.
    func value(_ level: Float) -> Float {
        switch self {
        case .normalised: (level - 128) / 64
        case .unit: level / 256
        case .centred: level - 128
        case .bytes: min(255, max(0, level))
        }
    }

    /// What it means, in words.
    public var text: String {
        switch self {
        case .normalised: "mean 0 and variance 1"
        case .unit: "0…1"
        case .centred: "−128…127"
        case .bytes: "0…255"
        }
    }

    /// The range that a network expects of an input, by what stands behind it: factors and offsets as preprocessing
    /// puts them into a model, then the stored moments of the first normalization, or those of one behind the first
    /// convolution, whose kernels say what spread of the input makes them. `nil` where there is nothing to go by.
    public init?(of graph: Graph, input: ValueID) {
        var trace = RangeTrace(graph)
        guard let moments = trace.moments(of: input), moments.spread.isFinite, moments.mean.isFinite else { return nil }
        // A network that scales its input takes pixels.
        switch moments.spread {
        case ..<0.5: self = .unit
        case ..<8: self = .normalised
        default: self = moments.mean < 64 && !trace.isScaled ? .centred : .bytes
        }
    }
}

/// Walks from an input to the first layer that says what it expects: y = factor · x + offset on the way.
private struct RangeTrace {
    let graph: Graph
    let consumers: [[NodeID]]
    var factor = 1.0
    var offset = 0.0
    /// Whether there was such a factor or offset.
    var isScaled = false
    /// Nodes that are walked.
    private static let reach = 24

    init(_ graph: Graph) {
        self.graph = graph
        consumers = graph.consumers()
    }

    /// Mean and spread that the input has where what reads it is as it expects.
    mutating func moments(of input: ValueID) -> (mean: Double, spread: Double)? {
        var value = input
        for _ in 0..<Self.reach {
            guard let next = consumers[value.index].first(where: { Self.leadsOn(graph[$0]) }) else { break }
            let node = graph[next]
            switch node.operator {
            case .binary(let binary):
                guard apply(binary.kind, node, to: value) else { return nil }
                isScaled = true
            case .batchNormalization:
                guard let stored = storedMoments(node) else { return nil }
                return ((stored.mean - offset) / factor, stored.spread / abs(factor))
            case .convolution(let convolution):
                if let spread = expectedSpread(node, convolution) { return (-offset / factor, spread / abs(factor)) }
                return isScaled ? (-offset / factor, 1 / abs(factor)) : nil
            case .dense, .gemm, .matrixMultiplication:
                return isScaled ? (-offset / factor, 1 / abs(factor)) : nil
            default: break
            }
            guard let output = node.outputs.first, factor != 0 else { return nil }
            value = output
        }
        return nil
    }

    /// Operators that lead on: those that move elements and those that are understood.
    private static func leadsOn(_ node: Node) -> Bool {
        switch node.operator {
        case .identity, .cast, .pad, .transpose, .reshape, .cropping, .resize, .upsampling, .slice, .squeeze,
            .unsqueeze, .gather, .binary, .batchNormalization, .convolution, .dense, .gemm, .matrixMultiplication:
            true
        default: false
        }
    }

    /// Takes a factor or an offset that is a constant; its mean where it has one for each channel.
    private mutating func apply(_ kind: Binary.Kind, _ node: Node, to value: ValueID) -> Bool {
        guard node.inputs.count == 2, let other = node.inputs.first(where: { $0 != value }) ?? nil,
            let tensor = graph.storedWeight(other)?.tensor, (1...256).contains(tensor.elementCount),
            let numbers = try? tensor.doubles()
        else { return false }
        let constant = numbers.reduce(0, +) / Double(numbers.count)
        let isFirst = node.inputs.first == value
        switch kind {
        case .add: offset += constant
        case .subtract where isFirst: offset -= constant
        case .subtract: (factor, offset) = (-factor, constant - offset)
        case .multiply: (factor, offset) = (factor * constant, offset * constant)
        case .divide where isFirst && constant != 0: (factor, offset) = (factor / constant, offset / constant)
        default: return false
        }
        return factor != 0 && factor.isFinite && offset.isFinite
    }

    /// The median of a normalization's stored moments.
    private func storedMoments(_ node: Node) -> (mean: Double, spread: Double)? {
        guard node.inputs.count == 5, let mean = weight(node, 3), let variance = weight(node, 4),
            let middle = Self.median(mean), let square = Self.median(variance), square > 0
        else { return nil }
        return (middle, square.squareRoot())
    }

    /// The spread of a convolution's input with which its output has the moments that a normalization behind it stores:
    /// that of white noise, which for natural images is right to a factor of about three. Where the normalization is
    /// folded in, outputs are about one; kernels so small that this takes sixteen and more are those of pixels.
    private func expectedSpread(_ node: Node, _ convolution: Convolution) -> Double? {
        guard let norms = kernelNorms(node, convolution), let output = node.outputs.first else { return nil }
        if let normalization = normalization(behind: output), let variance = weight(normalization, 4),
            variance.count == norms.count
        {
            return Self.median(zip(variance, norms).filter { $0 > 0 && $1 > 0 }.map { $0.squareRoot() / $1 })
        }
        guard let spread = Self.median(norms.filter { $0 > 0 }.map { 1 / $0 }), spread >= 16 * abs(factor) else {
            return nil
        }
        return spread
    }

    /// The root of the sum of squares of each output's kernel.
    private func kernelNorms(_ node: Node, _ convolution: Convolution) -> [Double]? {
        guard let weight = node.inputs.count > 1 ? node.inputs[1].flatMap({ graph.storedWeight($0)?.tensor }) : nil,
            weight.shape.count >= 3, weight.elementCount <= 1 << 20, let kernel = try? weight.doubles()
        else { return nil }
        let isOutputFirst = convolution.kernelOrder == .outputInputSpatial
        guard isOutputFirst || convolution.kernelOrder == .spatialInputOutput else { return nil }
        let count = isOutputFirst ? weight.shape[0] : weight.shape[weight.shape.count - 1]
        guard count > 0, kernel.count >= count else { return nil }
        var squares = [Double](repeating: 0, count: count)
        let perOutput = kernel.count / count
        for (position, element) in kernel.enumerated() {
            squares[isOutputFirst ? position / perOutput : position % count] += element * element
        }
        return squares.map { $0.squareRoot() }
    }

    private func normalization(behind value: ValueID) -> Node? {
        var value = value
        for _ in 0..<4 {
            for consumer in consumers[value.index] {
                if case .batchNormalization = graph[consumer].operator { return graph[consumer] }
            }
            let next = consumers[value.index].lazy.map { graph[$0] }.first { node in
                switch node.operator {
                case .identity, .cast: true
                case .binary(let binary): binary.kind == .add
                default: false
                }
            }
            guard let output = next?.outputs.first else { return nil }
            value = output
        }
        return nil
    }

    private func weight(_ node: Node, _ position: Int) -> [Double]? {
        guard node.inputs.count > position, let id = node.inputs[position],
            let tensor = graph.storedWeight(id)?.tensor, tensor.elementCount <= 1 << 16
        else { return nil }
        return try? tensor.doubles()
    }

    private static func median(_ numbers: [Double]) -> Double? {
        guard !numbers.isEmpty, numbers.allSatisfy(\.isFinite) else { return nil }
        return numbers.sorted()[numbers.count / 2]
    }
}
