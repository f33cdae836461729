#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#else
import Darwin
#endif
import Skiff
import SkiffTestSupport
import Synchronization
import Testing

/// Mistakes made on purpose before `skiff diff`: what computes something else must never be called the same function.
@Suite(.serialized) struct DifferenceMutantTests {
    /// A network, and another export of it to compare its mutants with.
    struct Case: CustomTestStringConvertible {
        var mutated: String
        var other: String
        var testDescription: String { "\(mutated) against \(other)" }
    }

    private static let cases = [
        Case(mutated: "keras3-bottleneck/model.h5", other: "keras3-bottleneck/model.h5"),
        Case(mutated: "keras3-bottleneck/model.h5", other: "keras3-bottleneck/model.onnx"),
        Case(mutated: "keras3-bottleneck/model.onnx", other: "keras3-bottleneck/model.keras"),
        Case(mutated: "torch-basic/model.onnx", other: "torch-basic-folded/model.onnx"),
        Case(mutated: "torch-basic-folded/model.onnx", other: "torch-basic/model.onnx"),
        Case(mutated: "mobile-like/model.h5", other: "mobile-like/model.keras"),
        Case(mutated: "keras2-preact/model.h5", other: "keras2-preact/model.h5"),
        Case(mutated: "conv1d-dilated-torch/model.onnx", other: "conv1d-dilated-torch/model-dynamo.onnx"),
        Case(mutated: "keras2-nested/model.h5", other: "keras2-nested/model.h5"),
    ]

    @Test(arguments: cases) func `no mutant is called the same function`(_ pair: Case) throws {
        let run = try #require(Fixtures.runs.first { $0.description == pair.mutated })
        let model = try Model(contentsOf: run.modelPath)
        let other = try Model(contentsOf: Fixtures.path(pair.other))
        let plain = Self.difference(other.graph, model.graph)
        #expect(plain.isSameFunction, "\(plain.summary)")
        let specimen = try Specimen(
            pair.mutated, model.graph, inputs: MadeUpInputs(for: model.graph, batch: 2).tensors, recording: nil)
        // `make mutants` takes all of them.
        let every = getenv("SKIFF_MUTANTS") == nil ? 4 : 1
        let all = try MutantMaker(specimen: specimen, sites: 2).all()
        let mutants = all.indices.filter { $0 % every == 0 }.map { all[$0] }
        let missed = Mutex<[String]>([])
        let named = Mutex(0)
        try concurrently(mutants.count, workers: 2) { (index) throws in
            let mutant = mutants[index]
            guard let mutated = try? mutant.edit.applied(to: model.graph) else { return }
            let found = Self.difference(other.graph, mutated)
            if !found.isSameFunction {
                named.withLock { $0 += 1 }
                return
            }
            let precision: Precision = mutant.family == .computePrecision ? .reference : .double
            let change = try specimen.change(of: mutated, at: mutant.nodes, with: .model, precision: precision)
            // What changes nothing that rounding does not may be called the same; folding rounds some times more.
            guard change > (found.verdict == .sameButRounding ? ParityPolicy.noiseMultiple : 1) else { return }
            let names = mutant.nodes.map { model.graph.displayName(of: $0) }.joined(separator: ", ")
            missed.withLock { $0.append("\(mutant.family.rawValue), \(names): \(mutant.detail), change \(change)") }
        }
        let list = missed.withLock { $0 }
        #expect(list.isEmpty, "\(list.joined(separator: "\n"))")
        #expect(named.withLock { $0 } > 10)
        print("\(pair.testDescription): \(named.withLock { $0 }) of \(mutants.count) mutants told apart, \(list.count) missed")
    }

    private static func difference(_ left: Graph, _ right: Graph) -> ModelDifference {
        Differencer().difference(
            left, right, inspections: (Inspection(of: left, format: ""), Inspection(of: right, format: "")))
    }
}
