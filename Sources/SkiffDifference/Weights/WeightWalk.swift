internal import SkiffCore

/// Walks two weights side by side, element by element in the right one's order, as real numbers. Memory stays flat.
struct WeightWalk {
    private let left: WeightRef
    private let right: WeightRef
    private(set) var amounts = WeightAmounts()
    private var isChannelChanged: [Bool] = []
    private var channelStride = 1
    private(set) var changedChannels = 0
    /// What each output channel is multiplied with before it is compared; one number for all, or none.
    var factors: (left: [Double], right: [Double]) = ([], [])
    var tolerance: Float = 0

    /// Output channels of both; `nil` where no axis says.
    var channelCount: Int? { isChannelChanged.isEmpty ? nil : isChannelChanged.count }

    init(_ left: WeightRef, _ right: WeightRef) {
        self.left = left
        self.right = right
        let strides = right.axes.map(\.extent).rowMajorStrides
        let outputs = right.axes.indices.filter {
            if case .output = right.axes[$0].key { true } else { false }
        }
        // The factors of output channels lie side by side in every layout.
        if let last = outputs.last, outputs.count == 1 || outputs == Array(outputs[0]...last) {
            channelStride = strides[last]
            isChannelChanged = [Bool](
                repeating: false, count: outputs.map { right.axes[$0].extent }.reduce(1, &*))
        }
    }

    mutating func run() throws(CoreError) {
        guard let order = left.order(of: right), let leftWidth = left.tensor.elementType.byteWidth,
            let rightWidth = right.tensor.elementType.byteWidth
        else { throw CoreError(.malformed("elements of less than a byte are not compared")) }
        let count = right.tensor.elementCount
        let scales = (stepScales(left, walkedAs: right), stepScales(right, walkedAs: right))
        var done = 0
        let extents = left.axes.map(\.extent)
        let buffer = UnsafeMutableRawBufferPointer.allocate(
            byteCount: max(8, Storage.pieceBytes / leftWidth * rightWidth * 4 + 64), alignment: 64)
        defer { buffer.deallocate() }
        var rest = self
        try left.tensor.forEachPermutedPiece(order, of: extents, pieceBytes: Storage.pieceBytes) {
            bytes throws(CoreError) in
            var position = 0
            while position < bytes.count {
                let length = min(bytes.count - position, Storage.pieceBytes / 2)
                let elements = length / leftWidth
                guard elements > 0, done + elements <= count else { return }
                let target = UnsafeMutableRawBufferPointer(rebasing: buffer[..<(elements * rightWidth)])
                try rest.right.tensor.readLittleEndian(done * rightWidth..<(done + elements) * rightWidth, into: target)
                let piece = UnsafeRawBufferPointer(rebasing: bytes[position..<position + elements * leftWidth])
                var one = try reals(piece, rest.left, scales.0, from: done)
                var other = try reals(UnsafeRawBufferPointer(target), rest.right, scales.1, from: done)
                rest.multiply(&one, rest.factors.left, from: done)
                rest.multiply(&other, rest.factors.right, from: done)
                rest.add(one, other, scales)
                done += elements
                position += elements * leftWidth
            }
        }
        self = rest
    }

    private mutating func add(_ one: [Float], _ other: [Float], _ scales: (StepScales?, StepScales?)) {
        var (flags, changed) = (isChannelChanged, changedChannels)
        let (stride, all) = (channelStride, isChannelChanged.count)
        let base = amounts.count
        one.withUnsafeBufferPointer { one in
            other.withUnsafeBufferPointer { other in
                amounts.add(one, other, tolerance: tolerance, checksRounding: tolerance == 0 && amounts.mayBeRounded) { position in
                    guard changed < all else { return }
                    let channel = position / stride % all
                    if !flags[channel] {
                        flags[channel] = true
                        changed += 1
                    }
                }
                if amounts.isWithinHalfStep, scales.0 != nil || scales.1 != nil {
                    for index in one.indices where amounts.isWithinHalfStep {
                        let step = max(scales.0?.step(base + index) ?? 0, scales.1?.step(base + index) ?? 0)
                        let difference = abs(Double(one[index]) - Double(other[index]))
                        if difference > step * 0.5005 { amounts.isWithinHalfStep = false }
                    }
                }
            }
        }
        (isChannelChanged, changedChannels) = (flags, changed)
    }

