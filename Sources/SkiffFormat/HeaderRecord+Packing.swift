internal import CProtobufC
internal import CSkiffSchema
internal import SkiffCore
internal import SkiffGraph

extension HeaderRecord {
    /// The header as a message of the schema, by protobuf-c: fields in the order of their numbers, shortest
    /// varints, present only where the schema's comments say so. One record has one encoding.
    /// - Throws: ``FormatError`` `notStorable` where a text has a NUL byte, which ends it in the message.
    func packed() throws(FormatError) -> [UInt8] {
        let arena = MessageArena()
        var header = Skiff__Header()
        skiff__header__init(&header)
        header.name = arena.text(name)
        header.provenance = arena.array(CollectionOfOne(provenance.message(arena)))
        header.n_values = values.count
        header.values = arena.messages(values) { $0.message(arena) }
        header.n_operators = operators.count
        header.operators = arena.messages(operators) { $0.message(arena) }
        header.n_nodes = nodes.count
        header.nodes = arena.messages(nodes) { $0.message(arena) }
        header.n_inputs = inputs.count
        header.inputs = arena.array(inputs)
        header.n_outputs = outputs.count
        header.outputs = arena.messages(outputs) { $0.message(arena) }
        guard !arena.hasNUL else { throw FormatError(.notStorable("a name or text has a NUL byte in it")) }
        return withUnsafePointer(to: &header) { pointer in
            pointer.withMemoryRebound(to: ProtobufCMessage.self, capacity: 1) { message in
                [UInt8](unsafeUninitializedCapacity: protobuf_c_message_get_packed_size(message)) { buffer, count in
                    count = protobuf_c_message_pack(message, buffer.baseAddress)
                }
            }
        }
    }
}

extension Provenance {
    fileprivate func message(_ arena: MessageArena) -> Skiff__Provenance {
        var message = Skiff__Provenance()
        skiff__provenance__init(&message)
        message.source_format = arena.text(metadata.sourceFormat)
        message.producer = arena.text(metadata.producer)
        message.n_entries = metadata.entries.count
        message.entries = arena.messages(metadata.entries) { $0.message(arena) }
        message.tool = arena.text(tool)
        message.n_sources = metadata.sources.count
        message.sources = arena.messages(metadata.sources) { source in
            var message = Skiff__Source()
            skiff__source__init(&message)
            message.name = arena.text(source.name)
            message.byte_count = UInt64(source.byteCount)
            message.has_sha256 = source.checksum == nil ? 0 : 1
            message.sha256 = arena.bytes(source.checksum ?? [])
            return message
        }
        message.parity = parity.map(arena.text)
        message.n_measurements = measurements.count
        message.measurements = arena.messages(measurements) { $0.message(arena) }
        return message
    }
}

extension GraphMetadata.Entry {
    fileprivate func message(_ arena: MessageArena) -> Skiff__Entry {
        var message = Skiff__Entry()
        skiff__entry__init(&message)
        message.key = arena.text(key)
        message.value = arena.text(value)
        return message
    }
}

extension ValueRecord {
    fileprivate func message(_ arena: MessageArena) -> Skiff__Value {
        var message = Skiff__Value()
        skiff__value__init(&message)
        message.name = arena.text(name)
        message.tensor = tensor.map { arena.array(CollectionOfOne($0.message(arena))) }
        message.has_overridable = isOverridable ? 1 : 0
        message.overridable = isOverridable ? 1 : 0
        message.fact = fact.map { arena.array(CollectionOfOne($0.message(arena))) }
        return message
    }
}

extension TensorRecord {
    fileprivate func message(_ arena: MessageArena) -> Skiff__Tensor {
        var message = Skiff__Tensor()
        skiff__tensor__init(&message)
        message.element_type = arena.text(elementType)
        message.n_extents = extents.count
        message.extents = arena.array(extents)
        message.encoding = encoding.map { arena.array(CollectionOfOne($0.message(arena))) }
        message.offset = offset
        message.byte_count = byteCount
        message.sha256 = arena.bytes(checksum)
        message.digest = arena.bytes(digest)
        message.n_canonical_axes = canonicalAxes.count
        message.canonical_axes = arena.array(canonicalAxes)
        message.origin = origin.map { arena.array(CollectionOfOne($0.message(arena))) }
        return message
    }
}

