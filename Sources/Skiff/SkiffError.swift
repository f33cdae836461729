/// What the façade refuses, and what any module below it refused.
public struct SkiffError: LocatedError {
    public enum Reason: Sendable {
        /// A file of a kind that Skiff knows and does not read.
        case lookalike(Lookalike)
        /// A model's file, `an HDF5 file`, whose end is missing: the bytes it has, and those it should have at least.
        case cutOff(String, expected: Int, found: Int)
        /// Bytes that are of no kind Skiff knows.
        case unrecognized(head: String)
        /// A folder that is no model.
        case folder(String, hint: String?)
        /// A format that Skiff does not write, by the output's extension.
        case notWritable(extension: String)
        /// The output is the input's own file.
        case sameFile
        /// The model has layers that only code could say, so nothing carries them.
        case notConvertible(String)
        /// An array file that does not have what was asked of it.
        case arrays(String, hint: String?)
        /// A file that no framework can run.
        case noFramework(String, hint: String)
        /// An architecture was given for a file that cannot take one.
        case architecture(String)
        /// A file of a format that keeps no checksums cannot be checked.
        case noChecksums(format: String)
        /// A refusal of the module that did the work.
        case module(any LocatedError)
    }

    public var reason: Reason
    public var place: Place

    public init(_ reason: Reason, at place: Place = Place()) {
        self.reason = reason
        self.place = place
    }

    /// Wraps a module's error; one of this type stays as it is.
    public init(_ error: any LocatedError) {
        if let error = error as? SkiffError {
            self = error
        } else {
            self.init(.module(error), at: error.place)
        }
    }

    public var message: String {
        switch reason {
        case .lookalike(let lookalike): "is \(lookalike.name), which Skiff does not read"
        case .cutOff(let name, let expected, let found):
            "is \(name) cut off: it has \(found) bytes, expected at least \(expected)"
        case .unrecognized(let head): "is no model that Skiff knows: it begins with \(head)"
        case .folder(let text, _), .notConvertible(let text), .arrays(let text, _), .noFramework(let text, _),
            .architecture(let text): text
        case .notWritable(let name):
            name.isEmpty
                ? "has no extension, which says the format to write" : "Skiff does not write .\(escaped(name)) files"
        case .sameFile: "is the input itself"
        case .noChecksums(let format): "is a file of format \(format), which keeps no checksums"
        case .module(let error): error.message
        }
    }

    public var hint: String? {
        switch reason {
        case .lookalike(let lookalike): lookalike.hint
        case .cutOff: Lookalike.unfinished
        case .unrecognized: "Skiff reads " + FormatRegistry.formats.map(\.name).joined(separator: ", ")
        case .folder(_, let hint), .arrays(_, let hint): hint
        case .noFramework(_, let hint): hint
        case .notWritable:
            "use " + FormatRegistry.writable.flatMap(\.extensions).map { "." + $0 }.joined(separator: " or ")
        case .noChecksums: "skiff convert makes a native file of it, which does"
        case .sameFile: "choose another name for the output"
        case .architecture: "leave the architecture out, or name a file of weights"
        case .notConvertible: "skiff inspect shows such a model"
        case .module(let error): error.hint
        }
    }
}

/// Runs `body`, whose errors become ``SkiffError`` with the gaps of their place filled.
func located<Result>(
    _ place: @autoclosure () -> Place = Place(), _ body: () throws -> Result
) throws(SkiffError) -> Result {
    do {
        return try body()
    } catch let error as any LocatedError {
        throw SkiffError(error).at(place())
    } catch {
        throw SkiffError(.module(CoreError(.malformed("\(error)"))), at: place())
    }
}
