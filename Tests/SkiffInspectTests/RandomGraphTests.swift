import SkiffCore
import SkiffGraph
import SkiffInspect
import Testing

/// Graphs that nobody designed: whatever is called a block must be one.
@Suite struct RandomGraphTests {
    /// A small generator with a seed, so that a failure can be repeated.
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

    private static func graph(seed: UInt64, nodes: Int) throws -> Graph {
        var generator = Generator(state: seed)
        var sketch = Sketch()
        var values = [try sketch.input(channels: 2, extents: [4, 4])]
        for _ in 0..<nodes {
            // Near values are read more often than far ones, as in networks.
            let near = values.suffix(4).randomElement(using: &generator) ?? values[0]
            let far = values.randomElement(using: &generator) ?? values[0]
            switch Int.random(in: 0..<8, using: &generator) {
            case 0, 1: values.append(try sketch.convolution(near, 2, 2))
            case 2: values.append(try sketch.relu(near))
            case 3: values.append(try sketch.normalization(near, 2))
            case 4: values.append(try sketch.identity(near))
            case 5: values.append(try sketch.multiply(near, far))
            case 6: values.append(try sketch.add(near, far))
            default: values.append(try sketch.add(near, far, values.suffix(6).randomElement(using: &generator) ?? far))
            }
        }
        return try sketch.finished(values[values.count - 1])
    }

    /// Whether data reaches a node when nothing passes a value.
    private static func reaches(_ join: NodeID, in graph: Graph, without fork: ValueID) -> Bool {
        var isReached = [Bool](repeating: false, count: graph.values.count)
        for input in graph.inputs where input != fork { isReached[input.index] = true }
        for id in graph.nodeIDs {
            let reads = graph[id].inputs.contains { $0.map { isReached[$0.index] } ?? false }
            if id == join { return reads }
            for output in graph[id].outputs where output != fork { isReached[output.index] = reads }
        }
        return false
    }

    @Test(arguments: 0..<60) func `Every path to the addition of a block passes its fork`(seed: Int) throws {
        let graph = try Self.graph(seed: UInt64(seed), nodes: 60)
        let inspection = Inspection(sketch: graph)
        for (index, block) in inspection.blocks.enumerated() {
            #expect(!Self.reaches(block.join, in: graph, without: block.fork))
            #expect(block.parameters > 0)
            #expect(Set(block.branch).isDisjoint(with: block.shortcutNodes))
            #expect(block.branch.allSatisfy { $0 < block.join })
            if let parent = block.parent {
                #expect(parent < index)
                #expect(block.depth == inspection.blocks[parent].depth + 1)
                #expect(block.join < inspection.blocks[parent].join)
            }
        }
        #expect(inspection.stages.flatMap(\.blocks).count <= inspection.blocks.count)
        #expect(!inspection.text().isEmpty)
    }

    @Test func `Additions that share one long branch end in a warning and not in quadratic time`() throws {
        var sketch = Sketch()
        let x = try sketch.relu(sketch.input(channels: 2, extents: [4, 4]))
        var trunk = x
        for _ in 0..<2000 { trunk = try sketch.relu(trunk) }
        trunk = try sketch.convolution(sketch.convolution(trunk, 2, 2), 2, 2)
        var sums: [ValueID] = []
        for _ in 0..<2000 { sums.append(try sketch.add(trunk, sketch.pointwise(x, 2, 2))) }
        for (index, sum) in sums.enumerated() { sketch.builder.addOutput("sum_\(index)", sum) }
        let graph = try sketch.finished(trunk)
        let inspection = Inspection(sketch: graph)
        #expect(inspection.warnings.contains { $0.message.contains("overlap") })
        #expect(inspection.blocks.count > 10)
    }
}
