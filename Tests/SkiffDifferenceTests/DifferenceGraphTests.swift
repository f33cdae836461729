import SkiffCore
import SkiffDifference
import SkiffGraph
import SkiffInspect
import Testing

/// Small graphs that differ in one way, so that what is found is known.
@Suite struct DifferenceGraphTests {
    /// A stem, some blocks of two convolutions and an identity, and a head.
    struct Network {
        var blocks = 4
        var strides = [1, 1]
        var padding = Padding.explicit(before: [1, 1], after: [1, 1])
        var epsilon: Float = 1e-5
        var momentum: Float? = 0.9
        var classes = 3
        var hasSoftmax = false
        /// Multiplies every branch, behind its last convolution; one number, or one for each channel.
        var scale: [Float]?
        /// The order in which the axes of a second output stand, the map behind the blocks.
        var mapOrder: [Int]?
        var layout = Layout.channelsFirst
        /// Changes elements of a weight before it is laid out.
        var change: (String, inout [Float]) -> Void = { _, _ in }
        /// Block numbers; weights are drawn by them.
        var numbers: [Int]?
        var prefix = ""

        func graph() throws -> Graph {
            var maker = Maker(self)
            return try maker.make()
        }
    }

    static func compare(_ left: Network, _ right: Network) throws -> ModelDifference {
        let (one, other) = (try left.graph(), try right.graph())
        return Differencer().difference(
            one, other, inspections: (Inspection(of: one, format: "left"), Inspection(of: other, format: "right")))
    }

    @Test func aNetworkIsTheSameAsItself() throws {
        let found = try Self.compare(Network(), Network())
        #expect(found.verdict == .same)
        #expect(found.layers.allSatisfy { $0.change == .same })
        #expect(found.interfaceChanges.isEmpty && found.remarks.isEmpty)
    }

    @Test func namesMomentumAndEqualPaddingAreNoDifference() throws {
        let found = try Self.compare(
            Network(), Network(padding: .sameUpper, momentum: 0.1, prefix: "other/"))
        #expect(found.verdict == .same)
        #expect(found.representation.contains { $0.contains("other names") })
    }

    @Test func anotherLayoutIsTheSameFunction() throws {
        let found = try Self.compare(Network(), Network(layout: .channelsLast))
        #expect(found.verdict == .same)
        #expect(found.layers.flatMap(\.weights).contains { $0.state == .rearranged })
        #expect(found.interfaceChanges.contains { $0.contains("axes in another order") })
    }

    @Test(arguments: [[0.5], [0.5, 0.25, 1, 2]] as [[Float]]) func aSmallConstantCounts(scale: [Float]) throws {
        let other = scale.map { $0 * 1.25 }
        #expect(try Self.compare(Network(scale: scale), Network(scale: scale)).verdict == .same)
        #expect(try Self.compare(Network(scale: scale), Network(scale: scale, layout: .channelsLast)).verdict == .same)
        #expect(try Self.compare(Network(scale: scale), Network(scale: other)).verdict == .otherWeights)
        #expect(try Self.compare(Network(scale: other), Network(scale: scale)).verdict == .otherWeights)
        #expect(try !Self.compare(Network(scale: scale), Network()).isSameFunction)
    }

    @Test func anOutputWithItsExtentsTurnedIsAnother() throws {
        let plain = Network(mapOrder: [0, 1, 2, 3])
        #expect(try Self.compare(plain, plain).isSameFunction)
        #expect(try !Self.compare(plain, Network(mapOrder: [0, 1, 3, 2])).isSameFunction)
        #expect(try !Self.compare(plain, Network(mapOrder: [1, 0, 2, 3])).isSameFunction)
        #expect(try Self.compare(plain, Network(mapOrder: [0, 2, 3, 1])).isSameFunction)
    }

    @Test func aRemovedBlockIsOneBlock() throws {
        let found = try Self.compare(Network(blocks: 5), Network(blocks: 4, numbers: [0, 1, 3, 4]))
        #expect(found.blocks.map(\.change) == [.same, .same, .removed, .same, .same])
        #expect(found.verdict == .different)
        let back = try Self.compare(Network(blocks: 4, numbers: [0, 1, 3, 4]), Network(blocks: 5))
        #expect(back.blocks.map(\.change) == [.same, .same, .added, .same, .same])
    }

