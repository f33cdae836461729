internal import SkiffCore

/// The header as plain values, message by message as Sources/CSkiffSchema/skiff.proto has them.
struct HeaderRecord: Hashable {
    var name: String
    var provenance: Provenance
    var values: [ValueRecord]
    var operators: [OperatorRecord]
    var nodes: [NodeRecord]
    var inputs: [UInt32]
    var outputs: [OutputRecord]
}

struct ValueRecord: Hashable {
    var name: String
    var tensor: TensorRecord?
    var isOverridable: Bool
    var fact: FactRecord?
}

struct TensorRecord: Hashable {
    var elementType: String
    var extents: [UInt64]
    /// `nil` for raw payloads.
    var encoding: EncodingRecord?
    var offset: UInt64
    var byteCount: UInt64
    var checksum: [UInt8]
    var digest: [UInt8]
    /// Empty where the canonical order is the tensor's own.
    var canonicalAxes: [UInt32]
    var origin: OriginRecord?
}

struct EncodingRecord: Hashable {
    var name: String
    var axis: UInt32?
    var sourceDigest: [UInt8]?
}

struct OriginRecord: Hashable {
    var name: String?
    var source: UInt32?
    var member: String?
    var offset: UInt64?
    var transforms: [String]
}

struct FactRecord: Hashable {
    var elementType: String
    var extents: [ExtentRecord]?
}

enum ExtentRecord: Hashable {
    case fixed(UInt64)
    case symbolic(String)
    case unknown
}

struct OperatorRecord: Hashable {
    var name: String
    var source: String
    var attributes: [AttributeRecord]
}

struct AttributeRecord: Hashable {
    enum Value: Hashable {
        case integer(Int64)
        case real(Float)
        case number(Double)
        case text(String)
        case integers([Int64])
        case reals([Float])
        case texts([String])
        case opaque(String)
    }

    var name: String
    var value: Value
}

struct NodeRecord: Hashable {
    var name: String
    var operatorIndex: UInt32
    /// Positions of values plus one; zero where an input is left out.
    var inputs: [UInt32]
    var outputs: [UInt32]
}

struct OutputRecord: Hashable {
    var name: String
    var value: UInt32
}
