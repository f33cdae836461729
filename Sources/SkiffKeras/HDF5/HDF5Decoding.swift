internal import SkiffCore

/// Makes tensors of datasets: in place where the file has the elements in one piece, else as bytes of ours.
struct HDF5Payloads {
    /// A file that holds datasets: a storage, and the file's offset in it.
    struct File {
        let storage: Storage
        let base: Int
    }

    /// The files, by ``HDF5Dataset/file``.
    private(set) var files: [File]
    /// Bytes decoded so far.
    private var decodedBytes = 0

    init(storage: Storage, base: Int) {
        self.init([File(storage: storage, base: base)])
    }

    init(_ files: [File]) {
        self.files = files
    }

    mutating func tensor(of dataset: HDF5Dataset) throws(KerasError) -> Tensor {
        let place = Place(member: dataset.path)
        guard files.indices.contains(dataset.file) else {
            throw KerasError(.missing("the file of the dataset"), at: place)
        }
        let (storage, base) = (files[dataset.file].storage, files[dataset.file].base)
        do throws(CoreError) {
            switch dataset.payload {
            case .range(let range):
                return try tensor(of: dataset, storage, base + range.lowerBound..<base + range.upperBound, [])
            case .bytes(let bytes):
                return try tensor(of: dataset, Storage(bytes), 0..<bytes.count, ["read from the object header"])
            case .refused(let why): throw CoreError(.malformed(why))
            case .chunks(let chunks):
                let decoded = try decode(chunks, of: dataset, storage, base)
                return try tensor(of: dataset, decoded, 0..<decoded.byteCount, chunks.transforms)
            }
        } catch {
            throw KerasError(error).at(place)
        }
    }

    private func tensor(
        of dataset: HDF5Dataset, _ storage: Storage, _ range: Range<Int>, _ transforms: [String]
    ) throws(CoreError) -> Tensor {
        var tensor = try Tensor(
            elementType: dataset.elementType, shape: dataset.shape, storage: storage, byteRange: range,
            byteOrder: dataset.byteOrder)
        tensor.origin = TensorOrigin(member: dataset.path, transforms: transforms)
        return tensor
    }

    private mutating func decode(
        _ chunks: HDF5Chunks, of dataset: HDF5Dataset, _ storage: Storage, _ base: Int
    ) throws(CoreError) -> Storage {
        let bytes = try checkedTensorBytes(shape: dataset.shape, elementType: dataset.elementType)
        let width = dataset.elementType.byteWidth ?? 1
        let (total, overflow) = decodedBytes.addingReportingOverflow(bytes)
        guard !overflow, total <= Limits.decodedBytes else {
            throw CoreError(
                .limit(name: "decoded bytes", declared: overflow ? .max : total, allowed: Limits.decodedBytes))
        }
        decodedBytes = total
        let chunkBytes = try checkedTensorBytes(shape: chunks.chunkShape, elementType: dataset.elementType)
        try chunks.check(shape: dataset.shape, bytes: bytes, chunkBytes: chunkBytes)
        let isSpooled = total > Limits.decodedInMemoryBytes
        return try Storage(byteCount: bytes, isSpooled: isSpooled) { target throws(CoreError) in
            var unreleased = 0
            for chunk in chunks.chunks {
                let range = base + chunk.range.lowerBound..<base + chunk.range.upperBound
                try storage.check(range)
                let raw = try storage.withUnsafeBytes(in: range) { stored throws(CoreError) in
                    try chunks.unfiltered(stored, chunk: chunk, size: chunkBytes, elementWidth: width)
                }
                chunks.place(raw, of: chunk, into: target.bytes, shape: dataset.shape, elementWidth: width)
                unreleased += chunkBytes
                guard unreleased >= Self.releasedBytes else { continue }
                unreleased = 0
                target.releasePages()
                // Chunks share pages with their neighbours, so not theirs alone.
                storage.releasePages(in: 0..<storage.byteCount)
            }
        }
    }

    /// Bytes that are decoded before memory is given back.
    private static let releasedBytes = 8 << 20
}

extension HDF5Chunks {
    /// What is done to the elements to have them in one piece.
    fileprivate var transforms: [String] {
        filters.reversed().map { "\($0) undone" } + ["joined from \(chunks.count) chunks"]
    }

    /// Chunks stand on the grid of their shape, each place once, and share no bytes.
    func check(shape: Shape, bytes: Int, chunkBytes: Int) throws(CoreError) {
        let stored = chunks.reduce(into: 0) { $0 = $0.addingReportingOverflow($1.range.count).partialValue }
        let (reachable, overflow) = stored.multipliedReportingOverflow(by: 1032)
        guard overflow || bytes <= reachable else {
            throw CoreError(.limit(name: "bytes of \(stored) stored ones", declared: bytes, allowed: reachable))
        }
        var origins: Set<[Int]> = []
        for chunk in chunks {
            for (axis, start) in chunk.origin.enumerated() {
                guard start >= 0, start < shape[axis], start % chunkShape[axis] == 0 else {
                    throw CoreError(.malformed("a chunk stands at \(chunk.origin.shapeText), off the grid"))
                }
            }
            guard origins.insert(chunk.origin).inserted else {
                throw CoreError(.malformed("two chunks stand at \(chunk.origin.shapeText)"))
            }
        }
        let ranges = chunks.map(\.range).sorted { $0.lowerBound < $1.lowerBound }
        for (left, right) in zip(ranges, ranges.dropFirst()) where left.upperBound > right.lowerBound {
            throw CoreError(.malformed("two chunks share bytes"), at: Place(byteOffset: right.lowerBound))
        }
    }

