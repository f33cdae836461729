internal import SkiffCore
internal import SkiffGraph

extension Graph {
    /// A convolution, or a matrix product by a weight, as a layer of a block; `nil` for a product of two data.
    func layer(_ id: NodeID, flow: Dataflow, facts: [Fact?]) -> ResidualBlock.Layer? {
        let node = self[id]
        func shape(_ slot: Int) -> Shape? {
            guard slot < node.inputs.count, let input = node.inputs[slot], !flow.isData[input.index] else { return nil }
            return facts[input.index]?.shape?.fixedShape
        }
        switch node.operator {
        case .convolution(let convolution):
            return layer(
                id, weight: shape(1), order: convolution.kernelOrder, groups: convolution.groups,
                window: convolution.window)
        case .convolutionTranspose(let convolution):
            return layer(
                id, weight: shape(1), order: convolution.kernelOrder, groups: convolution.groups,
                window: convolution.window)
        case .dense:
            return matrixLayer(id, weight: shape(1), isTransposed: false)
        case .gemm(let gemm):
            return matrixLayer(id, weight: shape(1), isTransposed: gemm.transposesB)
        case .matrixMultiplication:
            if let right = shape(1) { return matrixLayer(id, weight: right, isTransposed: false) }
            return shape(0).flatMap { matrixLayer(id, weight: $0, isTransposed: true) }
        default:
            return nil
        }
    }

    private func layer(
        _ id: NodeID, weight: Shape?, order: KernelOrder, groups: Int, window: Window
    ) -> ResidualBlock.Layer {
        let axes = weight.flatMap { KernelAxes(shape: $0, order: order, groups: groups) }
        return ResidualBlock.Layer(
            node: id, name: displayName(of: id),
            kernel: axes?.kernel ?? [Int](repeating: 0, count: window.strides.count), strides: window.strides,
            dilations: window.dilations, groups: axes?.groups ?? groups, inputChannels: axes?.inputChannels,
            outputChannels: axes?.outputChannels)
    }

    private func matrixLayer(_ id: NodeID, weight: Shape?, isTransposed: Bool) -> ResidualBlock.Layer? {
        guard let weight, weight.count >= 2 else { return nil }
        let (rows, columns) = (weight[weight.count - 2], weight[weight.count - 1])
        return ResidualBlock.Layer(
            node: id, name: displayName(of: id), kernel: [], strides: [], dilations: [], groups: 1,
            inputChannels: isTransposed ? columns : rows, outputChannels: isTransposed ? rows : columns)
    }
}

/// The axes of a convolution weight by their meaning.
private struct KernelAxes {
    var kernel: [Int]
    var inputChannels: Int?
    var outputChannels: Int?
    var groups: Int

    init?(shape: Shape, order: KernelOrder, groups: Int) {
        guard shape.count >= 3 else { return nil }
        let last = shape.count - 1
        self.groups = groups
        switch order {
        case .outputInputSpatial:
            kernel = Array(shape[2...])
            inputChannels = product(shape[1], groups)
            outputChannels = shape[0]
        case .inputOutputSpatial:
            kernel = Array(shape[2...])
            inputChannels = shape[0]
            outputChannels = product(shape[1], groups)
        case .spatialInputOutput:
            kernel = Array(shape[..<(last - 1)])
            inputChannels = product(shape[last - 1], groups)
            outputChannels = shape[last]
        case .spatialOutputInput:
            kernel = Array(shape[..<(last - 1)])
            inputChannels = shape[last]
            outputChannels = product(shape[last - 1], groups)
        case .spatialChannelMultiplier:
            kernel = Array(shape[..<(last - 1)])
            inputChannels = shape[last - 1]
            outputChannels = product(shape[last - 1], shape[last])
            self.groups = shape[last - 1]
        }
    }
}

private func product(_ left: Int, _ right: Int) -> Int? {
    let (product, overflow) = left.multipliedReportingOverflow(by: right)
    return overflow ? nil : product
}

/// What a slice does to a feature map.
enum SliceUse: Hashable {
    /// Takes every so-manieth position; steps by spatial axis.
    case strides([Int])
    /// Cuts margins of positions.
    case margin
    /// Takes some channels, or what is not known.
    case part
}

extension Graph {
    func sliceUse(of id: NodeID, layout: Layout, facts: [Fact?]) -> SliceUse {
        let node = self[id]
        func integers(_ slot: Int) -> [Int]? {
            guard slot < node.inputs.count, let input = node.inputs[slot] else { return nil }
            return facts[input.index]?.integers
        }
        guard let starts = integers(1) else { return .part }
        let axes = integers(3) ?? Array(starts.indices)
        let steps = integers(4) ?? [Int](repeating: 1, count: starts.count)
        guard axes.count == steps.count else { return .part }
        let rank = node.inputs.first.flatMap { $0 }.flatMap { facts[$0.index]?.shape?.count }
        let channel = layout.channelAxis(rank: rank ?? 4)
        let strided = zip(axes, steps).filter { $0.1 > 1 }
        if !strided.isEmpty { return strides(Array(strided), rank: rank ?? 4, layout: layout) }
        return axes.contains { $0 == channel || $0 < 0 } ? .part : .margin
    }

    /// Steps by spatial axis, one where an axis is not stepped; a part where channels or samples are.
    private func strides(_ stepped: [(axis: Int, step: Int)], rank: Int, layout: Layout) -> SliceUse {
        var steps = [Int](repeating: 1, count: max(rank - 2, 0))
        for (axis, step) in stepped {
            let (position, overflow) = axis.addingReportingOverflow(axis < 0 ? rank : 0)
            let spatial = position - (layout == .channelsFirst ? 2 : 1)
            guard !overflow, position != layout.channelAxis(rank: rank), steps.indices.contains(spatial) else { return .part }
            steps[spatial] = step
        }
        return .strides(steps)
    }

    /// Whether a Pad adds channels, and adds zeros.
    func padsChannels(_ id: NodeID, layout: Layout, facts: [Fact?]) -> Bool {
        guard case .pad(let pad) = self[id].operator, pad.mode == .constant else { return false }
        func integers(_ position: Int) -> [Int]? {
            guard position < self[id].inputs.count, let input = self[id].inputs[position] else { return nil }
            return facts[input.index]?.integers
        }
        let pads = pad.pads ?? integers(1) ?? []
        let axes = integers(3) ?? Array(0..<pads.count / 2)
        guard !axes.isEmpty, pads.count == 2 * axes.count,
            let rank = self[id].inputs.first.flatMap({ $0 }).flatMap({ facts[$0.index]?.shape?.count })
        else { return false }
        let channel = layout.channelAxis(rank: rank)
        guard let position = axes.firstIndex(where: { $0 == channel || $0 + rank == channel }) else { return false }
        return pads[position] > 0 || pads[axes.count + position] > 0
    }

    /// The layout of the first convolution or pooling; a graph is of one layout, or carries Transposes to be so.
    func firstLayout() -> Layout {
        for node in nodes {
            switch node.operator {
            case .convolution(let convolution): return convolution.layout
            case .pooling(let pooling): return pooling.layout
            default: continue
            }
        }
        return .channelsFirst
    }
}
