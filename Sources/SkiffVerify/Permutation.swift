internal import SkiffCore
internal import SkiffGraph

/// An order of axes: axis `i` of the result is axis `axes[i]` of the source.
struct Permutation: Hashable, Sendable {
    var axes: [Int]

    /// What turns a map of one layout into the other; `nil` where both are equal or the rank has no channels.
    init?(from: Layout, to: Layout, rank: Int) {
        guard from != to, rank >= 3 else { return nil }
        let spatial = Array(from.firstSpatialAxis..<from.firstSpatialAxis + rank - 2)
        let channel = from.channelAxis(rank: rank)
        axes = to == .channelsFirst ? [0, channel] + spatial : [0] + spatial + [channel]
    }

    init(axes: [Int]) { self.axes = axes }

    /// What turns the result back into the source.
    var inverse: Permutation {
        var turned = axes
        for (position, axis) in axes.enumerated() where turned.indices.contains(axis) { turned[axis] = position }
        return Permutation(axes: turned)
    }

    func callAsFunction<Element>(_ list: [Element]) -> [Element] { axes.map { list[$0] } }
}

extension Tensor {
    /// The same elements in another order of axes, copied.
    /// - Throws: ``CoreError`` `malformed` for packed types; the permutation must be of this rank.
    func permuted(_ permutation: Permutation) throws(CoreError) -> Tensor {
        guard let width = elementType.byteWidth, permutation.axes.count == shape.count else {
            throw CoreError(.malformed("elements of type \(elementType.rawValue) cannot be put in another order"))
        }
        let target = permutation(shape)
        let strides = permutation(shape.rowMajorStrides)
        let count = elementCount
        let bytes = withUnsafeBytes { source in
            [UInt8](unsafeUninitializedCapacity: count * width) { output, initialized in
                var index = Shape(repeating: 0, count: target.count)
                var offset = 0
                for position in 0..<count {
                    for byte in 0..<width { output[position * width + byte] = source[offset * width + byte] }
                    for axis in target.indices.reversed() {
                        index[axis] += 1
                        offset += strides[axis]
                        if index[axis] < target[axis] { break }
                        offset -= strides[axis] * target[axis]
                        index[axis] = 0
                    }
                }
                initialized = count * width
            }
        }
        return try Tensor(
            elementType: elementType, shape: target, storage: Storage(bytes), byteRange: 0..<bytes.count,
            byteOrder: byteOrder)
    }
}
