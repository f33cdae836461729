import SkiffCore
import SkiffEngine
import SkiffGraph
import Testing

/// Operators with kernels of their own: a session gives what the reference evaluator gives, with the same bits for any
/// number of threads, and falls back to the evaluator for none of them.
@Suite struct FastOperatorTests {
    /// A network that is drawn, node by node.
    private struct Drawing {
        var builder = GraphBuilder()
        var inputs: [String: Tensor] = [:]
        private var names = 0

        mutating func input(_ shape: Shape, _ draw: inout Draw) throws -> (ValueID, Shape) {
            names += 1
            inputs["x\(names)"] = try numbers(shape, &draw)
            return (try builder.addInput("x\(names)", Fact(.float32, shape: shape)), shape)
        }

        mutating func weight(_ shape: Shape, _ draw: inout Draw, above lowest: Double = -1) throws -> ValueID {
            names += 1
            return try builder.addWeight("w\(names)", numbers(shape, &draw, above: lowest))
        }

        mutating func constant(_ tensor: Tensor) throws -> ValueID {
            names += 1
            return try builder.addWeight("w\(names)", tensor)
        }

        mutating func node(_ operation: Operator, _ inputs: [ValueID?]) throws -> ValueID {
            names += 1
            return try builder.addNode("n\(names)", sourceOperator: "", operation, inputs: inputs, output: "v\(names)")
        }

        private func numbers(_ shape: Shape, _ draw: inout Draw, above lowest: Double = -1) throws -> Tensor {
            let numbers = (0..<shape.reduce(1, *)).map { _ in lowest + (draw.real() + 1) * (1 - lowest) / 2 }
            return try Tensor(floats: numbers.map { Float($0) }, shape: shape)
        }

        /// A pointwise convolution, so that the map lies channels last whatever its layout is.
        mutating func mixed(_ x: ValueID, _ shape: Shape, _ layout: Layout, _ draw: inout Draw) throws -> ValueID {
            let (rank, channels) = (shape.count - 2, shape[layout.channelAxis(rank: shape.count)])
            let ones = [Int](repeating: 1, count: rank)
            let convolution = Convolution(
                window: Window(strides: ones, dilations: ones, padding: .valid), groups: 1, layout: layout,
                kernelOrder: .outputInputSpatial)
            return try node(.convolution(convolution), [x, weight([channels, channels] + ones, &draw)])
        }
    }

