import SkiffCore
import SkiffGraph
import Testing

@testable import SkiffEngine

@Suite struct PaddingPassTests {
    private let frame = [0, 0, 1, 2, 0, 0, 2, 1]

    @Test func `zeros around a map become a convolution's padding`() throws {
        for padding in [Padding.valid, .sameUpper, .explicit(before: [1, 1], after: [0, 1])] {
            for stride in 1...2 {
                var sketch = NetworkSketch()
                let x = try sketch.pad(sketch.input([1, 3, 6, 7]), frame)
                let y = try sketch.convolution(x, [4, 3, 3, 3], stride: stride, padding: padding)
                let draft = try passed(sketch.graph(y), "merge padding", "drop dead nodes")
                #expect(draft.nodes.count == 1)
                #expect(draft.nodes[0].origins.count == 2)
            }
        }
    }

    @Test func `pads and axes may be inputs`() throws {
        var sketch = NetworkSketch()
        let x = try sketch.input([1, 3, 6, 7])
        let zero = try sketch.constant(Tensor(floats: [0], shape: []))
        let padded = try sketch.apply(
            .pad(Pad(mode: .constant, pads: nil)), x, sketch.constant(wholes([1, 2, 3, 0])), zero,
            sketch.constant(wholes([-1, 2])))
        let y = try sketch.convolution(padded, [4, 3, 3, 3], padding: .valid)
        #expect(try passed(sketch.graph(y), "merge padding", "drop dead nodes").nodes.count == 1)
    }

    @Test func `other pads stay`() throws {
        var sketch = NetworkSketch()
        let x = try sketch.input([1, 3, 6, 7])
        let pads = [
            try sketch.pad(x, frame, mode: .reflect), try sketch.pad(x, frame, mode: .edge),
            try sketch.pad(x, frame, value: 1), try sketch.pad(x, [0, 0, 1, 1, 0, 0, -1, 1]),
        ]
        for pad in pads { sketch.output(try sketch.convolution(pad, [4, 3, 3, 3], padding: .valid)) }
        let channels = try sketch.pad(x, [0, 1, 0, 0, 0, 0, 0, 0])
        sketch.output(try sketch.convolution(channels, [4, 4, 3, 3]))
        let draft = try passed(sketch.builder.build(), "merge padding", "drop dead nodes")
        #expect(draft.count(.pad) == 5)
    }

    @Test func `maximum pooling takes zeros of maps without negatives alone`() throws {
        var sketch = NetworkSketch()
        let x = try sketch.input([1, 3, 6, 7])
        let clip = try sketch.apply(.clip(Clip()), x, sketch.constant(reals([0], [])), sketch.constant(reals([1], [])))
        for map in [try sketch.relu(x), clip, try sketch.apply(.softmax(Softmax(axis: 1)), x)] {
            sketch.output(try sketch.pool(.maximum, sketch.pad(map, frame), kernel: 3, stride: 2))
        }
        #expect(try passed(sketch.builder.build(), "merge padding", "drop dead nodes").count(.pad) == 0)

        var refused = NetworkSketch()
        let y = try refused.input([1, 3, 6, 7])
        let negative = try refused.apply(.unary(Unary(.negative)), refused.relu(y))
        for map in [y, negative, try refused.apply(.unary(Unary(.tanh)), y)] {
            refused.output(try refused.pool(.maximum, refused.pad(map, frame), kernel: 3, stride: 2))
        }
        // A window that lies in the padding whole, and indices, which count the padded map.
        let rectified = try refused.relu(y)
        refused.output(try refused.pool(.maximum, refused.pad(rectified, [0, 0, 3, 3, 0, 0, 3, 3]), kernel: 3))
        let pooling = Pooling(
            kind: .maximum, kernel: [2, 2], window: Window(strides: [1, 1], dilations: [1, 1], padding: .valid),
            layout: .channelsFirst)
        let padded = try refused.pad(rectified, [0, 0, 1, 1, 0, 0, 1, 1])
        let (maximum, indices) = (refused.builder.value(named: "maximum"), refused.builder.value(named: "indices"))
        try refused.builder.addNode(
            "pool", sourceOperator: "", .pooling(pooling), inputs: [padded], outputs: [maximum, indices])
        refused.output(maximum)
        refused.output(indices)
        #expect(try passed(refused.builder.build(), "merge padding", "drop dead nodes").count(.pad) == 5)
    }

    @Test func `average pooling takes zeros that it counts`() throws {
        var sketch = NetworkSketch()
        let x = try sketch.pad(sketch.input([1, 3, 6, 7]), frame)
        let one = Padding.explicit(before: [0, 0], after: [0, 0])
        sketch.output(try sketch.pool(.average(countsPadding: true), x, kernel: 4, stride: 2, ceilMode: true))
        sketch.output(try sketch.pool(.average(countsPadding: false), x, kernel: 3, padding: one))
        sketch.output(try sketch.pool(.average(countsPadding: true), x, kernel: 5, padding: .sameUpper))
        #expect(try passed(sketch.builder.build(), "merge padding", "drop dead nodes").count(.pad) == 0)

        var refused = NetworkSketch()
        let y = try refused.pad(refused.input([1, 3, 6, 7]), frame)
        refused.output(try refused.pool(.average(countsPadding: false), y, kernel: 3, padding: .sameUpper))
        refused.output(try refused.pool(.average(countsPadding: false), y, kernel: 4, stride: 3, ceilMode: true))
        #expect(try passed(refused.builder.build(), "merge padding", "drop dead nodes").count(.pad) == 1)
    }

    @Test func `a pad that is read otherwise stays for that`() throws {
        var sketch = NetworkSketch()
        let x = try sketch.pad(sketch.input([1, 3, 6, 7]), frame)
        let y = try sketch.convolution(x, [4, 3, 3, 3], padding: .valid)
        let draft = try passed(sketch.graph(y, x), "merge padding", "drop dead nodes")
        #expect(draft.count(.pad) == 1)
        #expect(draft.nodes.count == 2)
    }
}
