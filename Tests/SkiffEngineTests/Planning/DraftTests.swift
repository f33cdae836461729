import SkiffCore
import SkiffGraph
import Testing

@testable import SkiffEngine

@Suite struct DraftTests {
    @Test func `an open shape is told with its node`() throws {
        var sketch = NetworkSketch()
        let x = try sketch.input([2, 6])
        let shape = try sketch.input([2], .int64)
        let y = try sketch.builder.addNode(
            "the reshape", sourceOperator: "Reshape", .reshape(Reshape(shape: nil, allowsZero: false)),
            inputs: [x, shape], output: "y")
        let error = #expect(throws: EngineError.self) { try sketch.graph(y).draft() }
        #expect(error?.reason == .openShape)
        #expect(error?.place.node == "the reshape")
        // A node that no output needs does no harm.
        #expect(try sketch.graph(sketch.relu(x)).draft().nodes.count == 1)
    }

    @Test func `operators that cannot be run, and inputs that are not given, are refused`() throws {
        var sketch = NetworkSketch()
        let x = try sketch.input([2, 6])
        let y = try sketch.apply(.unknown(UnknownOperator(name: "Odd", domain: "")), x)
        let refused = #expect(throws: EngineError.self) { try sketch.graph(y).draft() }
        guard case .notRunnable = refused?.reason else {
            Issue.record("\(String(describing: refused))")
            return
        }
        let missing = #expect(throws: EngineError.self) { try sketch.graph(sketch.relu(x)).draft([:]) }
        #expect(missing?.reason == .missingInput("input 1"))
    }

    @Test func `a weight that is overridden is an input`() throws {
        var sketch = NetworkSketch()
        let x = try sketch.input([2, 6])
        let weight = try sketch.builder.addWeight("w", sketch.noise.tensor([6, 3]), isOverridable: true)
        let graph = try sketch.graph(sketch.apply(.matrixMultiplication(MatrixMultiplication()), x, weight))
        var inputs = graph.boundInputs()
        var plain = try graph.draft(inputs)
        #expect(plain.inputs == [x.index])
        _ = try plain.simplify()
        #expect(plain.products.count == 1)
        inputs[weight] = Fact(.float32, shape: [6, 4])
        var overridden = try graph.draft(inputs)
        #expect(overridden.inputs == [x.index, weight.index])
        #expect(overridden.values[overridden.outputs[0].value].shape == [2, 4])
        _ = try overridden.simplify()
        #expect(overridden.products.isEmpty)
    }

    @Test func `in Double constants are folded in Double`() throws {
        var sketch = NetworkSketch()
        let x = try sketch.input([3])
        let third = try sketch.apply(
            .binary(Binary(.divide)), sketch.constant(reals([1])), sketch.constant(reals([3])))
        let graph = try sketch.graph(sketch.add(x, third))
        var draft = try Draft(graph, inputs: graph.boundInputs(), folding: Folding(precision: .double))
        _ = try draft.simplify()
        #expect(draft.values[third.index].elementType == .float32)
        #expect(try draft.values[third.index].constant?.doubles() == [1.0 / 3.0])
    }

    @Test func `ten thousand blocks are planned in time that grows with their number`() throws {
        func seconds(_ blocks: Int) throws -> Double {
            var sketch = NetworkSketch()
            var x = try sketch.input([1, 2, 2, 2])
            let weight = try sketch.weight([2, 2, 1, 1])
            let moments = try (0..<4).map { _ in try sketch.positive([2]) }
            let convolution = Operator.convolution(
                Convolution(
                    window: Window(strides: [1, 1], dilations: [1, 1], padding: .valid), groups: 1,
                    layout: .channelsFirst, kernelOrder: .outputInputSpatial))
            for _ in 0..<blocks {
                let y = try sketch.apply(convolution, x, weight)
                let z = try sketch.apply(
                    .batchNormalization(BatchNormalization(epsilon: 1e-3, axis: 1)), all: [y] + moments)
                x = try sketch.relu(sketch.add(x, z))
            }
            let graph = try sketch.graph(x)
            let clock = ContinuousClock()
            var count = 0
            let time = try clock.measure {
                var draft = try graph.draft()
                _ = try draft.simplify()
                count = draft.nodes.count
            }
            #expect(count == blocks)
            return time / .seconds(1)
        }
        let few = try (0..<3).map { _ in try seconds(1000) }.min() ?? 0
        let many = try (0..<2).map { _ in try seconds(10_000) }.min() ?? 0
        // Ten times the blocks; a hundred times if a pass were quadratic.
        #expect(many < 60 * few, "\(few) s for 1000 blocks, \(many) s for 10,000")
    }
}
