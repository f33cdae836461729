import Skiff
import SkiffTestSupport
import Testing

/// Real networks stored within a budget.
@Suite struct BudgetFixtureTests {
    private static let networks = ["torch-basic/model.onnx", "keras3-bottleneck/model.h5", "mobile-like/model.keras"]

    @Test(arguments: networks)
    func `outputs of the written file move as far as was measured, and no further than allowed`(name: String) throws {
        let model = try Model(contentsOf: Fixtures.path(name))
        try withTemporaryFolder { folder in
            var lastBytes = 0
            for budget in [1e-1, 1e-2, 1e-3, 1e-5] {
                let path = folder + "/\(budget).skiff"
                let chosen = try model.encodings(withinBudget: budget, seed: 7)
                #expect(chosen.report.error <= budget)
                var options = WriteOptions()
                options.encodings = chosen.plan
                options.measurements = chosen.measurements
                let report = try model.write(to: path, options: options)
                let written = try Model(contentsOf: path)
                #expect(try written.outputError(from: model, seed: 7) == chosen.report.error)
                let stored = try #require(try written.provenance()).file.measurements
                #expect(stored.first { $0.key == "budget.error" }.flatMap { Double($0.value) } == chosen.report.error)
                // The search counts what the writer writes.
                #expect(report.tensors.reduce(0) { $0 + $1.storedBytes } == chosen.report.bytes + chosen.otherBytes)
                #expect(chosen.report.bytes >= lastBytes)
                lastBytes = chosen.report.bytes
            }
        }
    }

    @Test func `a wide budget rounds, one of nothing is lossless`() throws {
        let model = try Model(contentsOf: Fixtures.path("torch-basic/model.onnx"))
        let wide = try model.encodings(withinBudget: 1)
        #expect(wide.plan.byTensor.values.contains(.int8))
        #expect(wide.report.bytes * 3 < wide.report.choices.reduce(0) { $0 + $1.elementBytes })
        let none = try model.encodings(withinBudget: 0)
        #expect(none.plan == EncodingPlan(.lossless))
        #expect(none.report.error == 0)
    }
}
