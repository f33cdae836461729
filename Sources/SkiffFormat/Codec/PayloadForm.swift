internal import SkiffCore

/// How the payload of an encoded tensor is laid out: scales, blocks, and the lengths of all blocks but the last.
///
///     float32  scale[channels]     // int8 alone
///     uint8    block[]...          // each of its own length
///     uint32   length[blocks - 1]  // bytes of each block but the last
struct PayloadForm: Sendable {
    let encoding: Encoding
    /// Of the tensor.
    let elementType: ElementType
    /// Of the elements in the blocks.
    let storedType: ElementType
    /// Elements of the tensor; of packed types bytes.
    let count: Int
    /// Channels with a scale each, and elements that lie between two channels'; 1 and 1 but for int8.
    let channels: Int
    let channelStep: Int

    /// - Parameter axis: the axis of the output channels, for int8.
    init(_ encoding: Encoding, _ elementType: ElementType, shape: Shape, byteCount: Int, axis: Int?) {
        self.encoding = encoding
        self.elementType = elementType
        storedType = encoding.storedType(of: elementType)
        count = byteCount / (elementType.byteWidth ?? 1)
        if let axis, encoding == .int8, shape.indices.contains(axis) {
            channels = shape[axis]
            channelStep = shape[(axis + 1)...].reduce(1) { $0 &* $1 }
        } else {
            channels = 1
            channelStep = 1
        }
    }

    /// Bytes of an element, decoded.
    var width: Int { elementType.byteWidth ?? 1 }
    /// Bytes of an element in a block, before coding.
    var storedWidth: Int { storedType.byteWidth ?? 1 }
    var blockElements: Int {
        let elements = BlockCodec.blockElements(storedType)
        return storedType.byteWidth == nil ? elements * (storedType.bitWidth ?? 8) / 8 : elements
    }
    var blocks: Int { (count + blockElements - 1) / blockElements }
    var scaleBytes: Int { encoding == .int8 ? channels * 4 : 0 }
    var directoryBytes: Int { max(0, blocks - 1) * 4 }

    /// Elements of a block: positions in the tensor.
    func elements(ofBlock block: Int) -> Range<Int> {
        block * blockElements..<min(count, (block + 1) * blockElements)
    }

    /// The fewest bytes that a payload of this form has.
    var leastBytes: Int { scaleBytes + directoryBytes + blocks }
}
