import SkiffCore
import SkiffGraph
import SkiffInspect
import Testing

/// Kinds, shortcuts and marks of single blocks, as frameworks write them.
@Suite struct KindTests {
    private func block(_ output: ValueID, _ sketch: Sketch) throws -> ResidualBlock {
        var sketch = sketch
        let blocks = try Inspection(sketch: sketch.finished(output)).blocks
        #expect(blocks.count == 1)
        return try #require(blocks.first)
    }

    @Test func `Swish taken apart is an activation, on the branch and behind the addition`() throws {
        var sketch = Sketch()
        func swish(_ x: ValueID, _ sketch: inout Sketch) throws -> ValueID {
            try sketch.multiply(x, sketch.node(.unary(Unary(.sigmoid)), "Sigmoid", [x]))
        }
        let x = try sketch.relu(sketch.input(channels: 8))
        let inner = try swish(sketch.normalization(sketch.convolution(x, 8, 8), 8), &sketch)
        let sum = try sketch.add(sketch.unit(inner, 8, 8, activates: false), x)
        let block = try block(swish(sum, &sketch), sketch)
        #expect(block.kind == .basic)
        #expect(block.activation == .after)
        #expect(block.activationFunctions == ["swish"])
        #expect(block.joinActivation == "swish")
        #expect(!block.hasSqueezeExcitation)
    }

    @Test func `Channels of zeros made by a product with zero are option A`() throws {
        var sketch = Sketch()
        let x = try sketch.relu(sketch.input(channels: 8, extents: [16, 16]))
        let pooled = try sketch.pool(x, .average(countsPadding: false), size: 1)
        let zero = try sketch.builder.addWeight(sketch.fresh(), Tensor(floats: [0], shape: []))
        let shortcut = try sketch.concatenation(pooled, sketch.multiply(pooled, zero))
        let branch = try sketch.unit(sketch.unit(x, 8, 16, stride: 2), 16, 16, activates: false)
        let block = try block(sketch.relu(sketch.add(branch, shortcut)), sketch)
        #expect(block.shortcut == .pad)
        #expect(block.stride == [2, 2])
    }

    @Test func `One convolution to fewer channels and one back is DarkNet's, the other way round it is fused`() throws {
        for (first, last, kind, expansion) in [
            ([1, 1], [3, 3], ResidualBlock.Kind.darknet, 2.0), ([3, 3], [1, 1], .fusedInverted, 4.0),
        ] {
            var sketch = Sketch()
            let x = try sketch.relu(sketch.input(channels: 8))
            let inner = kind == .darknet ? 4 : 32
            let branch = try sketch.unit(sketch.unit(x, 8, inner, kernel: first), inner, 8, kernel: last)
            let block = try block(sketch.add(branch, x), sketch)
            #expect(block.kind == kind)
            #expect(block.expansion == expansion)
        }
    }

    @Test func `Convolutions beside each other and a normalized identity are parallel branches`() throws {
        var sketch = Sketch()
        let x = try sketch.relu(sketch.input(channels: 8))
        let sum = try sketch.add(
            sketch.unit(x, 8, 8, activates: false), sketch.unit(x, 8, 8, kernel: [1, 1], activates: false),
            sketch.normalization(x, 8))
        let block = try block(sketch.relu(sum), sketch)
        #expect(block.kind == .parallel)
        #expect(block.shortcut == .identity)
        #expect(block.shortcutNormalizations == 1)
        #expect(block.branchLayers == 1)
    }

    @Test func `Gates are told by their layers`() throws {
        for (layers, trait) in [(2, ResidualBlock.Trait.squeezeExcitation), (1, .channelAttention)] {
            var sketch = Sketch()
            let x = try sketch.relu(sketch.input(channels: 8))
            let branch = try sketch.unit(sketch.unit(x, 8, 8), 8, 8, activates: false)
            var gate = try sketch.pointwise(sketch.globalPool(branch), 8, 8)
            if layers == 2 { gate = try sketch.pointwise(sketch.relu(gate), 8, 8) }
            gate = try sketch.node(.unary(Unary(.sigmoid)), "Sigmoid", [gate])
            let block = try block(sketch.relu(sketch.add(sketch.multiply(branch, gate), x)), sketch)
            #expect(block.traits == [trait])
            #expect(block.activationFunctions == ["relu"])
            #expect(block.receptiveField == [5, 5])
        }
    }

