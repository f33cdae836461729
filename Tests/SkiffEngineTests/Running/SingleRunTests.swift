import SkiffCore
import SkiffEngine
import SkiffGraph
import Testing

/// Sessions that plan for one run give the bits of those that keep their packed weights.
@Suite struct SingleRunTests {
    /// One product with constant weights.
    struct Case: CustomTestStringConvertible, Sendable {
        var testDescription: String
        var input: Shape
        var weight: Shape
        var groups = 1
        var layout = Layout.channelsFirst
        var order = KernelOrder.outputInputSpatial
        /// The plan has a step of its own that packs.
        var packsBefore = false
    }

    static let cases = [
        Case(testDescription: "Winograd in two steps", input: [1, 256, 14, 13], weight: [256, 256, 3, 3]),
        Case(testDescription: "Winograd in one", input: [1, 48, 20, 17], weight: [40, 48, 3, 3], packsBefore: true),
        Case(testDescription: "1×1, outputs that fill no slice", input: [2, 512, 7, 7], weight: [301, 512, 1, 1]),
        Case(testDescription: "two groups", input: [1, 320, 6, 6], weight: [130, 160, 3, 3], groups: 2),
        Case(
            testDescription: "outputs last", input: [1, 9, 9, 200], weight: [3, 3, 200, 280], layout: .channelsLast,
            order: .spatialInputOutput),
        Case(testDescription: "few weights", input: [1, 24, 30, 30], weight: [20, 24, 5, 5], packsBefore: true),
    ]

    @Test(arguments: cases, [false, true])
    func `has the bits of sessions that keep their weights`(of `case`: Case, isExact: Bool) throws {
        var draw = Draw(try #require(KernelSet.all.first), seed: 5)
        func tensor(_ shape: Shape) throws -> Tensor {
            try Tensor(floats: (0..<shape.reduce(1, *)).map { _ in Float(draw.real()) }, shape: shape)
        }
        var builder = GraphBuilder()
        let x = try builder.addInput("x", Fact(.float32, shape: `case`.input))
        let w = try builder.addWeight("w", try tensor(`case`.weight))
        let convolution = Convolution(
            window: Window(strides: [1, 1], dilations: [1, 1], padding: .explicit(before: [1, 1], after: [1, 1])),
            groups: `case`.groups, layout: `case`.layout, kernelOrder: `case`.order)
        let y = try builder.addNode(
            "product", sourceOperator: "", .convolution(convolution), inputs: [x, w], output: "y")
        builder.addOutput("y", y)
        let graph = try builder.build()
        let inputs = ["x": try tensor(`case`.input)]
        let kept = try Session(graph, options: Session.Options(threads: 1, isExact: isExact))
        let expected = try #require(try kept.run(inputs)["y"]).floats().map(\.bitPattern)
        for threads in 1...3 {
            let options = Session.Options(threads: threads, isExact: isExact, runsOnce: true)
            let session = try Session(graph, options: options)
            for _ in 0..<2 {
                #expect(try #require(try session.run(inputs)["y"]).floats().map(\.bitPattern) == expected)
            }
            let plan = try session.plan(for: inputs)
            // Biases and zeros alone.
            #expect(plan.packedWeightBytes < 8192)
            if threads == 1 {
                #expect(plan.steps.contains { $0.operation == "pack weights" } == `case`.packsBefore)
            }
        }
    }
}
