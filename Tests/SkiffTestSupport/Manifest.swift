internal import SkiffCore

/// `Fixtures/manifest.json`: the networks, and what their frameworks recorded.
public struct FixtureRun: Sendable, CustomStringConvertible {
    /// Folder of the fixture.
    public var fixture: String
    /// The model's file in it.
    public var model: String
    /// The recorded values.
    public var io: String
    /// Held-out samples with `labels` and the framework's `predictions`, where there are any.
    public var heldout: String?
    /// A model whose function lies in code: it is shown, and refused everywhere else.
    public var mustRefuseToRun: Bool

    public var modelPath: String { Fixtures.path("\(fixture)/\(model)") }
    public var ioPath: String { Fixtures.path("\(fixture)/\(io)") }
    public var heldoutPath: String? { heldout.map { Fixtures.path("\(fixture)/\($0)") } }
    public var description: String { "\(fixture)/\(model)" }
}

extension Fixtures {
    /// Every model of the manifest that has recorded values.
    public static let runs: [FixtureRun] = {
        guard let bytes = try? bytes("manifest.json"), let manifest = try? JSONValue(parsing: bytes) else { return [] }
        return (manifest["fixtures"]?.arrayValue ?? []).flatMap(runs)
    }()

    private static func runs(of fixture: JSONValue) -> [FixtureRun] {
        guard let name = fixture["name"]?.stringValue else { return [] }
        return (fixture["runs"]?.arrayValue ?? []).flatMap { run in
            (run["models"]?.arrayValue ?? []).compactMap { model in
                guard let file = model.stringValue, let io = run["io"]?.stringValue else { return nil }
                return FixtureRun(
                    fixture: name, model: file, io: io, heldout: run["heldout"]?.stringValue,
                    mustRefuseToRun: fixture["mustRefuseToRun"]?.boolValue ?? false)
            }
        }
    }
}
