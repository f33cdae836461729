internal import CONNXSchema
public import SkiffCore

/// The files of ONNX's test data sets, `input_0.pb` and `output_0.pb`: one `TensorProto` each.
public enum ONNXTensorFile {
    /// The tensor and the name it bears, which may be empty.
    /// - Throws: ``ONNXError`` where the file holds something else; sequences and optional values are such.
    public static func read(storage: Storage) throws(ONNXError) -> (name: String, tensor: Tensor) {
        let scanned: ScannedMessage
        do throws(ONNXError) {
            scanned = try ScannedMessage(
                storage, schema: ONNXSchema.tensor, descriptor: ONNXSchema.tensorDescriptor)
        } catch {
            guard case .core(.malformed(let text)) = error.reason else { throw error }
            throw ONNXError(
                .notThisFormat("is not a tensor (sequences and optional values are not read): \(text)"), at: error.place)
        }
        return try withExtendedLifetime(scanned) { () throws(ONNXError) in
            let message = scanned.message.pointer.assumingMemoryBound(to: TensorMessage.self)
            let reader = TensorReader(storage: storage, folder: nil, payloads: scanned.payloads)
            return (text(message.pointee.name), try reader.tensor(message))
        }
    }

    /// Writes a tensor and its name, atomically. Elements go to `raw_data`, little-endian.
    /// - Throws: ``ONNXError`` `unwritable` past what protobuf can hold, `core` where writing fails.
    public static func write(_ tensor: Tensor, name: String, to path: String) throws(ONNXError) {
        let weight = WrittenModel.Weight(name: name, view: WeightView(tensor))
        let message = WrittenModel.message(weight, external: nil, offset: nil)
        guard message.byteCount <= ONNXWriter.fileLimit else {
            throw ONNXError(.unwritable("tensor has \(message.byteCount) bytes, a file holds \(ONNXWriter.fileLimit)"))
        }
        try located { () throws(CoreError) in
            try atomicWrite(to: path, isSynchronised: false) { writer throws(CoreError) in
                for segment in message.segments {
                    switch segment {
                    case .bytes(let bytes): try writer.write(bytes)
                    case .payload(let view, _):
                        try view.forEachPiece { bytes throws(CoreError) in try writer.write(bytes) }
                    }
                }
            }
        }
    }
}
