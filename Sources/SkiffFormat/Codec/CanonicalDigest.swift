internal import CSkiffCodec
internal import SkiffCore

/// The digest of a tensor's elements that does not hang on the order of its axes in memory.
///
/// It is the sum, in two words modulo 2⁶⁴, of a hash of every element's canonical index and bits, and of the element
/// type and the number of elements. So the same weights have the same digest as OIHW and as HWIO, any part can be summed
/// alone, and no element is moved. It tells weights apart; against forgery there is the payload's SHA-256.
struct CanonicalDigest: Hashable {
    private(set) var low: UInt64 = 0
    private(set) var high: UInt64 = 0

    /// The digest of a tensor of which no element was added yet.
    init(_ elementType: ElementType, elementCount: Int) {
        // Indices from 2⁶³ on are no element's.
        add(bits: UInt64(elementCount), index: 1 << 63)
        let spelling = Array(elementType.rawValue.utf8)
        for (position, start) in stride(from: 0, to: spelling.count, by: 8).enumerated() {
            let word = spelling[start..<min(start + 8, spelling.count)].reversed().reduce(0) { $0 << 8 | UInt64($1) }
            add(bits: word, index: 1 << 63 + UInt64(position) + 1)
        }
    }

    /// A sum of nothing, to add the elements of a part to.
    init() {}

    /// 16 bytes: both words, little-endian.
    var bytes: [UInt8] { [low, high].littleEndianBytes { $0.littleEndian } }

    mutating func add(_ part: CanonicalDigest) {
        low &+= part.low
        high &+= part.high
    }

    private mutating func add(bits: UInt64, index: UInt64) {
        var word = bits.littleEndian
        withUnsafeBytes(of: &word) { sum($0, width: 8, count: 1, first: index, step: 0, .best) }
    }

    /// Adds a part of a tensor's elements.
    /// - Parameters:
    ///   - bytes: little-endian elements, whole ones.
    ///   - first: row-major position of the first of them in the tensor.
    mutating func add(
        _ bytes: UnsafeRawBufferPointer, first: Int, of index: CanonicalIndex, kernels: BlockCodec.Kernels = .best
    ) {
        let width = index.wordBytes
        index.forEachRun(from: first, count: bytes.count / width) { position, count, start, step in
            let run = UnsafeRawBufferPointer(rebasing: bytes[(position * width)..<((position + count) * width)])
            sum(run, width: width, count: count, first: UInt64(start), step: UInt64(step), kernels)
        }
    }

    private mutating func sum(
        _ bytes: UnsafeRawBufferPointer, width: Int, count: Int, first: UInt64, step: UInt64, _ kernels: BlockCodec.Kernels
    ) {
        guard let base = bytes.assumingMemoryBound(to: UInt8.self).baseAddress else { return }
        var sums = (low, high)
        withUnsafeMutableBytes(of: &sums) { sums in
            kernels.table.pointee.digest(
                base, Int32(width), Int64(count), first, step, sums.assumingMemoryBound(to: UInt64.self).baseAddress)
        }
        (low, high) = sums
    }
}

/// Where a tensor's elements stand in their canonical order.
struct CanonicalIndex {
    /// Bytes of what counts as an element: packed types count bytes, complex128 counts both parts.
    let wordBytes: Int
    /// Extents of the stored axes, outermost first, axes that lie behind each other in both orders as one.
    private var extents: [Int] = []
    /// Steps of those axes in the canonical order.
    private var steps: [Int] = []

    /// - Parameter canonicalAxes: an order of all axes, or none where it is the tensor's own.
    init(_ elementType: ElementType, shape: Shape, canonicalAxes: [Int]) {
        let width = elementType.byteWidth
        wordBytes = min(width ?? 1, 8)
        guard width != nil, width != 16, canonicalAxes.count == shape.count, canonicalAxes.sorted() == Array(shape.indices)
        else { return }
        var step = 1
        var stepOfAxis = [Int](repeating: 0, count: shape.count)
        for axis in canonicalAxes.reversed() {
            stepOfAxis[axis] = step
            step = step.multipliedReportingOverflow(by: max(shape[axis], 1)).partialValue
        }
        for axis in shape.indices where shape[axis] != 1 {
            if let last = steps.last, last == stepOfAxis[axis] * shape[axis] {
                extents[extents.count - 1] *= shape[axis]
                steps[steps.count - 1] = stepOfAxis[axis]
            } else {
                extents.append(shape[axis])
                steps.append(stepOfAxis[axis])
            }
        }
        if extents.count == 1 { (extents, steps) = ([], []) }
    }

    /// Cuts `count` elements from row-major position `first` on into runs whose canonical indices have one distance.
    func forEachRun(
        from first: Int, count: Int, _ body: (_ position: Int, _ count: Int, _ start: Int, _ step: Int) -> Void
    ) {
        guard let inner = extents.last, inner > 0, let step = steps.last else { return body(0, count, first, 1) }
        var done = 0
        while done < count {
            var rest = first + done
            let column = rest % inner
            rest /= inner
            var start = column * step
            for axis in extents.indices.dropLast().reversed() {
                start += rest % extents[axis] * steps[axis]
                rest /= extents[axis]
            }
            let length = min(inner - column, count - done)
            body(done, length, start, step)
            done += length
        }
    }
}
