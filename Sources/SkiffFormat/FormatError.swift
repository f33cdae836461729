public import SkiffCore
public import SkiffGraph

/// What the native container's reader and writer refuse. Numbers are those of the rules in Docs/Format.md.
public struct FormatError: LocatedError {
    public enum Reason: Hashable, Sendable {
        /// F1 The file begins with the signature.
        case signature
        /// F2 The version is one that is read.
        case version(found: UInt32)
        /// F3 The header has at most the limit's bytes when inflated.
        case inflatedLength(declared: Int)
        /// F4 The file has exactly the length that it declares.
        case fileLength(declared: UInt64, found: Int)
        /// F5 The header has at least one byte, at most the limit, and lies in the file behind the prologue.
        case headerLength(declared: UInt64, allowed: Int)
        /// F6 Prologue and header have the checksum that the prologue declares.
        case headerChecksum
        /// F7 The header is a message of the schema, within the limits.
        case header(CoreError.Reason)
        /// F8 The header is the one encoding of what it says.
        case notCanonical
        /// F9 All bytes between payloads are zero.
        case padding
        /// F10 Each payload begins behind the one before it, raw ones at a multiple of 64, or is one that came before.
        case payloadOffset(declared: UInt64, expected: Int, behind: String?)
        /// F11 The header begins where the last payload ends.
        case payloadEnd(declared: Int, expected: Int)
        /// F12 Element types are known, and tensors have a size within the limits.
        case tensorType(String)
        /// F13 The encoding is known and fits the tensor.
        case encoding(String)
        /// F14 A raw payload has the bytes that its shape and element type need, an encoded one those of its blocks.
        case payloadLength(declared: UInt64, expected: Int)
        /// F15 Every value is given once: as an input, a weight, or an output of a node.
        case valueSource(String)
        /// F16 Positions refer to what is there, and nodes read what is given before them.
        case reference(String)
        /// F17 Operators stand in the order of their first use, each once.
        case operatorOrder(String)
        /// F18 Operators are known and have their attributes, in their order, and no others.
        case attribute(String)
        /// F19 The graph is valid: names, operators and their inputs fit.
        case graph(GraphError.Reason)
        /// F20 A payload has the checksum that its tensor declares.
        case payloadChecksum
        /// F21 The elements of a payload have the digest that its tensor declares.
        case digest(String)
        /// F22 Canonical axes are an order of the tensor's, and origins refer to sources that are there.
        case origin(String)
        /// The graph holds what the format cannot carry.
        case notStorable(String)
        /// Reading or writing the file failed.
        case core(CoreError.Reason)
    }

    public var reason: Reason
    public var place: Place

    public init(_ reason: Reason, at place: Place = Place()) {
        self.reason = reason
        self.place = place
    }

    public init(_ error: CoreError) { self.init(.core(error.reason), at: error.place) }

    public var message: String {
        switch reason {
        case .signature: "does not begin with the signature of a Skiff file"
        case .version(let found): "has format version \(found), readable is \(Layout.version)"
        case .inflatedLength(let declared): "header has \(declared) bytes when inflated, allowed are \(Layout.headerLimit)"
        case .fileLength(let declared, let found): "file has \(found) bytes, its header declares \(declared)"
        case .headerLength(let declared, let allowed): "header has \(declared) bytes, allowed are 1 to \(allowed)"
        case .headerChecksum: "header does not have its declared checksum; the file is damaged"
        case .header(let reason): "header: \(CoreError(reason).message)"
        case .notCanonical: "header is not encoded as its contents prescribe"
        case .padding: "padding is not zero"
        case .payloadOffset(let declared, let expected, let behind):
            "payload begins at \(declared), expected \(expected)"
                + (behind.map { " behind tensor \"\(escaped($0))\"" } ?? "")
        case .payloadEnd(let declared, let expected): "header begins at \(declared), the payloads end at \(expected)"
        case .tensorType(let text): text
        case .encoding(let text): text
        case .payloadLength(let declared, let expected): "payload has \(declared) bytes, its shape and encoding need \(expected)"
        case .valueSource(let text), .reference(let text), .operatorOrder(let text), .attribute(let text): text
        case .graph(let reason): GraphError(reason).message
        case .payloadChecksum: "payload does not have its declared checksum; the file is damaged"
        case .digest(let text), .origin(let text), .notStorable(let text): text
        case .core(let reason): CoreError(reason).message
        }
    }

    public var hint: String? {
        switch reason {
        case .version(let found) where found < Layout.version: "an older skiff wrote this file; convert its source again"
        case .version: "a newer skiff wrote this file; convert its source again, or update"
        case .fileLength(let declared, let found) where UInt64(found) < declared: "the file is cut off; copy it again"
        case .fileLength: "something was added behind its end; copy it again"
        case .headerChecksum, .payloadChecksum, .padding: "copy the file again, or convert its source again"
        default: nil
        }
    }
}
