import SkiffCore
import SkiffGraph
import SkiffVerify
import Testing

/// A chain of residual blocks of few channels; block `k` has the weights of number `blocks[k]`.
private struct BlockNetwork {
    var blocks: [Int]
    var prefix = ""
    var hasNormalization = true
    var layout = Layout.channelsFirst
    /// Blocks whose input every convolution of the block reads, instead of one the other: parallel branches.
    var branches = 1

    private static let channels = 4

    private static func tensor(_ shape: Shape, _ seed: Int) throws -> Tensor {
        try SeededInput(seed: UInt64(seed)).tensor(forInput: 0, elementType: .float32, shape: shape)
    }

    func graph() throws -> Graph {
        var builder = GraphBuilder(name: "blocks")
        let channels = Self.channels
        let shape: SymbolicShape =
            layout == .channelsFirst
            ? [.symbolic("N"), .fixed(channels), 8, 8] : [.symbolic("N"), 8, 8, .fixed(channels)]
        var current = try builder.addInput("image", Fact(.float32, shape))
        for (position, number) in blocks.enumerated() {
            let name = "\(prefix)\(position)"
            var sum = current
            for branch in 0..<branches {
                var map = try convolution(&builder, "\(name)_\(branch)a", current, seed: number * 100 + branch * 10 + 1)
                map = try relu(&builder, "\(name)_\(branch)a_relu", map)
                map = try convolution(&builder, "\(name)_\(branch)b", map, seed: number * 100 + branch * 10 + 2)
                sum = try builder.addNode(
                    "\(name)_\(branch)add", sourceOperator: "Add", .binary(Binary(.add)), inputs: [map, sum],
                    output: "\(name)_\(branch)add")
            }
            current = try relu(&builder, "\(name)_relu", sum)
        }
        builder.addOutput("scores", current)
        return try builder.build()
    }

    private func relu(_ builder: inout GraphBuilder, _ name: String, _ input: ValueID) throws -> ValueID {
        try builder.addNode(name, sourceOperator: "Relu", .unary(Unary(.relu)), inputs: [input], output: name)
    }

    private func convolution(
        _ builder: inout GraphBuilder, _ name: String, _ input: ValueID, seed: Int
    ) throws -> ValueID {
        let channels = Self.channels
        let drawn = try Self.tensor([channels, channels, 1, 1], seed).floats()
        // The same numbers in either order of axes: taps of one, so that only channels change places.
        let turned = drawn.indices.map { drawn[$0 % channels * channels + $0 / channels] }
        let weight =
            layout == .channelsFirst
            ? try Tensor(floats: drawn, shape: [channels, channels, 1, 1])
            : try Tensor(floats: turned, shape: [1, 1, channels, channels])
        let attributes = Convolution(
            window: Window(strides: [1, 1], dilations: [1, 1], padding: .valid), groups: 1, layout: layout,
            kernelOrder: layout == .channelsFirst ? .outputInputSpatial : .spatialInputOutput)
        let map = try builder.addNode(
            name, sourceOperator: "Conv", .convolution(attributes),
            inputs: [input, try builder.addWeight(name + "_w", weight)], output: name)
        guard hasNormalization else { return map }
        let numbers = try (0..<4).map { try Self.tensor([channels], seed * 7 + $0).floats().map { abs($0) + 0.5 } }
        let inputs = try numbers.enumerated().map {
            try builder.addWeight("\(name)_bn\($0)", Tensor(floats: $1, shape: [channels]))
        }
        return try builder.addNode(
            name + "_bn", sourceOperator: "BatchNormalization",
            .batchNormalization(BatchNormalization(epsilon: 1e-3, axis: layout == .channelsFirst ? 1 : 3)),
            inputs: [map] + inputs, output: name + "_bn")
    }
}

@Suite struct MatchingTests {
    private func names(_ matching: ValueMatching, _ candidate: Graph, _ reference: Graph) -> [String: String] {
        Dictionary(
            uniqueKeysWithValues: matching.pairs.map { (candidate[$0.candidate].name, reference[$0.reference].name) })
    }

    @Test func `a network is paired with itself in the other layout, axis by axis`() throws {
        let one = try BlockNetwork(blocks: Array(1...5), prefix: "c").graph()
        let other = try BlockNetwork(blocks: Array(1...5), prefix: "r", layout: .channelsLast).graph()
        let matching = ValueMatching(one, other)
        let computed = one.nodes.count + 1
        #expect(matching.pairs.count == computed)
        #expect(matching.hidden.isEmpty && matching.candidateAlone.isEmpty && matching.referenceAlone.isEmpty)
        for pair in matching.pairs {
            #expect(pair.axes == [0, 2, 3, 1])
            let (name, otherName) = (one[pair.candidate].name, other[pair.reference].name)
            #expect(name == otherName || name.dropFirst() == otherName.dropFirst())
            #expect(pair.confidence >= 0.9)
        }
    }

    @Test(arguments: 0..<6)
    func `where one of six equal blocks is missing, weights say which`(missing: Int) throws {
        var numbers = Array(1...6)
        let reference = try BlockNetwork(blocks: numbers, prefix: "r").graph()
        numbers.remove(at: missing)
        let candidate = try BlockNetwork(blocks: numbers, prefix: "c").graph()
        let matching = ValueMatching(candidate, reference)
        let found = names(matching, candidate, reference)
        for (position, number) in numbers.enumerated() {
            for part in ["0a", "0a_bn", "0a_relu", "0b", "0b_bn", "0add"] {
                #expect(found["c\(position)_\(part)"] == "r\(number - 1)_\(part)")
            }
        }
        #expect(matching.referenceAlone.contains { reference[$0].name == "r\(missing)_0a" })
        #expect(matching.candidateAlone.isEmpty)
    }

    @Test func `equal parallel branches are told apart by their weights`() throws {
        let one = try BlockNetwork(blocks: [1, 2], prefix: "x", branches: 3).graph()
        let other = try BlockNetwork(blocks: [1, 2], prefix: "y", layout: .channelsLast, branches: 3).graph()
        let matching = ValueMatching(one, other)
        for (name, otherName) in names(matching, one, other) where name != "image" {
            #expect(name.dropFirst() == otherName.dropFirst())
        }
        #expect(matching.pairs.allSatisfy { $0.confidence >= 0.9 })
    }

    @Test func `a hundred thousand nodes are paired without recursion`() throws {
        let numbers = (0..<14_000).map { $0 % 50 }
        let one = try BlockNetwork(blocks: numbers, prefix: "a").graph()
        #expect(one.nodes.count >= 98_000)
        var shorter = numbers
        shorter.remove(at: 7_003)
        let other = try BlockNetwork(blocks: shorter, prefix: "b").graph()
        let clock = ContinuousClock()
        let start = clock.now
        let matching = ValueMatching(one, one)
        #expect(matching.pairs.count == one.nodes.count + 1)
        #expect(matching.pairs.allSatisfy { $0.candidate == $0.reference })
        let cut = ValueMatching(other, one)
        #expect(cut.pairs.count > one.nodes.count - 60)
        #expect(start.duration(to: clock.now) < .seconds(60))
    }
}