    @Test func oneElementIsFound() throws {
        let found = try Self.compare(Network(), Network(change: { name, elements in
            if name == "b2/conv1/weight" { elements[4 * 9 + 7] += 0.5 }
        }))
        #expect(found.verdict == .otherWeights)
        let changed = found.layers.filter { $0.change == .changed }
        #expect(changed.count == 1)
        let weight = try #require(changed.first?.weights.first)
        #expect(weight.state == .changed)
        #expect(weight.changedElements == 1 && weight.changedChannels == 1 && weight.channels == 4)
        #expect(weight.largestAt == [1, 0, 2, 1])
    }

    @Test func changesOfAllWeightsLeaveTheStructure() throws {
        let found = try Self.compare(Network(), Network(change: { name, elements in
            if name.hasSuffix("weight") { for index in elements.indices { elements[index] *= 1.01 } }
        }))
        #expect(found.verdict == .otherWeights)
        #expect(!found.layers.contains { $0.change == .added || $0.change == .removed })
        for weight in found.layers.flatMap(\.weights) where weight.role == "weight" {
            #expect(abs((weight.relativeError ?? 0) - 0.01) < 1e-5)
        }
    }

    @Test func roundingToHalfIsNamed() throws {
        let found = try Self.compare(Network(), Network(change: { name, elements in
            if name.hasSuffix("weight") { for index in elements.indices { elements[index] = floatFromHalf(halfFromFloat(elements[index])) } }
        }))
        #expect(found.verdict == .rounded)
        #expect(!found.isSameFunction)
        #expect(found.layers.flatMap(\.weights).filter { $0.role == "weight" }.allSatisfy { $0.roundedTo == "float16" })
    }

    @Test func attributesAreNamed() throws {
        let found = try Self.compare(Network(), Network(epsilon: 1e-3))
        #expect(found.verdict == .different)
        let changed = found.layers.filter { $0.change == .changed }
        #expect(changed.count == 8)
        #expect(changed.allSatisfy { $0.operation == "BatchNormalization" && $0.attributes.count == 1 })
    }

    @Test func aSoftmaxBehindTheLogitsIsAdded() throws {
        let found = try Self.compare(Network(), Network(hasSoftmax: true))
        #expect(found.layers.filter { $0.change == .added }.map(\.operation) == ["softmax"])
        #expect(found.verdict == .different)
        #expect(found.blocks.allSatisfy { $0.change == .same })
    }

    @Test func anotherHeadIsTheOnlyDifference() throws {
        let found = try Self.compare(Network(), Network(classes: 7))
        #expect(found.verdict == .different)
        #expect(found.layers.filter { $0.change != .same }.count == 1)
    }

    @Test func headersAloneClaimNothing() throws {
        let (one, other) = (try Network().graph(), try Network().graph())
        var differencer = Differencer()
        differencer.isHeadersOnly = true
        let inspections = (left: Inspection(of: one, format: ""), right: Inspection(of: other, format: ""))
        let unread = differencer.difference(one, other, inspections: inspections)
        #expect(unread.verdict == .unknown && !unread.isSameFunction)
        func digests(_ graph: Graph, _ changed: String?) -> [ValueID: Differencer.Digest] {
            var result: [ValueID: Differencer.Digest] = [:]
            for id in graph.weights {
                let name = graph[id].name
                result[id] = .init(digest: Array(name.utf8) + (name == changed ? [1] : []), sourceDigest: nil, encoding: "raw")
            }
            return result
        }
        differencer.leftDigests = digests(one, nil)
        differencer.rightDigests = digests(other, nil)
        #expect(differencer.difference(one, other, inspections: inspections).verdict == .same)
        differencer.rightDigests = digests(other, "block1/conv0_w")
        #expect(differencer.difference(one, other, inspections: inspections).verdict == .otherWeights)
    }
}

/// Builds the graphs above.
private struct Maker {
    let network: DifferenceGraphTests.Network
    var builder = GraphBuilder()

    init(_ network: DifferenceGraphTests.Network) { self.network = network }

    var isFirst: Bool { network.layout == .channelsFirst }

