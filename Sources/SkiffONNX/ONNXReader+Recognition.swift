internal import SkiffCore

extension ONNXReader {
    /// Whether `head`, the first bytes of a file, begins an ONNX model: a protobuf message of `ModelProto`'s
    /// fields. A few dozen bytes suffice. ONNX has no signature, so the fields themselves are looked at; a
    /// `TensorProto`, text and archives have other ones.
    public static func recognizes(_ head: [UInt8]) -> Bool {
        head.withUnsafeBytes { bytes in
            var evidence = 0
            var seen: Set<UInt64> = []
            var cursor = ByteCursor(RawSpan(_unsafeBytes: bytes))
            while !cursor.isAtEnd, evidence < 3 {
                guard let tag = try? cursor.varint() else { return evidence >= 2 }
                let number = tag >> 3
                switch (number, tag & 7) {
                case (1, 0):
                    guard let version = try? cursor.varint(), (1...1000).contains(version), seen.insert(1).inserted
                    else { return false }
                    evidence += 1
                case (5, 0):
                    guard (try? cursor.varint()) != nil, seen.insert(5).inserted else { return false }
                case (7, 2), (8, 2), (14, 2), (20, 2), (25, 2), (26, 2):
                    guard let length = try? cursor.varint() else { return evidence >= 1 }
                    guard beginsMessage(number, length: length, at: cursor.position, in: bytes) else { return false }
                    evidence += 1
                    if (try? cursor.skip(Int(clamping: length))) == nil { return evidence >= 1 }
                case (2, 2), (3, 2), (4, 2), (6, 2):
                    guard let length = try? cursor.varint(), seen.insert(number).inserted else { return false }
                    let count = Int(clamping: length)
                    guard count <= cursor.remaining else { return evidence >= 1 }
                    guard let text = try? cursor.take(count), String(validating: text, as: UTF8.self) != nil
                    else { return false }
                    evidence += evidence > 0 ? 1 : 0
                default: return false
                }
            }
            return evidence >= 2 || seen.contains(1) && cursor.isAtEnd && evidence >= 1
        }
    }

    /// Whether the message of a field of `ModelProto` begins as one of its type does.
    private static func beginsMessage(
        _ field: UInt64, length: UInt64, at position: Int, in bytes: UnsafeRawBufferPointer
    ) -> Bool {
        guard length > 0, position < bytes.count else { return true }
        let first = bytes[position]
        switch field {
        // GraphProto: nodes, names, tensors and values, all of wire type 2.
        case 7: return first & 7 == 2 && [1, 2, 5, 10, 11, 12, 13, 14, 15].contains(first >> 3) || first >= 0x80 && first & 7 == 2
        // OperatorSetIdProto: domain, version.
        case 8: return first == 0x0A || first == 0x10
        default: return first & 7 == 2
        }
    }
}
