import SkiffCore
import SkiffGraph
import SkiffInspect
import Testing

/// Path lengths, concatenations, and time on graphs of any size.
@Suite struct ScaleTests {
    @Test func `Receptive fields and path lengths of ResNet-50 are the published ones`() throws {
        let inspection = try Inspection(sketch: Sketch.bottleneckNetwork(stages: [3, 4, 6, 3]))
        // Araujo et al. 2019 have 483 for ResNet-50 v1; the pool of the sketch is one smaller at a jump of two.
        #expect(inspection.blocks.last?.networkReceptiveField == [481, 481])
        #expect(inspection.blocks.last?.jump == [32, 32])
        #expect(inspection.blocks.allSatisfy { $0.receptiveField == ($0.isStrided ? [5, 5] : [3, 3]) })
        #expect(inspection.blocks.allSatisfy { $0.expansion == 4 })
        let paths = try #require(inspection.paths)
        #expect(paths.minimum == 5 && paths.maximum == 49)
        #expect(paths.mean == 27)
        #expect(paths.log2Paths == 16)
        #expect(abs(paths.shares.reduce(0, +) - 1) < 1e-9)
    }

    @Test func `Shares of path lengths are those counted one by one`() throws {
        var sketch = Sketch()
        var x = try sketch.relu(sketch.input(channels: 8))
        x = try sketch.basicBlock(x, 8, 8)
        x = try sketch.basicBlock(x, 8, 16, stride: 2)
        let fork = x
        x = try sketch.basicBlock(sketch.basicBlock(x, 16, 16), 16, 16)
        x = try sketch.add(fork, sketch.convolution(x, 16, 16))
        let paths = try #require(Inspection(sketch: sketch.finished(x)).paths)
        // Two blocks of 0 or 2 and 1 or 2 layers; then none, or one layer behind two blocks of 0 or 2.
        var counts: [Int: Double] = [:]
        for first in [0, 2] {
            for second in [1, 2] {
                for third in [0, 1, 3, 3, 5] { counts[first + second + third, default: 0] += 1.0 / 20 }
            }
        }
        #expect(paths.log2Paths.rounded(toDigits: 6) == 4.321928)
        #expect(paths.minimum == 1 && paths.maximum == 9)
        for (length, share) in counts {
            let position = length - paths.first
            try #require(paths.shares.indices.contains(position))
            #expect(abs(paths.shares[position] - share) < 1e-9)
        }
        #expect(abs(paths.shares.reduce(0, +) - 1) < 1e-9)
        let mean = counts.reduce(0) { $0 + Double($1.key) * $1.value }
        #expect(abs(paths.mean - mean) < 1e-9)
    }

    @Test(arguments: [false, true]) func `Dense concatenations are a stage with a growth rate`(listsAll: Bool) throws {
        var sketch = Sketch()
        let x = try sketch.pool(sketch.unit(sketch.input(channels: 3), 3, 16))
        var read = x
        var features = [x]
        for layer in 0..<4 {
            let channels = 16 + 8 * layer
            let inner = try sketch.convolution(sketch.relu(sketch.normalization(read, channels)), channels, 32, kernel: [1, 1])
            let made = try sketch.convolution(sketch.relu(sketch.normalization(inner, 32)), 32, 8)
            features.append(made)
            read = try sketch.node(
                .concatenation(Concatenation(axis: 1)), "Concat", listsAll ? features : [read, made])
        }
        let inspection = try Inspection(sketch: sketch.finished(sketch.relu(read)))
        #expect(inspection.blocks.isEmpty)
        #expect(inspection.concatenations.map(\.kind) == Array(repeating: .dense, count: 4))
        #expect(inspection.denseStages.map(\.growthRate) == [8])
        #expect(inspection.denseStages.map(\.inputChannels) == [16])
        #expect(inspection.denseStages.map(\.outputChannels) == [48])
        #expect(inspection.denseStages.map(\.bottleneckChannels) == [32])
    }

