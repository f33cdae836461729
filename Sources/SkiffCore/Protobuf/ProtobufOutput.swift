/// A protobuf message on its way out. Payloads in it are known by their length alone, so all lengths in front of them
/// are final before anything of a payload is read.
public struct ProtobufOutput<Payload: Sendable>: Sendable {
    public enum Segment: Sendable {
        case bytes([UInt8])
        case payload(Payload, byteCount: Int)
    }

    private var finished: [Segment] = []
    private var current: [UInt8] = []
    /// Bytes of the whole message.
    public private(set) var byteCount = 0

    public init() {}

    /// The message's parts, in order.
    public var segments: [Segment] { current.isEmpty ? finished : finished + [.bytes(current)] }

    private enum WireType: UInt64 {
        case varint = 0
        case lengthDelimited = 2
        case fixed32 = 5
    }

    private mutating func append(varint number: UInt64) {
        var rest = number
        while rest >= 0x80 {
            current.append(UInt8(truncatingIfNeeded: rest) | 0x80)
            rest >>= 7
            byteCount += 1
        }
        current.append(UInt8(rest))
        byteCount += 1
    }

    private mutating func append(key field: Int, _ type: WireType) {
        append(varint: UInt64(field) << 3 | type.rawValue)
    }

    private mutating func append(_ bytes: some Collection<UInt8>) {
        current.append(contentsOf: bytes)
        byteCount += bytes.count
    }

    /// A field of type int32, int64 or enum.
    public mutating func append(_ field: Int, integer: Int64) {
        append(key: field, .varint)
        append(varint: UInt64(bitPattern: integer))
    }

    /// A field of type float.
    public mutating func append(_ field: Int, real: Float) {
        append(key: field, .fixed32)
        append([real].littleEndianBytes { $0.bitPattern.littleEndian })
    }

    /// A field of type string, or bytes that are text.
    public mutating func append(_ field: Int, text: String) {
        append(key: field, .lengthDelimited)
        append(varint: UInt64(text.utf8.count))
        append(text.utf8)
    }

    /// A field of type string, left out where it is empty.
    public mutating func append(_ field: Int, unlessEmpty text: String) {
        if !text.isEmpty { append(field, text: text) }
    }

    /// A field that is a message.
    public mutating func append(_ field: Int, message: ProtobufOutput) {
        append(key: field, .lengthDelimited)
        append(varint: UInt64(message.byteCount))
        byteCount += message.byteCount
        for segment in message.segments {
            switch segment {
            case .bytes(let bytes): current.append(contentsOf: bytes)
            case .payload: appendSegment(segment)
            }
        }
    }

    /// A field of bytes that are given when the message is written.
    public mutating func append(_ field: Int, payload: Payload, byteCount count: Int) {
        append(key: field, .lengthDelimited)
        append(varint: UInt64(count))
        byteCount += count
        appendSegment(.payload(payload, byteCount: count))
    }

    private mutating func appendSegment(_ segment: Segment) {
        if !current.isEmpty { finished.append(.bytes(current)) }
        current = []
        finished.append(segment)
    }
}
