/// A tensor's payload where it lies: a range of a storage with its element type, shape and byte order.
///
/// Elements are row-major. Nothing is decoded until somebody asks.
public struct Tensor: Sendable {
    public let elementType: ElementType
    public let shape: Shape
    public let storage: Storage
    /// The payload's bytes within ``storage``.
    public let byteRange: Range<Int>
    public let byteOrder: ByteOrder
    /// Where the elements were first read from, where that is not told by ``storage`` and ``byteRange``.
    public var origin: TensorOrigin?

    /// - Throws: ``CoreError`` where the range lies outside the storage, or does not hold exactly the bytes
    ///   that shape and element type need.
    public init(
        elementType: ElementType, shape: Shape, storage: Storage, byteRange: Range<Int>,
        byteOrder: ByteOrder = .little
    ) throws(CoreError) {
        try storage.check(byteRange)
        let expected = try checkedTensorBytes(shape: shape, elementType: elementType)
        guard expected == byteRange.count else {
            throw CoreError(.byteCountMismatch(expected: expected, found: byteRange.count))
        }
        self.elementType = elementType
        self.shape = shape
        self.storage = storage
        self.byteRange = byteRange
        self.byteOrder = byteOrder
    }

    /// A tensor over little-endian bytes of our own.
    public init(elementType: ElementType, shape: Shape, bytes: [UInt8]) throws(CoreError) {
        try self.init(elementType: elementType, shape: shape, storage: Storage(bytes), byteRange: 0..<bytes.count)
    }

    /// Number of elements.
    public var elementCount: Int { shape.checkedElementCount ?? 0 }

    /// Lends the payload's bytes as they lie (``byteOrder``).
    public func withUnsafeBytes<Result, Failure: Error>(
        _ body: (UnsafeRawBufferPointer) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        try storage.withUnsafeBytes(in: byteRange, body)
    }
}

public enum ByteOrder: String, Hashable, Sendable { case little, big }

/// First door: the bytes that a tensor of `shape` takes.
///
/// Packed types round up to whole bytes.
/// - Throws: ``CoreError`` `limit` for a rank, extent or size past ``Limits``; `sizeOverflow` for a negative
///   extent or a product that leaves `Int`; `malformed` for elements without a fixed size.
public func checkedTensorBytes(shape: Shape, elementType: ElementType) throws(CoreError) -> Int {
    guard shape.count <= Limits.rank else {
        throw CoreError(.limit(name: "rank", declared: shape.count, allowed: Limits.rank))
    }
    for extent in shape where extent > Limits.extent {
        throw CoreError(.limit(name: "extent", declared: extent, allowed: Limits.extent))
    }
    guard let bits = elementType.bitWidth else {
        throw CoreError(.malformed("elements of type \(elementType.rawValue) have no fixed size"))
    }
    guard let count = shape.checkedElementCount else {
        throw CoreError(.sizeOverflow(shape: shape, elementType: elementType))
    }
    let (total, overflow) = count.multipliedReportingOverflow(by: bits)
    guard !overflow, total <= Int.max - 7 else {
        throw CoreError(.sizeOverflow(shape: shape, elementType: elementType))
    }
    let bytes = (total + 7) / 8
    guard bytes <= Limits.tensorBytes else {
        throw CoreError(.limit(name: "tensor bytes", declared: bytes, allowed: Limits.tensorBytes))
    }
    return bytes
}
