public import SkiffCore
public import SkiffGraph

/// Writes safetensors files, laid out as the reference implementation lays them out: it reads them, and saving what it
/// read gives the same bytes.
public enum SafetensorsWriter {
    /// Writes the graph's weights under the graph's names; the architecture is left out.
    /// - Parameters:
    ///   - progress: told the bytes written so far and those there are.
    /// - Throws: ``SafetensorsError`` as ``write(_:metadata:to:progress:)``.
    public static func write(
        _ graph: Graph, to path: String, progress: ((_ done: Int, _ total: Int) -> Void)? = nil
    ) throws(SafetensorsError) {
        let weights = graph.values.compactMap { value in value.tensor.map { (name: value.name, tensor: $0) } }
        try write(weights, to: path, progress: progress)
    }

    /// Writes `tensors` to `path`, atomically, piece by piece; big-endian ones become little-endian. The same tensors
    /// and metadata give the same bytes, in whatever order the tensors come.
    /// - Parameters:
    ///   - metadata: becomes `__metadata__`, in this order; left out where it is empty.
    ///   - progress: told the bytes written so far and those there are.
    /// - Throws: ``SafetensorsError`` `notStorable` for element types the format does not have and names that occur
    ///   twice or are empty, `core` where writing fails.
    public static func write(
        _ tensors: [(name: String, tensor: Tensor)], metadata: [(key: String, value: String)] = [], to path: String,
        progress: ((_ done: Int, _ total: Int) -> Void)? = nil
    ) throws(SafetensorsError) {
        let entries = try sorted(tensors)
        let header = try header(of: entries, metadata: metadata)
        let total = entries.reduce(0) { $0 + $1.tensor.byteRange.count }
        var done = 0
        try located { () throws(CoreError) in
            try atomicWrite(to: path) { writer throws(CoreError) in
                try writer.write(header)
                for entry in entries {
                    try entry.tensor.forEachLittleEndianPiece { bytes throws(CoreError) in
                        try writer.write(bytes)
                        done += bytes.count
                        progress?(done, total)
                    }
                }
            }
        }
    }

    private struct Entry {
        var name: String
        var tensor: Tensor
        /// Position of the element type in the reference's order.
        var rank: Int
        var type: String { safetensorsTypes[rank].name }
    }

    /// The tensors in the file's order: wide elements first, then by the bytes of their names.
    private static func sorted(_ tensors: [(name: String, tensor: Tensor)]) throws(SafetensorsError) -> [Entry] {
        var entries: [Entry] = []
        var names: Set<String> = []
        for (name, tensor) in tensors {
            func refused(_ why: String) -> SafetensorsError {
                SafetensorsError(.notStorable(why), at: Place(tensor: name))
            }
            guard !name.isEmpty else { throw SafetensorsError(.notStorable("a weight has no name")) }
            guard name != "__metadata__" else { throw refused("has the name of the file's metadata") }
            guard names.insert(name).inserted else { throw refused("is there twice") }
            guard let rank = safetensorsTypes.firstIndex(where: { $0.type == tensor.elementType }) else {
                throw refused("has elements of type \(tensor.elementType.rawValue), which safetensors does not have")
            }
            guard tensor.byteRange.count * 8 == tensor.elementCount * (tensor.elementType.bitWidth ?? 8) else {
                throw refused("elements of \(tensor.elementType.rawValue) do not fill whole bytes")
            }
            entries.append(Entry(name: name, tensor: tensor, rank: rank))
        }
        return entries.sorted { left, right in
            left.rank == right.rank ? left.name.utf8.lexicographicallyPrecedes(right.name.utf8) : left.rank > right.rank
        }
    }

    /// Length and header, padded with spaces to a multiple of eight bytes.
    private static func header(
        of entries: [Entry], metadata: [(key: String, value: String)]
    ) throws(SafetensorsError) -> [UInt8] {
        var text: [UInt8] = [UInt8(ascii: "{")]
        if !metadata.isEmpty {
            append("\"__metadata__\":{", to: &text)
            for (position, entry) in metadata.enumerated() {
                if position > 0 { append(",", to: &text) }
                appendQuoted(entry.key, to: &text)
                append(":", to: &text)
                appendQuoted(entry.value, to: &text)
            }
            append("}", to: &text)
        }
        var offset = 0
        for entry in entries {
            if text.count > 1 { append(",", to: &text) }
            appendQuoted(entry.name, to: &text)
            let (end, overflow) = offset.addingReportingOverflow(entry.tensor.byteRange.count)
            guard !overflow else { throw SafetensorsError(.notStorable("weights are too large")) }
            let shape = entry.tensor.shape.map(String.init).joined(separator: ",")
            append(":{\"dtype\":\"\(entry.type)\",\"shape\":[\(shape)],\"data_offsets\":[\(offset),\(end)]}", to: &text)
            offset = end
        }
        append("}", to: &text)
        text += [UInt8](repeating: 0x20, count: (8 - text.count % 8) % 8)
        guard text.count <= Limits.safetensorsHeaderBytes else {
            throw SafetensorsError(
                .notStorable("header would have \(text.count) bytes, allowed are \(Limits.safetensorsHeaderBytes)"))
        }
        let length = UInt64(text.count)
        return (0..<8).map { UInt8(truncatingIfNeeded: length >> (8 * UInt64($0))) } + text
    }

    private static func append(_ string: String, to text: inout [UInt8]) { text.append(contentsOf: string.utf8) }

    /// A JSON string with no more escapes than the reference writes: quotes, backslashes and controls.
    private static func appendQuoted(_ string: String, to text: inout [UInt8]) {
        let short: [UInt8: Character] = [0x08: "b", 0x09: "t", 0x0A: "n", 0x0C: "f", 0x0D: "r", 0x22: "\"", 0x5C: "\\"]
        text.append(UInt8(ascii: "\""))
        for byte in string.utf8 {
            if let escape = short[byte] {
                append("\\\(escape)", to: &text)
            } else if byte < 0x20 {
                append("\\u00" + (byte < 16 ? "0" : "") + String(byte, radix: 16), to: &text)
            } else {
                text.append(byte)
            }
        }
        text.append(UInt8(ascii: "\""))
    }
}
