import SkiffCore
import SkiffGraph
import SkiffKeras
import SkiffONNX
import SkiffTestSupport
import Testing

@testable import SkiffEngine

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#else
import Darwin
#endif

/// Models that somebody published, in the folders that `SKIFF_MODELS` names (colons between them).
@Suite struct PublishedModelPassTests {
    @Test(.enabled(if: getenv("SKIFF_MODELS") != nil))
    func `published models stay what they compute`() throws {
        let folders = getenv("SKIFF_MODELS").map { String(cString: $0) } ?? ""
        for folder in folders.split(separator: ":") {
            for file in names(inFolder: String(folder)) {
                let path = "\(folder)/\(file)"
                if file.hasSuffix(".onnx") {
                    try compare(ONNXReader.read(storage: Storage(mapping: path), folder: String(folder)), file)
                } else if file.hasSuffix(".h5") || file.hasSuffix(".hdf5") || file.hasSuffix(".keras") {
                    try compare(KerasReader.read(storage: Storage(mapping: path)), file)
                }
            }
        }
    }

    private func compare(_ graph: Graph, _ label: String) throws {
        var facts = graph.boundInputs(1)
        for (id, fact) in facts where fact.shape?.count == 4 {
            // Maps of any size are bound to a small one.
            let isOpen = graph[id].fact?.shape?.dropFirst().allSatisfy { $0.fixedValue == nil } ?? false
            if isOpen { facts[id] = Fact(fact.elementType, shape: [1, 3, 64, 64]) }
        }
        let clock = ContinuousClock()
        var draft: Draft?
        var reports: [PlanReport.Pass] = []
        var best = Duration.seconds(1000)
        for _ in 0..<5 {
            best = min(best, try clock.measure {
                var made = try Draft(graph, inputs: facts)
                reports = try made.simplify()
                draft = made
            })
        }
        guard let draft else { return }
        print("\(label): \(graph.nodes.count) nodes → \(draft.nodes.count), \(best)")
        print("  " + reports.filter { $0.changes > 0 }.map { "\($0.name) \($0.changes)" }.joined(separator: ", "))
        var kinds: [String: Int] = [:]
        for index in draft.nodes.indices {
            kinds[draft.text(of: index, in: graph), default: 0] += 1
        }
        for (kind, count) in kinds.sorted(by: { $0.value > $1.value }) { print("  \(count) × \(kind)") }

        var noise = Noise(3)
        var inputs: [String: Tensor] = [:]
        for (id, fact) in facts.sorted(by: { $0.key < $1.key }) {
            inputs[graph[id].name] = try noise.tensor(fact.shape?.fixedShape ?? [])
        }
        let expected = try Evaluator(graph).run(inputs)
        let expanded = try draft.graph()
        let found = try Evaluator(expanded).run(inputs)
        for (output, other) in zip(graph.outputs, expanded.outputs) {
            let (mine, theirs) = (try found[other.value]?.doubles() ?? [], try expected[output.value]?.doubles() ?? [])
            let size = theirs.reduce(0) { max($0, abs($1)) }
            #expect(isClose(mine, theirs, 1e-4 * size), "\(label), \(output.name)")
        }
    }
}
