import SkiffCore
import SkiffGraph
import Testing

@testable import SkiffEngine

/// Shortcuts, clamps and padding.
@Suite struct BlockPassTests {
    /// A bottleneck with a projection, then one with an identity.
    private func residual(_ sketch: inout NetworkSketch) throws -> ValueID {
        var x = try sketch.input([1, 4, 8, 8])
        for isProjected in [true, false] {
            let shortcut =
                isProjected ? try sketch.normalization(sketch.convolution(x, [8, 4, 1, 1], stride: 2), 8) : x
            let stride = isProjected ? 2 : 1
            var y = try sketch.convolution(x, [4, isProjected ? 4 : 8, 1, 1], stride: stride)
            y = try sketch.relu(sketch.normalization(y, 4))
            y = try sketch.relu(sketch.normalization(sketch.convolution(y, [4, 4, 3, 3]), 4))
            y = try sketch.normalization(sketch.convolution(y, [8, 4, 1, 1]), 8)
            x = try sketch.relu(isProjected ? sketch.add(shortcut, y) : sketch.add(y, shortcut))
        }
        return x
    }

    @Test func `a residual block is its convolutions`() throws {
        var sketch = NetworkSketch()
        let graph = try sketch.graph(residual(&sketch))
        let draft = try simplified(graph)
        #expect(draft.nodes.count == 7)
        #expect(draft.products.count == 7)
        #expect(draft.products.count { $0.lower == 0 && $0.upper == .infinity } == 6)
        let sums = draft.nodes.indices.filter { draft.input($0, 2) != nil }
        #expect(sums.count == 2)
        // The projection is computed first; the main path takes it in.
        #expect(draft.text(of: sums[0], in: graph) == "Convolution 1×1 + BatchNormalization + add + ReLU")
        #expect(draft.text(of: 0, in: graph) == "Convolution 1×1/2 + BatchNormalization")
        #expect(draft.input(sums[0], 2) == draft.nodes[0].outputs[0])
    }

    @Test func `an addition of an earlier product waits for its place`() throws {
        var sketch = NetworkSketch()
        let x = try sketch.input([1, 4, 8, 8])
        let y = try sketch.convolution(x, [4, 4, 3, 3])
        let z = try sketch.pool(.maximum, sketch.relu(x), kernel: 3, padding: .sameUpper)
        let draft = try simplified(sketch.graph(sketch.add(y, z)))
        #expect(draft.nodes.count == 3)
        #expect(draft.product(2) != nil)
    }

    @Test func `additions that are no shortcuts stay`() throws {
        var sketch = NetworkSketch()
        let x = try sketch.input([2, 4, 4, 4])
        let row = try sketch.input([4, 1, 1])
        func product() throws -> ValueID { try sketch.convolution(x, [4, 4, 3, 3]) }
        // A broadcast operand, the same twice, and clamped before.
        sketch.output(try sketch.add(product(), row))
        let twice = try product()
        sketch.output(try sketch.add(twice, twice))
        sketch.output(try sketch.add(sketch.relu(product()), x))
        let shared = try product()
        sketch.output(try sketch.add(shared, x))
        sketch.output(try sketch.apply(.unary(Unary(.sigmoid)), shared))
        let draft = try simplified(sketch.builder.build())
        #expect(draft.count(.binary) == 4)
        #expect(draft.nodes.allSatisfy { $0.inputs.count < 3 })
    }

    @Test func `one product takes one addend`() throws {
        var sketch = NetworkSketch()
        let x = try sketch.input([1, 4, 4, 4])
        let y = try sketch.convolution(x, [4, 4, 3, 3])
        let z = try sketch.add(sketch.add(x, y), sketch.relu(x))
        let draft = try simplified(sketch.graph(z))
        #expect(draft.count(.binary) == 1)
    }