    /// A chunk's elements: filters undone, the last one first.
    func unfiltered(
        _ stored: UnsafeRawBufferPointer, chunk: Chunk, size: Int, elementWidth: Int
    ) throws(CoreError) -> [UInt8] {
        var owned: [UInt8]?
        for index in filters.indices.reversed() where isApplied(index, to: chunk) {
            let isInsideChecksum = filters[..<index].indices.contains {
                filters[$0] == .fletcher32 && isApplied($0, to: chunk)
            }
            let expected = size + (isInsideChecksum ? 4 : 0)
            if let previous = owned {
                let filter = filters[index]
                owned = try previous.withUnsafeBytes { bytes in
                    Result { () throws(CoreError) in
                        try undo(filter, bytes, size: expected, elementWidth: elementWidth)
                    }
                }.get()
            } else {
                owned = try undo(filters[index], stored, size: expected, elementWidth: elementWidth)
            }
        }
        let found = owned?.count ?? stored.count
        guard found == size else { throw CoreError(.byteCountMismatch(expected: size, found: found)) }
        return owned ?? Array(stored)
    }

    private func undo(
        _ filter: Filter, _ input: UnsafeRawBufferPointer, size: Int, elementWidth: Int
    ) throws(CoreError) -> [UInt8] {
        switch filter {
        case .deflate: try boundedInflate(input, framing: .zlib, size: size)
        case .fletcher32: try checkedFletcher32(input)
        case .shuffle: unshuffled(input, elementWidth: elementWidth)
        }
    }

    private func isApplied(_ filter: Int, to chunk: Chunk) -> Bool {
        chunk.skippedFilters & (1 << UInt32(filter)) == 0
    }

    /// Copies a chunk's rows into the dataset; what sticks out is left.
    func place(
        _ raw: [UInt8], of chunk: Chunk, into target: UnsafeMutableRawBufferPointer, shape: Shape, elementWidth: Int
    ) {
        let rank = shape.count
        let extents = (0..<rank).map { min(chunkShape[$0], shape[$0] - chunk.origin[$0]) }
        let from = chunkShape.rowMajorStrides
        let to = shape.rowMajorStrides
        let rowBytes = extents[rank - 1] * elementWidth
        var index = [Int](repeating: 0, count: rank)
        raw.withUnsafeBytes { source in
            while true {
                var sourceElement = 0
                var targetElement = chunk.origin[rank - 1]
                for axis in 0..<rank - 1 {
                    sourceElement += index[axis] * from[axis]
                    targetElement += (chunk.origin[axis] + index[axis]) * to[axis]
                }
                let row = source[sourceElement * elementWidth..<sourceElement * elementWidth + rowBytes]
                UnsafeMutableRawBufferPointer(
                    rebasing: target[targetElement * elementWidth..<targetElement * elementWidth + rowBytes]
                ).copyMemory(from: UnsafeRawBufferPointer(rebasing: row))
                var axis = rank - 2
                while axis >= 0 {
                    index[axis] += 1
                    if index[axis] < extents[axis] { break }
                    index[axis] = 0
                    axis -= 1
                }
                if axis < 0 { return }
            }
        }
    }
}

/// Undoes HDF5's shuffle, which puts all first bytes of elements first, then all second ones; a rest shorter than
/// an element stays in place.
func unshuffled(_ input: UnsafeRawBufferPointer, elementWidth: Int) -> [UInt8] {
    let count = input.count / elementWidth
    guard elementWidth > 1, count > 1 else { return Array(input) }
    return [UInt8](unsafeUninitializedCapacity: input.count) { output, initialized in
        for byte in 0..<elementWidth {
            for element in 0..<count { output[element * elementWidth + byte] = input[byte * count + element] }
        }
        for rest in count * elementWidth..<input.count { output[rest] = input[rest] }
        initialized = input.count
    }
}

/// The bytes before a Fletcher-32 checksum, which must be theirs.
/// - Throws: ``CoreError`` `malformed`.
func checkedFletcher32(_ input: UnsafeRawBufferPointer) throws(CoreError) -> [UInt8] {
    guard input.count >= 4 else { throw CoreError(.truncated(needed: 4, available: input.count)) }
    let data = UnsafeRawBufferPointer(rebasing: input[..<(input.count - 4)])
    let stored = UInt32(littleEndian: input.loadUnaligned(fromByteOffset: data.count, as: UInt32.self))
    guard fletcher32(data) == stored else { throw CoreError(.malformed("a chunk's Fletcher-32 checksum is wrong")) }
    return Array(data)
}

/// HDF5's Fletcher-32: over 16-bit big-endian words, an odd last byte as the high half of one; both sums folded
/// every 360 words.
func fletcher32(_ data: UnsafeRawBufferPointer) -> UInt32 {
    var low: UInt32 = 0
    var high: UInt32 = 0
    var position = 0
    let words = data.count / 2
    var left = words
    while left > 0 {
        let block = min(left, 360)
        left -= block
        for _ in 0..<block {
            low &+= UInt32(data[position]) << 8 | UInt32(data[position + 1])
            high &+= low
            position += 2
        }
        low = (low & 0xFFFF) &+ (low >> 16)
        high = (high & 0xFFFF) &+ (high >> 16)
    }
    if data.count % 2 == 1 {
        low &+= UInt32(data[position]) << 8
        high &+= low
        low = (low & 0xFFFF) &+ (low >> 16)
        high = (high & 0xFFFF) &+ (high >> 16)
    }
    low = (low & 0xFFFF) &+ (low >> 16)
    high = (high & 0xFFFF) &+ (high >> 16)
    return high << 16 | low
}
