import SkiffCore
import SkiffGraph
import SkiffVerify
import Testing

@Suite struct ProbeTests {
    private func floats(
        _ shape: Shape, _ layout: Layout, seed: UInt64 = 0, range: ProbeRange = .normalised
    ) throws -> [Float] {
        try ProbeInput(seed: seed, range: range).tensor(
            forInput: 0, elementType: .float32, shape: shape, layout: layout
        ).floats()
    }

    /// Sums that change where one element does, wherever it stands.
    private func checksum(_ numbers: [Float]) -> UInt64 {
        numbers.reduce(0xCBF2_9CE4_8422_2325) { ($0 ^ UInt64($1.bitPattern)) &* 0x100_0000_01B3 }
    }

    @Test func `the same image lies in both layouts`() throws {
        let (height, width, channels) = (19, 13, 4)
        let first = try floats([2, channels, height, width], .channelsFirst)
        let last = try floats([2, height, width, channels], .channelsLast)
        for n in 0..<2 {
            for c in 0..<channels {
                for y in 0..<height {
                    for x in 0..<width {
                        #expect(
                            first[((n * channels + c) * height + y) * width + x]
                                == last[((n * height + y) * width + x) * channels + c])
                    }
                }
            }
        }
    }

    @Test func `images have the spread of normalised ones, and channels of their own`() throws {
        let (height, width) = (65, 47)
        let image = try floats([2, height, width, 3], .channelsLast)
        let count = height * width
        for sample in 0..<2 {
            var means: [Double] = []
            for channel in 0..<3 {
                let values = (0..<count).map { Double(image[(sample * count + $0) * 3 + channel]) }
                let mean = values.reduce(0, +) / Double(count)
                let variance = values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(count)
                #expect(abs(mean) < 1.2 && (0.3...2.5).contains(variance))
                #expect(values.allSatisfy { abs($0) < 8 })
                means.append(mean)
            }
            #expect(abs(means[0] - means[2]) > 0.1)
        }
    }

    @Test func `neighbours in a natural image are alike, and in an adversarial one are not`() throws {
        let (height, width) = (65, 47)
        let image = try floats([2, 1, height, width], .channelsFirst)
        func correlation(_ sample: Int) -> Double {
            var (product, square) = (0.0, 0.0)
            for y in 8..<height - 8 {
                for x in 8..<width - 8 {
                    let at = (sample * height + y) * width + x
                    product += Double(image[at]) * Double(image[at + 1])
                    square += Double(image[at]) * Double(image[at])
                }
            }
            return product / square
        }
        #expect(correlation(0) > 0.7)
        #expect(correlation(1) < 0.5)
    }

    @Test func `edges of an adversarial image differ from each other, from the middle, and under every flip`() throws {
        let (height, width) = (65, 65)
        let image = try floats([2, 3, height, width], .channelsFirst)
        func mean(_ channel: Int, _ rows: Range<Int>, _ columns: Range<Int>) -> Double {
            var sum = 0.0
            for y in rows { for x in columns { sum += Double(image[((3 + channel) * height + y) * width + x]) } }
            return sum / Double(rows.count * columns.count)
        }
        for channel in 0..<3 {
            let middle = 8..<height - 8
            let sides = [
                mean(channel, 0..<4, middle), mean(channel, height - 4..<height, middle), mean(channel, middle, 0..<4),
                mean(channel, middle, width - 4..<width), mean(channel, middle, middle),
            ]
            for left in sides.indices {
                for right in sides.indices where left < right { #expect(abs(sides[left] - sides[right]) > 0.7) }
            }
            #expect(sides.contains { $0 < -1 } && sides.contains { $0 > 1 })
        }
    }

    @Test func `a single sample has a natural middle and adversarial edges`() throws {
        let one = try floats([1, 32, 48, 3], .channelsLast)
        let two = try floats([2, 32, 48, 3], .channelsLast)
        let middle = (16 * 48 + 24) * 3
        #expect(one[middle] == two[middle])
        #expect(one[0] != two[0])
        // The edge of a sample of its own seed.
        #expect(abs(one[0]) > 1)
    }

    @Test func `ranges are one image in other units, and bytes are whole`() throws {
        let shape = [2, 33, 20, 3]
        let normalised = try floats(shape, .channelsLast)
        let centred = try floats(shape, .channelsLast, range: .centred)
        let pixels = try floats(shape, .channelsLast, range: .bytes)
        let unit = try floats(shape, .channelsLast, range: .unit)
        #expect(zip(normalised, unit).allSatisfy { abs($0 / 4 + 0.5 - $1) < 1e-6 })
        #expect(zip(normalised, centred).allSatisfy { $0 * 64 == $1 })
        #expect(zip(centred, pixels).allSatisfy { min(255, max(0, $0 + 128)) == $1 || abs($0 + 128 - $1) < 1e-4 })
        let bytes = try ProbeInput().tensor(forInput: 0, elementType: .uint8, shape: shape, layout: .channelsLast)
        #expect(try zip(bytes.integers(), pixels).allSatisfy { abs(Float($0) - $1) <= 0.5 })
    }

    @Test func `sequences, volumes, single rows and thousands of channels are made too`() throws {
        for shape in [[2, 65, 3], [1, 1, 1], [2, 1, 40], [2, 5, 9, 7, 2], [1, 512, 7, 7], [3, 3, 1, 9], [2, 40, 8, 8]] {
            for layout in Layout.allCases {
                let values = try floats(shape, layout)
                #expect(values.allSatisfy { $0.isFinite && abs($0) < 9 })
                #expect(Set(values).count > min(values.count / 3, 2000))
            }
        }
    }

    @Test func `what is no image is noise, and so is what has no elements`() throws {
        for (type, shape) in [
            (ElementType.float32, [2, 9]), (.float32, [7]), (.int64, [2, 3, 4, 5]), (.bool, [2, 3, 4, 5]),
            (.float32, [2, 3, 0, 5]), (.float32, [2, 3, 4, 5, 6, 7]), (.uint8, [2, 9, 9, 9]),
        ] {
            let probe = try ProbeInput(seed: 5).tensor(forInput: 1, elementType: type, shape: shape)
            let noise = try SeededInput(seed: 5).tensor(forInput: 1, elementType: type, shape: shape)
            #expect(try probe.doubles() == noise.doubles())
        }
    }

    @Test func `layouts are told by extents where no operator tells them`() {
        #expect(ProbeInput.layout(of: [2, 65, 47, 3]) == .channelsLast)
        #expect(ProbeInput.layout(of: [2, 3, 65, 47]) == .channelsFirst)
        #expect(ProbeInput.layout(of: [2, 64, 1]) == .channelsLast)
    }

    @Test func `elements are those of the written rule`() throws {
        // Computed by probe_input.py, which is the rule in NumPy and nothing of this code.
        for expected in Self.expected {
            let values = try floats(expected.shape, expected.layout, seed: expected.seed)
            #expect(checksum(values) == expected.checksum, "\(expected.shape)")
        }
    }

    private static let expected: [(shape: Shape, layout: Layout, seed: UInt64, checksum: UInt64)] = [
        ([2, 65, 47, 3], .channelsLast, 0, 0xF0C3E97802918B96),
        ([2, 3, 65, 47], .channelsFirst, 0, 0x67B3DCF12C4CACBE),
        ([1, 3, 40, 33], .channelsFirst, 7, 0x0087636E10FBA809),
        ([3, 20, 17, 1], .channelsLast, 1, 0x222DA7383684857C),
        ([2, 14, 9, 9], .channelsFirst, 3, 0x0EDF8D1EFD64B538),
        ([2, 60, 4], .channelsLast, 2, 0xDD309F0EA2F70EFD),
        ([1, 1, 33], .channelsFirst, 0, 0x0684C8015C03B8E7),
        ([2, 5, 9, 7, 2], .channelsLast, 4, 0x4893E1984A6C5F6C),
    ]
}

