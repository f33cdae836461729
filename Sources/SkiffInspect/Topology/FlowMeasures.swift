internal import SkiffCore
internal import SkiffGraph

/// What every vertex of a dataflow sees of the network's input, and how many layers lie behind it.
///
/// One pass: a window of k taps widens what a position sees by (k − 1) · dilation · jump, a stride multiplies the
/// jump. Where ways meet the wider one counts; one that has seen everything (a gate) counts only where there is no
/// other. Source: Araujo, Norris, Sim, Computing Receptive Fields of Convolutional Neural Networks (2019).
struct FlowMeasures {
    /// Spatial axes that are followed.
    static let axes = 4

    /// By vertex: positions of the network's input that one element sees, by spatial axis.
    private(set) var size: [SIMD4<Double>]
    /// By vertex: positions of the network's input between two elements, by spatial axis.
    private(set) var jump: [SIMD4<Double>]
    /// By vertex: whether an element sees every position.
    private(set) var isGlobal: [Bool]
    /// By vertex: layers on the longest way that has not seen everything.
    private(set) var layers: [Int]
    /// By node: the layer it is.
    private(set) var layerOfNode: [ResidualBlock.Layer?]
    /// The most spatial axes of a layer.
    private(set) var rank = 0

    init(of flow: Dataflow, facts: [Fact?]) {
        let count = flow.vertexCount
        size = [SIMD4<Double>](repeating: .one, count: count)
        jump = size
        isGlobal = [Bool](repeating: false, count: count)
        layers = [Int](repeating: 0, count: count)
        layerOfNode = [ResidualBlock.Layer?](repeating: nil, count: flow.graph.nodes.count)
        for id in flow.graph.nodeIDs { measure(id, flow: flow, facts: facts) }
    }

    private mutating func measure(_ id: NodeID, flow: Dataflow, facts: [Fact?]) {
        let inputs = flow.dataInputs(of: id)
        guard !inputs.isEmpty else { return }
        let vertex = flow.vertex(of: id)
        var isSeen = false
        for input in inputs {
            let source = flow.vertex(giving: input)
            if isGlobal[source] { continue }
            size[vertex] = isSeen ? pointwiseMax(size[vertex], size[source]) : size[source]
            jump[vertex] = isSeen ? pointwiseMax(jump[vertex], jump[source]) : jump[source]
            layers[vertex] = max(layers[vertex], layers[source])
            isSeen = true
        }
        let layer = flow.graph.layer(id, flow: flow, facts: facts)
        layerOfNode[id.index] = layer
        guard isSeen else {
            isGlobal[vertex] = true
            layers[vertex] = inputs.map { layers[flow.vertex(giving: $0)] }.max() ?? 0
            return
        }
        if let layer {
            layers[vertex] += 1
            rank = max(rank, min(layer.kernel.count, Self.axes))
        }
        widen(vertex, id, layer: layer, inputs: inputs, flow: flow, facts: facts)
    }

