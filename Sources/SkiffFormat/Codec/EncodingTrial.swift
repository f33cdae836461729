public import SkiffCore
public import SkiffGraph

/// What the weights of a graph become in one encoding, found out without writing a file.
public struct EncodingTrial: Sendable {
    /// One weight.
    public struct Weight: Sendable {
        public var id: ValueID
        public var name: String
        /// The encoding that it gets: lossless where it cannot have the one that is asked for.
        public var encoding: Encoding
        /// Bytes of the elements in memory.
        public var elementBytes: Int
        /// Bytes of the payload in a file; 0 where an earlier weight has the same.
        public var storedBytes: Int
        /// Position of that earlier weight.
        public var sharedWith: Int?
    }

    /// In the order of the graph's values.
    public let weights: [Weight]
    private let planned: [PlannedWeight]

    /// - Parameter progress: told what part is encoded, from 0 to 1, from any thread, one call at a time.
    /// - Throws: ``FormatError`` where weights cannot be read.
    public init(
        of graph: Graph, _ encodings: EncodingPlan, progress: (@Sendable (Double) -> Void)? = nil
    ) throws(FormatError) {
        do throws(CoreError) {
            let planned = try planWeights(of: graph, encodings)
            let units = planned.indices.filter { planned[$0].sharedWith == nil }.flatMap { position in
                (0..<(planned[position].encoding == .raw ? 0 : planned[position].form.blocks)).map { (position, $0) }
            }
            let sizes = SharedArray([Int](repeating: 0, count: units.count))
            let total = units.reduce(0) { $0 + planned[$1.0].form.elements(ofBlock: $1.1).count }
            let told = Progress(total: total) { done, total in progress?(Double(done) / Double(max(1, total))) }
            try concurrently(units.count) { index throws(CoreError) in
                let (position, block) = units[index]
                sizes[index] = try planned[position].encodedBytes(ofBlock: block)
                told.advance(planned[position].form.elements(ofBlock: block).count)
            }
            var bytes = planned.map { weight in
                weight.sharedWith != nil
                    ? 0 : weight.encoding == .raw
                    ? weight.tensor.byteRange.count : weight.form.scaleBytes + weight.form.directoryBytes
            }
            for (index, unit) in units.enumerated() { bytes[unit.0] += sizes[index] }
            self.planned = planned
            let ids = graph.weights.filter { graph[$0].tensor != nil }
            weights = planned.indices.map { position in
                Weight(
                    id: ids[position], name: planned[position].name, encoding: planned[position].encoding,
                    elementBytes: planned[position].tensor.byteRange.count, storedBytes: bytes[position],
                    sharedWith: planned[position].sharedWith)
            }
        } catch { throw FormatError(error) }
    }

    /// A weight's elements as they are read back, in memory.
    /// - Throws: ``CoreError`` where the weight cannot be read, `memory`.
    public func decoded(_ position: Int) throws(CoreError) -> Tensor {
        let weight = planned[position]
        guard weight.encoding.isLossy else { return weight.tensor }
        let (form, tensor) = (weight.form, weight.tensor)
        let storage = try Storage(byteCount: tensor.byteRange.count) { target throws(CoreError) in
            nonisolated(unsafe) let all = target.bytes
            try concurrently(form.blocks) { block throws(CoreError) in
                let elements = form.elements(ofBlock: block)
                let range = elements.lowerBound * form.width..<elements.upperBound * form.width
                let part = UnsafeMutableRawBufferPointer(rebasing: all[range])
                try tensor.readLittleEndian(range, into: part)
                let stored = form.rounded(UnsafeRawBufferPointer(part), first: elements.lowerBound, scales: weight.scales)
                stored.withUnsafeBytes {
                    form.expand($0, first: elements.lowerBound, scales: weight.scales, into: part)
                }
            }
        }
        return try Tensor(
            elementType: tensor.elementType, shape: tensor.shape, storage: storage, byteRange: 0..<storage.byteCount)
    }
}

extension PlannedWeight {
    /// Reads a block, rounds it where it has to be, and tells how many bytes it is coded in.
    fileprivate func encodedBytes(ofBlock block: Int) throws(CoreError) -> Int {
        let elements = form.elements(ofBlock: block)
        let range = elements.lowerBound * form.width..<elements.upperBound * form.width
        let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: range.count, alignment: 64)
        defer { buffer.deallocate() }
        try tensor.readLittleEndian(range, into: buffer)
        var coded: [UInt8] = []
        let bytes = UnsafeRawBufferPointer(buffer)
        guard form.encoding.isLossy else {
            BlockCodec.encode(bytes, elementType: form.storedType, into: &coded)
            return coded.count
        }
        form.rounded(bytes, first: elements.lowerBound, scales: scales).withUnsafeBytes {
            BlockCodec.encode($0, elementType: form.storedType, into: &coded)
        }
        return coded.count
    }
}

/// SHA-256 of tensors, of their names, types, shapes and little-endian elements, in hexadecimal digits.
/// - Throws: ``CoreError`` where they cannot be read.
public func checksumText(of tensors: [(name: String, tensor: Tensor)]) throws(CoreError) -> String {
    var checksum = Checksum()
    for (name, tensor) in tensors {
        checksum.update(Array("\(name)\0\(tensor.elementType.rawValue)\0\(tensor.shape.shapeText)\0".utf8))
        try tensor.forEachLittleEndianPiece { bytes throws(CoreError) in checksum.update(bytes) }
    }
    return checksum.finished().map { byte in
        let digits = Array("0123456789abcdef")
        return "\(digits[Int(byte >> 4)])\(digits[Int(byte & 15)])"
    }.joined()
}
