internal import CONNXSchema
internal import CProtobufC
internal import SkiffCore

// Names for the structs that protoc-c generates, and Swift's view of their arrays and strings.
typealias ModelMessage = SkiffOnnx__ModelProto
typealias GraphMessage = SkiffOnnx__GraphProto
typealias NodeMessage = SkiffOnnx__NodeProto
typealias AttributeMessage = SkiffOnnx__AttributeProto
typealias TensorMessage = SkiffOnnx__TensorProto
typealias ValueMessage = SkiffOnnx__ValueInfoProto
typealias TypeMessage = SkiffOnnx__TypeProto
typealias FunctionMessage = SkiffOnnx__FunctionProto
typealias OperatorSetMessage = SkiffOnnx__OperatorSetIdProto
typealias EntryMessage = SkiffOnnx__StringStringEntryProto

/// A repeated message field.
func messages<Message>(
    _ count: Int, _ pointers: UnsafeMutablePointer<UnsafeMutablePointer<Message>?>?
) -> [UnsafePointer<Message>] {
    UnsafeBufferPointer(start: pointers, count: pointers == nil ? 0 : count).compactMap { $0.map { UnsafePointer($0) } }
}

/// A repeated field of numbers or bytes.
func elements<Element>(_ count: Int, _ pointer: UnsafeMutablePointer<Element>?) -> UnsafeBufferPointer<Element> {
    UnsafeBufferPointer(start: pointer, count: pointer == nil ? 0 : count)
}

/// A string field; empty where it is left out.
func text(_ pointer: UnsafeMutablePointer<CChar>?) -> String {
    pointer.map { String(cString: $0) } ?? ""
}

/// A repeated string field.
func texts(_ count: Int, _ pointers: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>?) -> [String] {
    elements(count, pointers).map { text($0) }
}

/// A bytes field as text; invalid UTF-8 is repaired, because such text is only compared and shown.
func text(_ data: ProtobufCBinaryData) -> String {
    String(decoding: UnsafeBufferPointer(start: data.data, count: data.data == nil ? 0 : data.len), as: UTF8.self)
}

/// A file's message: the structure protobuf-c unpacked, and where in the file its payloads lie.
struct ScannedMessage {
    let message: ProtobufMessage
    let payloads: [Range<Int>]

    /// - Throws: ``ONNXError`` with the byte offset where the bytes break a rule of the wire format or a limit.
    init(_ storage: Storage, schema: ProtobufSchema, descriptor: UnsafeRawPointer) throws(ONNXError) {
        let place = Place(file: storage.path)
        let scan = try located(place) { () throws(CoreError) in
            try storage.withUnsafeBytes { (bytes) throws(CoreError) in
                try ProtobufScanner.scan(RawSpan(_unsafeBytes: bytes), schema: schema) {
                    storage.releasePages(in: 0..<$0)
                }
            }
        }
        payloads = scan.payloads
        message = try located(place) { () throws(CoreError) in
            try ProtobufMessage(
                unpacking: scan.structure, descriptor: descriptor,
                budget: ProtobufMessage.memoryBudget(structureBytes: scan.structure.count))
        }
    }
}

/// The schemas of the two kinds of file that ONNX has, with what the scan does with each field.
enum ONNXSchema {
    /// The descriptors are constants of the generated code, whose address an initialized message holds.
    nonisolated(unsafe) static let modelDescriptor: UnsafeRawPointer = {
        var message = SkiffOnnx__ModelProto()
        skiff_onnx__model_proto__init(&message)
        return UnsafeRawPointer(message.base.descriptor)
    }()
    nonisolated(unsafe) static let tensorDescriptor: UnsafeRawPointer = {
        var message = SkiffOnnx__TensorProto()
        skiff_onnx__tensor_proto__init(&message)
        return UnsafeRawPointer(message.base.descriptor)
    }()

    static let model = ProtobufSchema(descriptor: modelDescriptor, roles: roles)
    static let tensor = ProtobufSchema(descriptor: tensorDescriptor, roles: roles)

    /// Payloads stay in the file. What no part of the reader looks at is dropped: exporters write a stack trace
    /// of many lines to every node.
    private static let roles = ProtobufSchema.Roles(
        payloads: Set(
            ["float_data", "int32_data", "string_data", "int64_data", "raw_data", "double_data", "uint64_data"]
                .map { "TensorProto.\($0)" }),
        dropped: [
            "ModelProto.training_info", "ModelProto.configuration", "NodeProto.doc_string", "NodeProto.metadata_props",
            "NodeProto.device_configurations", "AttributeProto.doc_string", "TensorProto.doc_string",
            "TensorProto.metadata_props", "ValueInfoProto.doc_string", "ValueInfoProto.metadata_props",
            "GraphProto.doc_string", "GraphProto.metadata_props", "GraphProto.quantization_annotation",
            "FunctionProto.doc_string", "FunctionProto.metadata_props", "FunctionProto.value_info",
        ],
        prose: ["doc_string", "value", "producer_version"],
        limits: [
            "NodeProto": ("nodes", Limits.nodes), "TensorProto": ("tensors", Limits.tensors),
            "AttributeProto": ("attributes", 8 * Limits.nodes), "ValueInfoProto": ("values", 4 * Limits.nodes),
        ])
}
