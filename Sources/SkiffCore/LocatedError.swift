/// Where in its input an error lies. Each layer that knows a part fills it in.
public struct Place: Hashable, Sendable {
    /// Path of the file as the user gave it.
    public var file: String?
    /// Member of an archive, or path of an object inside an HDF5 file.
    public var member: String?
    /// Name of the ONNX node or Keras layer.
    public var node: String?
    /// Operator or layer class of that node, `Conv` or `Conv2D`.
    public var operatorName: String?
    /// Name of the tensor.
    public var tensor: String?
    /// Offset in bytes from the start of the file.
    public var byteOffset: Int?

    public init(
        file: String? = nil, member: String? = nil, node: String? = nil, operatorName: String? = nil,
        tensor: String? = nil, byteOffset: Int? = nil
    ) {
        self.file = file
        self.member = member
        self.node = node
        self.operatorName = operatorName
        self.tensor = tensor
        self.byteOffset = byteOffset
    }

    /// This place with the gaps filled from `outer`, which knows less of the inside and more of the outside.
    public func filled(from outer: Place) -> Place {
        Place(
            file: file ?? outer.file, member: member ?? outer.member, node: node ?? outer.node,
            operatorName: operatorName ?? outer.operatorName, tensor: tensor ?? outer.tensor,
            byteOffset: byteOffset ?? outer.byteOffset)
    }

    /// The place as the start of a message: `file: member: node "n" (Op): tensor "t": byte 12`.
    public var text: String {
        var parts: [String] = []
        if let file { parts.append(escaped(file)) }
        if let member { parts.append(escaped(member)) }
        switch (node, operatorName) {
        case (let node?, let name?): parts.append("node \"\(escaped(node))\" (\(escaped(name)))")
        case (let node?, nil): parts.append("node \"\(escaped(node))\"")
        case (nil, let name?): parts.append("\(escaped(name))")
        case (nil, nil): break
        }
        if let tensor { parts.append("tensor \"\(escaped(tensor))\"") }
        if let byteOffset { parts.append("byte \(byteOffset)") }
        return parts.joined(separator: ": ")
    }
}

/// An error with a reason (what was found, what was expected), a place and where one helps a hint.
///
/// Every module has one such type: a struct of a `Reason` enum and a ``Place``.
public protocol LocatedError: Error, Sendable, CustomStringConvertible {
    /// The reason in one lower-case line without a full stop, found and expected in it.
    var message: String { get }
    var place: Place { get set }
    /// What the user can do, where there is something.
    var hint: String? { get }
}

extension LocatedError {
    public var hint: String? { nil }

    public var description: String {
        let place = place.text
        return place.isEmpty ? message : "\(place): \(message)"
    }

    /// The same error with the gaps of its place filled.
    public func at(_ outer: Place) -> Self {
        var copy = self
        copy.place = copy.place.filled(from: outer)
        return copy
    }
}

/// Names from a file, made safe to print: control characters, bidirectional overrides and quotes are escaped,
/// and what is longer than 200 characters is cut.
public func escaped(_ name: String) -> String { escaped(name, limit: 200, keepsQuotes: false) }

/// A sentence from a file, made safe to print as ``escaped(_:)`` does it; quotes stay, and a thousand characters.
public func printable(_ sentence: String) -> String { escaped(sentence, limit: 1000, keepsQuotes: true) }

private func escaped(_ text: String, limit: Int, keepsQuotes: Bool) -> String {
    var result = ""
    var length = 0
    for scalar in text.unicodeScalars {
        length += 1
        if length > limit { return result + "…" }
        switch scalar {
        case "\"", "\\": result += keepsQuotes ? String(scalar) : "\\" + String(scalar)
        case "\n": result += "\\n"
        case "\r": result += "\\r"
        case "\t": result += "\\t"
        default:
            switch scalar.properties.generalCategory {
            case .control, .format, .lineSeparator, .paragraphSeparator, .surrogate, .privateUse, .unassigned:
                result += "\\u{" + String(scalar.value, radix: 16) + "}"
            default: result.unicodeScalars.append(scalar)
            }
        }
    }
    return result
}
