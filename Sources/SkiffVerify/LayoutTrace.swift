internal import SkiffCore
internal import SkiffGraph

/// Finds the layout of a value by the operators around it: the convolutions, pools and normalizations that say
/// which axis they take for channels, followed through operators that keep or permute axes.
struct LayoutTrace {
    private let graph: Graph
    private let consumers: [[NodeID]]
    /// Nodes that are looked at before the layout counts as unknown.
    private static let reach = 64

    init(_ graph: Graph) {
        self.graph = graph
        consumers = graph.consumers()
    }

    /// The layout of a graph input, from what reads it.
    func layout(ofInput id: ValueID) -> Layout? {
        guard let rank = rank(of: id), rank >= 3 else { return nil }
        var waiting: [(value: ValueID, axes: [Int])] = [(id, Array(0..<rank))]
        var next = 0
        while next < waiting.count, next < Self.reach {
            let (value, axes) = waiting[next]
            next += 1
            for consumer in consumers[value.index] {
                let node = graph[consumer]
                guard node.inputs.first == value else { continue }
                if let channel = node.operator.channelAxis(rank: axes.count), axes.indices.contains(channel) {
                    return Layout(channelAxis: axes[channel], rank: rank)
                }
                guard let output = node.outputs.first, let step = step(node, from: value, to: output) else { continue }
                waiting.append((output, step.map { axes[$0] }))
            }
        }
        return nil
    }

    /// The layout of a value, from what gives it; for an input from what reads it.
    func layout(of id: ValueID) -> Layout? {
        guard let rank = rank(of: id), rank >= 3 else { return nil }
        var value = id
        // Axis i of the value asked for is axis axes[i] of the one at hand.
        var axes = Array(0..<rank)
        for _ in 0..<Self.reach {
            guard let producer = graph.producer(of: value) else { break }
            let node = graph[producer]
            if let channel = node.operator.channelAxis(rank: rank), let axis = axes.firstIndex(of: channel) {
                return Layout(channelAxis: axis, rank: rank)
            }
            guard let input = node.inputs.first(where: { $0.map { graph[$0].tensor == nil } ?? false }) ?? nil,
                let step = step(node, from: input, to: value)
            else { return nil }
            axes = axes.map { step[$0] }
            value = input
        }
        guard graph.inputs.contains(value), let layout = layout(ofInput: value),
            let axis = axes.firstIndex(of: layout.channelAxis(rank: rank))
        else { return nil }
        return Layout(channelAxis: axis, rank: rank)
    }

    private func rank(of id: ValueID) -> Int? { graph[id].fact?.shape?.count }

    /// Axis `i` of `output` is axis `result[i]` of `input`; `nil` where the operator does not keep axes apart.
    private func step(_ node: Node, from input: ValueID, to output: ValueID) -> [Int]? {
        guard let before = graph[input].fact?.shape, let after = graph[output].fact?.shape,
            before.count == after.count
        else { return nil }
        switch node.operator {
        case .transpose(let transpose):
            let permutation = transpose.permutation ?? Array(before.indices.reversed())
            return permutation.sorted() == Array(before.indices) ? permutation : nil
        case .reshape: return Self.movedSingleChannel(before, after)
        case .identity, .cast, .unary, .parametricReLU, .clip, .binary, .variadic, .pad, .batchNormalization,
            .cropping, .upsampling, .resize, .slice, .instanceNormalization, .groupNormalization, .softmax,
            .localResponseNormalization, .select, .quantize, .dequantize, .scatterND, .scatterElements:
            return Array(before.indices)
        default: return nil
        }
    }

    /// A reshape that moves an axis of one element past the spatial axes, which exporters write for a transpose.
    private static func movedSingleChannel(_ before: SymbolicShape, _ after: SymbolicShape) -> [Int]? {
        for (from, to) in [(Layout.channelsLast, Layout.channelsFirst), (.channelsFirst, .channelsLast)] {
            guard let permutation = Permutation(from: from, to: to, rank: before.count),
                before[from.channelAxis(rank: before.count)] == .fixed(1),
                zip(permutation(before), after).dropFirst().allSatisfy({ $0 == $1 }),
                before != after
            else { continue }
            return permutation.axes
        }
        return nil
    }
}

extension Layout {
    /// The layout with that channel axis; `nil` for an axis between the others.
    init?(channelAxis: Int, rank: Int) {
        switch channelAxis {
        case 1: self = .channelsFirst
        case rank - 1: self = .channelsLast
        default: return nil
        }
    }
}

extension Operator {
    /// The axis that the operator takes for channels in a map of `rank`; `nil` where it does not say.
    fileprivate func channelAxis(rank: Int) -> Int? {
        switch self {
        case .convolution(let attributes): attributes.layout.channelAxis(rank: rank)
        case .convolutionTranspose(let attributes): attributes.layout.channelAxis(rank: rank)
        case .pooling(let attributes): attributes.layout.channelAxis(rank: rank)
        case .globalPooling(let attributes): attributes.layout.channelAxis(rank: rank)
        case .cropping(let attributes): attributes.layout.channelAxis(rank: rank)
        case .upsampling(let attributes): attributes.layout.channelAxis(rank: rank)
        case .batchNormalization(let attributes): attributes.axis < 0 ? attributes.axis + rank : attributes.axis
        case .instanceNormalization, .localResponseNormalization: 1
        default: nil
        }
    }
}
