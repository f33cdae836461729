import SkiffCore
import SkiffGraph
import SkiffInspect
import Testing

@Suite struct BlockTests {
    @Test func `A basic block with an identity is found with its facts`() throws {
        var sketch = Sketch()
        let x = try sketch.relu(sketch.input(channels: 8))
        let inspection = try Inspection(sketch: sketch.finished(sketch.basicBlock(x, 8, 8)))
        let block = try #require(inspection.blocks.first)
        #expect(inspection.blocks.count == 1)
        #expect(block.kind == .basic)
        #expect(block.shortcut == .identity)
        #expect(block.activation == .after)
        #expect(block.inputChannels == 8 && block.outputChannels == 8)
        #expect(block.stride == [1, 1])
        #expect(block.strideSite == nil)
        #expect(block.convolutions.map(\.kernel) == [[3, 3], [3, 3]])
        #expect(block.parameters == 2 * (8 * 8 * 9 + 4 * 8))
        #expect(block.shortcutNodes.isEmpty)
        #expect(block.branch.count == 5)
        #expect(block.spatialExtents == [32, 32])
    }

    @Test(arguments: [Layout.channelsFirst, .channelsLast])
    func `A projection is found in both layouts`(layout: Layout) throws {
        var sketch = Sketch(layout: layout)
        let x = try sketch.relu(sketch.input(channels: 8))
        let inspection = try Inspection(sketch: sketch.finished(sketch.basicBlock(x, 8, 16, stride: 2)))
        let block = try #require(inspection.blocks.first)
        #expect(block.shortcut == .projection)
        #expect(block.inputChannels == 8 && block.outputChannels == 16)
        #expect(block.stride == [2, 2])
        #expect(block.strideSite == "3×3 conv #1")
        #expect(block.spatialExtents == [16, 16])
    }

    @Test(arguments: [1, 2])
    func `The stride of a bottleneck is found where it sits`(site: Int) throws {
        var sketch = Sketch()
        let x = try sketch.relu(sketch.input(channels: 16))
        let output = try sketch.bottleneck(x, 16, 8, 32, stride: 2, strideSite: site, groups: 4)
        let block = try #require(Inspection(sketch: sketch.finished(output)).blocks.first)
        #expect(block.kind == .bottleneck)
        #expect(block.strideSite == (site == 1 ? "1×1 conv #1" : "3×3 conv #2"))
        #expect(block.groups == 4)
    }

    @Test func `Pre-activation blocks are told by what comes before the convolutions`() throws {
        var sketch = Sketch()
        var x = try sketch.convolution(sketch.input(channels: 3), 3, 8)
        for dilation in [1, 2, 4] { x = try sketch.preActivationBlock(x, 8, dilation: dilation) }
        let inspection = try Inspection(sketch: sketch.finished(sketch.relu(sketch.normalization(x, 8))))
        #expect(inspection.blocks.map(\.kind) == Array(repeating: .preActivation, count: 3))
        #expect(inspection.blocks.map(\.activation) == Array(repeating: .before, count: 3))
        #expect(inspection.blocks.map(\.dilation) == [1, 2, 4])
        #expect(inspection.family.text.contains("dilated pre-activation residual network, 3 blocks"))
    }

    @Test func `A projection from the activated input is pre-activation too`() throws {
        var sketch = Sketch()
        let x = try sketch.pool(sketch.input(channels: 8))
        let active = try sketch.relu(sketch.normalization(x, 8))
        let reduced = try sketch.unit(active, 8, 4, kernel: [1, 1])
        let wide = try sketch.unit(reduced, 4, 4)
        let sum = try sketch.add(sketch.pointwise(active, 8, 16), sketch.pointwise(wide, 4, 16))
        let inspection = try Inspection(sketch: sketch.finished(sketch.relu(sketch.normalization(sum, 16))))
        #expect(inspection.blocks.map(\.kind) == [.preActivationBottleneck])
        #expect(inspection.blocks.map(\.shortcut) == [.projection])
    }

