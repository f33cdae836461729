import SkiffCore
import SkiffEngine
import SkiffGraph
import SkiffVerify
import Testing

@Suite struct VerifierTests {
    private func verify(
        _ candidate: DrawnNetwork, against reference: DrawnNetwork = DrawnNetwork(), all: Bool = false
    ) throws -> ParityReport {
        var verifier = Verifier()
        verifier.comparesIntermediates = all
        return try verifier.verify(candidate.graph(), against: reference.graph())
    }

    @Test func `a model agrees with itself to the last bit`() throws {
        let report = try verify(DrawnNetwork(), all: true)
        #expect(report.verdict == .identical)
        #expect(report.passed)
        #expect(report.values.count == 7)
        #expect(report.firstDivergence == nil)
    }

    @Test func `the same network in the other layout gets the same image and agrees within rounding`() throws {
        let report = try verify(DrawnNetwork(layout: .channelsLast), all: true)
        #expect(report.passed)
        #expect(report.values.count == 7)
        let input = try #require(report.inputs.first)
        #expect(input.shape == [2, 65, 47, 3])
        #expect(input.referenceShape == [2, 3, 65, 47])
        let ratio = report.worst?.ratio ?? 0
        #expect(ratio < 4)
    }

    @Test func `one changed weight is found, at the layer that holds it`() throws {
        let report = try verify(DrawnNetwork(weightFactor: 1.01), all: true)
        #expect(report.verdict == .differs)
        #expect(report.firstDivergence?.name == "branch")
        #expect(report.values.first { $0.name == "stem_relu" }?.verdict == .identical)
    }

    @Test func `a dropped bias is found at the first convolution`() throws {
        let report = try verify(DrawnNetwork(hasBias: false), all: true)
        #expect(!report.passed)
        #expect(report.firstDivergence?.name == "stem")
        #expect(report.firstDivergence?.node == "stem")
    }

    @Test(arguments: [Float(1.1e-3), 1e-2, 1e-5])
    func `another epsilon is found at its BatchNormalization`(epsilon: Float) throws {
        let report = try verify(DrawnNetwork(epsilon: epsilon), all: true)
        #expect(!report.passed)
        #expect(report.firstDivergence?.name == "stem_bn")
    }

    @Test func `an epsilon off by less than rounding is not accused`() throws {
        #expect(try verify(DrawnNetwork(epsilon: 1.000001e-3)).passed)
    }

    @Test func `exchanged kernel axes are found`() throws {
        let report = try verify(DrawnNetwork(swapsKernelAxes: true), all: true)
        #expect(report.firstDivergence?.name == "branch")
        #expect(report.outputs.first?.verdict == .differs)
    }

    @Test func `tolerances replace the noise when they are asked for`() throws {
        var verifier = Verifier()
        verifier.policy = ParityPolicy(.tolerance(absolute: 1, relative: 0))
        let changed = try DrawnNetwork(weightFactor: 1.01).graph()
        #expect(try verifier.verify(changed, against: DrawnNetwork().graph()).passed)
        verifier.policy = ParityPolicy(.tolerance(absolute: 0, relative: 1e-9))
        #expect(try !verifier.verify(changed, against: DrawnNetwork().graph()).passed)
    }

    @Test func `renamed inputs and outputs are paired`() throws {
        var other = DrawnNetwork()
        other.inputName = "x"
        other.outputName = "y"
        let report = try verify(other)
        #expect(report.verdict == .identical)
        #expect(report.outputs.first?.name == "y")
        #expect(report.outputs.first?.referenceName == "scores")
    }

    @Test func `fixed extents of one model are given to the other`() throws {
        var fixed = DrawnNetwork(layout: .channelsLast)
        fixed.inputShape = [1, 10, 7, 3]
        let report = try verify(DrawnNetwork(), against: fixed)
        #expect(report.inputs.first?.shape == [1, 3, 10, 7])
        #expect(report.passed)
    }

    @Test func `inputs whose extents contradict are refused`() throws {
        var fixed = DrawnNetwork()
        fixed.inputShape = [1, 4, 10, 7]
        #expect(throws: (any Error).self) { try fixed.graph() }
        fixed.inputShape = [1, 3, 10, 7]
        var other = DrawnNetwork()
        other.inputShape = [1, 3, 10, 8]
        #expect(throws: VerifyError.self) { try verify(fixed, against: other) }
    }

    @Test func `a shape for an input that is not there is refused`() throws {
        var verifier = Verifier()
        verifier.inputShapes = ["picture": [1, 3, 8, 8]]
        let graph = try DrawnNetwork().graph()
        #expect(throws: VerifyError.self) { try verifier.verify(graph, against: graph) }
        verifier.inputShapes = ["image": [1, 3, 8, 9]]
        #expect(try verifier.verify(graph, against: graph).inputs.first?.shape == [1, 3, 8, 9])
    }
}

@Suite struct RecordingTests {
    /// What the drawn network gives, as a framework would have recorded it.
    private func recording(
        _ change: (inout Recording) -> Void = { _ in }, layout: Layout = .channelsFirst, precision: Precision = .float
    ) throws -> (graph: Graph, recording: Recording) {
        let graph = try DrawnNetwork(layout: layout).graph()
        let shape = layout == .channelsFirst ? [2, 3, 9, 8] : [2, 9, 8, 3]
        let image = try SeededInput(seed: 7).tensor(forInput: 0, elementType: .float32, shape: shape)
        let values = try Evaluator(graph).run(["image": image], precision: precision, observing: .all)
        let entries = graph.nodes.flatMap(\.outputs).compactMap { id in
            values[id].map { Recording.Entry(graph[id].name, $0) }
        }
        let output = try #require(values[graph.outputs[0].value])
        var recording = Recording(
            name: "io.npz", inputs: [.init("image", image)], outputs: [.init("scores", output)], values: entries)
        change(&recording)
        return (graph, recording)
    }

