import SkiffCore
import SkiffGraph
import Testing

@testable import SkiffInspect

@Suite struct LayerTests {
    /// Bytes of a float32 map of one sample.
    private static func map(_ channels: Int, _ extent: Int) -> Int { channels * extent * extent * 4 }

    @Test func `A value lives until its last reader, inputs from the start, renamed ones in what they rename`() throws {
        var sketch = Sketch()
        let x = try sketch.input(channels: 2, extents: [8, 8])
        let fork = try sketch.convolution(x, 2, 4)
        let branch = try sketch.relu(sketch.identity(sketch.relu(fork)))
        let sum = try sketch.add(fork, branch)
        let inspection = try Inspection(sketch: sketch.finished(sum))
        // Three of four channels live in the second ReLU and in the sum; the input is gone then.
        #expect(inspection.activationMemory.peak == 3 * Self.map(4, 8))
        #expect(inspection.activationMemory.peakLayer.map { inspection.layers[$0].operator } == "Relu")
        #expect(inspection.activationMemory.total == 4 * Self.map(4, 8))
        #expect(inspection.layers.map(\.activationBytes) == [1024, 1024, 0, 1024, 1024])
    }

    @Test func `Memory and work grow with the batch`() throws {
        let graph = try Sketch.basicNetwork(stages: [2, 2], channels: 8)
        let one = Inspection(of: graph, format: "sketch")
        let eight = Inspection(of: graph, format: "sketch", batch: 8)
        #expect(eight.activationMemory.batch == 8)
        #expect(eight.activationMemory.peak == one.activationMemory.peak.map { $0 * 8 })
        #expect(eight.multiplyAdds == one.multiplyAdds.map { $0 * 8 })
        #expect(eight.parameters == one.parameters)
    }

    @Test func `Where a shape is open so is the memory`() throws {
        var sketch = Sketch()
        let x = try sketch.builder.addInput("x", Fact(.float32, [.symbolic("N"), 3, .symbolic("H"), 20]))
        let graph = try sketch.finished(sketch.convolution(x, 3, 5))
        #expect(Inspection(of: graph, format: "sketch").activationMemory.peak == nil)
        #expect(Inspection(of: graph, format: "sketch", extents: ["H": 10]).activationMemory.total == 5 * 10 * 20 * 4)
    }

    @Test(arguments: 0..<30) func `The peak is what holding everything by hand gives`(seed: Int) throws {
        let inspection = try Inspection(sketch: Self.tangle(seed: seed))
        let graph = try Self.tangle(seed: seed)
        var peak = 0
        for id in graph.nodeIDs {
            var bytes = 0
            for value in graph.valueIDs where graph[value].tensor == nil {
                let made = graph.producer(of: value)?.index ?? -1
                let read = graph.nodeIDs.last { graph[$0].inputs.contains(value) }?.index ?? made
                let isOutput = graph.outputs.contains { $0.value == value }
                guard made <= id.index, isOutput || read >= id.index else { continue }
                bytes += graph[value].fact?.shape?.fixedShape?.reduce(4, *) ?? Self.map(2, 4)
            }
            peak = max(peak, bytes)
        }
        #expect(inspection.activationMemory.peak == peak)
    }

    /// Additions and activations that read whatever came before.
    private static func tangle(seed: Int) throws -> Graph {
        var sketch = Sketch()
        var state = UInt64(seed) &* 0x9E37_79B9_7F4A_7C15 &+ 1
        func draw(_ count: Int) -> Int {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return Int((state >> 33) % UInt64(count))
        }
        var values = [try sketch.input(channels: 2, extents: [4, 4])]
        for _ in 0..<12 {
            let x = values[draw(values.count)]
            values.append(draw(2) == 0 ? try sketch.relu(x) : try sketch.add(x, values[draw(values.count)]))
        }
        return try sketch.finished(values[values.count - 1])
    }

    // MARK: Selections

    @Test func `Filters look at names, operators and blocks`() throws {
        let inspection = try Inspection(sketch: Sketch.basicNetwork(stages: [2, 2], channels: 8))
        func count(_ filters: String...) -> Int { inspection.selectedLayers(LayerSelection(filters: filters)).count }
        let convolutions = inspection.layers.count { $0.operator == "Conv" }
        #expect(count() == inspection.layers.count)
        #expect(count("conv") == convolutions)
        #expect(count("C*v") == convolutions)
        #expect(count("?onv", "nothing") == convolutions)
        #expect(count("on") > 0 && count("o?") == 0)
        let block = inspection.blocks[0]
        let own = inspection.layers.count { $0.block == 0 || $0.activatedBlock == 0 }
        #expect(inspection.selectedLayers(LayerSelection(filters: [block.name])).count >= own)
    }

    @Test(arguments: [
        ("*", "", true), ("a*b*c", "aXbXbXc", true), ("a*b*c", "aXbX", false), ("**a", "bba", true), ("?", "", false),
        ("*.BN?", "layer1.bn2", true), ("ER1", "layer1", true), ("er2", "layer1", false),
    ]) func `Patterns match whole names`(pattern: String, name: String, matches: Bool) {
        #expect(LayerFilter(pattern).matches(name) == matches)
    }

    @Test(arguments: LayerSelection.Order.allCases) func `Rows come in the order asked for`(order: LayerSelection.Order) throws {
        let inspection = try Inspection(sketch: Sketch.basicNetwork(stages: [2, 3], channels: 8))
        let rows = inspection.rows(LayerSelection(order: order)).rows
        #expect(rows.count == inspection.layers.count)
        for (row, next) in zip(rows, rows.dropFirst()) {
            switch order {
            case .order: continue
            case .name: #expect(row.title <= next.title)
            case .operator: #expect(row.operator <= next.operator)
            case .parameters: #expect(row.parameters >= next.parameters)
            case .multiplyAdds: #expect((row.multiplyAdds ?? -1) >= (next.multiplyAdds ?? -1))
            case .memory: #expect((row.memory ?? -1) >= (next.memory ?? -1))
            }
        }
        #expect(inspection.rows(LayerSelection(order: order, limit: 4)).rows.count == 4)
    }

    @Test func `A tree sums up what is below, and holds every layer once`() throws {
        let inspection = try Inspection(sketch: Sketch.basicNetwork(stages: [2, 3], channels: 8))
        let stages = inspection.rows(LayerSelection(depth: .stage)).rows
        #expect(stages.map(\.title) == ["stem", "stage 1", "stage 2", "head"])
        #expect(stages.reduce(0) { $0 + $1.parameters } == inspection.parameters.total)
        let blocks = inspection.rows(LayerSelection(depth: .block)).rows
        #expect(blocks.count == 2 + 2 + 5)
        #expect(blocks.filter { $0.depth == 0 }.map(\.parameters) == stages.map(\.parameters))
        let layers = inspection.rows(LayerSelection(depth: .layer)).rows
        #expect(layers.count == blocks.count + inspection.layers.count)
        let outline = inspection.outline
        #expect(outline.segments.flatMap(\.layers).sorted() == Array(inspection.layers.indices))
        #expect(outline.groups.flatMap(\.segments) == Array(outline.segments.indices))
    }

    @Test func `Bars fill their cells`() {
        #expect(barText(0, cells: 4) == "    ")
        #expect(barText(1e-9, cells: 4) == "▏   ")
        #expect(barText(0.5, cells: 4) == "██  ")
        #expect(barText(1, cells: 4) == "████")
        #expect(shareText(1, of: 3) == "█▍   33.3 %")
        #expect(shareText(nil, of: 3).isEmpty && shareText(0, of: 3).isEmpty)
    }
}
