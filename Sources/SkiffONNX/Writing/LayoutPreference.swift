internal import SkiffCore
internal import SkiffGraph

/// Which values are wanted channels-first: those that an operator reads which ONNX has for such maps only, and those before
/// them that only pass through operators for which the order of axes is one to them. Where such a value begins, it is
/// transposed once, and everything behind it is written in that order until an operator needs the graph's.
struct LayoutPreference {
    private var wanted: Set<ValueID> = []

    init(_ graph: Graph) {
        for node in graph.nodes.reversed() {
            if node.operator.needsChannelsFirst(rank: rank(node.inputs.first ?? nil, graph)) {
                if let input = node.inputs.first ?? nil { wanted.insert(input) }
            }
            guard node.operator.followsOrder, let output = node.outputs.first, wanted.contains(output) else { continue }
            let rank = rank(output, graph)
            for case let input? in node.inputs where self.rank(input, graph) == rank { wanted.insert(input) }
        }
    }

    func wantsChannelsFirst(_ id: ValueID) -> Bool { wanted.contains(id) }

    private func rank(_ id: ValueID?, _ graph: Graph) -> Int? { id.flatMap { graph[$0].fact?.shape?.count } }
}

extension Operator {
    /// Whether the operator reads a map of that rank channels-last, which none of ONNX's does.
    fileprivate func needsChannelsFirst(rank: Int?) -> Bool {
        func isBehind(_ axis: Int) -> Bool { rank.map { $0 >= 3 && (axis < 0 ? axis + $0 : axis) != 1 } ?? false }
        return switch self {
        case .convolution(let attributes): attributes.layout == .channelsLast
        case .convolutionTranspose(let attributes): attributes.layout == .channelsLast
        case .pooling(let attributes): attributes.layout == .channelsLast
        case .globalPooling(let attributes): attributes.layout == .channelsLast
        case .upsampling(let attributes): attributes.layout == .channelsLast
        case .cropping(let attributes): attributes.layout == .channelsLast
        case .batchNormalization(let attributes): isBehind(attributes.axis)
        case .groupNormalization(let attributes): isBehind(attributes.axis)
        default: false
        }
    }

    /// Whether the operator can be written for maps with axes in any order, giving its result in that order.
    fileprivate var followsOrder: Bool {
        switch self {
        case .unary, .parametricReLU, .clip, .binary, .variadic, .select, .identity, .cast, .concatenation, .split, .slice,
            .pad, .resize, .dense, .layerNormalization, .upsampling, .cropping, .pooling, .batchNormalization:
            true
        case .softmax(let attributes): !attributes.flattensFromAxis
        case .reduction(let attributes): attributes.keepsDimensions
        default: false
        }
    }
}