    private func replaced(_ tensor: Tensor, at index: Int, with value: Float) throws -> Tensor {
        var floats = try tensor.floats()
        floats[index] = value
        return try Tensor(floats: floats, shape: tensor.shape)
    }

    @Test func `values of a Float run are identical, those of another precision agree within the noise`() throws {
        let (graph, recording) = try recording()
        let report = try Verifier().verify(graph, against: recording)
        #expect(report.verdict == .identical)
        #expect(report.values.count == 7)
        let other = try self.recording(precision: .reference).recording
        let rounded = try Verifier().verify(graph, against: other)
        #expect(rounded.verdict == .rounding)
        #expect((rounded.worst?.ratio ?? 0) < 2)
        #expect(rounded.values.allSatisfy { ($0.localRatio ?? 0) < 2 })
    }

    @Test func `NaN on one side only is a difference`() throws {
        let (graph, original) = try recording()
        var recording = original
        recording.outputs[0].tensor = try replaced(recording.outputs[0].tensor, at: 3, with: .nan)
        let report = try Verifier().verify(graph, against: recording)
        #expect(report.verdict == .differs)
        #expect(report.outputs.first?.comparison?.nonFiniteMismatch?.index == [0, 3])
        #expect(report.outputs.first?.reason?.contains("not finite") == true)
    }

    @Test func `a shape that is not the same is a failure`() throws {
        let (graph, original) = try recording()
        var recording = original
        recording.outputs[0].tensor = try Tensor(floats: [1, 2], shape: [1, 2])
        let report = try Verifier().verify(graph, against: recording)
        #expect(report.verdict == .incomparable)
        #expect(!report.passed)
    }

    @Test func `a recording that has nothing of the model is refused`() throws {
        let (graph, original) = try recording()
        var recording = original
        recording.outputs = []
        recording.values = [.init("elsewhere", recording.inputs[0].tensor)]
        #expect(throws: VerifyError.self) { try Verifier().verify(graph, against: recording) }
    }

    @Test func `an output recorded without elements agrees with one of its shape and no other`() throws {
        var builder = GraphBuilder()
        let input = try builder.addInput("x", Fact(.float32, [.symbolic("N")]))
        let output = try builder.addNode("r", sourceOperator: "Relu", .unary(Unary(.relu)), inputs: [input], output: "y")
        builder.addOutput("y", output)
        let empty = try Tensor(floats: [], shape: [0])
        let recording = Recording(name: "r", inputs: [.init("x", empty)], outputs: [.init("y", empty)])
        let graph = try builder.build()
        #expect(try Verifier().verify(graph, against: recording).verdict == .identical)
        let other = Recording(name: "r", inputs: recording.inputs, outputs: [.init("y", try Tensor(floats: [], shape: [0, 2]))])
        #expect(try Verifier().verify(graph, against: other).verdict == .incomparable)
    }

    @Test func `an image recorded in the other layout is turned, and that is said`() throws {
        let (_, recording) = try recording()
        let graph = try DrawnNetwork(layout: .channelsLast).graph()
        var outputs = recording
        outputs.values = []
        let report = try Verifier().verify(graph, against: outputs)
        #expect(report.passed)
        #expect(report.assumptions.count == 1)
    }

    @Test func `members are sorted by prefix, by the model's names, and by number`() throws {
        let graph = try DrawnNetwork().graph()
        let tensor = try Tensor(floats: [0], shape: [1])
        func sorted(_ names: String...) -> [[String]] {
            let recording = Recording(name: "", arrays: names.map { .init($0, tensor) }, for: graph)
            return [recording.inputs, recording.outputs, recording.values].map { $0.map(\.name) }
        }
        #expect(sorted("input:image", "output:scores", "value:add", "labels") == [["image"], ["scores"], ["add"]])
        #expect(sorted("image", "scores", "stem", "labels") == [["image"], ["scores"], ["stem"]])
        #expect(sorted("input_0", "output_0") == [["input_0"], ["output_0"], []])
    }
}

@Suite struct ComparisonTests {
    @Test func `made-up inputs are the same for ever`() throws {
        let tensor = try SeededInput(seed: 0).tensor(forInput: 0, elementType: .float32, shape: [4])
        // Computed by the page's rule outside Swift.
        let bits: [UInt32] = [1_057_628_168, 1_065_713_928, 1_070_086_371, 3_183_600_114]
        #expect(try tensor.floats().map(\.bitPattern) == bits)
        let integers = try SeededInput(seed: 0).tensor(forInput: 1, elementType: .int64, shape: [64]).integers()
        #expect(integers.allSatisfy { (0..<8).contains($0) })
        #expect(Set(integers).count > 4)
    }

    @Test func `made-up inputs are normal in mean, variance and reach`() throws {
        let values = try SeededInput(seed: 3).tensor(forInput: 0, elementType: .float32, shape: [100_000]).doubles()
        let mean = values.reduce(0, +) / 100_000
        let variance = values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / 100_000
        #expect(abs(mean) < 0.01)
        #expect(abs(variance - 1) < 0.02)
        #expect((values.max() ?? 0) > 3)
    }
}