    @Test func `A scale before the addition is told from a normalization`() throws {
        for (shape, trait) in [([], ResidualBlock.Trait.scaledResidual), ([8, 1, 1], .layerScale)] {
            var sketch = Sketch()
            let x = try sketch.relu(sketch.input(channels: 8))
            let branch = try sketch.unit(sketch.unit(x, 8, 8), 8, 8, activates: false)
            let scale = try sketch.builder.addWeight(
                sketch.fresh(), Tensor(floats: Array(repeating: 0.2, count: shape.reduce(1, *)), shape: shape))
            let block = try block(sketch.add(sketch.multiply(branch, scale), x), sketch)
            #expect(block.traits == [trait])
            #expect(block.normalizations == 2)
            #expect(block.normalization == .batch)
        }
    }

    @Test func `Normalization taken apart counts once`() throws {
        var sketch = Sketch()
        let x = try sketch.relu(sketch.input(channels: 8))
        func affine(_ x: ValueID, _ sketch: inout Sketch) throws -> ValueID {
            let scaled = try sketch.multiply(x, sketch.weight([8, 1, 1]))
            return try sketch.node(.binary(Binary(.add)), "Add", [scaled, sketch.weight([8, 1, 1])])
        }
        let first = try sketch.relu(affine(sketch.convolution(x, 8, 8), &sketch))
        let branch = try affine(sketch.convolution(first, 8, 8), &sketch)
        let block = try block(sketch.relu(sketch.add(branch, x)), sketch)
        #expect(block.normalizations == 2)
        #expect(block.normalization == .scaleAndOffset)
        #expect(block.traits.isEmpty)
    }

    @Test func `A block with a small one inside is still what it is`() throws {
        var sketch = Sketch()
        let x = try sketch.relu(sketch.input(channels: 16))
        let reduced = try sketch.unit(x, 16, 4, kernel: [1, 1])
        let wide = try sketch.unit(reduced, 4, 4)
        let context = try sketch.add(wide, sketch.pointwise(sketch.relu(sketch.pointwise(wide, 4, 2)), 2, 4))
        let output = try sketch.relu(sketch.add(sketch.unit(context, 4, 16, kernel: [1, 1], activates: false), x))
        let inspection = try Inspection(sketch: sketch.finished(output))
        #expect(inspection.blocks.map(\.kind) == [.bottleneck, .fullyConnected])
        #expect(inspection.stages.map(\.blocks) == [[0]])
    }

    @Test func `A shortcut that leaves from inside of a block overlaps it`() throws {
        var sketch = Sketch()
        let start = try sketch.relu(sketch.input(channels: 8))
        let first = try sketch.unit(start, 8, 8)
        let second = try sketch.add(sketch.unit(sketch.unit(first, 8, 8), 8, 8), start)
        let third = try sketch.add(sketch.unit(sketch.unit(second, 8, 8), 8, 8), first)
        let blocks = try Inspection(sketch: sketch.finished(third)).blocks
        #expect(blocks.map(\.traits).contains([.overlapping]))
        #expect(blocks.contains { $0.shortcut == .identity && $0.convolutions.count == 3 })
    }

    @Test func `Code on a shortcut that gives more channels pads them`() throws {
        var sketch = Sketch()
        let x = try sketch.relu(sketch.input(channels: 8))
        let code = try sketch.node(
            .unknown(UnknownOperator(name: "Lambda", domain: "keras")), "Lambda", [x])
        let branch = try sketch.unit(sketch.unit(x, 8, 16, stride: 2), 16, 16, activates: false)
        let block = try block(sketch.relu(sketch.add(branch, code)), sketch)
        #expect(block.shortcut == .pad)
        #expect(block.stride == [2, 2])
        #expect(block.strideSite == "3×3 conv #1")
    }

    @Test(arguments: [1, 3]) func `Nets of one and three axes have blocks as those of two`(rank: Int) throws {
        var sketch = Sketch()
        let kernel = Array(repeating: 3, count: rank)
        let x = try sketch.relu(sketch.input(channels: 8, extents: Array(repeating: 16, count: rank)))
        let branch = try sketch.unit(sketch.unit(x, 8, 8, kernel: kernel), 8, 8, kernel: kernel, activates: false)
        let block = try block(sketch.relu(sketch.add(branch, x)), sketch)
        #expect(block.kind == .basic)
        #expect(block.receptiveField == Array(repeating: 5, count: rank))
    }
}
