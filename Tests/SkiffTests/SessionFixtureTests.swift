import Skiff
import SkiffTestSupport
import Testing

/// The fast executor beside the reference evaluator, on real networks.
@Suite struct SessionFixtureTests {
    private static func inputs(_ run: FixtureRun, of model: Model) throws -> [String: Tensor] {
        guard case .archive(let members) = try ArrayFile(contentsOf: run.ioPath) else { return [:] }
        var inputs: [String: Tensor] = [:]
        for id in model.graph.inputs {
            let name = model.graph[id].name
            let member = members.first { $0.name == name || $0.name == "input:" + name }
            inputs[name] = try #require(member).tensor
        }
        return inputs
    }

    @Test(arguments: FixtureTests.runnable)
    func `gives what the reference evaluator gives, with and without Winograd`(run: FixtureRun) throws {
        let model = try Model(contentsOf: run.modelPath)
        let inputs = try Self.inputs(run, of: model)
        let expected = try model.run(inputs)
        for isExact in [false, true] {
            let session = try Session(model.graph, options: Session.Options(threads: 2, isExact: isExact))
            let found = try session.run(inputs)
            #expect(Set(found.keys) == Set(expected.keys))
            for (name, tensor) in expected {
                let error = try relativeError(try #require(found[name]), tensor)
                #expect(error < (isExact ? 2e-6 : 1e-5), "\(name) is off by \(error)")
            }
        }
    }

    @Test(arguments: FixtureTests.runnable.prefix(12))
    func `has the same bits for one, two and three threads, run after run, weights kept or not`(run: FixtureRun) throws {
        let model = try Model(contentsOf: run.modelPath)
        let inputs = try Self.inputs(run, of: model)
        var first: [String: [Float]]?
        for threads in 1...3 {
            let options = Session.Options(threads: threads, runsOnce: threads == 3)
            let session = try Session(model.graph, options: options)
            for _ in 0..<2 {
                let outputs = try session.run(inputs).mapValues { try $0.floats() }
                if let first { #expect(first == outputs) }
                first = first ?? outputs
            }
        }
    }

    /// RMS of the difference over RMS of what is expected.
    private func relativeError(_ found: Tensor, _ expected: Tensor) throws -> Double {
        #expect(found.shape == expected.shape)
        let (found, expected) = (try found.doubles(), try expected.doubles())
        let difference = zip(found, expected).reduce(0.0) { $0 + ($1.0 - $1.1) * ($1.0 - $1.1) }
        let size = expected.reduce(0.0) { $0 + $1 * $1 }
        return size > 0 ? (difference / size).squareRoot() : difference.squareRoot()
    }
}
