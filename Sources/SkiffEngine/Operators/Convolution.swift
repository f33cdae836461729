internal import SkiffCore
internal import SkiffGraph

extension Convolution: EvaluableOperator {
    func evaluate<A: Arithmetic>(_ step: Step<A>) throws(EngineError) -> [Buffer<A.Stored>] {
        var geometry = try ConvolutionGeometry(
            input: step.shape(0), output: step.output.shape, kernel: step.shape(1), kernelOrder: kernelOrder,
            layout: layout, groups: groups)
        geometry.strides = window.strides
        geometry.dilations = window.dilations
        for (axis, kernel) in geometry.kernelExtents.enumerated() {
            let extent = geometry.inputExtents[axis]
            geometry.before.append(window.resolvedPadding(axis: axis, extent: extent, kernel: kernel).before)
        }
        return [.real(try geometry.evaluate(step))]
    }
}

/// A convolution in numbers: what the two operators share.
struct ConvolutionGeometry {
    let batch: Int
    let groups: Int
    /// Channels of the input and of the output, of one group.
    let channels: Int
    let outputs: Int
    let inputExtents: [Int]
    let outputExtents: [Int]
    let kernelExtents: [Int]
    let kernelOrder: KernelOrder
    let layout: Layout
    var strides: [Int] = []
    var dilations: [Int] = []
    /// Zeros before each spatial axis; negative takes elements away.
    var before: [Int] = []
    /// Steps between the input's elements once zeros stand between them.
    var spread: [Int]
    /// Taps run backwards.
    var turnsKernel = false

    /// - Throws: ``EngineError`` `operand` where the weight does not hold the kernels.
    init(
        input: Shape, output: Shape, kernel: Shape, kernelOrder: KernelOrder, layout: Layout, groups: Int
    ) throws(EngineError) {
        let spatial = input.count - 2
        guard spatial >= 1, kernel.count == input.count, output.count == input.count, groups > 0 else {
            throw EngineError(.operand("shapes \(input.shapeText) and \(kernel.shapeText) make no convolution"))
        }
        let channelAxis = layout.channelAxis(rank: input.count)
        let spatialAxes = layout.firstSpatialAxis..<layout.firstSpatialAxis + spatial
        batch = input[0]
        channels = input[channelAxis] / groups
        outputs = output[channelAxis] / groups
        inputExtents = Array(input[spatialAxes])
        outputExtents = Array(output[spatialAxes])
        spread = inputExtents.map { _ in 1 }
        switch kernelOrder {
        case .outputInputSpatial, .inputOutputSpatial: kernelExtents = Array(kernel[2...])
        case .spatialInputOutput, .spatialChannelMultiplier, .spatialOutputInput:
            kernelExtents = Array(kernel[..<spatial])
        }
        guard try checkedProduct(kernel) == checkedProduct(kernelExtents + [groups, channels, outputs]) else {
            throw EngineError(
                .operand("weight \(kernel.shapeText) does not hold \(groups) × \(outputs) × \(channels) kernels"))
        }
        self.groups = groups
        self.kernelOrder = kernelOrder
        self.layout = layout
    }

    func evaluate<A: Arithmetic>(_ step: Step<A>) throws(EngineError) -> [A.Stored] {
        let output = try step.output
        guard output.count > 0 else { return [] }
        let bias = step.has(2) ? try step.sums(2) : nil
        let map = try PackedMap<A>(self, step)
        let product = BlockProduct<A.Sum>(
            rows: map.offsets(outputExtents, steps: strides), taps: map.offsets(kernelExtents, steps: dilations),
            channels: channels, outputs: map.isDepthwise ? groups * outputs : outputs, images: map.images,
            imageStride: map.imageStride, groups: map.isDepthwise ? 1 : groups, isDepthwise: map.isDepthwise)
        let (rows, isFirst) = (product.rows.count, layout == .channelsFirst)
        let kernels = A.precision == .reference ? nil : try KernelProduct(product)
        let fast = try kernels.map { kernels throws(EngineError) in
            try step.packedWeights(input: 1) { () throws(EngineError) in
                let elements = try step.reals(1)
                try step.reserve(elements.count, MemoryLayout<A.Sum>.stride * 2)
                return kernels.packed(A.self, elements, steps: weightSteps, threads: step.threads)
            }
        }
        let weights = fast == nil ? try packedWeights(step, isDepthwise: map.isDepthwise) : []
        return withBase(bias) { bias in
            [A.Stored](unsafeUninitializedCapacity: output.count) { buffer, initialized in
                initialized = output.count
                buffer.initialize(repeating: 0)
                guard let target = buffer.baseAddress else { return }
                let sink = ValueSink<A>(
                    target: target, groups: product.groups, sampleStride: rows * groups * outputs,
                    groupStride: isFirst ? rows * outputs : outputs, rowStride: isFirst ? 1 : groups * outputs,
                    outputStride: isFirst ? rows : 1, bias: bias, outputs: product.outputs)
                if let kernels, let fast {
                    kernels.run(map.elements, weights: fast, threads: step.threads, into: sink)
                } else {
                    product.run(map.elements, weights: weights, threads: step.threads, into: sink)
                }
            }
        }
    }

    private func packedWeights<A: Arithmetic>(
        _ step: Step<A>, isDepthwise: Bool
    ) throws(EngineError) -> [A.Sum.Lanes] {
        try step.packedWeights(input: 1) { () throws(EngineError) in
            let elements = try step.reals(1)
            try step.reserve(elements.count, MemoryLayout<A.Sum>.stride * A.Sum.Lanes.scalarCount)
            var steps = weightSteps
            if !isDepthwise {
                return packedLanes(
                    A.self, elements, groups: groups, outputs: outputs, taps: taps, channels: channels, steps: steps,
                    threads: step.threads)
            }
            // Groups of one channel stand side by side as outputs of one.
            if outputs == 1 { steps.output = steps.group }
            return packedLanes(
                A.self, elements, outputs: groups * outputs, taps: taps, channels: 1, steps: steps,
                threads: step.threads)
        }
    }

    private var taps: Int { kernelExtents.reduce(1, *) }

    private var weightSteps: WeightSteps {
        var steps: WeightSteps
        switch kernelOrder {
        case .outputInputSpatial:
            steps = WeightSteps(group: outputs * channels * taps, output: channels * taps, tap: 1, channel: taps)
        case .spatialInputOutput, .spatialChannelMultiplier:
            let all = outputs * groups
            steps = WeightSteps(group: outputs, output: 1, tap: channels * all, channel: all)
        case .inputOutputSpatial:
            steps = WeightSteps(group: channels * outputs * taps, output: taps, tap: 1, channel: outputs * taps)
        case .spatialOutputInput:
            let all = channels * groups
            steps = WeightSteps(group: channels, output: all, tap: outputs * all, channel: 1)
        }
        if turnsKernel {
            steps.first = (taps - 1) * steps.tap
            steps.tap = -steps.tap
        }
        return steps
    }

    /// Whether every output reads one channel, and outputs stand at equal steps in the weight.
    var isDepthwise: Bool {
        channels == 1 && groups > 1 && (outputs == 1 || kernelOrder != .spatialOutputInput)
    }
}