    @Test func `normalization behind a shortcut stays`() throws {
        var sketch = NetworkSketch()
        let x = try sketch.input([1, 4, 4, 4])
        let sum = try sketch.add(sketch.convolution(x, [4, 4, 3, 3]), x)
        let y = try sketch.relu(sketch.normalization(sum, 4))
        let z = try sketch.convolution(y, [4, 4, 3, 3])
        let draft = try simplified(sketch.graph(sketch.add(z, sum)))
        #expect(draft.nodes.count == 4)
        #expect(draft.count(.batchNormalization) == 1)
        #expect(draft.count(.unary) == 1)
    }

    @Test func `every way of clamping is fused, and clamps add up`() throws {
        var sketch = NetworkSketch()
        let x = try sketch.input([1, 4, 4, 4])
        func number(_ value: Float) throws -> ValueID { try sketch.constant(Tensor(floats: [value], shape: [])) }
        let six = Unary(.generalReLU(maximum: 0.6, negativeSlope: 0, threshold: 0))
        let clamps: [(Operator, [ValueID?], ClosedRange<Double>)] = [
            (.unary(Unary(.relu)), [nil], 0...(.infinity)),
            (.unary(six), [nil], 0...Double(Float(0.6))),
            (.clip(Clip()), [nil, try number(-0.25), try number(0.5)], -0.25...0.5),
            (.clip(Clip()), [nil, nil, try number(0.5)], -(.infinity)...0.5),
            (.variadic(Variadic(.maximum)), [try number(0.125), nil], 0.125...(.infinity)),
            (.variadic(Variadic(.minimum)), [nil, try number(0.125)], -(.infinity)...0.125),
        ]
        var bounds: [ClosedRange<Double>] = []
        for (operation, operands, range) in clamps {
            var y = try sketch.convolution(x, [4, 4, 3, 3])
            let position = operands.count == 2 && operands[0] != nil ? 1 : 0
            var inputs = operands
            inputs[position] = y
            y = try sketch.apply(operation, all: inputs)
            sketch.output(y)
            bounds.append(range)
        }
        let both = try sketch.relu(
            sketch.apply(.clip(Clip()), sketch.convolution(x, [4, 4, 1, 1]), number(-0.5), number(0.25)))
        sketch.output(both)
        bounds.append(0...0.25)
        let draft = try simplified(sketch.builder.build())
        #expect(draft.products.map { $0.lower...$0.upper } == bounds)
        #expect(draft.nodes.count == bounds.count)
    }

    @Test func `nothing is fused behind a clamp`() throws {
        var sketch = NetworkSketch()
        let x = try sketch.input([1, 4, 4, 4])
        func clamped() throws -> ValueID { try sketch.relu(sketch.convolution(x, [4, 4, 3, 3])) }
        sketch.output(try sketch.normalization(clamped(), 4))
        sketch.output(try sketch.add(clamped(), sketch.weight([4, 1, 1])))
        sketch.output(try sketch.add(clamped(), x))
        var draft = try simplified(sketch.builder.build())
        #expect(draft.nodes.count == 6)
        #expect(draft.products.allSatisfy { $0.isClamped })
        // Nor when the passes run again.
        for pass in Pass.all { #expect(try pass.run(&draft) == 0, "\(pass.name)") }
    }

    @Test func `functions that are no clamps stay`() throws {
        var sketch = NetworkSketch()
        let x = try sketch.input([1, 4, 4, 4])
        let bound = try sketch.input([])
        func product() throws -> ValueID { try sketch.convolution(x, [4, 4, 3, 3]) }
        sketch.output(try sketch.apply(.unary(Unary(.leakyReLU(alpha: 0.1))), product()))
        sketch.output(
            try sketch.apply(.unary(Unary(.generalReLU(maximum: nil, negativeSlope: 0, threshold: 0.1))), product()))
        sketch.output(try sketch.apply(.clip(Clip()), product(), bound))
        sketch.output(try sketch.apply(.variadic(Variadic(.maximum)), product(), sketch.weight([4, 1, 1])))
        #expect(try simplified(sketch.builder.build()).nodes.count == 8)
    }
}
