public import SkiffCore
internal import CSkiffStatistics

extension Tensor {
    /// The tensor in a type that NumPy files can have, exactly: itself, or float32 of narrower floating-point types and int8 or
    /// uint8 of narrower whole numbers.
    /// - Throws: ``CoreError`` where the elements cannot be decoded or are no real numbers.
    public func inNumPyType() throws(CoreError) -> Tensor {
        let target: ElementType
        switch elementType {
        case .float32, .float64, .float16, .int8, .int16, .int32, .int64, .uint8, .uint16, .uint32, .uint64, .bool:
            return self
        case .int4, .int2: target = .int8
        case .uint4, .uint2: target = .uint8
        default: target = .float32
        }
        guard let decoding = NumberDecoding(elementType) else {
            throw CoreError(.numpy("elements of type \(elementType.rawValue) are not written to NumPy files"))
        }
        var floats: [Float] = []
        floats.reserveCapacity(elementCount)
        let memory = ChunkMemory()
        let bits = elementType.bitWidth ?? 8
        var start = 0
        while start < elementCount {
            let end = min(elementCount, start + ChunkMemory.elements)
            try readLittleEndian(start * bits / 8..<(end * bits + 7) / 8, into: memory.bytes)
            if let bytes = memory.bytes.baseAddress, let numbers = memory.numbers.baseAddress {
                decoding.decode(bytes, count: end - start, into: numbers, kernels: StatisticsKernels.best.table)
                floats += UnsafeBufferPointer(start: numbers.assumingMemoryBound(to: Float.self), count: end - start)
            }
            start = end
        }
        switch target {
        case .int8:
            return try Tensor(elementType: .int8, shape: shape, bytes: floats.map { UInt8(bitPattern: Int8($0)) })
        case .uint8: return try Tensor(elementType: .uint8, shape: shape, bytes: floats.map { UInt8($0) })
        default: return try Tensor(floats: floats, shape: shape)
        }
    }
}
