import SkiffCore
import SkiffEngine
@testable import SkiffFlow
import SkiffGraph
import SkiffInspect
import Testing

/// Networks that nobody designed: sums of two and three, nested, shared, with several outputs.
@Suite struct RandomFlowTests {
    private struct Generator: RandomNumberGenerator {
        var state: UInt64
        mutating func next() -> UInt64 {
            state &+= 0x9E37_79B9_7F4A_7C15
            var word = state
            word = (word ^ (word >> 30)) &* 0xBF58_476D_1CE4_E5B9
            word = (word ^ (word >> 27)) &* 0x94D0_49BB_1331_11EB
            return word ^ (word >> 31)
        }
    }

    private static func graph(seed: UInt64) throws -> Graph {
        var generator = Generator(state: seed)
        var sketch = try FlowGraph()
        var values = [sketch.input]
        for _ in 0..<30 {
            let near = values.suffix(3).randomElement(using: &generator) ?? values[0]
            let far = values.suffix(8).randomElement(using: &generator) ?? values[0]
            switch Int.random(in: 0..<6, using: &generator) {
            case 0, 1:
                let matrix = (0..<4).map { _ in Float.random(in: -0.7...0.7, using: &generator) }
                values.append(try sketch.product(near, matrix))
            case 2: values.append(try sketch.relu(near))
            case 3, 4: values.append(try sketch.add(near, far))
            default: values.append(try sketch.sum([far, near, values.randomElement(using: &generator) ?? far]))
            }
        }
        let other = values.randomElement(using: &generator) ?? values[0]
        let last = values[values.count - 1]
        return try other == last || other == sketch.input ? sketch.finished(last) : sketch.finished(last, other)
    }

    @Test(arguments: 0..<80) func `Sums are those of the evaluator, lesions too`(seed: Int) throws {
        let graph = try Self.graph(seed: UInt64(seed))
        let inspection = Inspection(of: graph, format: "test")
        let inputs = ["x": try Tensor(floats: rows, shape: [2, 2])]
        let flow = try flow(graph)
        let values = try Evaluator(graph).run(inputs, precision: .double, observing: .all)
            .mapValues { try $0.doubles() }
        let outputs = Set(graph.outputs.map(\.value))
        let whole = values.filter { outputs.contains($0.key) }
        let lesions = try referenceLesions(graph, inspection, inputs)
        let joins = Dictionary(uniqueKeysWithValues: inspection.flowJoins(in: graph).map { ($0.block, $0) })
        for block in flow.blocks {
            let join = try #require(joins[block.block])
            let sum = try #require(values[join.output])
            let root = (sum.reduce(0) { $0 + $1 * $1 } / Double(sum.count)).squareRoot()
            // What was taken for the operands makes the sum.
            #expect(abs((block.sumRMS ?? -1) - root) <= 1e-5 * max(root, block.shortcutRMS, block.branchRMS))
            // A block that the outputs do not hang on changes nothing.
            let found = block.lesion?.outputChange ?? 0
            let expected = change(whole, lesions[block.block] ?? [:])
            // An output of zeros that changes has changed without end.
            #expect(found == expected || abs(found - expected) <= 1e-4 * max(expected, 0.01))
        }
    }

    @Test func `Some of these networks have blocks`() throws {
        let counts = try (0..<80).map { try flow(Self.graph(seed: UInt64($0)), lesions: .none).blocks.count }
        #expect(counts.reduce(0, +) > 40 && counts.contains { $0 > 2 })
    }
}
