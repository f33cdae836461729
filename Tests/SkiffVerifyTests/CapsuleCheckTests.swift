import SkiffCore
import SkiffGraph
import SkiffTestSupport
@testable import SkiffVerify
import Testing

@Suite struct CapsuleCheckTests {
    private func capsule(_ network: DrawnNetwork = DrawnNetwork()) throws -> Capsule {
        try Capsule(running: network.graph(), using: Verifier(), source: "drawn", producer: "test")
    }

    private func check(_ network: DrawnNetwork, _ capsule: Capsule) throws -> ParityReport {
        try Verifier().verify(network.graph(), against: capsule)
    }

    @Test func `a model has its own capsule, to the last bit`() throws {
        let capsule = try capsule()
        #expect(capsule.values.map(\.role) == [.output] + Array(repeating: .intermediate, count: 6))
        let report = try check(DrawnNetwork(), capsule)
        #expect(report.verdict == .identical)
        #expect(report.values.count == 7)
        #expect(report.seed == 0)
    }

    @Test func `the other layout agrees within rounding, at every value`() throws {
        let report = try check(DrawnNetwork(layout: .channelsLast), capsule())
        #expect(report.passed)
        #expect(report.values.count == 7)
        #expect(report.inputs.first?.shape == [2, 64, 64, 3])
        #expect(report.worst?.ratio ?? 0 < 4)
        #expect(try check(DrawnNetwork(), capsule(DrawnNetwork(layout: .channelsLast))).passed)
    }

    @Test(arguments: [Float(1.1e-3), 1e-2, 1e-5])
    func `another epsilon is found at its BatchNormalization`(epsilon: Float) throws {
        let report = try check(DrawnNetwork(epsilon: epsilon), capsule())
        #expect(report.verdict == .differs)
        #expect(report.firstDivergence?.name == "stem_bn")
        #expect(report.values.first { $0.name == "stem" }?.verdict.isAgreement == true)
    }

    @Test func `one changed weight is found, at the layer that holds it`() throws {
        let report = try check(DrawnNetwork(weightFactor: 1.01), capsule())
        #expect(report.verdict == .differs)
        #expect(report.firstDivergence?.name == "branch")
    }

    /// What the sketches estimate beside what a comparison of all elements measures.
    @Test(arguments: [Float(1.001), 1.01, 1.1])
    func `ratios are those of the whole tensors, within the bounds of the estimate`(factor: Float) throws {
        let (candidate, reference) = (try DrawnNetwork(weightFactor: factor).graph(), try DrawnNetwork().graph())
        let estimated = try Verifier().verify(candidate, against: capsule())
        var verifier = Verifier()
        verifier.inputs.madeUp = .noise
        verifier.inputShapes = ["image": [2, 3, 64, 64]]
        let measured = try verifier.verify(candidate, against: reference)
        for value in measured.values where value.ratio ?? 0 > 1 {
            let ratio = try #require(estimated.values.first { $0.name == value.name }?.ratio)
            let bounds = Sketch.Distance.bounds
            #expect(ratio * bounds.lowerBound < value.ratio ?? 0 && value.ratio ?? 0 < ratio * bounds.upperBound)
        }
    }

    @Test func `values of other names are paired by their content`() throws {
        var capsule = try capsule()
        for index in capsule.values.indices where capsule.values[index].role == .intermediate {
            capsule.values[index].name = "other/\(index)"
        }
        let report = try check(DrawnNetwork(layout: .channelsLast), capsule)
        #expect(report.passed)
        #expect(report.values.count == 7)
        #expect(report.unmatched.isEmpty)
        #expect(report.values.first { $0.referenceName == "other/1" }?.name == "stem")
        let changed = try check(DrawnNetwork(epsilon: 1e-2), capsule)
        #expect(changed.verdict == .differs)
        #expect(!changed.unmatched.isEmpty)
    }

    @Test func `a capsule of another network, and tolerances, are refused`() throws {
        var capsule = try capsule()
        var verifier = Verifier()
        verifier.policy = ParityPolicy(.tolerance(absolute: 1e-5, relative: 0))
        let graph = try DrawnNetwork().graph()
        #expect(throws: VerifyError.self) { try verifier.verify(graph, against: capsule) }
        for index in capsule.values.indices { capsule.values[index].shape.reverse() }
        #expect(try Verifier().verify(graph, against: capsule).verdict == .incomparable)
        capsule.inputs = []
        #expect(throws: VerifyError.self) { try Verifier().verify(graph, against: capsule) }
    }
}
