import SkiffCore
import SkiffEngine
import SkiffGraph
import SkiffVerify
import Testing

/// Which layer is guilty, what inherits, and what is amplified rounding.
@Suite struct BlameTests {
    private func verify(_ candidate: DrawnNetwork, all: Bool = true) throws -> ParityReport {
        var verifier = Verifier()
        verifier.comparesIntermediates = all
        return try verifier.verify(candidate.graph(), against: DrawnNetwork().graph())
    }

    @Test func `what hangs on a wrong layer inherits, and is not blamed`() throws {
        let report = try verify(DrawnNetwork(epsilon: 1e-2))
        #expect(report.guilty.map(\.name) == ["stem_bn"])
        #expect(report.guilty.first?.nodes == ["stem_bn"])
        let behind = try #require(report.values.first { $0.name == "branch" })
        #expect(behind.verdict == .differs)
        #expect((behind.ratio ?? 0) > 100)
        #expect((behind.localRatio ?? .infinity) < 2)
    }

    @Test func `several wrong layers are all named`() throws {
        let report = try verify(DrawnNetwork(epsilon: 1e-2, weightFactor: 1.01))
        #expect(report.guilty.map(\.name) == ["stem_bn", "branch"])
        #expect(report.firstDivergence?.name == "stem_bn")
    }

    @Test func `the first wrong element and their number are told`() throws {
        let report = try verify(DrawnNetwork(weightFactor: 1.01))
        let layer = try #require(report.guilty.first)
        let element = try #require(layer.firstElement)
        // The first element of the weight is the corner tap of the first output channel.
        #expect(element.index.starts(with: [0, 0]))
        #expect(layer.wrongElements > 100)
        #expect(layer.wrongElements < layer.judgement.comparison.elementCount / 6)
        #expect(layer.errorHistogram?.counts.reduce(0, +) == layer.judgement.comparison.elementCount)
        #expect(layer.region?.graph.nodes.count == 1)
    }

    @Test func `where nothing is recorded inside, the piece is the network up to the output`() throws {
        let report = try verify(DrawnNetwork(epsilon: 1e-2), all: false)
        #expect(report.guilty.map(\.name) == ["scores"])
        #expect(report.guilty.first?.nodes.count == 7)
    }

    @Test func `a piece gives what the whole network gives there`() throws {
        let graph = try DrawnNetwork().graph()
        let image = try SeededInput().tensor(forInput: 0, elementType: .float32, shape: [2, 3, 9, 8])
        let values = try Evaluator(graph).run(["image": image], precision: .float, observing: .all)
        for (first, last) in [("stem_bn", "add"), ("add", "head"), ("image", "stem_relu")] {
            let from = try #require(graph.valueIDs.first { graph[$0].name == first })
            let to = try #require(graph.valueIDs.first { graph[$0].name == last })
            let region = try Region(
                of: graph, output: to, given: [from: values[from] ?? image], reference: #require(values[to]))
            #expect(try region.judgement().verdict == .identical)
            #expect(region.nodes.map { graph.displayName(of: $0) } == region.graph.nodeIDs.map { region.graph.displayName(of: $0) })
        }
    }

    /// y = Σ w·x, one number: its measured noise is small by chance now and then.
    private func scalar(seed: UInt64, weightFactor: Float = 1) throws -> Graph {
        var builder = GraphBuilder()
        let x = try builder.addInput("x", Fact(.float32, [1, 64]))
        var weights = try SeededInput(seed: seed).tensor(forInput: 3, elementType: .float32, shape: [64, 1]).floats()
        weights[5] *= weightFactor
        let w = try builder.addWeight("w", Tensor(floats: weights, shape: [64, 1]))
        builder.addOutput("y", try builder.addNode("dense", sourceOperator: "Dense", .dense(Dense()), inputs: [x, w], output: "y"))
        return try builder.build()
    }

    @Test func `one number's rounding is no difference, however small its measured noise is by chance`() throws {
        for seed in 0..<200 as Range<UInt64> {
            let graph = try scalar(seed: seed)
            let x = try SeededInput(seed: seed).tensor(forInput: 0, elementType: .float32, shape: [1, 64])
            let (xs, ws) = (try x.floats(), try #require(graph.weights.first.flatMap { graph[$0].tensor }).floats())
            // As another framework may sum: from the last product to the first.
            var sum: Float = 0
            for index in xs.indices.reversed() { sum += xs[index] * ws[index] }
            let recording = Recording(
                name: "r", inputs: [.init("x", x)], outputs: [.init("y", try Tensor(floats: [sum], shape: [1, 1]))])
            #expect(try Verifier().verify(graph, against: recording).passed, "seed \(seed)")
            let wrong = try Verifier().verify(scalar(seed: seed, weightFactor: 1.01), against: recording)
            #expect(!wrong.passed || abs(xs[5] * ws[5]) < 0.01, "seed \(seed)")
        }
    }

    @Test func `a recorded array that is another step under the same name is set aside, where what follows agrees`() throws {
        let graph = try DrawnNetwork().graph()
        let image = try SeededInput(seed: 7).tensor(forInput: 0, elementType: .float32, shape: [2, 3, 9, 8])
        let values = try Evaluator(graph).run(["image": image], precision: .reference, observing: .all)
        let named = Dictionary(uniqueKeysWithValues: graph.nodes.flatMap(\.outputs).map { (graph[$0].name, $0) })
        let stem = try #require(named["stem"].flatMap { values[$0] })
        let other = try Tensor(floats: stem.floats().map { $0 * 3 + 1 }, shape: stem.shape)
        let recording = Recording(
            name: "r", inputs: [.init("image", image)],
            outputs: [.init("scores", try #require(values[graph.outputs[0].value]))],
            values: [.init("stem", other), .init("stem_bn", try #require(named["stem_bn"].flatMap { values[$0] }))])
        let report = try Verifier().verify(graph, against: recording)
        #expect(report.guilty.isEmpty)
        #expect(report.values.first { $0.name == "stem" }?.verdict == .incomparable)
        #expect(report.outputs.first?.verdict.isAgreement == true)
    }
}
