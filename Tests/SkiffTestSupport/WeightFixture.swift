public import SkiffCore

/// A file of the fixture `weights`, with what the framework that wrote it computed.
public struct WeightFixture: Sendable, CustomStringConvertible {
    public var file: String
    /// The architecture beside it, where it is kept.
    public var configuration: String?
    public var backend: String
    public var architecture: String
    private var io: String

    public var path: String { Fixtures.path("weights/" + file) }
    public var configurationPath: String? { configuration.map { Fixtures.path("weights/" + $0) } }
    public var description: String { file }

    /// What went in and what came out.
    public func recording() throws -> (x: Tensor, y: Tensor) {
        let archive = try NPZ(Fixtures.storage("weights/" + io))
        guard let x = archive["x"], let y = archive["y"] else { throw CoreError(.malformed("no x or no y in \(io)")) }
        return (x, y)
    }

    init?(_ value: JSONValue) {
        guard let file = value["file"]?.stringValue, let io = value["io"]?.stringValue else { return nil }
        self.file = file
        self.io = io
        configuration = value["config"]?.stringValue
        backend = value["backend"]?.stringValue ?? ""
        architecture = value["architecture"]?.stringValue ?? ""
    }
}

extension Fixtures {
    /// Weights without an architecture.
    public static let weights = weightFixtures("recognition")
    /// Whole models whose weights are kept in an uncommon form.
    public static let wholeWeights = weightFixtures("models")

    private static func weightFixtures(_ key: String) -> [WeightFixture] {
        guard let bytes = try? bytes("manifest.json"), let manifest = try? JSONValue(parsing: bytes) else { return [] }
        let entry = manifest["fixtures"]?.arrayValue?.first { $0["name"] == "weights" }
        return (entry?[key]?.arrayValue ?? []).compactMap { WeightFixture($0) }
    }
}