@Suite struct ProbeRangeTests {
    /// A convolution of unit gain and a normalization with these stored moments behind it, or in front.
    private func network(
        spread: Float, mean: Float = 0, isInFront: Bool = false, factor: Float? = nil, offset: Float? = nil
    ) throws -> Graph {
        var builder = GraphBuilder()
        var value = try builder.addInput("image", Fact(.float32, [.symbolic("N"), 3, 16, 16]))
        if let factor {
            let weight = try builder.addWeight("factor", Tensor(floats: [factor], shape: [1]))
            value = try builder.addNode(
                "scale", sourceOperator: "Mul", .binary(Binary(.multiply)), inputs: [value, weight], output: "scaled")
        }
        if let offset {
            let weight = try builder.addWeight("offset", Tensor(floats: [offset], shape: [1]))
            value = try builder.addNode(
                "shift", sourceOperator: "Add", .binary(Binary(.add)), inputs: [weight, value], output: "shifted")
        }
        func normalize(_ input: ValueID) throws -> ValueID {
            var inputs: [ValueID?] = [input]
            for (name, number) in [("gamma", 1), ("beta", 0), ("mean", mean), ("variance", spread * spread)] {
                inputs.append(try builder.addWeight(name, Tensor(floats: [Float](repeating: number, count: 3), shape: [3])))
            }
            return try builder.addNode(
                "bn", sourceOperator: "BatchNormalization", .batchNormalization(BatchNormalization(epsilon: 1e-3, axis: 1)),
                inputs: inputs, output: "bn")
        }
        if isInFront { value = try normalize(value) }
        var kernel = [Float](repeating: 0, count: 9)
        for channel in 0..<3 { kernel[channel * 3 + channel] = 1 }
        let weight = try builder.addWeight("kernel", Tensor(floats: kernel, shape: [3, 3, 1, 1]))
        let window = Window(strides: [1, 1], dilations: [1, 1], padding: .explicit(before: [0, 0], after: [0, 0]))
        value = try builder.addNode(
            "conv", sourceOperator: "Conv",
            .convolution(
                Convolution(window: window, groups: 1, layout: .channelsFirst, kernelOrder: .outputInputSpatial)),
            inputs: [value, weight], output: "conv")
        if !isInFront { value = try normalize(value) }
        builder.addOutput("y", value)
        return try builder.build()
    }

