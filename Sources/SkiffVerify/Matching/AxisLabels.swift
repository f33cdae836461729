internal import SkiffCore
internal import SkiffGraph

/// What the axes of every value are (batch, channels, first spatial axis, …), by the operators that say so, followed
/// through everything that moves axes, cuts them or flattens them together.
///
/// Two values of which all axes are told have one order of elements, or orders that a permutation of axes turns into each
/// other, or neither: a map that was flattened in another order is never taken for the same.
struct AxisLabels {
    /// One factor of an axis; an axis that was flattened has several, the outermost first.
    struct Factor: Hashable {
        /// 0 the batch, 1 channels, 2 and on spatial axes; larger numbers are made of those.
        var label: Int
        var extent: Dimension
    }

    typealias Axis = [Factor]

    static let batch = 0
    static let channels = 1
    static let spatial = 2
    /// Labels from here on are parts of others, or axes that nothing tells, by their position.
    static let other = 64

    private let graph: Graph
    /// By value; `nil` where an axis is not told.
    private(set) var axes: [[Axis]?]

    /// - Parameter inputs: labels for the graph's inputs.
    init(_ flow: ValueFlow, inputs: [ValueID: [Int]]) {
        graph = flow.graph
        axes = [[Axis]?](repeating: nil, count: graph.values.count)
        for input in graph.inputs {
            guard let shape = graph[input].fact?.shape else { continue }
            axes[input.index] = Self.labelled(inputs[input] ?? Self.unnamed(rank: shape.count), shape)
        }
        for (index, node) in graph.nodes.enumerated() {
            if case .constant = flow.roles[index] { continue }
            let operand = node.inputs.firstIndex { $0.map { flow.isComputed[$0.index] } ?? false } ?? 0
            for output in node.outputs {
                guard let shape = graph[output].fact?.shape else { continue }
                axes[output.index] = labels(of: node, operand, shape)
            }
        }
    }

    /// Labels of a map in that layout.
    static func labels(_ layout: Layout, rank: Int) -> [Int] {
        let channel = layout.channelAxis(rank: rank)
        return (0..<rank).map { axis in
            axis == 0 ? batch : axis == channel ? channels : axis - layout.firstSpatialAxis + spatial
        }
    }

    /// Labels of an input of which nothing says what its axes are.
    static func unnamed(rank: Int) -> [Int] {
        (0..<rank).map { axis in axis == 0 ? batch : axis == rank - 1 ? channels : other + axis }
    }

    static func labelled(_ labels: [Int], _ shape: SymbolicShape) -> [Axis]? {
        guard labels.count == shape.count else { return nil }
        return zip(labels, shape).map { [Factor(label: $0, extent: $1)] }
    }

    private func labels(of node: Node, _ operand: Int, _ shape: SymbolicShape) -> [Axis]? {
        let source = node.inputs[operand]
        let before = source.flatMap { axes[$0.index] }
        let rank = shape.count
        switch node.operator {
        case .convolution(let convolution): return Self.map(convolution.layout, shape)
        case .convolutionTranspose(let convolution): return Self.map(convolution.layout, shape)
        case .pooling(let pooling): return Self.map(pooling.layout, shape)
        case .globalPooling(let pooling):
            return pooling.keepsDimensions
                ? Self.map(pooling.layout, shape) : Self.labelled([Self.batch, Self.channels], shape)
        case .batchNormalization(let normalization) where before == nil:
            let axis = normalization.axis < 0 ? normalization.axis + rank : normalization.axis
            return axis == 1 ? Self.map(.channelsFirst, shape) : axis == rank - 1 ? Self.map(.channelsLast, shape) : nil
        case .dense: return replacingLast(before, shape)
        case .gemm(let gemm):
            let row = before.flatMap { $0.count == 2 && rank == 2 ? $0[gemm.transposesA ? 1 : 0] : nil }
            return rank == 2 ? [row ?? [Factor(label: Self.batch, extent: shape[0])], Self.channel(shape[1])] : nil
        case .matrixMultiplication: return product(node, operand, shape)
        case .transpose(let transpose):
            guard let before, before.count == rank else { return nil }
            let permutation = transpose.permutation ?? Array(before.indices.reversed())
            guard permutation.count == rank, permutation.allSatisfy(before.indices.contains) else { return nil }
            return permutation.map { before[$0] }
        case .flatten(let flatten):
            guard let before, rank == 2 else { return nil }
            let axis = flatten.axis < 0 ? flatten.axis + before.count : flatten.axis
            guard (0...before.count).contains(axis) else { return nil }
            return [before[..<axis].flatMap { $0 }, before[axis...].flatMap { $0 }]
        case .reshape, .squeeze, .unsqueeze: return before.flatMap { AxisRegrouping($0, into: shape).axes }
        case .reduction(let reduction): return reduced(before, reduction, node, shape)
        case .shapeOf, .sizeOf, .oneHot, .einsum, .unknown: return nil
        default: return kept(node, shape)
        }
    }

