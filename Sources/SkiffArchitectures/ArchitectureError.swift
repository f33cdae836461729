public import SkiffCore
public import SkiffGraph

/// What is refused where an architecture is sought for weights.
public struct ArchitectureError: LocatedError {
    public enum Reason: Hashable, Sendable {
        /// No architecture that Skiff knows has such layers; the sentence says what there is.
        case unrecognized(String)
        /// Layers that the recognised architecture has and the file lacks, as the file would name them.
        case missing([String], leftOver: [String] = [], found: Int, expected: Int?)
        /// A kernel whose shape does not fit the channels that reach it.
        case kernel(String, shape: String, expectedInputs: Int)
        /// Several architectures fit; their identifiers.
        case ambiguous([String])
        /// No architecture of that name fits; the identifiers of those that do.
        case notAmong(String, [String])
        /// A weight of another model's architecture that the file lacks, and what it has.
        case unmatched(String, found: [String])
        /// Names that cannot be given in another scheme, and why.
        case notNameable(String)
        case graph(GraphError.Reason)
        case core(CoreError.Reason)
    }

    public var reason: Reason
    public var place: Place

    public init(_ reason: Reason, at place: Place = Place()) {
        self.reason = reason
        self.place = place
    }

    public init(_ error: GraphError) { self.init(.graph(error.reason), at: error.place) }

    public init(_ error: CoreError) { self.init(.core(error.reason), at: error.place) }

    public var message: String {
        switch reason {
        case .unrecognized(let text): "holds weights of an architecture that Skiff does not know: \(text)"
        case .missing(let names, let leftOver, let found, let expected):
            "\(Self.list(names)) missing"
                + (expected.map { $0 > found ? ": \(found) of \($0) layers found" : "" } ?? "") + Self.rest(leftOver)
        case .kernel(let name, let shape, let inputs):
            "kernel of \"\(escaped(name))\" is \(shape), which does not take the \(inputs) channels that reach it"
        case .ambiguous(let names): "fits several architectures: \(names.joined(separator: ", "))"
        case .notAmong(let name, let names):
            "does not fit the architecture \"\(escaped(name))\"; it fits "
                + (names.isEmpty ? "none" : names.joined(separator: ", "))
        case .unmatched(let name, let found):
            "no weight for \"\(escaped(name))\"; left over: "
                + (found.isEmpty ? "none" : found.prefix(3).map { "\"\(escaped($0))\"" }.joined(separator: ", "))
        case .notNameable(let text): text
        case .graph(let reason): GraphError(reason).message
        case .core(let reason): CoreError(reason).message
        }
    }

    private static func rest(_ names: [String]) -> String {
        guard !names.isEmpty else { return "" }
        let shown = names.prefix(4).map { "\"\(escaped($0))\"" }.joined(separator: ", ")
        return "; left over: \(shown)" + (names.count > 4 ? " and \(names.count - 4) more" : "")
    }

    private static func list(_ names: [String]) -> String {
        let shown = names.prefix(4).map { "\"\(escaped($0))\"" }.joined(separator: ", ")
        let more = names.count > 4 ? " and \(names.count - 4) more" : ""
        return "\(shown)\(more) \(names.count == 1 ? "is" : "are")"
    }

    public var hint: String? {
        switch reason {
        case .unrecognized:
            "give the architecture: --config model.json (Keras' model.to_json()), or --architecture-from MODEL"
        case .ambiguous: "--architecture NAME decides"
        case .missing: "the file is cut, or of another network: --config or --architecture-from gives its architecture"
        case .notAmong(_, let names): names.first.map { "try --architecture \($0)" }
        case .kernel: "if it is another network: --config or --architecture-from gives its architecture"
        case .unmatched, .notNameable: nil
        case .graph(let reason): GraphError(reason).hint
        case .core(let reason): CoreError(reason).hint
        }
    }
}
