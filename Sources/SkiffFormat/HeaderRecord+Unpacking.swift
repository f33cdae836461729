internal import CProtobufC
internal import CSkiffSchema
internal import SkiffCore
internal import SkiffGraph

extension HeaderRecord {
    /// What the wire scan knows of the schema: counts that one file may have, and texts that are no names.
    private static let schema = withUnsafePointer(to: skiff__header__descriptor) { descriptor in
        ProtobufSchema(
            descriptor: UnsafeRawPointer(descriptor),
            roles: ProtobufSchema.Roles(
                prose: ["value", "text", "texts", "transforms"],
                limits: [
                    "Node": ("nodes", Limits.nodes), "Value": ("values", 4 * Limits.nodes),
                    "Tensor": ("tensors", Limits.tensors), "Operator": ("operators", Limits.nodes),
                ]))
    }

    /// Unpacks `bytes`, the header.
    ///
    /// The wire scan bounds nesting, counts and lengths first; then protobuf-c unpacks under a budget. Packing
    /// the result again has to give the same bytes: so unknown fields, longer varints, other orders, texts that
    /// end early or are no UTF-8 are all refused at once.
    /// - Throws: ``FormatError`` for F7 and F8.
    init(unpacking bytes: [UInt8]) throws(FormatError) {
        do throws(CoreError) {
            // F7
            let scan = try ProtobufScanner.scan(
                bytes.span.bytes, schema: Self.schema, structureLimit: 4 * bytes.count + 1024)
            let message = try withUnsafePointer(to: skiff__header__descriptor) { descriptor throws(CoreError) in
                try ProtobufMessage(
                    unpacking: scan.structure, descriptor: UnsafeRawPointer(descriptor),
                    budget: ProtobufMessage.memoryBudget(structureBytes: scan.structure.count))
            }
            self = withExtendedLifetime(message) {
                HeaderRecord(message.pointer.assumingMemoryBound(to: Skiff__Header.self).pointee)
            }
        } catch {
            var place = error.place
            place.byteOffset = nil
            throw FormatError(.header(error.reason), at: place)
        }
        // F8
        guard try packed() == bytes else {
            throw FormatError(.notCanonical)
        }
    }

    private init(_ header: Skiff__Header) {
        name = text(header.name)
        provenance = Provenance(header.provenance.pointee)
        values = records(header.values, header.n_values) { ValueRecord($0) }
        operators = records(header.operators, header.n_operators) { OperatorRecord($0) }
        nodes = records(header.nodes, header.n_nodes) { NodeRecord($0) }
        inputs = Array(UnsafeBufferPointer(start: header.inputs, count: header.n_inputs))
        outputs = records(header.outputs, header.n_outputs) { OutputRecord(name: text($0.name), value: $0.value) }
    }
}

/// The text at `pointer`; what is no UTF-8 is repaired, and so differs from the file.
private func text(_ pointer: UnsafePointer<CChar>?) -> String {
    pointer.map { String(cString: $0) } ?? ""
}

private func records<Message, Record>(
    _ messages: UnsafeMutablePointer<UnsafeMutablePointer<Message>?>?, _ count: Int, _ make: (Message) -> Record
) -> [Record] {
    UnsafeBufferPointer(start: messages, count: count).compactMap { $0.map { make($0.pointee) } }
}

private func bytes(_ data: ProtobufCBinaryData) -> [UInt8] {
    Array(UnsafeBufferPointer(start: data.data, count: data.len))
}

extension Provenance {
    fileprivate init(_ message: Skiff__Provenance) {
        self.init(
            metadata: GraphMetadata(
                sourceFormat: text(message.source_format), producer: text(message.producer),
                entries: records(message.entries, message.n_entries) { GraphMetadata.Entry($0) },
                sources: records(message.sources, message.n_sources) {
                    GraphMetadata.Source(
                        name: text($0.name), byteCount: Int(clamping: $0.byte_count),
                        checksum: $0.has_sha256 != 0 ? bytes($0.sha256) : nil)
                }),
            tool: text(message.tool), parity: message.parity.map { text($0) },
            measurements: records(message.measurements, message.n_measurements) { GraphMetadata.Entry($0) })
    }
}

