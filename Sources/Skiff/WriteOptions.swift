/// How a model is written, beyond the format that the file's extension says.
public struct WriteOptions: Sendable {
    /// ONNX: the operator set to write for, 9 or later; where it is `nil`, 13, or the first one after it that has all
    /// operators of the network.
    public var opset: Int?

    public init() {}
}
