internal import CONNXSchema
internal import CProtobufC
internal import SkiffCore

/// Makes tensors of a file's `TensorProto` messages. Payloads stay where they are: in the model's file, or in the
/// external file, whenever their bytes are what a tensor holds.
final class TensorReader {
    let storage: Storage
    /// The model's folder, in which external data lies; `nil` where the model has none.
    let folder: String?
    private let payloads: [Range<Int>]
    private var external: [String: Storage] = [:]
    /// SHA-1 of the external files that tensors give a checksum for, by location.
    var checksums: [String: String] = [:]

    init(storage: Storage, folder: String?, payloads: [Range<Int>]) {
        self.storage = storage
        self.folder = folder
        self.payloads = payloads
    }

    /// One data field of a message.
    struct DataField {
        var name: String
        /// Pieces of the file, one behind the other.
        var pieces: [Range<Int>]
        var byteCount: Int { pieces.reduce(0) { $0 + $1.count } }
    }

    /// The tensor of a message.
    /// - Throws: ``ONNXError`` with the tensor's name in its place: `textTensor` for tensors of strings, `tensor`
    ///   for dimensions and data that break a rule, `core` for sizes that do not fit.
    func tensor(_ message: UnsafePointer<TensorMessage>) throws(ONNXError) -> Tensor {
        let place = Place(file: storage.path, tensor: text(message.pointee.name))
        do throws(ONNXError) {
            return try unlocatedTensor(message.pointee)
        } catch {
            throw error.at(place)
        }
    }

    private func unlocatedTensor(_ message: TensorMessage) throws(ONNXError) -> Tensor {
        guard let elementType = ElementType(onnx: message.has_data_type != 0 ? message.data_type : 0) else {
            throw ONNXError(.elementType(found: message.has_data_type != 0 ? message.data_type : 0))
        }
        guard message.segment == nil else { throw ONNXError(.refused("is a segment of a tensor, which is not read")) }
        let shape = try self.shape(message)
        guard elementType != .string else { throw ONNXError(.textTensor) }
        let byteCount = try located { () throws(CoreError) in
            try checkedTensorBytes(shape: shape, elementType: elementType)
        }
        let fields = try dataFields(message)
        let isExternal = message.has_data_location != 0 && message.data_location == SKIFF_ONNX__TENSOR_PROTO__DATA_LOCATION__EXTERNAL
        if fields.count + (isExternal ? 1 : 0) > 1 {
            let names = fields.map(\.name) + (isExternal ? ["external data"] : [])
            throw ONNXError(.tensor("has data in \(names.joined(separator: " and ")), expected one"))
        }
        if isExternal {
            return try externalTensor(message, elementType: elementType, shape: shape, byteCount: byteCount)
        }
        guard let field = fields.first else {
            guard byteCount == 0 else { throw ONNXError(.tensor("has no data, its shape needs \(byteCount) bytes")) }
            return try located { () throws(CoreError) in try Tensor(elementType: elementType, shape: shape, bytes: []) }
        }
        return try tensor(field, elementType: elementType, shape: shape)
    }

    private func shape(_ message: TensorMessage) throws(ONNXError) -> Shape {
        var shape = Shape()
        guard message.n_dims <= Limits.rank else {
            throw ONNXError(.core(.limit(name: "rank", declared: message.n_dims, allowed: Limits.rank)))
        }
        for (axis, extent) in elements(message.n_dims, message.dims).enumerated() {
            guard extent >= 0, let extent = Int(exactly: extent) else {
                throw ONNXError(.tensor("has extent \(extent) on axis \(axis), expected at least 0"))
            }
            shape.append(extent)
        }
        return shape
    }

    /// The tensor of the one field that holds its data.
    private func tensor(
        _ field: DataField, elementType: ElementType, shape: Shape
    ) throws(ONNXError) -> Tensor {
        let expected = field.name == "raw_data" ? "raw_data" : elementType.dataField
        guard field.name == expected else {
            throw ONNXError(.tensor("has \(elementType.rawValue) elements in \(field.name), expected raw_data or \(elementType.dataField)"))
        }
        let isVerbatim = ["raw_data", "float_data", "double_data"].contains(field.name)
        if isVerbatim, field.pieces.count == 1 {
            return try located { () throws(CoreError) in
                try Tensor(elementType: elementType, shape: shape, storage: storage, byteRange: field.pieces[0])
            }
        }
        let bytes = try isVerbatim ? joined(field) : decoded(field, elementType: elementType, shape: shape)
        return try located { () throws(CoreError) in
            try Tensor(elementType: elementType, shape: shape, bytes: bytes)
        }
    }

    /// The data fields that hold something. An empty field counts as left out: some writers set all of them.
    private func dataFields(_ message: TensorMessage) throws(ONNXError) -> [DataField] {
        var fields: [DataField] = []
        func add(_ name: String, _ indices: [Int]) throws(ONNXError) {
            var field = DataField(name: name, pieces: [])
            for index in indices {
                guard payloads.indices.contains(index) else { throw ONNXError(.tensor("has a broken \(name)")) }
                field.pieces.append(payloads[index])
            }
            if field.byteCount > 0 || (name == "string_data" && !indices.isEmpty) { fields.append(field) }
        }
        if message.has_raw_data != 0 { try add("raw_data", [index(message.raw_data)]) }
        try add("float_data", elements(message.n_float_data, message.float_data).map { Int($0.bitPattern) })
        try add("int32_data", elements(message.n_int32_data, message.int32_data).map { Int($0) })
        try add("string_data", elements(message.n_string_data, message.string_data).map { index($0) })
        try add("int64_data", elements(message.n_int64_data, message.int64_data).map { Int(truncatingIfNeeded: $0) })
        try add("double_data", elements(message.n_double_data, message.double_data).map { Int(truncatingIfNeeded: $0.bitPattern) })
        try add("uint64_data", elements(message.n_uint64_data, message.uint64_data).map { Int(truncatingIfNeeded: $0) })
        return fields
    }

    /// The payload index that the scan left in a bytes field.
    private func index(_ data: ProtobufCBinaryData) -> Int {
        guard data.len == 4, let bytes = data.data else { return -1 }
        return Int(UInt32(littleEndian: UnsafeRawPointer(bytes).loadUnaligned(as: UInt32.self)))
    }

    /// The pieces of a field as bytes of our own.
    func joined(_ field: DataField) throws(ONNXError) -> [UInt8] {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(field.byteCount)
        for piece in field.pieces {
            storage.withUnsafeBytes(in: piece) { bytes.append(contentsOf: $0) }
        }
        return bytes
    }

    /// The external file of that location, opened once.
    func externalStorage(_ location: String) throws(ONNXError) -> Storage {
        if let opened = external[location] { return opened }
        guard let folder else {
            throw ONNXError(.core(.externalPathRefused(path: location, why: "the model has no folder")))
        }
        let opened: Storage
        do throws(CoreError) {
            opened = try openBeneath(folder: folder, relativePath: location)
        } catch {
            // The place is the model that asks for the file; what it asks for is in the message.
            guard case .system = error.reason else { throw ONNXError(.core(error.reason)) }
            throw ONNXError(.externalFile(location: location, why: error.message))
        }
        external[location] = opened
        return opened
    }
}