extension EncodingRecord {
    fileprivate func message(_ arena: MessageArena) -> Skiff__Encoding {
        var message = Skiff__Encoding()
        skiff__encoding__init(&message)
        message.name = arena.text(name)
        message.has_axis = axis == nil ? 0 : 1
        message.axis = axis ?? 0
        message.has_source_digest = sourceDigest == nil ? 0 : 1
        message.source_digest = arena.bytes(sourceDigest ?? [])
        return message
    }
}

extension OriginRecord {
    fileprivate func message(_ arena: MessageArena) -> Skiff__Origin {
        var message = Skiff__Origin()
        skiff__origin__init(&message)
        message.name = name.map(arena.text)
        message.has_source = source == nil ? 0 : 1
        message.source = source ?? 0
        message.member = member.map(arena.text)
        message.has_offset = offset == nil ? 0 : 1
        message.offset = offset ?? 0
        message.n_transforms = transforms.count
        message.transforms = arena.array(transforms.map { Optional(arena.text($0)) })
        return message
    }
}

extension MessageArena {
    fileprivate func bytes(_ bytes: [UInt8]) -> ProtobufCBinaryData {
        ProtobufCBinaryData(len: bytes.count, data: array(bytes))
    }
}

extension FactRecord {
    fileprivate func message(_ arena: MessageArena) -> Skiff__Fact {
        var message = Skiff__Fact()
        skiff__fact__init(&message)
        message.element_type = arena.text(elementType)
        message.extents = extents.map { extents in
            var message = Skiff__Extents()
            skiff__extents__init(&message)
            message.n_extents = extents.count
            message.extents = arena.messages(extents) { $0.message(arena) }
            return arena.array(CollectionOfOne(message))
        }
        return message
    }
}

extension ExtentRecord {
    fileprivate func message(_ arena: MessageArena) -> Skiff__Extent {
        var message = Skiff__Extent()
        skiff__extent__init(&message)
        switch self {
        case .fixed(let extent):
            message.has_fixed = 1
            message.fixed = extent
        case .symbolic(let name): message.symbolic = arena.text(name)
        case .unknown: break
        }
        return message
    }
}

extension OperatorRecord {
    fileprivate func message(_ arena: MessageArena) -> Skiff__Operator {
        var message = Skiff__Operator()
        skiff__operator__init(&message)
        message.name = arena.text(name)
        message.source = arena.text(source)
        message.n_attributes = attributes.count
        message.attributes = arena.messages(attributes) { $0.message(arena) }
        return message
    }
}

extension AttributeRecord {
    fileprivate func message(_ arena: MessageArena) -> Skiff__Attribute {
        var message = Skiff__Attribute()
        skiff__attribute__init(&message)
        message.name = arena.text(name)
        switch value {
        case .integer(let value):
            message.kind = SKIFF__ATTRIBUTE__KIND__INTEGER
            message.has_integer = 1
            message.integer = value
        case .real(let value):
            message.kind = SKIFF__ATTRIBUTE__KIND__REAL
            message.has_real = 1
            message.real = value
        case .number(let value):
            message.kind = SKIFF__ATTRIBUTE__KIND__NUMBER
            message.has_number = 1
            message.number = value
        case .text(let value):
            message.kind = SKIFF__ATTRIBUTE__KIND__TEXT
            message.text = arena.text(value)
        case .integers(let values):
            message.kind = SKIFF__ATTRIBUTE__KIND__INTEGERS
            message.n_integers = values.count
            message.integers = arena.array(values)
        case .reals(let values):
            message.kind = SKIFF__ATTRIBUTE__KIND__REALS
            message.n_reals = values.count
            message.reals = arena.array(values)
        case .texts(let values):
            message.kind = SKIFF__ATTRIBUTE__KIND__TEXTS
            message.n_texts = values.count
            message.texts = arena.array(values.map { Optional(arena.text($0)) })
        case .opaque(let value):
            message.kind = SKIFF__ATTRIBUTE__KIND__OPAQUE
            message.text = arena.text(value)
        }
        return message
    }
}

extension NodeRecord {
    fileprivate func message(_ arena: MessageArena) -> Skiff__Node {
        var message = Skiff__Node()
        skiff__node__init(&message)
        message.name = arena.text(name)
        message.operator_index = operatorIndex
        message.n_inputs = inputs.count
        message.inputs = arena.array(inputs)
        message.n_outputs = outputs.count
        message.outputs = arena.array(outputs)
        return message
    }
}

extension OutputRecord {
    fileprivate func message(_ arena: MessageArena) -> Skiff__Output {
        var message = Skiff__Output()
        skiff__output__init(&message)
        message.name = arena.text(name)
        message.value = value
        return message
    }
}
