extension Tensor {
    /// A copy with its axes in another order: axis `k` of the result is axis `permutation[k]` of this.
    /// - Throws: ``CoreError`` for packed elements, and where the permutation is not of this rank.
    public func permuted(_ permutation: [Int]) throws(CoreError) -> Tensor {
        guard let width = elementType.byteWidth, permutation.sorted() == Array(shape.indices) else {
            throw CoreError(.malformed("elements of type \(elementType.rawValue) cannot be rearranged"))
        }
        if elementCount == 0 || shape.count < 2 {
            return try Tensor(
                elementType: elementType, shape: permutation.map { shape[$0] }, storage: storage, byteRange: byteRange,
                byteOrder: byteOrder)
        }
        let strides = shape.rowMajorStrides
        let extents = permutation.map { shape[$0] }
        let steps = permutation.map { strides[$0] * width }
        let bytes = withUnsafeBytes { source in
            [UInt8](unsafeUninitializedCapacity: source.count) { target, count in
                var index = [Int](repeating: 0, count: extents.count)
                var from = 0
                for to in stride(from: 0, to: source.count, by: width) {
                    for byte in 0..<width { target[to + byte] = source[from + byte] }
                    for axis in extents.indices.reversed() {
                        index[axis] += 1
                        from += steps[axis]
                        if index[axis] < extents[axis] { break }
                        from -= steps[axis] * extents[axis]
                        index[axis] = 0
                    }
                }
                count = source.count
            }
        }
        return try Tensor(
            elementType: elementType, shape: extents, storage: Storage(bytes), byteRange: 0..<bytes.count,
            byteOrder: byteOrder)
    }
}