    private func multiply(_ elements: inout [Float], _ factors: [Double], from first: Int) {
        guard !factors.isEmpty, factors != [1] else { return }
        for index in elements.indices {
            let channel = factors.count == 1 ? 0 : (first + index) / channelStride % factors.count
            elements[index] = Float(Double(elements[index]) * factors[channel])
        }
    }

    /// What turns stored whole numbers into what they stand for, by position in the order walked.
    private struct StepScales {
        var scaling: WeightRef.Scaling
        var stride: Int
        var extent: Int

        private func channel(_ position: Int) -> Int { position / stride % extent }
        func step(_ position: Int) -> Double {
            scaling.scale.count == 1 ? scaling.scale[0] : scaling.scale[channel(position)]
        }
        func real(_ stored: Double, _ position: Int) -> Float {
            let zero = scaling.zero.count == 1 ? scaling.zero[0] : scaling.zero[channel(position)]
            return Float(stored - zero) * Float(step(position))
        }
    }

    private func stepScales(_ weight: WeightRef, walkedAs order: WeightRef) -> StepScales? {
        guard let scaling = weight.scaling else { return nil }
        let strides = order.axes.map(\.extent).rowMajorStrides
        guard let own = scaling.axis, let axis = order.axes.firstIndex(of: weight.axes[own]) else {
            return StepScales(scaling: scaling, stride: 1, extent: 1)
        }
        return StepScales(scaling: scaling, stride: strides[axis], extent: order.axes[axis].extent)
    }

    private func reals(
        _ bytes: UnsafeRawBufferPointer, _ weight: WeightRef, _ scales: StepScales?, from first: Int
    ) throws(CoreError) -> [Float] {
        let values = try littleEndianFloats(bytes, weight.tensor.elementType)
        guard let scales else { return values }
        return values.indices.map { scales.real(Double(values[$0]), first + $0) }
    }
}

/// Little-endian elements as Float; float64 is rounded.
/// - Throws: ``CoreError`` for elements that are no real numbers of at least a byte.
func littleEndianFloats(_ bytes: UnsafeRawBufferPointer, _ type: ElementType) throws(CoreError) -> [Float] {
    func read<Word: FixedWidthInteger>(_: Word.Type, _ convert: (Word) -> Float) -> [Float] {
        let count = bytes.count / MemoryLayout<Word>.size
        return [Float](unsafeUninitializedCapacity: count) { buffer, initialized in
            for index in 0..<count {
                let word = bytes.loadUnaligned(fromByteOffset: index * MemoryLayout<Word>.size, as: Word.self)
                buffer.initializeElement(at: index, to: convert(Word(littleEndian: word)))
            }
            initialized = count
        }
    }
    return switch type {
    case .float32: read(UInt32.self) { Float(bitPattern: $0) }
    case .float64: read(UInt64.self) { Float(Double(bitPattern: $0)) }
    case .float16: read(UInt16.self) { floatFromHalf($0) }
    case .bfloat16: read(UInt16.self) { Float(bitPattern: UInt32($0) << 16) }
    case .int8: read(UInt8.self) { Float(Int8(bitPattern: $0)) }
    case .uint8, .bool: read(UInt8.self) { Float($0) }
    case .int16: read(UInt16.self) { Float(Int16(bitPattern: $0)) }
    case .uint16: read(UInt16.self) { Float($0) }
    case .int32: read(UInt32.self) { Float(Int32(bitPattern: $0)) }
    case .int64: read(UInt64.self) { Float(Int64(bitPattern: $0)) }
    default: throw CoreError(.malformed("elements of type \(type.rawValue) are not compared"))
    }
}
