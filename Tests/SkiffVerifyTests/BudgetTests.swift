import SkiffCore
import SkiffGraph
import SkiffVerify
import Testing

/// Ways to store weights, chosen by how far outputs move.
@Suite struct BudgetTests {
    private static let kept = [23, 10, 7, 4]

    /// Each weight with all, ten, seven and four bits behind the leading one.
    private static func candidates(_ graph: Graph) throws -> [BudgetSearch.Candidate] {
        try graph.weights.compactMap { id -> BudgetSearch.Candidate? in
            guard let tensor = graph[id].tensor, tensor.shape.count > 1 else { return nil }
            let elements = try tensor.floats()
            let ways = kept.map { bits in
                BudgetSearch.Way(name: "\(bits) bits", bytes: elements.count * (9 + bits) / 8) { () throws(CoreError) in
                    [id: try Tensor(floats: elements.map { rounded($0, bits) }, shape: tensor.shape)]
                }
            }
            return BudgetSearch.Candidate(name: graph[id].name, elementBytes: elements.count * 4, ways: ways)
        }
    }

    private static func rounded(_ value: Float, _ bits: Int) -> Float {
        guard bits < 23, value != 0, value.isFinite else { return value }
        let unit = Float(sign: .plus, exponent: value.exponent - bits, significand: 1)
        return (value / unit).rounded(.toNearestOrEven) * unit
    }

    private static func samples(_ graph: Graph) throws -> [[String: Tensor]] {
        try [3, 4].map { try MadeUpInputs(for: graph, seed: $0, shapes: ["image": [2, 3, 16, 16]]).tensors }
    }

    @Test func `outputs move as far as is told, and no further than allowed`() throws {
        let graph = try DrawnNetwork().graph()
        let candidates = try Self.candidates(graph)
        let search = try BudgetSearch(graph, samples: Self.samples(graph))
        var last: BudgetReport?
        for budget in [1e-1, 3e-2, 1e-2, 3e-3, 1e-3, 1e-4, 1e-6] {
            let report = try search.choose(candidates, within: budget)
            #expect(report.error <= budget)
            var tensors: [ValueID: Tensor] = [:]
            for (candidate, choice) in zip(candidates, report.choices) where choice.index > 0 {
                tensors.merge(try candidate.ways[choice.index].rounded()) { $1 }
            }
            #expect(try search.error(replacing: tensors) == report.error)
            #expect(report.rows.reduce(0) { $0 + $1.bytes } == report.bytes)
            if let last { #expect(report.bytes >= last.bytes) }
            last = report
        }
        // The widest budget reaches the smallest way, the tightest leaves everything as it is.
        let widest = try search.choose(candidates, within: 1e9)
        #expect(widest.choices.allSatisfy { $0.index == Self.kept.count - 1 })
        #expect(last?.choices.allSatisfy { $0.index == 0 } == true)
    }

    @Test func `a budget of nothing changes nothing`() throws {
        let graph = try DrawnNetwork().graph()
        let report = try BudgetSearch(graph, samples: Self.samples(graph)).choose(Self.candidates(graph), within: 0)
        #expect(report.error == 0)
        #expect(report.choices.allSatisfy { $0.index == 0 })
    }

    @Test func `a way that makes outputs no numbers is not taken`() throws {
        let graph = try DrawnNetwork().graph()
        let candidates = try Self.candidates(graph).map { candidate in
            var candidate = candidate
            let last = candidate.ways[1]
            candidate.ways.append(
                BudgetSearch.Way(name: "broken", bytes: 1) { () throws(CoreError) in
                    var broken: [ValueID: Tensor] = [:]
                    for (id, tensor) in try last.rounded() {
                        let elements = [Float](repeating: .nan, count: tensor.elementCount)
                        broken[id] = try Tensor(floats: elements, shape: tensor.shape)
                    }
                    return broken
                })
            return candidate
        }
        let report = try BudgetSearch(graph, samples: Self.samples(graph)).choose(candidates, within: 1e9)
        #expect(report.choices.allSatisfy { $0.way != "broken" })
        #expect(report.error.isFinite)
    }
}
