/// What `polygraphy run` saves: JSON with arrays as `.npy` in base64.
///
/// `--save-inputs` writes a list of iterations, each an object of arrays by name. `--save-outputs` writes, for each
/// runner, a list of iterations with arrays by name. Older versions mark types by other keys, which is read as
/// well; tensors of torch's own format are not. Arrays are decoded when somebody asks for them.
struct PolygraphyFile {
    typealias Arrays = [(name: String, array: JSONValue)]

    /// One iteration of one runner.
    struct Iteration {
        var runner: String
        var index: Int
        var arrays: Arrays
    }

    private let file: ElidedJSON
    /// Of a file of inputs; one for each iteration.
    private(set) var inputs: [Arrays] = []
    /// Of a file of results.
    private(set) var iterations: [Iteration] = []

    /// Whether a file is one of these, by its first bytes.
    static func recognizes(_ storage: Storage) -> Bool {
        guard let head = try? storage.bytes(in: 0..<min(4096, storage.byteCount)),
            let first = head.first(where: { $0 > 0x20 }), first == UInt8(ascii: "{") || first == UInt8(ascii: "[")
        else { return false }
        let text = String(decoding: head, as: UTF8.self)
        let signature = "\"k05VTVBZ"  // of a .npy, in base64
        return text.contains("polygraphy_") || text.contains(signature) || text.contains("\"lst\"")
    }

    /// - Throws: ``CoreError`` `json` or `limit`; `malformed` for JSON of another kind.
    init(_ storage: Storage) throws(CoreError) {
        file = try ElidedJSON(storage)
        if let list = file.json.arrayValue {
            for entry in list {
                guard let object = entry.objectValue else { throw Self.failure("an iteration is no object") }
                inputs.append(Self.arrays(object))
            }
            guard !inputs.isEmpty else { throw Self.failure("has no iterations") }
            return
        }
        guard let runners = file.json["lst"]?.arrayValue else { throw Self.failure("holds neither inputs nor results") }
        for runner in runners {
            guard let name = runner[0]?.stringValue, let list = runner[1]?.arrayValue else {
                throw Self.failure("a runner has no name, or no iterations")
            }
            for (index, iteration) in list.enumerated() {
                guard let outputs = iteration["outputs"]?.objectValue else {
                    throw Self.failure("an iteration has no outputs")
                }
                iterations.append(Iteration(runner: name, index: index, arrays: Self.arrays(outputs)))
            }
        }
    }

    private static func arrays(_ object: JSONObject) -> Arrays {
        var arrays: Arrays = []
        for member in object where !member.key.hasPrefix("polygraphy_") && !member.key.hasPrefix("__polygraphy_") {
            arrays.append((member.key, member.value))
        }
        return arrays
    }

    private static func failure(_ text: String) -> CoreError { CoreError(.json("Polygraphy's file: " + text)) }

    /// Decodes one array.
    /// - Throws: ``CoreError`` for what is no array, or none that NumPy's files hold.
    func tensor(_ json: JSONValue, named name: String) throws(CoreError) -> Tensor {
        do throws(CoreError) {
            let array = json["values"] ?? json
            if array["tensor"] != nil { throw Self.failure("is a tensor of torch, expected an array of NumPy") }
            guard let text = array["array"]?.stringValue else { throw Self.failure("is no array") }
            let storage = try file.base64(text)
            // Early versions put an archive of one array in the place of an array.
            let head = try storage.bytes(in: 0..<min(8, storage.byteCount))
            guard ZipArchive.recognizes(head) else { return try NPY.read(storage) }
            guard let first = try NPZ(storage).entries.first else { throw Self.failure("is an empty archive") }
            return first.tensor
        } catch {
            throw error.at(Place(tensor: name))
        }
    }
}

/// JSON whose long strings stay in the file. In the value they stand as what ``marker`` begins and their number ends.
private struct ElidedJSON {
    private static let marker = "\u{1}elided "
    /// Strings up to this length are left as they are.
    private static let longest = 1024

    private(set) var json = JSONValue.null
    private let storage: Storage
    private var ranges: [Range<Int>] = []

