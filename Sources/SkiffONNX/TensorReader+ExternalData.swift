internal import CONNXSchema
internal import Crypto
internal import SkiffCore

/// Where a tensor's elements lie outside the model's file. Source: onnx.proto, `external_data`.
private struct ExternalData {
    var location: String?
    var offset = 0
    var length: Int?
    var checksum: String?

    /// - Throws: ``ONNXError`` for unknown and repeated keys, and for numbers that are none.
    init(_ entries: [UnsafePointer<EntryMessage>]) throws(ONNXError) {
        var seen: Set<String> = []
        for entry in entries {
            let key = text(entry.pointee.key)
            let value = text(entry.pointee.value)
            guard seen.insert(key).inserted else { throw ONNXError(.tensor("external data has key \"\(escaped(key))\" twice")) }
            switch key {
            case "location": location = value
            case "offset": offset = try Self.number(value, key)
            case "length": length = try Self.number(value, key)
            case "checksum": checksum = value
            default: throw ONNXError(.tensor("external data has key \"\(escaped(key))\", expected location, offset, length or checksum"))
            }
        }
    }

    private static func number(_ text: String, _ key: String) throws(ONNXError) -> Int {
        guard !text.isEmpty, text.utf8.allSatisfy({ (0x30...0x39).contains($0) }), let number = Int(text) else {
            throw ONNXError(.tensor("external data has \(key) \"\(escaped(text))\", expected a number of bytes"))
        }
        return number
    }
}

extension TensorReader {
    /// The tensor whose elements lie in a file of the model's folder.
    func externalTensor(
        _ message: TensorMessage, elementType: ElementType, shape: Shape, byteCount: Int
    ) throws(ONNXError) -> Tensor {
        let data = try ExternalData(messages(message.n_external_data, message.external_data))
        guard let location = data.location else { throw ONNXError(.tensor("external data has no location")) }
        let file = try externalStorage(location)
        let length = data.length ?? max(0, file.byteCount - data.offset)
        let (end, overflow) = data.offset.addingReportingOverflow(length)
        guard !overflow, end <= file.byteCount else {
            throw ONNXError(.tensor(
                "external data takes \(length) bytes from \(data.offset) of \"\(escaped(location))\", which has \(file.byteCount)"))
        }
        if let checksum = data.checksum { try check(file, location: location, checksum: checksum) }
        return try located { () throws(CoreError) in
            try Tensor(elementType: elementType, shape: shape, storage: file, byteRange: data.offset..<end)
        }
    }

    /// ONNX's checksum is the SHA-1 of the whole file, in hexadecimal.
    private func check(_ file: Storage, location: String, checksum: String) throws(ONNXError) {
        let found = checksums[location] ?? sha1(file)
        checksums[location] = found
        guard found == checksum.lowercased() else {
            throw ONNXError(.tensor("external file \"\(escaped(location))\" has SHA-1 \(found), expected \(escaped(checksum))"))
        }
    }
}

/// The SHA-1 of all bytes, in lower-case hexadecimal.
private func sha1(_ file: Storage) -> String {
    var hash = Insecure.SHA1()
    file.forEachPiece(in: 0..<file.byteCount) { hash.update(bufferPointer: $0) }
    return hexadecimal(hash.finalize())
}
