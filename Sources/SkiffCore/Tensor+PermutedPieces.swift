extension Tensor {
    /// Lends the elements with axes in another order, little-endian, piece by piece, without holding the tensor: axis `k`
    /// of what is lent is axis `permutation[k]` of this. Pages of a mapped file are given back on the way.
    /// - Parameters:
    ///   - extents: the shape to take the elements in, of as many elements as this tensor's; its own where `nil`.
    ///   - pieceBytes: most bytes of a piece.
    /// - Throws: ``CoreError`` for packed elements, a permutation that is not of this rank, and what `body` throws.
    public func forEachPermutedPiece(
        _ permutation: [Int], of extents: Shape? = nil, pieceBytes: Int = 4 * Storage.pieceBytes,
        _ body: (UnsafeRawBufferPointer) throws(CoreError) -> Void
    ) throws(CoreError) {
        let extents = extents ?? shape
        guard let width = elementType.byteWidth, permutation.sorted() == Array(extents.indices),
            extents.checkedElementCount == elementCount
        else { throw CoreError(.malformed("elements of type \(elementType.rawValue) cannot be rearranged")) }
        if elementCount == 0 { return }
        let walk = PermutedWalk(extents: extents, permutation: permutation)
        if walk.isIdentity {
            return try forEachLittleEndianPiece { bytes throws(CoreError) in try body(bytes) }
        }
        if storage.isDeferred {
            return try decoded().forEachPermutedPiece(permutation, of: extents, pieceBytes: pieceBytes) {
                bytes throws(CoreError) in try body(bytes)
            }
        }
        let buffer = UnsafeMutableRawBufferPointer.allocate(
            byteCount: min(max(pieceBytes, width), byteRange.count), alignment: 16)
        defer { buffer.deallocate() }
        var done = 0
        while done < elementCount {
            let block = walk.block(from: done, most: max(1, pieceBytes / width))
            fill(buffer, block, width)
            if byteOrder == .big { reverseWords(UnsafeMutableRawBufferPointer(rebasing: buffer[..<(block.count * width)])) }
            try body(UnsafeRawBufferPointer(rebasing: buffer[..<(block.count * width)]))
            done += block.count
        }
    }

    /// A copy that is given back when it was walked: what is decoded for good would stay in memory.
    private func decoded() throws(CoreError) -> Tensor {
        let copy = try Storage(byteCount: byteRange.count, isSpooled: byteRange.count > 8 * Storage.pieceBytes) {
            target throws(CoreError) in
            for start in stride(from: 0, to: byteRange.count, by: Storage.pieceBytes) {
                let piece = start..<min(byteRange.count, start + Storage.pieceBytes)
                try storage.read(
                    byteRange.lowerBound + piece.lowerBound..<byteRange.lowerBound + piece.upperBound,
                    into: UnsafeMutableRawBufferPointer(rebasing: target.bytes[piece]))
                target.releasePages()
            }
        }
        return try Tensor(
            elementType: elementType, shape: shape, storage: copy, byteRange: 0..<byteRange.count, byteOrder: byteOrder)
    }

    /// Copies a block's elements: along the source's own order, so that each of its pages is touched once.
    private func fill(_ buffer: UnsafeMutableRawBufferPointer, _ block: PermutedWalk.Block, _ width: Int) {
        let isLarge = byteRange.count > 8 * Storage.pieceBytes
        withUnsafeBytes { source in
            guard let from = source.baseAddress, let to = buffer.baseAddress else { return }
            var released = block.sourceStart * width
            block.forEachRun { run in
                let (read, write) = (from + run.source * width, to + run.target * width)
                switch width {
                case 1: copy(UInt8.self, read, write, run)
                case 2: copy(UInt16.self, read, write, run)
                case 4: copy(UInt32.self, read, write, run)
                case 8: copy(UInt64.self, read, write, run)
                default:
                    for index in 0..<run.count {
                        (write + index * run.targetStep * width)
                            .copyMemory(from: read + index * run.sourceStep * width, byteCount: width)
                    }
                }
                let position = run.source * width
                if isLarge, position - released >= Storage.pieceBytes {
                    storage.releasePages(in: byteRange.lowerBound + released..<byteRange.lowerBound + position)
                    released = position
                }
            }
        }
        storage.releasePages(in: byteRange)
    }

    private func reverseWords(_ bytes: UnsafeMutableRawBufferPointer) {
        let width = littleEndianWordBytes
        guard width > 1 else { return }
        for start in stride(from: 0, to: bytes.count, by: width) {
            for byte in 0..<width / 2 { bytes.swapAt(start + byte, start + width - 1 - byte) }
        }
    }

    /// The first element, row-major, in which `other` is not this tensor with axes in another order; `nil` where it is.
    /// Memory stays flat.
    /// - Throws: ``CoreError`` as ``forEachPermutedPiece(_:of:pieceBytes:_:)``.
    public func firstDifferingElement(
        from other: Tensor, permutedBy permutation: [Int], of extents: Shape? = nil
    ) throws(CoreError) -> Int? {
        guard elementType == other.elementType, byteRange.count == other.byteRange.count else { return 0 }
        let width = max(elementType.byteWidth ?? 1, 1)
        var position = 0
        var found: Int?
        try forEachPermutedPiece(permutation, of: extents) { bytes throws(CoreError) in
            defer { position += bytes.count }
            guard found == nil else { return }
            let piece = other.byteRange.lowerBound + position..<other.byteRange.lowerBound + position + bytes.count
            let difference = other.storage.withUnsafeBytes(in: piece) { firstDifference(bytes, $0) }
            other.storage.releasePages(in: piece)
            if let difference { found = (position + difference) / width }
        }
        return found
    }
}