extension GraphMetadata.Entry {
    fileprivate init(_ message: Skiff__Entry) { self.init(text(message.key), text(message.value)) }
}

extension ValueRecord {
    fileprivate init(_ message: Skiff__Value) {
        name = text(message.name)
        tensor = message.tensor.map { TensorRecord($0.pointee) }
        isOverridable = message.overridable != 0
        fact = message.fact.map { FactRecord($0.pointee) }
    }
}

extension TensorRecord {
    fileprivate init(_ message: Skiff__Tensor) {
        elementType = text(message.element_type)
        extents = Array(UnsafeBufferPointer(start: message.extents, count: message.n_extents))
        encoding = message.encoding.map { EncodingRecord($0.pointee) }
        offset = message.offset
        byteCount = message.byte_count
        checksum = bytes(message.sha256)
        digest = bytes(message.digest)
        canonicalAxes = Array(UnsafeBufferPointer(start: message.canonical_axes, count: message.n_canonical_axes))
        origin = message.origin.map { OriginRecord($0.pointee) }
    }
}

extension EncodingRecord {
    fileprivate init(_ message: Skiff__Encoding) {
        name = text(message.name)
        axis = message.has_axis != 0 ? message.axis : nil
        sourceDigest = message.has_source_digest != 0 ? bytes(message.source_digest) : nil
    }
}

extension OriginRecord {
    fileprivate init(_ message: Skiff__Origin) {
        name = message.name.map { text($0) }
        source = message.has_source != 0 ? message.source : nil
        member = message.member.map { text($0) }
        offset = message.has_offset != 0 ? message.offset : nil
        transforms = UnsafeBufferPointer(start: message.transforms, count: message.n_transforms).map { text($0) }
    }
}

extension FactRecord {
    fileprivate init(_ message: Skiff__Fact) {
        elementType = text(message.element_type)
        extents = message.extents.map { list in
            records(list.pointee.extents, list.pointee.n_extents) { ExtentRecord($0) }
        }
    }
}

extension ExtentRecord {
    fileprivate init(_ message: Skiff__Extent) {
        if message.has_fixed != 0 {
            self = .fixed(message.fixed)
        } else if let symbolic = message.symbolic {
            self = .symbolic(text(symbolic))
        } else {
            self = .unknown
        }
    }
}

extension OperatorRecord {
    fileprivate init(_ message: Skiff__Operator) {
        name = text(message.name)
        source = text(message.source)
        attributes = records(message.attributes, message.n_attributes) { AttributeRecord($0) }
    }
}

extension AttributeRecord {
    fileprivate init(_ message: Skiff__Attribute) {
        name = text(message.name)
        switch message.kind {
        case SKIFF__ATTRIBUTE__KIND__INTEGER: value = .integer(message.integer)
        case SKIFF__ATTRIBUTE__KIND__REAL: value = .real(message.real)
        case SKIFF__ATTRIBUTE__KIND__NUMBER: value = .number(message.number)
        case SKIFF__ATTRIBUTE__KIND__TEXT: value = .text(text(message.text))
        case SKIFF__ATTRIBUTE__KIND__INTEGERS:
            value = .integers(Array(UnsafeBufferPointer(start: message.integers, count: message.n_integers)))
        case SKIFF__ATTRIBUTE__KIND__REALS:
            value = .reals(Array(UnsafeBufferPointer(start: message.reals, count: message.n_reals)))
        case SKIFF__ATTRIBUTE__KIND__TEXTS:
            value = .texts(
                UnsafeBufferPointer(start: message.texts, count: message.n_texts).map { text($0) })
        // A kind that is unknown is read as one that is packed differently, so F8 refuses it.
        default: value = .opaque(text(message.text))
        }
    }
}

extension NodeRecord {
    fileprivate init(_ message: Skiff__Node) {
        name = text(message.name)
        operatorIndex = message.operator_index
        inputs = Array(UnsafeBufferPointer(start: message.inputs, count: message.n_inputs))
        outputs = Array(UnsafeBufferPointer(start: message.outputs, count: message.n_outputs))
    }
}
