internal import SkiffCore
internal import SkiffGraph
internal import SkiffVerify

/// A weight of a layer.
struct LayerWeight: Sendable {
    /// What it is to the operator: `weight`, `bias`, `scale`.
    var role: String
    var value: ValueID
    /// `nil` where it is computed in a way that is not followed.
    var stored: WeightRef?
}

extension Network {
    /// Elements up to which a constant is a trait of a description and no weight.
    static let toldConstants = 16

    /// The weights that one node of a piece reads.
    func weights(of id: NodeID, in piece: Piece) -> [LayerWeight] {
        let node = graph[id]
        var found: [LayerWeight] = []
        func add(_ role: String, _ position: Int, _ keys: [[WeightRef.Axis]]?) {
            guard node.inputs.indices.contains(position), let value = node.inputs[position] else { return }
            found.append(
                LayerWeight(role: role, value: value, stored: keys.flatMap { WeightRef(value, keys: $0, in: graph) }))
        }
        func vector(_ position: Int) -> [[WeightRef.Axis]]? {
            guard node.inputs.indices.contains(position), let value = node.inputs[position],
                let shape = graph[value].fact?.shape?.fixedShape
            else { return nil }
            return shape.indices.map { [.init(key: shape[$0] == 1 ? .axis($0) : .output(0), extent: shape[$0])] }
        }
        if case .contraction(let position) = piece.kind, id == piece.head {
            add("weight", position, weightAxes(of: node, position))
            add("bias", 2, vector(2))
            return found
        }
        switch node.operator {
        case .batchNormalization:
            for (role, position) in [("scale", 1), ("offset", 2), ("mean", 3), ("variance", 4)] {
                add(role, position, vector(position))
            }
        case .clip, .pad, .slice, .reduction, .resize: break
        default:
            let labels = node.outputs.first.flatMap { side.axes(of: $0) }
            for (position, input) in node.inputs.enumerated() {
                guard let input, !side.isComputed(input), let shape = graph[input].fact?.shape?.fixedShape,
                    let count = shape.checkedElementCount
                else { continue }
                if case .affine = piece.kind {
                    add(node.operator.isSum ? "addend" : "factor", position, vector(position))
                    continue
                }
                // What the description says of small constants is compared there.
                guard count > Self.toldConstants || !node.operator.tellsSmallConstants else { continue }
                add("input \(position)", position, broadcastAxes(shape, labels))
            }
        }
        return found
    }

    /// Axes of a constant that is broadcast to a map, by what they are there.
    private func broadcastAxes(_ shape: Shape, _ labels: [[PairedFlows.AxisFactor]]?) -> [[WeightRef.Axis]] {
        shape.indices.map { axis in
            let position = (labels?.count ?? shape.count) - shape.count + axis
            let label = labels.flatMap { labels -> Int? in
                guard labels.indices.contains(position), labels[position].count == 1 else { return nil }
                return labels[position][0].label
            }
            return [.init(key: label == PairedFlows.channelsLabel ? .output(0) : .axis(label ?? 1000 + axis), extent: shape[axis])]
        }
    }

    /// What the axes of a contraction's weight are.
    private func weightAxes(of node: Node, _ position: Int) -> [[WeightRef.Axis]]? {
        guard let value = node.inputs[position], let shape = graph[value].fact?.shape?.fixedShape else { return nil }
        switch node.operator {
        case .convolution(let convolution):
            return shape.count > 2 ? kernelAxes(shape, convolution.kernelOrder, groups: convolution.groups) : nil
        case .convolutionTranspose(let convolution):
            return shape.count > 2 ? kernelAxes(shape, convolution.kernelOrder, groups: 1) : nil
        case .dense, .matrixMultiplication, .gemm:
            guard shape.count == 2 else {
                return shape.indices.map { [.init(key: .axis($0), extent: shape[$0])] }
            }
            var outputFirst = position == 0
            if case .gemm(let gemm) = node.operator { outputFirst = position == 1 ? gemm.transposesB : !gemm.transposesA }
            let (outputs, inputs) = outputFirst ? (shape[0], shape[1]) : (shape[1], shape[0])
            let input = inputFactors(of: node, 1 - position, inputs) ?? [.init(key: .input(0), extent: inputs)]
            let output = [WeightRef.Axis(key: .output(0), extent: outputs)]
            return outputFirst ? [output, input] : [input, output]
        default: return nil
        }
    }

    private func kernelAxes(_ shape: Shape, _ order: KernelOrder, groups: Int) -> [[WeightRef.Axis]] {
        typealias Axis = WeightRef.Axis
        let last = shape.count - 1
        func taps(_ range: Range<Int>) -> [[Axis]] {
            range.enumerated().map { [Axis(key: .tap($0.offset), extent: shape[$0.element])] }
        }
        func outputs(_ extent: Int, _ inputs: Int) -> [Axis] {
            // Depthwise kernels of channels-last files have both factors as axes.
            guard groups > 1, inputs == 1, extent % groups == 0 else { return [Axis(key: .output(0), extent: extent)] }
            return [Axis(key: .output(0), extent: groups), Axis(key: .output(1), extent: extent / groups)]
        }
        func input(_ axis: Int) -> [Axis] { [Axis(key: .input(0), extent: shape[axis])] }
        return switch order {
        case .outputInputSpatial: [outputs(shape[0], shape[1]), input(1)] + taps(2..<shape.count)
        case .spatialInputOutput: taps(0..<last - 1) + [input(last - 1), outputs(shape[last], shape[last - 1])]
        case .spatialChannelMultiplier:
            taps(0..<last - 1)
                + [[Axis(key: .output(0), extent: shape[last - 1])], [Axis(key: .output(1), extent: shape[last])]]
        case .inputOutputSpatial: [input(0), outputs(shape[1], shape[0])] + taps(2..<shape.count)
        case .spatialOutputInput: taps(0..<last - 1) + [outputs(shape[last - 1], shape[last]), input(last)]
        }
    }

    /// The factors of the axis that a matrix product sums over, where a map was flattened into it.
    private func inputFactors(of node: Node, _ position: Int, _ extent: Int) -> [WeightRef.Axis]? {
        guard let data = node.inputs[position], let axes = side.axes(of: data), !axes.isEmpty else { return nil }
        var axis = position == 0 ? axes.count - 1 : max(0, axes.count - 2)
        if case .gemm(let gemm) = node.operator, axes.count == 2 {
            axis = position == 0 ? (gemm.transposesA ? 0 : 1) : (gemm.transposesB ? 1 : 0)
        }
        let factors = axes[axis].filter { $0.extent != .fixed(1) }
        guard factors.count > 1, Set(factors.map(\.label)).count == factors.count else { return nil }
        let extents = factors.compactMap(\.extent.fixedValue)
        guard extents.count == factors.count, extents.checkedElementCount == extent else { return nil }
        return zip(factors, extents).map { .init(key: .input($0.label + 1), extent: $1) }
    }
}

extension Operator {
    /// Whether a description has the node's small constants among its traits.
    fileprivate var tellsSmallConstants: Bool {
        switch self {
        case .binary, .variadic, .concatenation: false
        default: true
        }
    }

    /// Whether a node's constant is added.
    var isSum: Bool {
        switch self {
        case .binary(let binary): binary.kind == .add || binary.kind == .subtract
        case .variadic(let variadic): variadic.kind == .sum
        default: false
        }
    }
}
