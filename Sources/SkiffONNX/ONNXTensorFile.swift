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
}
