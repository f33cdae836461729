#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#else
import Darwin
#endif
import Skiff
@testable import SkiffVerify
import SkiffTestSupport
import Testing

/// Mistakes in real networks are explained, and by what they are.
@Suite struct ExplanationTests {
    /// Mistakes whose explanation is not found yet, or not as the first one.
    static let unexplained: Set<String> = []

    @Test(arguments: Mistakes.all)
    func `the right explanation comes first`(mistake: Mistake) throws {
        guard Self.unexplained.contains(mistake.name) else { return try explain(mistake) }
        withKnownIssue { try explain(mistake) }
    }

    private func explain(_ mistake: Mistake) throws {
        let (region, candidate) = try mistake.region()
        let judgement = try region.judgement()
        #expect(judgement.verdict == .differs, "the mistake shows: \(judgement.ratio)")
        let outcome = try Explainer(candidate: candidate).outcome(of: region)
        let (explanations, experiments) = (outcome.explanations, outcome.experiments)
        #expect(experiments > 0)
        let first = try #require(explanations.first, "\(experiments) experiments, nothing fits; ratio \(judgement.ratio)")
        let list = explanations.map { "\($0.sentence) [\($0.ratio)] \($0.note ?? "")" }.joined(separator: "\n")
        #expect(first.kind == mistake.kind, "\(list)")
        #expect(mistake.expected.isEmpty || first.expected.contains(mistake.expected), "\(list)")
        #expect(first.ratio < ParityPolicy.noiseMultiple)
        if ProcessEnvironment.isVerbose {
            let nearest = outcome.nearest.map { "\($0)" } ?? "none"
            print("EXPLAINED | \(mistake.name) | \(judgement.ratio) | \(first.ratio) | \(nearest) | \(experiments) | \(list)")
        }
    }

    /// The layers of a network with one weight off by half of it: whatever else is tried must not fit.
    @Test(arguments: ["torch-basic/model.onnx torch-basic/io.npz", "keras3-bottleneck/model.h5 keras3-bottleneck/io.npz"])
    func `one wrong weight is not explained by anything else`(files: String) throws {
        let files = files.split(separator: " ").map(String.init)
        let model = try Model(contentsOf: Fixtures.path(files[0])).graph
        var told = 0
        for id in model.nodeIDs {
            guard case .convolution = model[id].operator, let value = model[id].outputs.first, let operand = model[id].inputs[1],
                let tensor = model.storedWeight(operand)?.tensor
            else { continue }
            let position = (id.index * 7919) % tensor.elementCount
            let mistake = Mistake(
                name: "", model: files[0], io: files[1], output: model[value].name, kind: .changedWeight, expected: "",
                candidate: { graph in
                    try graph.replacing(inputs: [id: [1: tensor.changing(position) { $0 * 1.5 + 0.01 }]])
                })
            let (region, candidate) = try mistake.region()
            let explanations = try Explainer(candidate: candidate).explanations(of: region).explanations
            #expect(explanations.allSatisfy { $0.kind == .changedWeight }, "\(explanations.map(\.sentence))")
            let index = tensor.shape.index(ofPosition: position).shapeText
            if explanations.first?.sentence.contains("one weight of \(model.displayName(of: id)): \(index) is") ?? false { told += 1 }
        }
        #expect(told >= 10)
    }

    @Test func `noise is explained by nothing`() throws {
        let mistake = try #require(Mistakes.kernels.first)
        let (region, candidate) = try mistake.region()
        let sound = try region.reference.floats()
        let noise = try SeededInput(seed: 3).tensor(forInput: 0, elementType: .float32, shape: region.reference.shape).floats()
        let wrong = try Tensor(floats: zip(sound, noise).map { $0 + 0.01 * $1 }, shape: region.reference.shape)
        let outcome = try Explainer(candidate: candidate).outcome(of: region.with(reference: wrong))
        #expect(outcome.findings.isEmpty, "\(outcome.explanations.map(\.sentence))")
        #expect(outcome.experiments > 50)
    }

    @Test func `a sound piece needs no explanation`() throws {
        let mistake = Mistake(
            name: "", model: "torch-basic/model.onnx", io: "torch-basic/io.npz", output: "/relu/Relu_output_0",
            hidden: ["/bn1/BatchNormalization_output_0", "/conv1/Conv_output_0"], kind: .padding, expected: "")
        let (region, candidate) = try mistake.region()
        let (explanations, experiments) = try Explainer(candidate: candidate).explanations(of: region)
        #expect(explanations.isEmpty)
        #expect(experiments == 0)
    }

    /// Above zero a ReLU, a LeakyReLU and no activation are one function; noise tells them apart, and the reference says
    /// which of them it has.
    @Test func `what fits equally well is told apart by another input`() throws {
        var builder = GraphBuilder()
        let input = try builder.addInput("x", Fact(.float32, [2, 8]))
        let output = try builder.addNode("act", sourceOperator: "Sigmoid", .unary(Unary(.sigmoid)), inputs: [input], output: "y")
        builder.addOutput("y", output)
        let graph = try builder.build()
        let numbers = try SeededInput().tensor(forInput: 0, elementType: .float32, shape: [2, 8]).floats().map { abs($0) }
        let tensor = try Tensor(floats: numbers, shape: [2, 8])
        let region = try Region(of: graph, output: output, given: [input: tensor], reference: tensor)
        let explainer = Explainer(candidate: graph)
        let outcome = try explainer.outcome(of: region)
        #expect(outcome.explanations.count > 1)
        #expect(outcome.explanations.first?.note != nil)
        #expect(try #require(outcome.telling).separation > 100)
        let asked = try explainer.outcome(of: region, reference: { given in
            guard let given = given.values.first, let elements = try? given.floats() else { return nil }
            return try? Tensor(floats: elements.map { max($0, 0) }, shape: given.shape)
        })
        #expect(asked.explanations.map(\.expected) == ["ReLU"])
    }

    @Test func `a limit ends the search and is told`() throws {
        let (region, candidate) = try #require(Mistakes.weights.first).region()
        var explainer = Explainer(candidate: candidate)
        explainer.experimentLimit = 10
        let outcome = try explainer.outcome(of: region)
        #expect(outcome.isCut)
        #expect(outcome.experiments == 10)
    }
}

private enum ProcessEnvironment {
    /// Whether `SKIFF_EXPLANATIONS` asks for the table of ratios.
    static var isVerbose: Bool { getenv("SKIFF_EXPLANATIONS") != nil }
}