    private static func map(_ layout: Layout, _ shape: SymbolicShape) -> [Axis]? {
        shape.count > 2 ? labelled(labels(layout, rank: shape.count), shape) : nil
    }

    private static func channel(_ extent: Dimension) -> Axis { [Factor(label: channels, extent: extent)] }

    private func replacingLast(_ before: [Axis]?, _ shape: SymbolicShape) -> [Axis]? {
        guard var axes = before, axes.count == shape.count, let last = shape.last else { return nil }
        axes[axes.count - 1] = Self.channel(last)
        return axes
    }

    /// The rows of the first operand and the columns of the second.
    private func product(_ node: Node, _ operand: Int, _ shape: SymbolicShape) -> [Axis]? {
        guard node.inputs.count == 2, let last = shape.last else { return nil }
        let both = node.inputs.map { $0.flatMap { axes[$0.index] } }
        if operand == 0, both[1] == nil { return replacingLast(both[0], shape) }
        guard var result = both[operand], result.count == shape.count, result.count > 1 else { return nil }
        if operand == 1 {
            result[result.count - 2] = Self.channel(shape[shape.count - 2])
        } else if let columns = both[1]?.last {
            result[result.count - 1] = columns
        } else {
            result[result.count - 1] = Self.channel(last)
        }
        return result
    }

    private func reduced(_ before: [Axis]?, _ reduction: Reduction, _ node: Node, _ shape: SymbolicShape) -> [Axis]? {
        guard let before else { return nil }
        let listed = node.inputs.count > 1 ? node.inputs[1].flatMap { graph[$0].fact?.integers } : nil
        guard let list = reduction.axes ?? listed else { return shape.isEmpty ? [] : nil }
        let axes = Set(list.map { $0 < 0 ? $0 + before.count : $0 })
        guard axes.allSatisfy(before.indices.contains) else { return nil }
        let result: [Axis] = reduction.keepsDimensions
            ? before.indices.map { axes.contains($0) ? [] : before[$0] }
            : before.indices.filter { !axes.contains($0) }.map { before[$0] }
        return result.count == shape.count ? result : nil
    }

    /// The axes of whichever operand has them all; an axis with another extent is no longer what it was flattened from.
    private func kept(_ node: Node, _ shape: SymbolicShape) -> [Axis]? {
        let sources = node.inputs.compactMap { $0 }.filter { axes[$0.index]?.count == shape.count }
        // Of a small factor beside a map, the map tells.
        guard let source = sources.first(where: { graph[$0].fact?.shape == shape }) ?? sources.first,
            let before = axes[source.index]
        else { return nil }
        return before.indices.map { Self.axis(before[$0], at: $0, now: shape[$0]) }
    }

    private static func axis(_ axis: Axis, at position: Int, now extent: Dimension) -> Axis {
        if axis.count == 1, let factor = axis.first { return [Factor(label: factor.label, extent: extent)] }
        if axis.isEmpty { return extent == .fixed(1) ? [] : [Factor(label: other + position, extent: extent)] }
        let product = axis.reduce(into: 1 as Int?) { product, factor in
            product = product.flatMap { left in factor.extent.fixedValue.flatMap { [left, $0].checkedElementCount } }
        }
        if product == extent.fixedValue { return axis }
        let label = axis.reduce(UInt64(5)) { combine($0, UInt64(bitPattern: Int64($1.label))) }
        return [Factor(label: other + Int(label >> 2), extent: extent)]
    }
}
