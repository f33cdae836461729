import SkiffCore
import SkiffGraph
import SkiffInspect
import Testing

@Suite struct CostTests {
    @Test func `Parameters count a shared weight once and shape constants never`() throws {
        var sketch = Sketch()
        let x = try sketch.input(channels: 4)
        let kernel = try sketch.weight([4, 4, 3, 3])
        let convolution = Operator.convolution(
            Convolution(
                window: Window(strides: [1, 1], dilations: [1, 1], padding: .sameUpper), groups: 1,
                layout: .channelsFirst, kernelOrder: .outputInputSpatial))
        let first = try sketch.node(convolution, "Conv", [x, kernel, nil])
        let second = try sketch.node(convolution, "Conv", [first, sketch.identity(kernel), nil])
        let normalized = try sketch.normalization(second, 4)
        let shape = try sketch.integers([-1, 4096])
        let flat = try sketch.node(
            .reshape(Reshape(shape: nil, allowsZero: false)), "Reshape", [normalized, shape])
        let inspection = try Inspection(sketch: sketch.finished(flat))
        #expect(inspection.parameters.trainable == 144 + 8)
        #expect(inspection.parameters.movingStatistics == 8)
        #expect(inspection.weightBytes == 4 * (144 + 16) + 16)
        #expect(inspection.layers.map(\.parameters).reduce(0, +) == 160)
    }

    @Test func `Filled constants are weights where an operator computes with them`() throws {
        var sketch = Sketch()
        let x = try sketch.input(channels: 4)
        let shape = try sketch.integers([8, 4, 3, 3])
        let filled = try sketch.node(
            .constantOfShape(ConstantOfShape(elementType: .float32, value: 0.02)), "ConstantOfShape", [shape])
        let convolution = Convolution(
            window: Window(strides: [1, 1], dilations: [1, 1], padding: .sameUpper), groups: 1, layout: .channelsFirst,
            kernelOrder: .outputInputSpatial)
        let output = try sketch.node(.convolution(convolution), "Conv", [x, filled, nil])
        #expect(try Inspection(sketch: sketch.finished(output)).parameters.total == 8 * 4 * 9)
    }

    @Test func `Multiply-adds are those of one sample, and unknown where an extent stays open`() throws {
        var sketch = Sketch()
        let output = try sketch.convolution(sketch.input(channels: 3, extents: [10, 20]), 3, 5)
        let inspection = try Inspection(sketch: sketch.finished(output))
        #expect(inspection.multiplyAdds == 10 * 20 * 5 * 3 * 9)
        #expect(inspection.layers.first?.outputShape == [1, 5, 10, 20])

        var open = Sketch()
        let x = try open.builder.addInput("x", Fact(.float32, [.symbolic("N"), 3, .symbolic("H"), 20]))
        let graph = try open.finished(open.convolution(x, 3, 5))
        #expect(Inspection(of: graph, format: "sketch").multiplyAdds == nil)
        #expect(Inspection(of: graph, format: "sketch").warnings.count == 1)
        #expect(Inspection(of: graph, format: "sketch", extents: ["H": 10]).multiplyAdds == 27000)
    }

    @Test func `Unknown operators are named with their place`() throws {
        var sketch = Sketch()
        let x = try sketch.input(channels: 3)
        let id = sketch.builder.value(named: "y")
        try sketch.builder.addNode(
            "odd\u{1B}[31m", sourceOperator: "Wavelet",
            .unknown(UnknownOperator(name: "Wavelet", domain: "com.example")), inputs: [x], outputs: [id])
        let inspection = try Inspection(sketch: sketch.finished(id))
        #expect(inspection.warnings.count == 1)
        #expect(inspection.warnings[0].text.contains("(Wavelet)"))
        #expect(!inspection.text(colors: false).contains("\u{1B}"))
    }

    @Test func `Ten thousand blocks take time linear in depth`() throws {
        func network(blocks: Int) throws -> Graph {
            var sketch = Sketch()
            var x = try sketch.relu(sketch.input(channels: 2, extents: [4, 4]))
            for _ in 0..<blocks { x = try sketch.basicBlock(x, 2, 2) }
            return try sketch.finished(x)
        }
        let (short, long) = (try network(blocks: 1000), try network(blocks: 10_000))
        let clock = ContinuousClock()
        var inspection = Inspection(sketch: short)
        let shortTime = clock.measure { inspection = Inspection(sketch: short) }
        #expect(inspection.blocks.count == 1000)
        let longTime = clock.measure { inspection = Inspection(sketch: long) }
        #expect(inspection.blocks.count == 10_000)
        #expect(longTime < shortTime * 40, "ten times the blocks took \(longTime / shortTime) times as long")
        #expect(inspection.text().split(separator: "\n").count < 60)
    }

    @Test func `A chain of long shortcuts over everything before is linear too`() throws {
        var sketch = Sketch()
        let x = try sketch.relu(sketch.input(channels: 2, extents: [4, 4]))
        var y = x
        for _ in 0..<5000 { y = try sketch.add(x, sketch.relu(sketch.convolution(y, 2, 2))) }
        let inspection = try Inspection(sketch: sketch.finished(y))
        #expect(inspection.blocks.count == 5000)
        #expect(inspection.blocks.map(\.depth).max() == 4999)
    }

    @Test func `A hundred thousand nodes in a chain are inspected`() throws {
        var sketch = Sketch()
        var x = try sketch.convolution(sketch.input(channels: 2, extents: [4, 4]), 2, 2)
        for _ in 0..<100_000 { x = try sketch.relu(x) }
        let inspection = try Inspection(sketch: sketch.finished(x))
        #expect(inspection.blocks.isEmpty)
        #expect(inspection.layers.count == 100_001)
    }
}