    @Test func `Squeeze and excitation is a gate on the branch and no block of its own`() throws {
        var sketch = Sketch()
        let x = try sketch.relu(sketch.input(channels: 8))
        let branch = try sketch.unit(sketch.unit(x, 8, 8), 8, 8, activates: false)
        let squeezed = try sketch.relu(sketch.pointwise(sketch.globalPool(branch), 8, 2))
        let gate = try sketch.node(.unary(Unary(.sigmoid)), "Sigmoid", [sketch.pointwise(squeezed, 2, 8)])
        let output = try sketch.relu(sketch.add(sketch.multiply(branch, gate), x))
        let inspection = try Inspection(sketch: sketch.finished(output))
        let block = try #require(inspection.blocks.first)
        #expect(inspection.blocks.count == 1)
        #expect(block.kind == .basic)
        #expect(block.hasSqueezeExcitation)
        #expect(block.convolutions.count == 2)
        #expect(block.parameters == 2 * (8 * 8 * 9 + 32) + 2 * 8 * 2)
    }

    @Test func `An inverted block widens, filters each channel and narrows`() throws {
        var sketch = Sketch()
        let x = try sketch.normalization(sketch.input(channels: 8), 8)
        let wide = try sketch.unit(x, 8, 48, kernel: [1, 1])
        let filtered = try sketch.unit(wide, 48, 48, groups: 48)
        let output = try sketch.add(x, sketch.unit(filtered, 48, 8, kernel: [1, 1], activates: false))
        let block = try #require(Inspection(sketch: sketch.finished(output)).blocks.first)
        #expect(block.kind == .inverted)
        #expect(block.groups == 1)
        #expect(block.activation == .none)
    }

    @Test(arguments: [false, true])
    func `Option A pads channels with zeros`(concatenates: Bool) throws {
        var sketch = Sketch()
        let x = try sketch.relu(sketch.input(channels: 8, extents: [16, 16]))
        let pooled = try sketch.pool(x, .average(countsPadding: false))
        let shortcut: ValueID
        if concatenates {
            let shape = try sketch.integers([1, 8, 8, 8])
            let zeros = try sketch.node(
                .constantOfShape(ConstantOfShape(elementType: .float32, value: 0)), "ConstantOfShape", [shape])
            shortcut = try sketch.concatenation(pooled, zeros)
        } else {
            let pads = try sketch.integers([0, 0, 0, 0, 0, 8, 0, 0])
            shortcut = try sketch.node(.pad(Pad(mode: .constant, pads: nil)), "Pad", [pooled, pads])
        }
        let branch = try sketch.unit(sketch.unit(x, 8, 16, stride: 2), 16, 16, activates: false)
        let inspection = try Inspection(sketch: sketch.finished(sketch.relu(sketch.add(branch, shortcut))))
        #expect(inspection.blocks.map(\.shortcut) == [.pad])
        #expect(inspection.blocks.map(\.stride) == [[2, 2]])
        #expect(inspection.blocks.map(\.outputChannels) == [16])
        #expect(inspection.parameters.total == 16 * 8 * 9 + 16 * 16 * 9 + 8 * 16)
    }

    @Test func `A strided slice of the input is a pooled shortcut`() throws {
        var sketch = Sketch()
        let x = try sketch.relu(sketch.input(channels: 8))
        let slice = try sketch.node(
            .slice(Slice()), "Slice",
            [x, sketch.integers([0, 0]), sketch.integers([1000, 1000]), sketch.integers([2, 3]), sketch.integers([2, 2])])
        let branch = try sketch.unit(sketch.unit(x, 8, 8, stride: 2), 8, 8, activates: false)
        let block = try #require(Inspection(sketch: sketch.finished(sketch.add(branch, slice))).blocks.first)
        #expect(block.shortcut == .pool)
        #expect(block.stride == [2, 2])
    }

    @Test func `A U inside a block is one u-shaped block, and blocks inside it are nested`() throws {
        var sketch = Sketch()
        let x = try sketch.unit(sketch.input(channels: 8), 8, 8)
        let first = try sketch.unit(x, 8, 8)
        let deep = try sketch.basicBlock(sketch.pool(first), 8, 8)
        let joined = try sketch.concatenation(sketch.upsampled(deep), first)
        let output = try sketch.add(sketch.unit(joined, 16, 8), x)
        let blocks = try Inspection(sketch: sketch.finished(output)).blocks
        #expect(blocks.map(\.kind) == [.uShaped, .basic])
        #expect(blocks.map(\.depth) == [0, 1])
        #expect(blocks.map(\.parent) == [nil, 0])
        #expect(blocks.map(\.shortcut) == [.identity, .identity])
        #expect(blocks[0].parameters > blocks[1].parameters)
    }