    /// Runs the network both ways.
    private func check(_ drawing: Drawing, _ result: ValueID, _ what: String, _ draw: inout Draw) throws {
        var builder = drawing.builder
        builder.addOutput("y", result)
        let graph = try builder.build()
        let expected = try #require(
            try Evaluator(graph, threads: 1).run(drawing.inputs, precision: .reference)[result]).floats()
        let session = try Session(graph, options: Session.Options(threads: 1, isExact: true))
        let found = try #require(try session.run(drawing.inputs)["y"]).floats()
        let shared = try Session(graph, options: Session.Options(threads: 3, isExact: true))
        let again = try #require(try shared.run(drawing.inputs)["y"]).floats()
        let plan = try session.plan(for: drawing.inputs)
        for step in plan.steps where step.isFallback { draw.fail("\(what): \(step.operation) has no kernel") }
        if found.map(\.bitPattern) != again.map(\.bitPattern) { draw.fail("\(what): threads change the bits") }
        for (index, (found, expected)) in zip(found, expected).enumerated() {
            let tolerance = 2e-5 * max(1, abs(Double(expected)))
            draw.expect(Double(found), Double(expected), within: tolerance, "\(what), element \(index)")
        }
        if found.count != expected.count { draw.fail("\(what): \(found.count) elements, expected \(expected.count)") }
    }

    /// Runs a drawn case for every seed.
    private func forDrawings(
        _ count: Int, _ body: (inout Drawing, inout Draw) throws -> (result: ValueID, what: String)
    ) throws {
        let set = try #require(KernelSet.all.first)
        forSeeds(set, count) { draw in
            do {
                var drawing = Drawing()
                let (result, what) = try body(&drawing, &draw)
                try check(drawing, result, what, &draw)
            } catch { draw.fail("\(error)") }
        }
    }

    /// A map of one to three spatial axes.
    private func map(_ drawing: inout Drawing, _ draw: inout Draw, channels: Int? = nil) throws -> (
        value: ValueID, shape: Shape, layout: Layout
    ) {
        let layout = draw.flag() ? Layout.channelsFirst : .channelsLast
        let spatial = (0..<draw.int(1...3)).map { _ in draw.int(3...9) }
        let channels = channels ?? draw.extent()
        let batch = draw.int(1...2)
        let shape = layout == .channelsFirst ? [batch, channels] + spatial : [batch] + spatial + [channels]
        let (x, _) = try drawing.input(shape, &draw)
        return (draw.flag() ? try drawing.mixed(x, shape, layout, &draw) : x, shape, layout)
    }

    private func window(_ kernel: [Int], _ draw: inout Draw) -> Window {
        let padding: Padding
        switch draw.int(0...3) {
        case 0: padding = .valid
        case 1: padding = .sameUpper
        case 2: padding = .sameLower
        default:
            let (before, after) = (kernel.map { draw.int(0...$0 - 1) }, kernel.map { draw.int(0...$0 - 1) })
            padding = .explicit(before: before, after: after)
        }
        // No window is wider than the smallest map, but where padding follows the window.
        let isSame = padding == .sameUpper || padding == .sameLower
        let dilations = kernel.map { isSame || $0 < 3 ? draw.int(1...2) : 1 }
        return Window(strides: kernel.map { _ in draw.int(1...3) }, dilations: dilations, padding: padding)
    }

    @Test func pooling() throws {
        try forDrawings(120) { drawing, draw in
            let map = try map(&drawing, &draw)
            let kernel = (0..<map.shape.count - 2).map { _ in draw.int(1...3) }
            let kinds: [Pooling.Kind] = [.maximum, .average(countsPadding: true), .average(countsPadding: false)]
            let pooling = Pooling(
                kind: kinds[draw.int(0...2)], kernel: kernel, window: window(kernel, &draw), ceilMode: draw.flag(),
                layout: map.layout)
            return (try drawing.node(.pooling(pooling), [map.value]), "\(pooling) of \(map.shape)")
        }
    }

    @Test func depthwise() throws {
        try forDrawings(120) { drawing, draw in
            let channels = max(2, draw.extent())
            let map = try map(&drawing, &draw, channels: channels)
            let kernel = (0..<map.shape.count - 2).map { _ in draw.int(1...3) }
            let (multiplier, isKeras) = (draw.int(0...2) == 0 ? 2 : 1, draw.flag())
            let convolution = Convolution(
                window: window(kernel, &draw), groups: channels, layout: map.layout,
                kernelOrder: isKeras ? .spatialChannelMultiplier : .outputInputSpatial)
            let shape = isKeras ? kernel + [channels, multiplier] : [channels * multiplier, 1] + kernel
            let bias = try drawing.weight([channels * multiplier], &draw)
            let inputs = [map.value, try drawing.weight(shape, &draw), bias]
            let result = try drawing.node(.convolution(convolution), inputs)
            return (try drawing.node(.unary(Unary(.relu)), [result]), "\(convolution) of \(map.shape)")
        }
    }

    @Test func reductions() throws {
        try forDrawings(80) { drawing, draw in
            let map = try map(&drawing, &draw)
            let spatial = map.layout == .channelsFirst ? Array(2..<map.shape.count) : Array(1..<map.shape.count - 1)
            let (isMean, keeps) = (draw.flag(), draw.flag())
            let operation: Operator = draw.flag()
                ? .globalPooling(
                    GlobalPooling(kind: isMean ? .average : .maximum, layout: map.layout, keepsDimensions: keeps))
                : .reduction(Reduction(isMean ? .mean : .maximum, axes: spatial.reversed(), keepsDimensions: keeps))
            return (try drawing.node(operation, [map.value]), "\(operation) of \(map.shape)")
        }
    }

    @Test func softmaxAndResponse() throws {
        try forDrawings(80) { drawing, draw in
            let map = try map(&drawing, &draw)
            let operation: Operator
            if draw.int(0...2) == 0, map.layout == .channelsFirst {
                operation = .localResponseNormalization(
                    LocalResponseNormalization(size: draw.int(1...6), alpha: 0.5, beta: 0.75, bias: 1))
            } else {
                let axis = draw.int(-map.shape.count...map.shape.count - 1)
                let isFlat = draw.flag() && axis >= 0
                let kind = draw.flag() ? Softmax.Kind.softmax : .logSoftmax
                operation = .softmax(Softmax(kind, axis: axis, flattensFromAxis: isFlat))
            }
            return (try drawing.node(operation, [map.value]), "\(operation) of \(map.shape)")
        }
    }

    @Test func concatenation() throws {
        try forDrawings(80) { drawing, draw in
            let map = try map(&drawing, &draw)
            let axis = draw.int(0...map.shape.count - 1)
            var parts = [map.value]
            for _ in 0..<draw.int(0...3) {
                var shape = map.shape
                shape[axis] = draw.int(1...5)
                let (x, _) = try drawing.input(shape, &draw)
                parts.append(draw.flag() ? try drawing.mixed(x, shape, map.layout, &draw) : x)
            }
            let concatenation = Concatenation(axis: draw.flag() ? axis : axis - map.shape.count)
            return (try drawing.node(.concatenation(concatenation), parts), "\(concatenation) of \(map.shape)")
        }
    }

    @Test func selections() throws {
        try forDrawings(120) { drawing, draw in
            let map = try map(&drawing, &draw)
            let (rank, first) = (map.shape.count, map.layout.firstSpatialAxis)
            let before = (0..<rank).map { _ in draw.flag() ? draw.int(-1...3) : 0 }
            let after = (0..<rank).map { _ in draw.flag() ? draw.int(-1...2) : 0 }
            switch draw.int(0...3) {
            case 0:
                let modes: [Pad.Mode] = [.constant, .edge, .reflect, .wrap]
                let isSmall = map.shape.allSatisfy { $0 < 4 }
                // Reflections need as many elements as they add, and one more.
                let pads = zip(before + after, map.shape + map.shape).map { $1 > 4 ? $0 : 0 }
                let pad = Pad(mode: isSmall ? .constant : modes[draw.int(0...3)], pads: pads, value: 0.5)
                return (try drawing.node(.pad(pad), [map.value]), "\(pad) of \(map.shape)")
            case 1:
                let cropping = Cropping(
                    before: (0..<rank - 2).map { _ in draw.int(0...1) },
                    after: (0..<rank - 2).map { _ in draw.int(0...1) }, layout: map.layout)
                return (try drawing.node(.cropping(cropping), [map.value]), "\(cropping) of \(map.shape)")
            case 2:
                let axes = Array(first..<first + rank - 2)
                let steps = axes.map { _ in [1, 2, 3, -1, -2][draw.int(0...4)] }
                let starts = steps.map { $0 > 0 ? draw.int(0...1) : -1 }
                let ends = steps.map { $0 > 0 ? draw.int(2...100) : -100 }
                let lists = try [starts, ends, axes, steps].map { list in
                    try drawing.constant(wholes(list.map { Int64($0) }))
                }
                return (try drawing.node(.slice(Slice()), [map.value] + lists), "slice \(starts) \(ends) \(steps)")
            default:
                let axis = map.layout.channelAxis(rank: rank)
                guard map.shape[axis] > 1 else { return (try drawing.node(.unary(Unary(.relu)), [map.value]), "relu") }
                let sizes = [1, map.shape[axis] - 1]
                let parts = (0..<2).map { drawing.builder.value(named: "part \($0)") }
                try drawing.builder.addNode(
                    "split", sourceOperator: "", .split(Split(axis: axis, sizes: sizes)), inputs: [map.value],
                    outputs: parts)
                return (try drawing.node(.concatenation(Concatenation(axis: axis)), parts.reversed()), "split \(sizes)")
            }
        }
    }

    @Test func resizing() throws {
        try forDrawings(100) { drawing, draw in
            let layout = draw.flag() ? Layout.channelsFirst : .channelsLast
            let channels = draw.extent()
            let spatial = (0..<draw.int(1...2)).map { _ in draw.int(2...7) }
            let shape = layout == .channelsFirst ? [2, channels] + spatial : [2] + spatial + [channels]
            let (x, _) = try drawing.input(shape, &draw)
            let map = draw.flag() ? try drawing.mixed(x, shape, layout, &draw) : x
            let factors = spatial.map { _ in draw.int(1...3) }
            if draw.int(0...2) == 0 {
                let upsampling = Upsampling(
                    factors: factors, interpolation: draw.flag() ? .nearest : .bilinear, layout: layout)
                return (try drawing.node(.upsampling(upsampling), [map]), "\(upsampling) of \(shape)")
            }
            let modes: [Resize.Mode] = [
                .nearest(.roundPreferFloor), .nearest(.floor), .linear, .cubic(coefficient: -0.75),
            ]
            let coordinates: [Resize.Coordinates] = [.halfPixel, .asymmetric, .alignCorners, .pytorchHalfPixel]
            let resize = Resize(
                mode: modes[draw.int(0...3)], coordinates: coordinates[draw.int(0...3)],
                antialias: draw.int(0...4) == 0)
            var sizes = shape
            for axis in spatial.indices { sizes[layout.firstSpatialAxis + axis] = draw.int(1...12) }
            if draw.flag() {
                let scales = zip(sizes, shape).map { $0 == $1 ? 1 : Float($0) / Float($1) * 1.0001 }
                let list = try Tensor(floats: scales, shape: [scales.count])
                return (try drawing.node(.resize(resize), [map, nil, drawing.constant(list)]), "\(resize) by \(scales)")
            }
            let list = try Tensor(integers: sizes.map { Int64($0) }, shape: [sizes.count])
            return (try drawing.node(.resize(resize), [map, nil, nil, drawing.constant(list)]), "\(resize) to \(sizes)")
        }
    }

    @Test func elementwise() throws {
        let kinds: [Unary.Kind] = [
            .relu, .generalReLU(maximum: 0.75, negativeSlope: 0.1, threshold: 0), .leakyReLU(alpha: 0.1),
            .elu(alpha: 1), .selu(alpha: 1.67, gamma: 1.05), .celu(alpha: 2), .sigmoid, .tanh, .softplus, .softsign,
            .hardSigmoid(alpha: 0.2, beta: 0.5), .hardSwish, .swish(alpha: 1), .mish, .gelu(approximate: false),
            .gelu(approximate: true), .absolute, .negative, .error,
        ]
        try forDrawings(250) { drawing, draw in
            let map = try map(&drawing, &draw)
            let (shape, channelAxis) = (map.shape, map.layout.channelAxis(rank: map.shape.count))
            var (value, text) = (map.value, "")
            for _ in 0..<draw.int(1...7) {
                let operation: Operator
                var inputs: [ValueID?] = [value]
                switch draw.int(0...6) {
                case 0, 1: operation = .unary(Unary(kinds[draw.int(0...kinds.count - 1)]))
                case 2:
                    operation = .clip(Clip())
                    inputs.append(try drawing.constant(reals([-0.5], [])))
                    if draw.flag() { inputs.append(try drawing.constant(reals([0.5], []))) }
                case 3:
                    operation = .batchNormalization(BatchNormalization(epsilon: 1e-3, axis: channelAxis))
                    let channels = [shape[channelAxis]]
                    for lowest in [-1, -1, -1, 0.5] {
                        inputs.append(try drawing.weight(channels, &draw, above: lowest))
                    }
                default:
                    // Batch, channels and spatial axes, each there or not.
                    let (hasBatch, hasChannels, hasSpatial) = (draw.flag(), draw.flag(), draw.flag())
                    let operandShape = shape.enumerated().map { axis, extent in
                        (axis == 0 ? hasBatch : axis == channelAxis ? hasChannels : hasSpatial) ? extent : 1
                    }
                    let isWeight = draw.flag()
                    let operand = isWeight
                        ? try drawing.weight(operandShape, &draw) : try drawing.input(operandShape, &draw).0
                    let kinds: [Binary.Kind] = [.add, .subtract, .multiply]
                    let variadic: [Variadic.Kind] = [.sum, .maximum, .minimum, .mean]
                    switch draw.int(0...2) {
                    case 0: operation = .parametricReLU(ParametricReLU())
                    case 1: operation = .variadic(Variadic(variadic[draw.int(0...3)]))
                    default: operation = .binary(Binary(kinds[draw.int(0...2)]))
                    }
                    inputs.append(operand)
                    if case .binary = operation, draw.flag() { inputs.reverse() }
                }
                value = try drawing.node(operation, inputs)
                text += " \(operation)"
                // A second reader now and then, so that chains end.
                if draw.int(0...5) == 0 {
                    let other = try drawing.node(.unary(Unary(.tanh)), [value])
                    value = try drawing.node(.binary(Binary(.multiply)), [value, other])
                }
            }
            return (value, "\(shape)\(text)")
        }
    }
}
