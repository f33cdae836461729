internal import Skiff

/// How the weights of a native file are stored, by encoding.
struct EncodingTable {
    struct Row {
        var encoding: Encoding
        var tensors = 0
        /// Bytes of the payloads.
        var stored = 0
        /// Bytes of the elements in memory.
        var elements = 0
    }

    /// Encodings that are used, in their order.
    let rows: [Row]

    init(_ tensors: [SkiffWriter.TensorSummary]) {
        rows = Encoding.allCases.compactMap { encoding in
            var row = Row(encoding: encoding)
            for tensor in tensors where tensor.encoding == encoding {
                row.tensors += 1
                row.stored += tensor.storedBytes
                row.elements += tensor.elementBytes
            }
            return row.tensors > 0 ? row : nil
        }
    }

    var isLossless: Bool { rows.allSatisfy { !$0.encoding.isLossy } }

    /// A line per encoding, each behind a line end; nothing where all weights are raw.
    var text: String {
        guard rows.contains(where: { $0.encoding != .raw }) else { return "" }
        return rows.map { row in
            let share = row.elements == 0 ? "" : ", \(percentText(Double(row.stored) / Double(row.elements))) of the elements' bytes"
            return "\n  \(row.encoding.rawValue): \(row.tensors) tensors, \(byteText(row.stored))\(share)"
        }.joined()
    }

    var json: JSONValue {
        .array(
            rows.map { row in
                [
                    "encoding": .string(row.encoding.rawValue), "tensors": .integer(Int64(row.tensors)),
                    "bytes": .integer(Int64(row.stored)), "elementBytes": .integer(Int64(row.elements)),
                ]
            })
    }
}

extension Encoding {
    /// An encoding as people type it: `f16` and `bf16` too.
    init?(argument: String) {
        switch argument.lowercased() {
        case "f16", "fp16", "half": self = .float16
        case "bf16": self = .bfloat16
        case let name: self.init(rawValue: name)
        }
    }
}

/// `83.4 %`.
private func percentText(_ share: Double) -> String {
    let tenths = Int((share * 1000).rounded())
    return "\(tenths / 10).\(tenths % 10) %"
}