    @Test func `A sum over all blocks is around them`() throws {
        var sketch = Sketch()
        let x = try sketch.convolution(sketch.input(channels: 3), 3, 8)
        var y = x
        for _ in 0..<4 { y = try sketch.add(y, sketch.convolution(sketch.relu(sketch.convolution(y, 8, 8)), 8, 8)) }
        let output = try sketch.add(x, sketch.convolution(y, 8, 8))
        let inspection = try Inspection(sketch: sketch.finished(output))
        #expect(inspection.blocks.map(\.depth) == [0, 1, 1, 1, 1])
        #expect(inspection.stages.map(\.blocks) == [[1, 2, 3, 4]])
    }

    @Test func `Dense concatenation, biases, two heads and parallel branches are no blocks`() throws {
        var sketch = Sketch()
        var x = try sketch.unit(sketch.input(channels: 8), 8, 8)
        for step in 0..<3 { x = try sketch.concatenation(x, sketch.unit(x, 8 * (step + 1), 8)) }
        let convolved = try sketch.convolution(x, 32, 16)
        let biased = try sketch.node(.binary(Binary(.add)), "Add", [convolved, sketch.weight([1, 16, 1, 1])])
        let merged = try sketch.add(
            sketch.unit(sketch.unit(biased, 16, 16), 16, 16), sketch.unit(sketch.unit(biased, 16, 16), 16, 16))
        let graph = try sketch.finished(sketch.globalPool(merged), sketch.unit(merged, 16, 4))
        let inspection = Inspection(sketch: graph)
        #expect(inspection.blocks.isEmpty)
        #expect(inspection.family.name == "no residual blocks")
    }

    @Test func `A gated unit without weights is no block`() throws {
        var sketch = Sketch()
        let x = try sketch.convolution(sketch.input(channels: 8), 8, 8)
        let cubed = try sketch.multiply(x, sketch.multiply(x, x))
        #expect(try Inspection(sketch: sketch.finished(sketch.add(x, cubed))).blocks.isEmpty)
    }

    @Test func `A sum of three is one block whether one node adds or two`() throws {
        for isOneNode in [true, false] {
            var sketch = Sketch()
            let x = try sketch.relu(sketch.input(channels: 8))
            let (f, g) = (try sketch.unit(x, 8, 8), try sketch.unit(x, 8, 8, kernel: [1, 1]))
            let sum = isOneNode ? try sketch.add(x, f, g) : try sketch.add(sketch.add(x, f), g)
            let blocks = try Inspection(sketch: sketch.finished(sketch.relu(sum))).blocks
            #expect(blocks.count == 1)
            #expect(blocks.first?.shortcut == .identity)
            #expect(blocks.first?.convolutions.count == 2)
        }
    }

    @Test func `Splits that hand on to each other are inside the branch`() throws {
        var sketch = Sketch()
        let x = try sketch.relu(sketch.input(channels: 16))
        let reduced = try sketch.unit(x, 16, 8, kernel: [1, 1])
        let (left, right) = (sketch.builder.value(named: "left"), sketch.builder.value(named: "right"))
        try sketch.builder.addNode(
            "", sourceOperator: "Split", .split(Split(axis: 1, sizes: [4, 4])), inputs: [reduced], outputs: [left, right])
        let first = try sketch.unit(left, 4, 4)
        let second = try sketch.unit(sketch.add(first, right), 4, 4)
        let joined = try sketch.unit(sketch.concatenation(first, second), 8, 16, kernel: [1, 1], activates: false)
        let blocks = try Inspection(sketch: sketch.finished(sketch.relu(sketch.add(joined, x)))).blocks
        #expect(blocks.map(\.kind) == [.bottleneck])
    }

    @Test func `What only passes values on does not hide a block`() throws {
        var sketch = Sketch()
        let x = try sketch.relu(sketch.input(channels: 8))
        let branch = try sketch.unit(sketch.identity(sketch.unit(x, 8, 8)), 8, 8, activates: false)
        let sum = try sketch.add(sketch.identity(branch), sketch.identity(sketch.identity(x)))
        let block = try #require(Inspection(sketch: sketch.finished(sketch.relu(sketch.identity(sum)))).blocks.first)
        #expect(block.shortcut == .identity)
        #expect(block.kind == .basic)
        #expect(block.activation == .after)
    }
}
