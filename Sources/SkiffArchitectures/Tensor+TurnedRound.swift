internal import SkiffCore

extension Tensor {
    /// A copy of a kernel of two spatial axes with both turned round: what makes a convolution of Theano, which
    /// walks the kernel backwards, the cross-correlation that everybody else calls a convolution.
    /// - Throws: ``CoreError`` for packed elements.
    func turnedRound(firstSpatialAxis axis: Int) throws(CoreError) -> Tensor {
        guard shape.count == 4, shape.indices.contains(axis), axis + 1 < shape.count else { return self }
        guard let width = elementType.byteWidth else {
            throw CoreError(.malformed("elements of type \(elementType.rawValue) cannot be turned round"))
        }
        let outer = shape[..<axis].reduce(1, *)
        let taps = shape[axis] * shape[axis + 1]
        let inner = shape[(axis + 2)...].reduce(width, *)
        let bytes = withUnsafeBytes { source in
            [UInt8](unsafeUninitializedCapacity: source.count) { target, count in
                for block in 0..<outer {
                    for tap in 0..<taps {
                        let from = (block * taps + tap) * inner
                        let to = (block * taps + taps - 1 - tap) * inner
                        for byte in 0..<inner { target[to + byte] = source[from + byte] }
                    }
                }
                count = source.count
            }
        }
        return try Tensor(
            elementType: elementType, shape: shape, storage: Storage(bytes), byteRange: 0..<bytes.count,
            byteOrder: byteOrder)
    }
}
