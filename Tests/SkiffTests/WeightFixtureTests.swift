import Skiff
import SkiffTestSupport
import Testing

/// Weights of every generation of Keras against what that generation computed with them.
@Suite struct WeightFixtureTests {
    private func agrees(_ model: Model, _ fixture: WeightFixture) throws {
        let (x, y) = try fixture.recording()
        let input = try #require(model.graph.inputs.first)
        let outputs = try model.run([model.graph[input].name: x])
        let output = try #require(outputs.values.first)
        #expect(output.elementCount == y.elementCount)
        let (found, expected) = (try output.doubles(), try y.doubles())
        let spread = (expected.max() ?? 0) - (expected.min() ?? 0)
        let worst = zip(found, expected).map { abs($0 - $1) }.max() ?? .infinity
        #expect(worst <= 1e-4 * spread, "\(fixture.file): \(worst) of \(spread)")
    }

    @Test(arguments: Fixtures.weights.filter { $0.configuration != nil })
    func `with the architecture beside them weights give what the framework computed`(fixture: WeightFixture) throws {
        let path = try #require(fixture.configurationPath)
        try agrees(Model(contentsOf: fixture.path, architecture: .configuration(path)), fixture)
    }

    @Test(arguments: Fixtures.wholeWeights)
    func `archives with weights in uncommon forms give what the framework computed`(fixture: WeightFixture) throws {
        try agrees(Model(contentsOf: fixture.path), fixture)
    }
}