    @Test func `A concatenation with an upsampled map is a skip, of parallel branches it is parallel`() throws {
        var sketch = Sketch()
        let x = try sketch.unit(sketch.input(channels: 8), 8, 8)
        let deep = try sketch.unit(sketch.pool(x), 8, 8)
        let joined = try sketch.unit(sketch.concatenation(sketch.upsampled(deep), x), 16, 8)
        let parallel = try sketch.concatenation(sketch.unit(joined, 8, 8), sketch.unit(joined, 8, 8))
        let inspection = try Inspection(sketch: sketch.finished(parallel))
        #expect(inspection.concatenations.map(\.kind) == [.skip, .parallel])
        #expect(inspection.denseStages.isEmpty)
    }

    /// Shapes that a search could walk again and again.
    enum Shape: String, CaseIterable, Sendable { case chain, shortcutsFromTheStart, nested, wideFork, dense, unet }

    static func graph(_ shape: Shape, nodes: Int) throws -> Graph {
        var sketch = Sketch()
        let start = try sketch.relu(sketch.input(channels: 2, extents: [4, 4]))
        let weight = try sketch.weight([2, 2, 1, 1])
        func layer(_ x: ValueID, _ sketch: inout Sketch) throws -> ValueID {
            let window = Window(strides: [1, 1], dilations: [1, 1], padding: .valid)
            return try sketch.node(
                .convolution(Convolution(window: window, groups: 1, layout: .channelsFirst, kernelOrder: .outputInputSpatial)),
                "Conv", [x, weight, nil])
        }
        func branch(_ x: ValueID, _ sketch: inout Sketch) throws -> ValueID {
            try layer(sketch.relu(layer(x, &sketch)), &sketch)
        }
        var x = start
        switch shape {
        case .chain: for _ in 0..<nodes / 4 { x = try sketch.add(x, branch(x, &sketch)) }
        case .shortcutsFromTheStart: for _ in 0..<nodes / 4 { x = try sketch.add(start, branch(x, &sketch)) }
        case .nested:
            var forks = [x]
            for _ in 0..<nodes / 4 {
                x = try branch(x, &sketch)
                forks.append(x)
            }
            while let fork = forks.popLast() { if fork != x { x = try sketch.add(fork, x) } }
        case .wideFork:
            let parts = try (0..<nodes / 3).map { _ in try branch(start, &sketch) }
            x = try sketch.node(.variadic(Variadic(.sum)), "Sum", [start] + parts)
        case .dense:
            for _ in 0..<nodes / 4 { x = try sketch.node(.concatenation(Concatenation(axis: 0)), "Concat", [x, branch(x, &sketch)]) }
        case .unet:
            var skips: [ValueID] = []
            for _ in 0..<nodes / 8 {
                skips.append(x)
                x = try branch(x, &sketch)
            }
            while let skip = skips.popLast() { x = try branch(sketch.add(skip, branch(x, &sketch)), &sketch) }
        }
        return try sketch.finished(x)
    }

    @Test(arguments: Shape.allCases) func `Time grows with the graph and not with its square`(shape: Shape) throws {
        let clock = ContinuousClock()
        func time(_ nodes: Int) throws -> Duration {
            let graph = try Self.graph(shape, nodes: nodes)
            return (0..<2).map { _ in clock.measure { _ = Inspection(sketch: graph) } }.min() ?? .zero
        }
        let (small, large) = try (time(1_500), time(9_000))
        // Six times the nodes: the square would take 36 times as long.
        #expect(large < small * 18 + .milliseconds(50), "\(shape): \(small) and \(large)")
    }
}

extension Double {
    fileprivate func rounded(toDigits digits: Int) -> Double {
        var factor = 1.0
        for _ in 0..<digits { factor *= 10 }
        return (self * factor).rounded() / factor
    }
}