    private func range(_ graph: Graph) -> ProbeRange? { ProbeRange(of: graph, input: graph.inputs[0]) }

    @Test func `stored moments say which range the images had`() throws {
        #expect(try range(network(spread: 1)) == .normalised)
        #expect(try range(network(spread: 0.25)) == .unit)
        #expect(try range(network(spread: 3)) == .normalised)
        #expect(try range(network(spread: 60)) == .centred)
        #expect(try range(network(spread: 60, mean: 118, isInFront: true)) == .bytes)
        #expect(try range(network(spread: 60, isInFront: true)) == .centred)
    }

    @Test func `networks that scale their images are given pixels`() throws {
        #expect(try range(network(spread: 0.25, factor: 1 / 255)) == .bytes)
        #expect(try range(network(spread: 0.5, factor: 1 / 127.5, offset: -1)) == .bytes)
        #expect(try range(network(spread: 60, offset: -118)) == .bytes)
        #expect(try range(network(spread: 2, factor: 2)) == .normalised)
    }

    @Test func `small kernels of a folded network are those of pixels`() throws {
        func network(_ scale: Float, _ order: KernelOrder) throws -> Graph {
            var builder = GraphBuilder()
            let input = try builder.addInput("image", Fact(.float32, [1, 3, 9, 9]))
            let weight = try builder.addWeight(
                "kernel", Tensor(floats: [Float](repeating: scale, count: 9), shape: order == .outputInputSpatial ? [3, 3, 1, 1] : [1, 1, 3, 3]))
            let window = Window(strides: [1, 1], dilations: [1, 1], padding: .explicit(before: [0, 0], after: [0, 0]))
            builder.addOutput("y", try builder.addNode(
                "conv", sourceOperator: "Conv",
                .convolution(Convolution(window: window, groups: 1, layout: .channelsFirst, kernelOrder: order)),
                inputs: [input, weight], output: "conv"))
            return try builder.build()
        }
        for order in [KernelOrder.outputInputSpatial, .spatialInputOutput] {
            #expect(try range(network(0.01, order)) == .centred)
            #expect(try range(network(0.3, order)) == nil)
        }
    }