@inline(__always)
private func copy<Word: BitwiseCopyable>(
    _ type: Word.Type, _ read: UnsafeRawPointer, _ write: UnsafeMutableRawPointer, _ run: PermutedWalk.Run
) {
    let size = MemoryLayout<Word>.size
    var (read, write) = (read, write)
    for _ in 0..<run.count {
        write.storeBytes(of: read.loadUnaligned(as: Word.self), as: Word.self)
        read += run.sourceStep * size
        write += run.targetStep * size
    }
}

/// How the elements of a tensor lie when its axes are in another order. Neighbouring axes that stay together are one.
private struct PermutedWalk {
    /// Extents of the target's axes, outermost first, and their strides in source and target, in elements.
    let extents: [Int]
    let sourceStrides: [Int]
    let targetStrides: [Int]

    init(extents: Shape, permutation: [Int]) {
        let strides = extents.rowMajorStrides
        var axes: [(extent: Int, stride: Int)] = []
        for axis in permutation where extents[axis] != 1 {
            if let last = axes.last, last.stride == extents[axis] * strides[axis] {
                axes[axes.count - 1] = (last.extent * extents[axis], strides[axis])
            } else {
                axes.append((extents[axis], strides[axis]))
            }
        }
        self.extents = axes.map(\.extent)
        sourceStrides = axes.map(\.stride)
        targetStrides = self.extents.rowMajorStrides
    }

    var isIdentity: Bool { extents.count <= 1 }

    struct Run {
        var source: Int
        var target: Int
        var count: Int
        var sourceStep: Int
        var targetStep: Int
    }

    /// Some elements that lie together in the target: whole inner axes, and a part of one.
    struct Block {
        /// Extents, and strides in source and target, by source stride, the largest first.
        var axes: [(extent: Int, source: Int, target: Int)]
        var sourceStart: Int
        var count: Int

        func forEachRun(_ body: (Run) -> Void) {
            guard let inner = axes.last else {
                return body(Run(source: sourceStart, target: 0, count: 1, sourceStep: 0, targetStep: 0))
            }
            let outer = axes.dropLast()
            var index = [Int](repeating: 0, count: outer.count)
            var (source, target) = (sourceStart, 0)
            while true {
                body(Run(
                    source: source, target: target, count: inner.extent, sourceStep: inner.source,
                    targetStep: inner.target))
                var axis = outer.count - 1
                while axis >= 0 {
                    index[axis] += 1
                    source += outer[axis].source
                    target += outer[axis].target
                    if index[axis] < outer[axis].extent { break }
                    source -= outer[axis].source * outer[axis].extent
                    target -= outer[axis].target * outer[axis].extent
                    index[axis] = 0
                    axis -= 1
                }
                if axis < 0 { return }
            }
        }
    }

    /// The largest block of at most `most` elements that begins with element `start` of the target.
    func block(from start: Int, most: Int) -> Block {
        var (rest, source) = (start, 0)
        var position: [Int] = []
        for axis in extents.indices {
            position.append(rest / targetStrides[axis])
            source += rest / targetStrides[axis] * sourceStrides[axis]
            rest %= targetStrides[axis]
        }
        // The outermost axis whose inner axes fit and are at their start.
        var axis = extents.count - 1
        while axis > 0, position[axis] == 0, targetStrides[axis - 1] <= most { axis -= 1 }
        let count = min(extents[axis] - position[axis], max(1, most / targetStrides[axis]))
        var axes = [(extent: count, source: sourceStrides[axis], target: targetStrides[axis])]
        for inner in extents.indices.dropFirst(axis + 1) {
            axes.append((extents[inner], sourceStrides[inner], targetStrides[inner]))
        }
        return Block(
            axes: axes.sorted { $0.source > $1.source }, sourceStart: source, count: count * targetStrides[axis])
    }
}
