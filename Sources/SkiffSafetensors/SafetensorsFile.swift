public import SkiffCore

/// A safetensors file that was checked: its tensors, which stay where they lie in the file.
///
/// The format: eight bytes of little-endian length, a JSON object of that length (padded with spaces), then the
/// tensors' bytes without holes. Source: the format's description in huggingface/safetensors, and version 0.8.
public struct SafetensorsFile: Sendable {
    /// In the order in which they lie in the file.
    public var tensors: [(name: String, tensor: Tensor)]
    /// `__metadata__`, in the header's order.
    public var metadata: [(key: String, value: String)]

    /// Reads the file that fills `storage`. Nothing but the header is touched.
    /// - Throws: ``SafetensorsError`` with the file and the tensor in its place.
    public init(storage: Storage) throws(SafetensorsError) {
        do throws(SafetensorsError) {
            let (header, dataStart) = try Self.header(of: storage)
            metadata = try Self.metadata(of: header)
            var entries: [Entry] = []
            guard header.count <= Limits.tensors else {
                throw SafetensorsError(
                    .core(.limit(name: "tensors", declared: header.count, allowed: Limits.tensors)))
            }
            for member in header where member.key != "__metadata__" {
                do throws(SafetensorsError) {
                    entries.append(try Entry(name: member.key, info: member.value))
                } catch {
                    throw error.at(Place(tensor: member.key))
                }
            }
            entries.sort { ($0.range.lowerBound, $0.range.upperBound) < ($1.range.lowerBound, $1.range.upperBound) }
            tensors = try Self.tensors(of: entries, in: storage, dataStart: dataStart)
        } catch {
            throw error.at(Place(file: storage.path))
        }
    }

    /// One entry of the header.
    private struct Entry {
        var name: String
        var elementType: ElementType
        var shape: Shape
        /// Relative to the end of the header.
        var range: Range<Int>

        init(name: String, info: JSONValue) throws(SafetensorsError) {
            self.name = name
            guard info.objectValue != nil else {
                throw SafetensorsError(.tensor("entry is \(info.kind), expected an object"))
            }
            guard let type = info["dtype"]?.stringValue else { throw SafetensorsError(.tensor("has no dtype")) }
            guard let known = safetensorsTypes.first(where: { $0.name == type }) else {
                throw SafetensorsError(.elementType(type))
            }
            elementType = known.type
            shape = try Self.numbers(info, "shape")
            let offsets = try Self.numbers(info, "data_offsets")
            guard offsets.count == 2, offsets[0] <= offsets[1] else {
                throw SafetensorsError(.tensor("has data_offsets \(offsets.shapeText), expected a begin and an end"))
            }
            range = offsets[0]..<offsets[1]
            let bytes = try Self.byteCount(shape, elementType)
            guard bytes == range.count else {
                throw SafetensorsError(
                    .tensor("has \(range.count) bytes, \(type) \(shape.shapeText) needs \(bytes)"))
            }
        }

        private static func numbers(_ info: JSONValue, _ key: String) throws(SafetensorsError) -> [Int] {
            guard let list = info[key]?.arrayValue else { throw SafetensorsError(.tensor("has no list \(key)")) }
            var numbers: [Int] = []
            for element in list {
                guard case .integer(let number) = element, number >= 0, let number = Int(exactly: number) else {
                    throw SafetensorsError(.tensor("\(key) has an element that is no whole number from 0"))
                }
                numbers.append(number)
            }
            return numbers
        }

        /// Elements narrower than a byte have to fill whole bytes.
        private static func byteCount(_ shape: Shape, _ type: ElementType) throws(SafetensorsError) -> Int {
            let bytes = try located { () throws(CoreError) in try checkedTensorBytes(shape: shape, elementType: type) }
            let count = shape.checkedElementCount ?? 0
            guard let bits = type.bitWidth, bits % 8 == 0 || count % 8 * bits % 8 == 0 else {
                throw SafetensorsError(
                    .tensor("\(count) elements of \(type.rawValue) do not fill whole bytes"))
            }
            return bytes
        }
    }

    /// The header, and where the tensors begin.
    private static func header(of storage: Storage) throws(SafetensorsError) -> (JSONObject, Int) {
        let found = storage.byteCount
        guard found >= 8 else { throw SafetensorsError(.cutOff(expected: 8, found: found)) }
        let prefix = try located { () throws(CoreError) in try storage.bytes(in: 0..<8) }
        let declared = prefix.reversed().reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
        let limit = Limits.safetensorsHeaderBytes
        guard declared <= UInt64(limit) else {
            throw SafetensorsError(
                .core(.limit(name: "header bytes", declared: Int(clamping: declared), allowed: limit)),
                at: Place(byteOffset: 0))
        }
        let end = 8 + Int(declared)
        guard end <= found else { throw SafetensorsError(.cutOff(expected: end, found: found)) }
        let text = try located { () throws(CoreError) in try storage.bytes(in: 8..<end) }
        guard text.first == UInt8(ascii: "{") else {
            throw SafetensorsError(.header("header does not begin with {"), at: Place(byteOffset: 8))
        }
        let value = try located { () throws(CoreError) in try JSONValue(parsing: text, base: 8) }
        guard let object = value.objectValue else { throw SafetensorsError(.header("header is no object")) }
        return (object, end)
    }

    private static func metadata(of header: JSONObject) throws(SafetensorsError) -> [(key: String, value: String)] {
        guard let value = header["__metadata__"], !value.isNull else { return [] }
        guard let object = value.objectValue else {
            throw SafetensorsError(.header("__metadata__ is \(value.kind), expected an object of strings"))
        }
        var metadata: [(key: String, value: String)] = []
        for member in object {
            guard let text = member.value.stringValue else {
                throw SafetensorsError(
                    .header("__metadata__ \"\(escaped(member.key))\" is \(member.value.kind), expected a string"))
            }
            metadata.append((member.key, text))
        }
        return metadata
    }

    /// The tensors of sorted entries, which have to fill the file from the header to its end.
    private static func tensors(
        of entries: [Entry], in storage: Storage, dataStart: Int
    ) throws(SafetensorsError) -> [(name: String, tensor: Tensor)] {
        var end = 0
        var previous: String?
        for entry in entries {
            let begin = entry.range.lowerBound
            guard begin == end else {
                let behind = previous.map { "tensor \"\(escaped($0))\"" } ?? "the header"
                let what = begin < end ? "overlaps" : "leaves \(begin - end) bytes unused behind"
                throw SafetensorsError(
                    .tensor("begins at \(begin), expected \(end): it \(what) \(behind)"), at: Place(tensor: entry.name))
            }
            end = entry.range.upperBound
            previous = entry.name
        }
        let (expected, overflow) = dataStart.addingReportingOverflow(end)
        guard !overflow, expected <= storage.byteCount else {
            throw SafetensorsError(.cutOff(expected: overflow ? .max : expected, found: storage.byteCount))
        }
        guard expected == storage.byteCount else {
            throw SafetensorsError(.trailing(storage.byteCount - expected), at: Place(byteOffset: expected))
        }
        var tensors: [(name: String, tensor: Tensor)] = []
        tensors.reserveCapacity(entries.count)
        for entry in entries {
            let range = dataStart + entry.range.lowerBound..<dataStart + entry.range.upperBound
            var tensor = try located(Place(tensor: entry.name)) { () throws(CoreError) in
                try Tensor(elementType: entry.elementType, shape: entry.shape, storage: storage, byteRange: range)
            }
            tensor.origin = TensorOrigin(member: entry.name)
            tensors.append((entry.name, tensor))
        }
        return tensors
    }
}