    init(_ storage: Storage) throws(CoreError) {
        self.storage = storage
        var text: [UInt8] = []
        var ranges: [Range<Int>] = []
        var copied = 0
        try storage.withUnsafeBytes(in: 0..<storage.byteCount) { bytes throws(CoreError) in
            var position = 0
            while position < bytes.count {
                guard bytes[position] == UInt8(ascii: "\"") else {
                    position += 1
                    continue
                }
                let start = position + 1
                var end = start
                var hasEscape = false
                while end < bytes.count, bytes[end] != UInt8(ascii: "\"") {
                    let isEscape = bytes[end] == UInt8(ascii: "\\")
                    hasEscape = hasEscape || isEscape
                    end += isEscape ? 2 : 1
                }
                position = end + 1
                guard end < bytes.count, end - start > Self.longest, !hasEscape else { continue }
                text += bytes[copied..<start]
                // As JSON writes the marker's control character.
                text += Array("\\u0001elided \(ranges.count)".utf8)
                ranges.append(start..<end)
                copied = end
                guard ranges.count <= Limits.tensors else {
                    throw CoreError(.limit(name: "arrays", declared: ranges.count, allowed: Limits.tensors))
                }
            }
            guard text.count + bytes.count - copied <= Limits.jsonBytes else {
                throw CoreError(
                    .limit(name: "JSON bytes", declared: text.count + bytes.count - copied, allowed: Limits.jsonBytes))
            }
            text += bytes[copied...]
        }
        storage.releasePages(in: 0..<storage.byteCount)
        self.ranges = ranges
        json = try JSONValue(parsing: text)
    }

    /// The bytes that a string of the value encodes.
    func base64(_ text: String) throws(CoreError) -> Storage {
        var (source, range) = (storage, 0..<0)
        if let number = Int(text.dropFirst(Self.marker.count)), text.hasPrefix(Self.marker),
            ranges.indices.contains(number)
        {
            range = ranges[number]
        } else {
            source = Storage(Array(text.utf8))
            range = 0..<source.byteCount
        }
        let decoded = try source.withUnsafeBytes(in: range) { bytes throws(CoreError) in
            let count = try Base64.byteCount(bytes)
            guard count > 0 else { throw CoreError(.json("an array is empty text")) }
            return try Storage(byteCount: count, isSpooled: count > Limits.decodedInMemoryBytes) {
                target throws(CoreError) in try Base64.decode(bytes, into: target.bytes)
            }
        }
        source.releasePages(in: range)
        return decoded
    }
}

/// Base64 (RFC 4648, section 4) with its padding, and nothing else between.
enum Base64 {
    private static let digits: [UInt8] = {
        var digits = [UInt8](repeating: 255, count: 256)
        let alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
        for (value, character) in alphabet.utf8.enumerated() { digits[Int(character)] = UInt8(value) }
        return digits
    }()

    /// - Throws: ``CoreError`` for a length that is no multiple of four.
    static func byteCount(_ text: UnsafeRawBufferPointer) throws(CoreError) -> Int {
        guard text.count % 4 == 0 else { throw CoreError(.malformed("base64: has \(text.count) characters")) }
        let padding = text.suffix(2).reduce(0) { $0 + ($1 == UInt8(ascii: "=") ? 1 : 0) }
        return text.count / 4 * 3 - padding
    }

    /// - Throws: ``CoreError`` for other characters. `target` has ``byteCount(_:)`` bytes.
    static func decode(
        _ text: UnsafeRawBufferPointer, into target: UnsafeMutableRawBufferPointer
    ) throws(CoreError) {
        let digits = Self.digits
        var to = 0
        var from = 0
        while from + 4 <= text.count {
            let padding = from + 4 == text.count ? text.count / 4 * 3 - target.count : 0
            var word: UInt32 = 0
            for offset in 0..<4 {
                let digit = offset >= 4 - padding ? 0 : digits[Int(text[from + offset])]
                guard digit < 64 else {
                    throw CoreError(.malformed("base64: character \(from + offset) is none of its alphabet"))
                }
                word = word << 6 | UInt32(digit)
            }
            for byte in 0..<3 - padding where to < target.count {
                target[to] = UInt8(truncatingIfNeeded: word >> (16 - 8 * byte))
                to += 1
            }
            from += 4
        }
    }
}
