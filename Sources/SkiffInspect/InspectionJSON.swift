public import SkiffCore

extension Inspection {
    /// The inspection as `skiff inspect --json` prints it; Docs/JSON.md has the schema `skiff.inspect/1`.
    public func json() -> JSONValue { ["schema": "skiff.inspect/1"] }
}