    @Test func `nothing to go by is no range`() throws {
        #expect(try range(DrawnNetwork().graph()) != nil)
        var builder = GraphBuilder()
        let input = try builder.addInput("x", Fact(.float32, [2, 3]))
        builder.addOutput(
            "y", try builder.addNode("r", sourceOperator: "Relu", .unary(Unary(.relu)), inputs: [input], output: "y"))
        #expect(try range(builder.build()) == nil)
    }
}

@Suite struct InputSetTests {
    @Test func `both layouts are given one image, in odd and unequal extents`() throws {
        let candidate = try DrawnNetwork(layout: .channelsLast).graph()
        let prepared = try InputSet().prepared(
            for: candidate, against: DrawnNetwork().graph(), seed: 0, batch: 2)
        #expect(prepared.candidate["image"]?.shape == [2, 65, 47, 3])
        #expect(prepared.reference["image"]?.shape == [2, 3, 65, 47])
        #expect(prepared.seed == 0)
        let range = ProbeRange(of: candidate, input: candidate.inputs[0]) ?? .normalised
        let image = try ProbeInput(range: range).tensor(
            forInput: 0, elementType: .float32, shape: [2, 3, 65, 47], layout: .channelsFirst)
        #expect(try prepared.reference["image"]?.floats() == image.floats())
    }

    @Test func `extents that one name holds together stay equal`() throws {
        var network = DrawnNetwork()
        network.inputShape = [.symbolic("N"), 3, .symbolic("side"), .symbolic("side")]
        let graph = try network.graph()
        let prepared = try InputSet().prepared(for: graph, against: graph, seed: 0, batch: 2)
        #expect(prepared.candidate["image"]?.shape == [2, 3, 65, 65])
    }

    @Test func `noise stays to be had`() throws {
        let graph = try DrawnNetwork().graph()
        let prepared = try InputSet(.noise).prepared(for: graph, against: graph, seed: 4, batch: 3)
        let noise = try SeededInput(seed: 4).tensor(forInput: 0, elementType: .float32, shape: [3, 3, 65, 47])
        #expect(try prepared.candidate["image"]?.floats() == noise.floats())
    }

    @Test func `given inputs are taken, turned where only that fits, and refused where they do not`() throws {
        let graph = try DrawnNetwork().graph()
        let other = try DrawnNetwork(layout: .channelsLast).graph()
        let image = try SeededInput(seed: 9).tensor(forInput: 0, elementType: .float32, shape: [1, 12, 9, 3])
        let prepared = try InputSet(given: ["image": image]).prepared(for: graph, against: other, seed: 0, batch: 2)
        #expect(prepared.candidate["image"]?.shape == [1, 3, 12, 9])
        #expect(try prepared.reference["image"]?.floats() == image.floats())
        #expect(prepared.seed == nil)
        #expect(prepared.assumptions.contains { $0.contains("[1, 12, 9, 3]") && $0.contains("[1, 3, 12, 9]") })
        for given in [["picture": image], ["image": try Tensor(floats: [1, 2], shape: [2])]] {
            #expect(throws: VerifyError.self) {
                try InputSet(given: given).prepared(for: graph, against: other, seed: 0, batch: 2)
            }
        }
    }
}
