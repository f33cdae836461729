internal import CProtobufC

/// The message types of a protobuf schema, as far as the wire scan needs them.
///
/// Derived from the tables that protoc-c writes, so that the field numbers stand in one place: the `.proto` file.
public struct ProtobufSchema: Sendable {
    /// What a field's value looks like on the wire.
    enum Kind: Sendable, Equatable {
        case varint, fixed32, fixed64
        /// Bytes of any kind.
        case bytes
        /// UTF-8 that is a name: checked, bounded, and without NUL.
        case name
        /// A message of the schema, by index.
        case message(Int)
    }

    /// What the scan does with a field it knows.
    enum Role: Sendable {
        /// Goes into the structure.
        case kept
        /// Stays in the file: its range is noted, an index stands in its place.
        case payload
        /// Is stepped over, contents unseen.
        case dropped
    }

    struct Field: Sendable {
        let name: String
        let kind: Kind
        let isRepeated: Bool
        let role: Role
    }

    struct Message: Sendable {
        let name: String
        /// By field number; `nil` where the schema has none.
        let fields: [Field?]
        /// How many messages of this type one file may hold, and what to call them in a message.
        let limit: (name: String, count: Int)?
    }

    /// The root's type comes first.
    let messages: [Message]

    /// Which fields are treated apart from the others, written `Type.field`.
    public struct Roles: Sendable {
        /// Fields whose contents stay in the file.
        public var payloads: Set<String>
        /// Fields that are stepped over.
        public var dropped: Set<String>
        /// Strings that are prose and not names, by their field's name: any length, any bytes.
        public var prose: Set<String>
        /// How many messages of a type one file may hold: type to the limit's name and the count.
        public var limits: [String: (name: String, count: Int)]

        public init(
            payloads: Set<String> = [], dropped: Set<String> = [], prose: Set<String> = [],
            limits: [String: (name: String, count: Int)] = [:]
        ) {
            self.payloads = payloads
            self.dropped = dropped
            self.prose = prose
            self.limits = limits
        }
    }

    /// The schema reachable from `descriptor`, a `ProtobufCMessageDescriptor` that protoc-c wrote.
    /// - Precondition: the pointer is such a descriptor. It is code of ours, never input.
    public init(descriptor: UnsafeRawPointer, roles: Roles = Roles()) {
        var indices: [UnsafeRawPointer: Int] = [descriptor: 0]
        var pending = [descriptor]
        var messages: [Message] = []
        while messages.count < pending.count {
            let source = pending[messages.count].assumingMemoryBound(to: ProtobufCMessageDescriptor.self).pointee
            let name = String(cString: source.short_name)
            var fields: [Field?] = []
            for field in UnsafeBufferPointer(start: source.fields, count: Int(source.n_fields)) {
                if let target = field.descriptor, field.type == PROTOBUF_C_TYPE_MESSAGE, indices[target] == nil {
                    indices[target] = pending.count
                    pending.append(target)
                }
                let kind = Kind(field, indices: indices, prose: roles.prose)
                let key = "\(name).\(String(cString: field.name))"
                let role: Role =
                    roles.payloads.contains(key) ? .payload : roles.dropped.contains(key) ? .dropped : .kept
                while fields.count <= Int(field.id) { fields.append(nil) }
                fields[Int(field.id)] = Field(
                    name: String(cString: field.name), kind: kind, isRepeated: field.label == PROTOBUF_C_LABEL_REPEATED,
                    role: role)
            }
            messages.append(Message(name: name, fields: fields, limit: roles.limits[name]))
        }
        self.messages = messages
    }
}

extension ProtobufSchema.Kind {
    fileprivate init(
        _ field: ProtobufCFieldDescriptor, indices: [UnsafeRawPointer: Int], prose: Set<String>
    ) {
        switch field.type {
        case PROTOBUF_C_TYPE_FIXED32, PROTOBUF_C_TYPE_SFIXED32, PROTOBUF_C_TYPE_FLOAT: self = .fixed32
        case PROTOBUF_C_TYPE_FIXED64, PROTOBUF_C_TYPE_SFIXED64, PROTOBUF_C_TYPE_DOUBLE: self = .fixed64
        case PROTOBUF_C_TYPE_STRING: self = prose.contains(String(cString: field.name)) ? .bytes : .name
        case PROTOBUF_C_TYPE_BYTES: self = .bytes
        case PROTOBUF_C_TYPE_MESSAGE: self = .message(field.descriptor.flatMap { indices[$0] } ?? 0)
        default: self = .varint
        }
    }
}
