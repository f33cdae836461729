internal import SkiffCore

extension PayloadForm {
    /// Rounds a block's float32 elements to what is stored. For lossless payloads there is nothing to do.
    /// - Parameters:
    ///   - elements: little-endian float32.
    ///   - first: position of the first of them in the tensor.
    ///   - scales: of the channels, for int8.
    func rounded(_ elements: UnsafeRawBufferPointer, first: Int, scales: [Float]) -> [UInt8] {
        let count = elements.count / 4
        func element(_ index: Int) -> Float {
            let bits = elements.loadUnaligned(fromByteOffset: index * 4, as: UInt32.self)
            return Float(bitPattern: UInt32(littleEndian: bits))
        }
        return [UInt8](unsafeUninitializedCapacity: count * storedWidth) { buffer, initialized in
            let stored = UnsafeMutableRawBufferPointer(buffer)
            switch encoding {
            case .raw, .lossless: return
            case .float16:
                for index in 0..<count {
                    let half = halfFromFloat(element(index)).littleEndian
                    stored.storeBytes(of: half, toByteOffset: index * 2, as: UInt16.self)
                }
            case .bfloat16:
                for index in 0..<count {
                    let half = bfloatFromFloat(element(index)).littleEndian
                    stored.storeBytes(of: half, toByteOffset: index * 2, as: UInt16.self)
                }
            case .int8:
                forEachChannel(first: first, count: count) { index, channel in
                    let scale = scales[channel]
                    let steps = scale == 0 ? 0 : (element(index) / scale).rounded(.toNearestOrEven)
                    stored[index] = UInt8(bitPattern: Int8(min(127, max(-127, steps))))
                }
            }
            initialized = count * storedWidth
        }
    }

    /// Makes float32 elements of a block's stored ones.
    func expand(
        _ stored: UnsafeRawBufferPointer, first: Int, scales: [Float], into elements: UnsafeMutableRawBufferPointer
    ) {
        let count = stored.count / storedWidth
        func put(_ value: Float, _ index: Int) {
            elements.storeBytes(of: value.bitPattern.littleEndian, toByteOffset: index * 4, as: UInt32.self)
        }
        func half(_ index: Int) -> UInt16 {
            UInt16(littleEndian: stored.loadUnaligned(fromByteOffset: index * 2, as: UInt16.self))
        }
        switch encoding {
        case .raw, .lossless: elements.copyMemory(from: stored)
        case .float16:
            for index in 0..<count { put(floatFromHalf(half(index)), index) }
        case .bfloat16:
            for index in 0..<count { put(Float(bitPattern: UInt32(half(index)) << 16), index) }
        case .int8:
            forEachChannel(first: first, count: count) { index, channel in
                put(Float(Int8(bitPattern: stored[index])) * scales[channel], index)
            }
        }
    }

    /// The channel of each of `count` elements from position `first` of the tensor on.
    @inline(__always)
    fileprivate func forEachChannel(first: Int, count: Int, _ body: (_ index: Int, _ channel: Int) -> Void) {
        guard channels > 0, channelStep > 0 else { return }
        var channel = first / channelStep % channels
        var left = channelStep - first % channelStep
        for index in 0..<count {
            body(index, channel)
            left -= 1
            if left == 0 {
                left = channelStep
                channel += 1
                if channel == channels { channel = 0 }
            }
        }
    }
}

/// What has to be known of a tensor before it is rounded.
struct Magnitudes {
    /// The largest magnitude of each channel's finite elements.
    var channels: [Float]
    /// Elements that are no numbers or infinite.
    var nonFinite = 0

    /// - Throws: ``CoreError`` where the tensor cannot be read.
    init(of tensor: Tensor, _ form: PayloadForm) throws(CoreError) {
        var channels = [Float](repeating: 0, count: max(1, form.channels))
        var nonFinite = 0
        var first = 0
        try tensor.forEachLittleEndianPiece { bytes throws(CoreError) in
            let count = bytes.count / 4
            form.forEachChannel(first: first, count: count) { index, channel in
                let bits = UInt32(littleEndian: bytes.loadUnaligned(fromByteOffset: index * 4, as: UInt32.self))
                let magnitude = Float(bitPattern: bits & 0x7FFF_FFFF)
                if magnitude.isFinite {
                    if magnitude > channels[channel] { channels[channel] = magnitude }
                } else {
                    nonFinite += 1
                }
            }
            first += count
        }
        self.channels = channels
        self.nonFinite = nonFinite
    }

    /// Why the elements cannot have that encoding, in words; `nil` where they can.
    func refusal(of encoding: Encoding) -> String? {
        let largest = channels.max() ?? 0
        switch encoding {
        case .raw, .lossless: return nil
        case .float16:
            return halfFromFloat(largest) & 0x7FFF == 0x7C00 ? "has magnitudes of up to \(largest), float16 ends at 65504" : nil
        case .bfloat16:
            return bfloatFromFloat(largest) & 0x7FFF == 0x7F80 ? "has magnitudes of up to \(largest), which bfloat16 rounds to infinity" : nil
        case .int8: return nonFinite > 0 ? "has \(nonFinite) elements that are infinite or no numbers" : nil
        }
    }

    /// int8's scales: of a channel's largest magnitude comes 127.
    var scales: [Float] { channels.map { $0 / 127 } }
}
