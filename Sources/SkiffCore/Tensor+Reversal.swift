extension Tensor {
    /// A copy with the elements along some neighbouring axes in reverse: a kernel's spatial axes, which Theano walks
    /// backwards.
    /// - Throws: ``CoreError`` `malformed` for axes that there are not, and for packed elements.
    public func reversed(axes: Range<Int>) throws(CoreError) -> Tensor {
        guard axes.lowerBound >= 0, axes.upperBound <= shape.count, let width = elementType.byteWidth else {
            throw CoreError(.malformed("axes \(axes) of a \(elementType.rawValue) of \(shape.shapeText) have no reverse"))
        }
        guard elementCount > 0 else { return self }
        let outer = shape[..<axes.lowerBound].reduce(1, *)
        let taps = shape[axes].reduce(1, *)
        let inner = shape[axes.upperBound...].reduce(width, *)
        let bytes = withUnsafeBytes { source in
            [UInt8](unsafeUninitializedCapacity: source.count) { target, initialized in
                for block in 0..<outer {
                    for tap in 0..<taps {
                        let from = (block * taps + tap) * inner
                        let to = (block * taps + taps - 1 - tap) * inner
                        for byte in 0..<inner { target[to + byte] = source[from + byte] }
                    }
                }
                initialized = source.count
            }
        }
        var reversed = try Tensor(
            elementType: elementType, shape: shape, storage: Storage(bytes), byteRange: 0..<bytes.count,
            byteOrder: byteOrder)
        reversed.origin = origin ?? TensorOrigin()
        reversed.origin?.transforms.append("kernel reversed")
        return reversed
    }
}
