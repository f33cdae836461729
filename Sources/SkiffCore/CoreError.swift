/// What the ground layer refuses: files, byte ranges, sizes, archives, compressed streams, NumPy files, JSON.
public struct CoreError: LocatedError {
    public enum Reason: Hashable, Sendable {
        /// A system call failed; `code` is errno.
        case system(call: String, code: Int32)
        /// The path is not a regular file (`kind` says what it is).
        case notRegularFile(kind: String)
        /// Fewer bytes than a structure needs.
        case truncated(needed: Int, available: Int)
        /// A byte range lies outside what holds it.
        case rangeOutside(lower: Int, upper: Int, limit: Int)
        /// The system does not give the memory that something needs.
        case memory(bytes: Int)
        /// A shape whose element or byte count cannot be represented.
        case sizeOverflow(shape: Shape, elementType: ElementType)
        /// The bytes present are not those that shape and element type need.
        case byteCountMismatch(expected: Int, found: Int)
        /// A named limit would be passed.
        case limit(name: String, declared: Int, allowed: Int)
        /// External data that would leave the model's folder, or is not a plain file of it.
        case externalPathRefused(path: String, why: String)
        /// A deflate stream that is broken, or gives more or fewer bytes than declared.
        case inflate(String)
        /// A zip archive that breaks a rule.
        case zip(String)
        /// A NumPy file that breaks a rule or holds what cannot be read.
        case numpy(String)
        /// JSON text that breaks a rule.
        case json(String)
        /// Anything else, in words.
        case malformed(String)
    }

    public var reason: Reason
    public var place: Place

    public init(_ reason: Reason, at place: Place = Place()) {
        self.reason = reason
        self.place = place
    }

    public var message: String {
        switch reason {
        case .system(let call, let code): "\(call) failed: \(systemMessage(code))"
        case .notRegularFile(let kind): "is \(kind), expected a regular file"
        case .truncated(let needed, let available): "needs \(needed) bytes, \(available) are left"
        case .rangeOutside(let lower, let upper, let limit):
            "bytes \(lower) to \(upper) lie outside the \(limit) bytes there are"
        case .memory(let bytes): "needs \(bytes) bytes of memory, which the system does not give"
        case .sizeOverflow(let shape, let elementType):
            "shape \(shape.shapeText) of \(elementType.rawValue) has no representable size"
        case .byteCountMismatch(let expected, let found): "holds \(found) bytes, its shape needs \(expected)"
        case .limit(let name, let declared, let allowed):
            "\(name) is \(declared), allowed are \(allowed)"
        case .externalPathRefused(let path, let why): "external data \"\(escaped(path))\" refused: \(why)"
        case .inflate(let text): "deflate stream: \(text)"
        case .zip(let text): "zip archive: \(text)"
        case .numpy(let text): "NumPy file: \(text)"
        case .json(let text): "JSON: \(text)"
        case .malformed(let text): text
        }
    }
}

extension CoreError {
    /// Whether a file was not there. ENOENT is 2 on every system that Skiff is built for.
    public var isFileMissing: Bool {
        if case .system(_, let code) = reason { code == 2 } else { false }
    }
}
