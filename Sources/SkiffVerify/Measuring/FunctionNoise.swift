internal import SkiffCore
internal import SkiffEngine
internal import SkiffGraph

/// What another way to compute the same formula leaves, where ways differ by more than the order of a sum.
///
/// Libraries approximate sigmoid, tanh and erf with an error of a unit in the last place of 1, not of the result; and a
/// BatchNormalization is computed as (x − mean) · s + beta or as x · s + (beta − mean · s), which rounds at the size of
/// mean · s. The piece is run in Double once more with such errors put behind each such node; how far its output moves is
/// the noise.
enum FunctionNoise {
    /// RMS and largest distance that the output moves; `nil` where the piece has no such node.
    static func measured(_ region: Region) throws -> (rms: Double, largest: Double)? {
        let graph = region.graph
        guard let output = graph.outputs.first?.value else { return nil }
        var scales: [ValueID: Scale] = [:]
        for node in graph.nodes {
            guard let value = node.outputs.first, let scale = Scale(node, graph) else { continue }
            scales[value] = scale
        }
        guard !scales.isEmpty else { return nil }
        let evaluator = try Evaluator(graph, threads: region.threads)
        let inputs = scales.values.compactMap { $0.input }
        let run = try EvaluatorRun(
            evaluator, region.given, precision: .double, observing: Set(Array(scales.keys) + inputs + [output]))
        var seen: [ValueID: [Double]] = [:]
        var moved: [Double] = []
        repeat {
            for (id, value) in run.observed {
                var elements = value.doubles
                if let scale = scales[id] {
                    scale.move(&elements, input: scale.input.flatMap { seen[$0] }, shape: value.shape, seed: id.index)
                    try run.replace(id, with: .init(elementType: value.elementType, shape: value.shape, elements: .double(elements)))
                }
                if inputs.contains(id) { seen[id] = elements }
                if id == output { moved = elements }
            }
        } while try run.step()
        let plain = try region.output(.double).doubles()
        guard moved.count == plain.count, !plain.isEmpty else { return nil }
        var (sum, largest) = (0.0, 0.0)
        for (left, right) in zip(moved, plain) where left.isFinite && right.isFinite {
            sum += (left - right) * (left - right)
            largest = max(largest, abs(left - right))
        }
        return ((sum / Double(plain.count)).squareRoot(), largest)
    }
}

/// The size at which a node's formula rounds on the way, by element.
private enum Scale {
    /// The same for all elements.
    case constant(Double)
    /// The size of the node's input.
    case input(ValueID)
    /// At least one, and the size of the result.
    case result
    /// By channel, beside the size of the result.
    case channels([Double], axis: Int)

    var input: ValueID? { if case .input(let id) = self { id } else { nil } }

    init?(_ node: Node, _ graph: Graph) {
        switch node.operator {
        case .unary(let unary):
            switch unary.kind {
            case .sigmoid, .tanh, .error, .sine, .cosine, .elu, .celu: self = .constant(1)
            case .selu(let alpha, let gamma): self = .constant(Double(abs(alpha * gamma)))
            case .swish, .mish, .gelu:
                guard let input = node.inputs.first ?? nil else { return nil }
                self = .input(input)
            case .softplus, .logarithm: self = .result
            default: return nil
            }
        case .batchNormalization(let operation):
            guard !operation.isTraining, node.inputs.count == 5,
                let channels = Self.offsets(node, graph, epsilon: Double(operation.epsilon))
            else { return nil }
            self = .channels(channels, axis: operation.axis)
        default: return nil
        }
    }

    /// |mean · s| + |beta| of each channel.
    private static func offsets(_ node: Node, _ graph: Graph, epsilon: Double) -> [Double]? {
        let tensors = node.inputs.dropFirst().map { input in
            input.flatMap { graph.storedWeight($0)?.tensor }.flatMap { try? $0.doubles() }
        }
        guard tensors.count == 4, let mean = tensors[2], let variance = tensors[3],
            tensors.allSatisfy({ $0.map { $0.count == mean.count } ?? true })
        else { return nil }
        return mean.indices.map { channel in
            let scale = (tensors[0]?[channel] ?? 1) / (variance[channel] + epsilon).squareRoot()
            return abs(mean[channel] * scale) + abs(tensors[1]?[channel] ?? 0)
        }
    }

    /// Adds errors that are uniform within a unit roundoff (2⁻²⁴) of the size.
    func move(_ elements: inout [Double], input: [Double]?, shape: Shape, seed: Int) {
        let start = SeededInput.mix(UInt64(seed) &+ 0x5EED)
        func draw(_ position: Int) -> Double {
            let word = SeededInput.mix(start &+ UInt64(position) &* SeededInput.increment)
            return (Double(word >> 11) * 0x1p-52 - 1) * 0x1p-24
        }
        var stride = 1
        var channels = 1
        if case .channels(let list, let axis) = self {
            let axis = axis < 0 ? axis + shape.count : axis
            guard shape.indices.contains(axis), shape[axis] == list.count else { return }
            stride = shape[(axis + 1)...].reduce(1, *)
            channels = list.count
        }
        for position in elements.indices {
            let size: Double =
                switch self {
                case .constant(let size): size
                case .input: input.map { $0.indices.contains(position) ? abs($0[position]) : 0 } ?? 0
                case .result: max(1, abs(elements[position]))
                case .channels(let list, _): list[position / stride % channels] + abs(elements[position])
                }
            elements[position] += size * draw(position)
        }
    }
}
