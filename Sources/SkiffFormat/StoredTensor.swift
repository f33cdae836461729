public import SkiffCore
internal import SkiffGraph

/// What a native file says of one weight.
public struct StoredTensor: Hashable, Sendable {
    public var name: String
    public var elementType: ElementType
    public var shape: Shape
    public var encoding: Encoding
    /// First byte of the payload in the file, and how many it has.
    public var byteOffset: Int
    public var byteCount: Int
    /// SHA-256 of the payload as it lies in the file, 32 bytes.
    public var checksum: [UInt8]
    /// Digest of the elements whatever the order of their axes, 16 bytes: equal ones are the same weights.
    public var digest: [UInt8]
    /// What ``digest`` was before rounding; `nil` where nothing was rounded.
    public var sourceDigest: [UInt8]?
    /// Where the elements came from; `nil` where no file holds them.
    public var origin: TensorOrigin?
}

extension SkiffReader {
    /// What the header says of each weight, in the order of values.
    public var tensors: [StoredTensor] {
        zip(weights, payloads).map { id, payload in
            StoredTensor(
                name: payload.name, elementType: payload.form.elementType, shape: graph[id].tensor?.shape ?? [],
                encoding: payload.form.encoding, byteOffset: payload.range.lowerBound, byteCount: payload.range.count,
                checksum: payload.checksum, digest: payload.digest, sourceDigest: payload.sourceDigest,
                origin: graph[id].tensor?.origin)
        }
    }
}
