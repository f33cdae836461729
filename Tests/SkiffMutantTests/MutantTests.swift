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

/// Mistakes made on purpose, hundreds of them, and what the verifier says of each.
///
/// `make mutants` runs all, `make test` about one of five. `SKIFF_MUTANTS` names a folder for `table.md` and
/// `misses.md`, and asks for all, or for one of `SKIFF_MUTANTS_EVERY`.
@Suite(.serialized) struct MutantTests {
    private static let folder = getenv("SKIFF_MUTANTS").map { String(cString: $0) }
    private static let every =
        getenv("SKIFF_MUTANTS_EVERY").flatMap { Int(String(cString: $0)) } ?? (folder == nil ? 5 : 1)

    /// Networks with real values by their frameworks.
    private static let recorded = [
        "keras3-bottleneck/model.h5", "torch-basic/model.onnx", "mobile-like/model.h5", "keras2-preact/model.h5",
        "conv1d-dilated/model.h5", "conv1d-dilated-torch/model.onnx", "keras3-formats/model.h5",
        "keras2-nested/model.h5", "onnx-opsets/opset13.onnx", "torch-basic-folded/model.onnx",
        "keras3-bottleneck/model.onnx", "onnx-opsets/opset7.onnx",
    ]
    /// Networks that are compared with themselves, on made-up inputs.
    private static let compared = ["keras3-bottleneck/model.h5", "torch-basic/model.onnx", "mobile-like/model.h5"]

    @Test func `mutants are detected, blamed on their layer and explained`() throws {
        var trials: [Trial] = []
        for name in Self.recorded { trials += try Self.recordedTrials(name) }
        for name in Self.compared { trials += try Self.comparedTrials(name) }
        trials += try Self.residualTrials()
        // Which ones, a seed decides.
        let picked = trials.enumerated().filter { number, _ in
            var draws = Draws(number)
            return draws.below(Self.every) == 0
        }
        let tally = try Self.tally(picked.map(\.element))
        print(tally.text)
        if let folder = Self.folder {
            try write(tally.text, to: folder + "/table.md")
            try write(tally.misses, to: folder + "/misses.md")
        }
        let total = tally.total
        #expect(total.mutants.count >= 2000 / Self.every)
        #expect(tally.accusedEquivalents.isEmpty, "\(tally.misses)")
        #expect(Tally.rate(total.detected, total.mutants.count) >= 0.99, "\(tally.misses)")
        for reference in Trial.Reference.allCases {
            let row = tally.row(of: reference)
            let (blamed, explained) = (
                Tally.rate(row.blamed, row.blamable.count), Tally.rate(row.explained, row.explainable.count)
            )
            #expect(blamed >= Self.leastBlamed(reference), "\(reference): \(blamed)\n\(tally.misses)")
            let isFew = row.explainable.count < 20
            #expect(isFew || explained >= Self.leastExplained, "\(reference): \(explained)\n\(tally.misses)")
        }
    }

    /// The part that must be blamed on the right layer; of outputs alone none is asked.
    private static func leastBlamed(_ reference: Trial.Reference) -> Double { reference == .outputs ? 0 : 0.97 }

    /// The part of explainable mistakes that must be explained as they were made; Docs/Verification.md says what others are.
    private static let leastExplained = 0.88

    private static func recordedTrials(_ name: String) throws -> [Trial] {
        let run = try #require(Fixtures.runs.first { $0.description == name })
        let model = try Model(contentsOf: run.modelPath)
        guard case .archive(let members) = try ArrayFile(contentsOf: run.ioPath) else { return [] }
        let recording = Recording(name: name, arrays: members.map { .init($0.name, $0.tensor) }, for: model.graph)
        var inputs: [String: Tensor] = [:]
        for (id, entry) in zip(model.graph.inputs, recording.inputs) { inputs[model.graph[id].name] = entry.tensor }
        for entry in recording.inputs where inputs[entry.name] != nil { inputs[entry.name] = entry.tensor }
        let specimen = try Specimen(name, model.graph, inputs: inputs, recording: recording)
        let mutants = try MutantMaker(specimen: specimen, sites: 3).all()
        let outputs = mutants.enumerated().filter { $0.offset % 4 == 1 }.map(\.element)
        return mutants.map { Trial(specimen: specimen, mutant: $0, reference: .recorded) }.filter(\.makesSense)
            + outputs.map { Trial(specimen: specimen, mutant: $0, reference: .outputs) }.filter(\.makesSense)
    }

    private static func comparedTrials(_ name: String) throws -> [Trial] {
        let run = try #require(Fixtures.runs.first { $0.description == name })
        let graph = try Model(contentsOf: run.modelPath).graph
        let inputs = try MadeUpInputs(for: graph, batch: 2).tensors
        let specimen = try Specimen("\(name), compared", graph, inputs: inputs, recording: nil)
        let mutants = try MutantMaker(specimen: specimen, sites: 2).all()
        return mutants.flatMap { mutant in
            [Trial.Reference.model, .reversed].map { Trial(specimen: specimen, mutant: mutant, reference: $0) }
                .filter(\.makesSense)
        }
    }

    private static func residualTrials() throws -> [Trial] {
        let graph = try DrawnResNet().graph()
        let inputs = try MadeUpInputs(for: graph, batch: 2).tensors
        let results = try Evaluator(graph).run(inputs)
        let recording = Recording(
            name: "reference", inputs: inputs.map { .init($0.key, $0.value) },
            outputs: graph.outputs.compactMap { output in results[output.value].map { .init(output.name, $0) } })
        let specimen = try Specimen("ResNet-50, 64 × 64", graph, inputs: inputs, recording: recording)
        let mutants = try MutantMaker(specimen: specimen, sites: 3).all()
        return mutants.enumerated().compactMap { number, mutant in
            let reference: Trial.Reference = number % 8 == 7 ? .outputs : number % 2 == 0 ? .model : .reversed
            let trial = Trial(specimen: specimen, mutant: mutant, reference: reference)
            return trial.makesSense ? trial : nil
        }
    }

    private static func tally(_ trials: [Trial]) throws -> Tally {
        let outcomes = Mutex<[Int: Trial.Outcome]>([:])
        // Two of the largest network take a gigabyte.
        let workers = max(1, min(Evaluator.defaultThreads, Limits.availableEvaluationBytes() >> 30))
        try concurrently(trials.count, workers: workers) { (index) throws in
            guard let outcome = try trials[index].run(threads: 1) else { return }
            outcomes.withLock { $0[index] = outcome }
        }
        let found = outcomes.withLock { $0 }
        return Tally(outcomes: found.keys.sorted().compactMap { found[$0] })
    }

    private func write(_ text: String, to path: String) throws {
        let file = try #require(fopen(path, "w"))
        defer { fclose(file) }
        fputs(text, file)
    }
}