    func drawn(_ name: String, _ count: Int) -> [Float] {
        var state = name.utf8.reduce(UInt64(1469598103934665603)) { ($0 ^ UInt64($1)) &* 1099511628211 }
        var values = (0..<count).map { _ -> Float in
            state = state &* 6364136223846793005 &+ 1442695040888963407
            return Float(state >> 40) / Float(1 << 23) - 1
        }
        network.change(name, &values)
        return values
    }
}

extension Maker {
    mutating func make() throws -> Graph {
        let shape: SymbolicShape = isFirst ? [.symbolic("N"), 2, 8, 8] : [.symbolic("N"), 8, 8, 2]
        var map = try builder.addInput("image", Fact(.float32, shape))
        map = try relu("stem_relu", convolution("stem", map, from: 2))
        for (position, number) in (network.numbers ?? Array(0..<network.blocks)).enumerated() {
            let (name, key) = ("\(network.prefix)block\(position)", "b\(number)")
            var branch = try convolution("\(name)/conv0", map, from: 4, key: "\(key)/conv0")
            branch = try relu("\(name)/relu0", normalization("\(name)/bn0", branch, key: "\(key)/bn0"))
            branch = try convolution("\(name)/conv1", branch, from: 4, key: "\(key)/conv1")
            branch = try normalization("\(name)/bn1", branch, key: "\(key)/bn1")
            if let scale = network.scale {
                let shape: Shape = scale.count == 1 ? [] : isFirst ? [1, 4, 1, 1] : [1, 1, 1, 4]
                let factor = try builder.addWeight("\(name)_scale", Tensor(floats: scale, shape: shape))
                branch = try node("\(name)/scale", "Mul", .binary(Binary(.multiply)), [branch, factor])
            }
            let sum = try node("\(name)/add", "Add", .binary(Binary(.add)), [branch, map])
            map = try relu("\(name)/relu1", sum)
        }
        if let order = network.mapOrder {
            let transpose = Operator.transpose(Transpose(permutation: order))
            builder.addOutput("map", try node("map", "Transpose", transpose, [map]))
        }
        map = try node(
            "pool", "GlobalAveragePool",
            .globalPooling(GlobalPooling(kind: .average, layout: network.layout, keepsDimensions: false)), [map])
        let weight = try Tensor(floats: drawn("head/weight", 4 * network.classes), shape: [4, network.classes])
        map = try node("head", "Dense", .dense(Dense()), [map, builder.addWeight("head_w", weight)])
        if network.hasSoftmax { map = try node("softmax", "Softmax", .softmax(Softmax(axis: -1)), [map]) }
        builder.addOutput("scores", map)
        return try builder.build()
    }

    private mutating func node(_ name: String, _ type: String, _ operation: Operator, _ inputs: [ValueID]) throws -> ValueID {
        try builder.addNode(name, sourceOperator: type, operation, inputs: inputs, output: name)
    }

    private mutating func relu(_ name: String, _ input: ValueID) throws -> ValueID {
        try node(name, "Relu", .unary(Unary(.relu)), [input])
    }

    /// A 3×3 convolution to four channels; the same numbers in the layout's order of axes.
    private mutating func convolution(
        _ name: String, _ input: ValueID, from channels: Int, key: String? = nil
    ) throws -> ValueID {
        let elements = drawn((key ?? name) + "/weight", 4 * channels * 9)
        let first = try Tensor(floats: elements, shape: [4, channels, 3, 3])
        let weight = try builder.addWeight("\(name)_w", isFirst ? first : first.permuted([2, 3, 1, 0]))
        let attributes = Convolution(
            window: Window(strides: network.strides, dilations: [1, 1], padding: network.padding), groups: 1,
            layout: network.layout, kernelOrder: isFirst ? .outputInputSpatial : .spatialInputOutput)
        return try node(name, "Conv", .convolution(attributes), [input, weight])
    }

    private mutating func normalization(_ name: String, _ input: ValueID, key: String) throws -> ValueID {
        let numbers = try (0..<4).map { position in
            let values = drawn("\(key)/\(position)", 4).map { abs($0) + 0.5 }
            return try builder.addWeight("\(name)_\(position)", Tensor(floats: values, shape: [4]))
        }
        let attributes = BatchNormalization(
            epsilon: network.epsilon, axis: isFirst ? 1 : 3, momentum: network.momentum)
        return try node(name, "BatchNormalization", .batchNormalization(attributes), [input] + numbers)
    }
}
