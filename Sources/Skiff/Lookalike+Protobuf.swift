extension Lookalike {
    /// What a file is that begins as a protobuf message other than ONNX's. None of them has a signature, so the fields
    /// themselves are looked at.
    static func protobufKind(_ head: [UInt8]) -> Lookalike? {
        var message = Fields(head)
        guard let first = message.next() else { return nil }
        switch (first.number, first.wire) {
        case (1, 0):
            // A SavedModel is its schema version 1 and a graph; a Core ML model its specification version and a
            // description, which begins with the name of a feature.
            guard let second = message.next(), second.number == 2, second.wire == 2 else { return nil }
            var inner = Fields(second.bytes)
            guard let part = inner.next(), part.number == 1, part.wire == 2 else { return nil }
            var feature = Fields(part.bytes)
            if let name = feature.next(), name.number == 1, name.text != nil, let type = feature.next(),
                type.number == 3 || type.number == 2 && type.text != nil, first.value >= 1
            {
                return Lookalike("a Core ML model", hint: exportOriginal)
            }
            return first.value == 1 ? Lookalike(
                "a TensorFlow SavedModel's graph", hint: exportSavedModel.replacing("{file}", with: "ITS-FOLDER")) : nil
        case (1, 2):
            if let name = first.text { return caffeKind(name, &message) }
            var node = Fields(first.bytes)
            guard let name = node.next(), name.number == 1, name.text != nil, let type = node.next(), type.number == 2,
                let text = type.text, text.allSatisfy({ $0.isLetter || $0.isNumber || $0 == "_" })
            else { return nil }
            return Lookalike(
                "a frozen TensorFlow graph",
                hint: "python -m tf2onnx.convert --graphdef {file} --inputs INPUT:0 --outputs OUTPUT:0 "
                    + "--output {stem}.onnx")
        default: return nil
        }
    }

    /// A network's name, and then layers: field 100, in older files field 2; or inputs.
    private static func caffeKind(_ name: String, _ message: inout Fields) -> Lookalike? {
        guard let next = message.next(), next.wire == 2, [2, 3, 8, 100].contains(next.number) else { return nil }
        return Lookalike("a Caffe model", hint: "caffe2onnx turns it and its .prototxt into ONNX")
    }

    /// The fields at the beginning of a message, of which the rest may be missing.
    private struct Fields {
        struct Field {
            var number: UInt64
            var wire: UInt64
            /// A varint's value, or the length of what follows.
            var value: UInt64
            /// The contents, as far as they are there.
            var bytes: ArraySlice<UInt8>

            /// The contents as text, where they are all there and readable.
            var text: String? {
                guard wire == 2, value > 0, UInt64(bytes.count) == value,
                    bytes.allSatisfy({ $0 >= 0x20 && $0 != 0x7F })
                else { return nil }
                return String(validating: bytes, as: UTF8.self)
            }
        }

        private var rest: ArraySlice<UInt8>

        init(_ bytes: some Sequence<UInt8>) { rest = ArraySlice(bytes) }

        /// The next field; `nil` at the end and for what is none.
        mutating func next() -> Field? {
            guard let tag = varint(), tag >> 3 > 0, let value = tag & 7 == 0 || tag & 7 == 2 ? varint() : nil else {
                return nil
            }
            guard tag & 7 == 2 else { return Field(number: tag >> 3, wire: 0, value: value, bytes: []) }
            let bytes = rest.prefix(Int(clamping: value))
            rest = rest.dropFirst(Int(clamping: value))
            return Field(number: tag >> 3, wire: 2, value: value, bytes: bytes)
        }

        private mutating func varint() -> UInt64? {
            var value: UInt64 = 0
            for shift in stride(from: UInt64(0), to: 63, by: 7) {
                guard let byte = rest.popFirst() else { return nil }
                value |= UInt64(byte & 0x7F) << shift
                if byte & 0x80 == 0 { return value }
            }
            return nil
        }
    }
}