    private mutating func widen(
        _ vertex: Int, _ id: NodeID, layer: ResidualBlock.Layer?, inputs: [ValueID], flow: Dataflow, facts: [Fact?]
    ) {
        switch flow.graph[id].operator {
        case .convolution(let convolution):
            slide(vertex, kernel: layer?.kernel ?? [], window: convolution.window)
        case .convolutionTranspose(let convolution):
            for axis in 0..<min(Self.axes, convolution.window.strides.count) {
                jump[vertex][axis] /= Double(max(convolution.window.strides[axis], 1))
            }
            slide(vertex, kernel: layer?.kernel ?? [], window: Window(
                strides: [], dilations: convolution.window.dilations, padding: .valid))
        case .pooling(let pooling): slide(vertex, kernel: pooling.kernel, window: pooling.window)
        case .dense, .gemm, .matrixMultiplication, .einsum: isGlobal[vertex] = layer == nil && inputs.count > 1
        case .globalPooling: isGlobal[vertex] = true
        case .reduction(let reduction):
            let rank = facts[inputs[0].index]?.shape?.count
            let axes = reduction.axes?.count ?? integers(flow.graph[id], 1, facts)?.count ?? rank ?? 2
            isGlobal[vertex] = axes >= max(1, (rank ?? 4) - 2)
        case .reshape, .flatten:
            let rank = flow.graph[id].outputs.first.flatMap { facts[$0.index]?.shape?.count }
            let before = facts[inputs[0].index]?.shape
            let isSpread = before.map { $0.count > 2 && !$0[2...].allSatisfy { $0.fixedValue == 1 } } ?? false
            isGlobal[vertex] = rank.map { $0 <= 2 } ?? false && isSpread
        case .resize, .upsampling: scale(vertex, id, inputs[0], flow: flow, facts: facts)
        case .depthToSpace(let attributes): jump[vertex] /= Double(max(attributes.blockSize, 1))
        case .spaceToDepth(let attributes):
            size[vertex] += Double(max(attributes.blockSize, 1) - 1) * jump[vertex]
            jump[vertex] *= Double(max(attributes.blockSize, 1))
        case .slice:
            guard case .strides(let steps) = flow.graph.sliceUse(of: id, layout: flow.layout, facts: facts) else { break }
            for axis in 0..<min(Self.axes, steps.count) { jump[vertex][axis] *= Double(max(steps[axis], 1)) }
        default: break
        }
    }

    private mutating func slide(_ vertex: Int, kernel: [Int], window: Window) {
        for axis in 0..<min(Self.axes, max(kernel.count, window.strides.count)) {
            let taps = axis < kernel.count ? max(kernel[axis], 1) : 1
            let dilation = axis < window.dilations.count ? window.dilations[axis] : 1
            size[vertex][axis] += Double(taps - 1) * Double(dilation) * jump[vertex][axis]
            if axis < window.strides.count { jump[vertex][axis] *= Double(max(window.strides[axis], 1)) }
        }
    }

    /// By the extents before and behind an upsampling, where they are known.
    private mutating func scale(_ vertex: Int, _ id: NodeID, _ input: ValueID, flow: Dataflow, facts: [Fact?]) {
        guard let before = facts[input.index]?.shape, let output = flow.graph[id].outputs.first,
            let after = facts[output.index]?.shape, before.count == after.count, before.count > 2
        else { return }
        let first = flow.layout == .channelsFirst ? 2 : 1
        for axis in 0..<min(Self.axes, before.count - 2) {
            guard let from = before[first + axis].fixedValue, let to = after[first + axis].fixedValue, from > 0, to > 0
            else { continue }
            jump[vertex][axis] *= Double(from) / Double(to)
        }
    }

    private func integers(_ node: Node, _ slot: Int, _ facts: [Fact?]) -> [Int]? {
        guard slot < node.inputs.count, let input = node.inputs[slot] else { return nil }
        return facts[input.index]?.integers
    }

    /// What one output of a region sees of the region's input, by spatial axis.
    func receptiveField(from fork: Int, to join: Int) -> [Int]? {
        guard !isGlobal[fork], !isGlobal[join] else { return nil }
        return (0..<rank).map { axis in whole((size[join][axis] - size[fork][axis]) / jump[fork][axis] + 1) }
    }

    /// What one element sees of the network's input, by spatial axis.
    func receptiveField(at vertex: Int) -> [Int]? {
        isGlobal[vertex] ? nil : (0..<rank).map { whole(size[vertex][$0]) }
    }

    func jumps(at vertex: Int) -> [Double]? {
        isGlobal[vertex] ? nil : (0..<rank).map { jump[vertex][$0] }
    }

    /// Rounded up: upsampled maps see parts of positions.
    private func whole(_ extent: Double) -> Int { Int(exactly: (extent - 1e-9).rounded(.up)) ?? Int.max }
}

private func pointwiseMax(_ left: SIMD4<Double>, _ right: SIMD4<Double>) -> SIMD4<Double> {
    left.replacing(with: right, where: right .> left)
}
